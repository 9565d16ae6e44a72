//! The dataset against the store, and what else the store has to be told about.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use lapsed_config::{File, Finding};
use lapsed_dataset::{Dataset, Fitted};
use lapsed_jobs::apply::erasure;
use lapsed_jobs::journal;
use lapsed_jobs::retention::Case;
use lapsed_jobs::survey;
use lapsed_model::{Clock, Dialect, SystemClock, Value, Way};
use lapsed_policy::Policy;
use lapsed_store::{Address, Store};

use super::{Tally, server, ways};
use crate::failure::Result;
use crate::output::{Output, number};
use crate::settings::Settings;

/// Checks the store; an error is a store that cannot be looked at.
pub(super) async fn check(
    settings: &Settings,
    dataset: &Dataset,
    file: &File,
    tally: &mut Tally,
    out: &Output,
) -> Result {
    let ways = ways::unguarded(&settings.store);
    tally.findings(&File::new(&settings.store.to_string(), ""), &ways, out);
    let store = crate::stores::open(settings).await?;
    store.must_be_served().await?;
    let (fitted, findings) = survey::fit(&store, dataset).await?;
    tally.findings(file, &findings, out);
    let Some(fitted) = fitted else { return Ok(()) };
    let refused = try_erasure(&store, &fitted, &tally.policies).await?;
    tally.findings(file, refused.as_slice(), out);
    let mut remarks = strangers(&store, &fitted, settings, &tally.policies).await?;
    remarks.extend(in_several_workgroups(&store, &fitted).await?);
    remarks.extend(server::remarks(&store, &fitted).await?);
    remarks.extend(remnants(&store, settings).await?);
    remarks.extend(emptied(&store, settings).await?);
    tally.findings(&File::new(&settings.store.to_string(), ""), &remarks, out);
    Ok(())
}

/// Tries the erasure on somebody, as the first policy there is would have it.
async fn try_erasure(store: &Store, fitted: &Fitted<'_>, policies: &[Policy]) -> Result<Option<Finding>> {
    let case = policies.iter().find_map(|policy| {
        let workgroup = policy.all_workgroups().next()?;
        Case::new(&workgroup, "", policy).ok()
    });
    let Some(case) = case else { return Ok(None) };
    let how = erasure(&case, Way::Automatic, SystemClock.now());
    Ok(survey::try_erasure(store, fitted, &how).await?)
}

/// Workgroups of the store that no policy is about: their people are kept for ever, and nobody may have meant it.
async fn strangers(
    store: &Store,
    fitted: &Fitted<'_>,
    settings: &Settings,
    policies: &[Policy],
) -> Result<Vec<Finding>> {
    let known: BTreeSet<String> = policies
        .iter()
        .flat_map(Policy::all_workgroups)
        .filter_map(|workgroup| settings.store_key(&workgroup).ok())
        .collect();
    let stranger = |row: Vec<Value>| match row.as_slice() {
        [Value::Text(key), Value::Integer(people)] if !known.contains(key) => Some(
            Finding::warning(format!(
                "workgroup `{key}` of the store has {} people, and no policy is about them",
                number(people.unsigned_abs())
            ))
            .help(
                "say whose it is under `[workgroups]` in the settings, and name it in that tenant's policy",
            ),
        ),
        _ => None,
    };
    Ok(store
        .rows(&fitted.workgroups())
        .await?
        .into_iter()
        .filter_map(stranger)
        .collect())
}

async fn in_several_workgroups(store: &Store, fitted: &Fitted<'_>) -> Result<Option<Finding>> {
    let Some(statement) = fitted.in_several_workgroups() else {
        return Ok(None);
    };
    let rows = store.rows(&statement).await?;
    let Some([Value::Integer(people @ 1..)]) = rows.first().map(Vec::as_slice) else {
        return Ok(None);
    };
    let finding = Finding::warning(format!(
        "{} people belong to several workgroups, so that none of their policies decides about them",
        number(people.unsigned_abs())
    ));
    Ok(Some(finding.help(
        "correct the store, or `[subject] workgroup` in the dataset",
    )))
}

/// A journal that was lost, or looked for in other folders than it was written to.
async fn emptied(store: &Store, settings: &Settings) -> Result<Option<Finding>> {
    let from = settings.records.journal_from(SystemClock.now());
    let emptied = journal::emptied(&settings.journal, store, from).await?;
    Ok(emptied.map(|emptied| {
        Finding::warning(emptied.to_string())
            .help("bring the journal back into a folder of `[journal] folders`; `lapsed journal check` names what it lacks")
    }))
}

/// What is gone for SQL and may still be read from the file.
async fn remnants(store: &Store, settings: &Settings) -> Result<Vec<Finding>> {
    let mut remarks = Vec::new();
    if let Some(since) = store.remnants_since().await? {
        remarks.push(remnants_since(since, store.dialect()));
    }
    if let Address::File(file) = &settings.store {
        remarks.extend(remnants_in_pages(file));
    }
    Ok(remarks)
}

/// What was erased and not cleared away as yet, and who will do it.
fn remnants_since(since: DateTime<Utc>, dialect: Dialect) -> Finding {
    let since = since.format("%Y-%m-%d %H:%M UTC");
    match dialect {
        Dialect::Sqlite => {
            Finding::warning(format!("the store's files may still hold what was erased since {since}"))
                .help("the next `lapsed apply` removes it; a program that keeps an old snapshot open must end first")
        }
        Dialect::Postgres => Finding::warning(format!(
            "statistics and dead rows of the store may still hold what was erased since {since}"
        ))
        .help(
            "the next sweep or autovacuum removes it; a transaction that somebody leaves open keeps it there: `SELECT * FROM \
             pg_stat_activity WHERE backend_xmin IS NOT NULL` shows whose",
        ),
    }
}

/// What lies in the pages of a file where no query sees it.
fn remnants_in_pages(file: &Path) -> Vec<Finding> {
    let mut remarks = Vec::new();
    let left = Store::remnants_in_pages(file).unwrap_or_default();
    if left.free > 0 {
        remarks.push(
            Finding::warning(format!(
                "free pages of the store hold {} kB of what the platform deleted",
                number(left.free.div_ceil(1024))
            ))
            .help(
                "run `VACUUM` on the database when the platform is quiet: lapsed removes only its own traces",
            ),
        );
    }
    if left.slack > 0 {
        remarks.push(
            Finding::hint(format!(
                "between the rows of pages in use lie {} kB of earlier copies of rows, of whomever",
                number(left.slack.div_ceil(1024))
            ))
            .help("`VACUUM` removes them; the platform leaves fewer with `PRAGMA secure_delete = ON`"),
        );
    }
    remarks
}
