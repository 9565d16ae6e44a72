//! `lapsed migrate --from URL`: the daemon's own records move from a store in a file to the one on a server.

use std::path::{Path, PathBuf};

use lapsed_config::Finding;
use lapsed_dataset::Dataset;
use lapsed_jobs::ledger::{self, Verified};
use lapsed_jobs::moved::{self, Compared, Side};
use lapsed_jobs::{journal, survey};
use lapsed_model::{Clock, SubjectKey, SystemClock};
use lapsed_store::{Address, Counted, Store};
use serde_json::json;

use crate::failure::{Failure, Result};
use crate::installation::dataset_file;
use crate::output::{Output, counted, number, people};
use crate::settings::Settings;
use crate::{address, credentials, owner, stores};

/// How many keys a refusal names.
const NAMED: usize = 5;

/// Where the old records are, as `--from` says it.
pub(super) fn old_store(url: &str, settings: &Settings) -> Result<PathBuf> {
    if matches!(settings.store, Address::File(_)) {
        return Err(Failure::because(
            "`--from` takes the records to a server, and `[store] url` names a file: a store in a file is moved by copying the \
             file while no daemon serves it",
        ));
    }
    match address::read(url, None, None, Path::new("")) {
        Some(Address::File(path)) if path.exists() => Ok(path),
        Some(Address::File(path)) => Err(Failure::because(format!(
            "there is no store at {}: `--from` names the file that the daemon served until now",
            path.display()
        ))),
        _ => Err(Failure::because(
            "`--from` names a store in a file, such as `sqlite:///var/lib/lapsed/store.db`; one on a server is moved with pg_dump \
             and pg_restore",
        )),
    }
}

/// Says what would be copied.
pub(super) async fn plan(old: &Path, out: &Output) -> Result<serde_json::Value> {
    let old = stores::open_at(Address::from(old)).await?;
    old.must_be_migrated().await?;
    let records = old.records().await?;
    out.line("these records would be copied:");
    show(&records, out);
    Ok(objects(&records))
}

/// Copies the records, once everything says that the new store can go on with them.
pub(super) async fn run(
    old_file: &Path,
    new: &Store,
    settings: &Settings,
    out: &Output,
) -> Result<serde_json::Value> {
    let Some(_alone) = owner::keep(old_file).await? else {
        return Err(Failure::because(format!(
            "a program serves the store at {}: stop it first, so that nothing is written behind the copy",
            old_file.display()
        )));
    };
    let old = stores::open_at(Address::from(old_file)).await?;
    old.must_be_migrated().await?;
    let chains = refuse_a_broken_ledger(&old, settings).await?;
    let compared = same_people(&old, new, settings, out).await?;
    let records = old.records().await?;
    let bar = out.progress(records.iter().map(|(_, rows)| rows).sum(), "copying");
    let copied = new.copy_from(&old, &|rows| bar.inc(rows)).await;
    bar.finish_and_clear();
    let copied = copied?;
    out.line(format!("copied from {}, each row read back:", old_file.display()));
    show(&copied, out);
    tell_what_is_next(&chains, compared.as_ref(), new, settings, out).await?;
    Ok(json!({
        "from": old_file, "records": objects(&copied), "chains": chains.len(),
        "people_compared": compared.map(|compared| compared.people),
    }))
}

/// A fault that is there already must not be taken for one that the move made.
async fn refuse_a_broken_ledger(old: &Store, settings: &Settings) -> Result<Vec<Verified>> {
    let keys = credentials::key_ring(settings)?;
    let payloads_from = settings.records.ledger_from(SystemClock.now());
    let chains = ledger::verify(old, &keys, &[], payloads_from).await?;
    let broken = chains.iter().find(|chain| !chain.faults.is_empty());
    broken.map_or(Ok(()), |chain| {
        Err(Failure::because(format!(
            "the ledger of `{}` in the old store is not whole, and nothing was copied: `lapsed ledger verify` with the old settings \
             names every fault",
            chain.tenant
        )))
    })?;
    Ok(chains)
}

/// Holds people of both stores against each other, where the platform's tables are there already.
async fn same_people(
    old: &Store,
    new: &Store,
    settings: &Settings,
    out: &Output,
) -> Result<Option<Compared>> {
    let file = dataset_file(settings, out)?;
    let (Some(dataset), _) = Dataset::read(&file) else {
        out.note("the people of both stores were not compared: the dataset has mistakes, which `lapsed check` shows");
        return Ok(None);
    };
    let (there, here) = (
        survey::fit(old, &dataset).await?,
        survey::fit(new, &dataset).await?,
    );
    let ((Some(there), _), (Some(here), _)) = (&there, &here) else {
        let which = if there.0.is_none() { "old" } else { "new" };
        out.note(&format!(
            "the people of both stores were not compared: the dataset does not fit the {which} one ({})",
            first_error(if there.0.is_none() { &there.1 } else { &here.1 })
        ));
        return Ok(None);
    };
    let old = Side {
        store: old,
        fitted: there,
    };
    let new = Side {
        store: new,
        fitted: here,
    };
    let compared = moved::compare(old, new).await?;
    if compared.is_the_same() {
        return Ok(Some(compared));
    }
    Err(Failure::because(refusal(&compared)))
}

fn first_error(findings: &[Finding]) -> &str {
    let error = findings.iter().find(|finding| finding.is_error());
    error.map_or("without saying why", |finding| finding.title.as_str())
}

fn refusal(compared: &Compared) -> String {
    let mut said = Vec::new();
    if !compared.missing.is_empty() {
        said.push(format!(
            "{} missing from the new store ({})",
            counted(compared.missing.len() as u64, "person is", "people are"),
            keys(&compared.missing)
        ));
    }
    if !compared.changed.is_empty() {
        said.push(format!(
            "of {} the new store says another instant of creation ({})",
            people(compared.changed.len() as u64),
            keys(&compared.changed)
        ));
    }
    format!(
        "of {} compared, {}; nothing was copied: holds, requests and the erasure journal know a person by key and instant of \
         creation, so move the platform's tables first, with both as they are",
        people(compared.people),
        said.join(", and ")
    )
}

fn keys(people: &[SubjectKey]) -> String {
    let mut named: Vec<String> = people.iter().take(NAMED).map(ToString::to_string).collect();
    if people.len() > NAMED {
        named.push("…".to_owned());
    }
    named.join(", ")
}

/// Whatever the operator has to do before the first start.
async fn tell_what_is_next(
    chains: &[Verified],
    compared: Option<&Compared>,
    new: &Store,
    settings: &Settings,
    out: &Output,
) -> Result {
    let entries = chains.iter().map(|chain| chain.entries).sum();
    out.line(format!(
        "the ledger is whole: {} with {}",
        counted(chains.len() as u64, "chain", "chains"),
        counted(entries, "entry", "entries")
    ));
    if let Some(compared) = compared {
        out.line(format!(
            "{} compared: the same keys and instants of creation in both stores",
            people(compared.people)
        ));
    }
    let from = settings.records.journal_from(SystemClock.now());
    if journal::emptied(&settings.journal, new, from).await?.is_some() {
        out.line(
            "the journal is not there yet: move its folder along, or name the old one under `[journal] folders`; without it a restored \
             backup would bring people back",
        );
    }
    out.line("next: `lapsed check`, `lapsed journal check`, then start the daemon with these settings");
    out.line("keep the old file out of service: it says that it is the same store, and must not be served beside this one");
    Ok(())
}

fn show(records: &[Counted], out: &Output) {
    let rows = records
        .iter()
        .map(|(table, rows)| vec![(*table).to_owned(), number(*rows)])
        .collect();
    out.table(&["TABLE", "ROWS"], rows, &[1]);
}

fn objects(records: &[Counted]) -> serde_json::Value {
    records
        .iter()
        .map(|(table, rows)| ((*table).to_owned(), json!(rows)))
        .collect()
}
