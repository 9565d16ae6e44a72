//! The files of a whole workgroup in one archive: customers, answers to forms, consents; whatever the dataset says.
//!
//! Whom it will name is written down first, then all of it is read in one snapshot, page by page. Whoever is anonymised
//! meanwhile withdraws it, and then it is begun anew. It takes the memory of a page, however many people there are.

use std::path::{Path, PathBuf};

use chrono::{DateTime, SubsecRound as _, Utc};
use lapsed_archive::{About, Archive, Done, Options, Password, Subject};
use lapsed_dataset::ExportFilter;
use lapsed_model::{ConsentTo, Entry, SubjectKey, Value, fault};
use lapsed_store::{ExportContents, NewExport};
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::ExportCase;
use super::customer::unreadable;
use super::files::{self, Part};
use super::pages;
use super::readme::{self, Told, Whom};
use crate::clerk::Clerk;
use crate::{JobError, Refusal};

/// How many people are written down at a time.
const NAMED_AT_ONCE: u32 = 10_000;

/// So often it is begun anew where somebody in it was anonymised meanwhile.
const TIMES: u32 = 5;

/// What is wanted, by whom, and where.
pub struct Wanted<'a> {
    /// Who asks, as the ledger remembers it.
    pub by: &'a str,
    /// In which way: `command` or `schedule`.
    pub way: &'a str,
    /// Only people with this consent.
    pub consent: Option<&'a ConsentTo>,
    /// Only people who take part in this event.
    pub event: Option<&'a str>,
    /// What the archive is locked by, if it is.
    pub password: Option<Password>,
    /// The folder that it is written to.
    pub folder: &'a Path,
    /// The machine on whose disk that is.
    pub node: &'a str,
    /// When it goes; none where whoever asks takes care of it.
    pub delete_at: Option<DateTime<Utc>>,
    /// Between two pages it is looked whether this was asked for.
    pub stop: Option<&'a CancellationToken>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// People who will be in it.
    pub people: u64,
    /// Rows that are in it.
    pub rows: u64,
    /// Of all pages of all files, so many of a thousand.
    pub of_thousand: u64,
}

/// A file that lies there.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// Its id.
    pub id: String,
    /// Whose people.
    pub workgroup: lapsed_model::Workgroup,
    /// Where it lies.
    pub path: PathBuf,
    /// How many people it names.
    pub people: u64,
    /// Rows by file.
    pub files: std::collections::BTreeMap<String, u64>,
    /// Its size.
    pub bytes: u64,
    /// Its hash.
    pub sha256: lapsed_model::Digest,
    /// When it goes.
    pub delete_at: Option<DateTime<Utc>>,
}

/// Writes the files of a workgroup. `report` hears after every page.
///
/// # Errors
///
/// Where the tenant is paused, the folder or the disk cannot take it, or it was withdrawn again and again.
pub async fn export_workgroup(
    clerk: &Clerk<'_>,
    case: &ExportCase<'_>,
    wanted: &Wanted<'_>,
    mut report: impl FnMut(&Progress) + Send,
) -> Result<Written, JobError> {
    if wanted.event.is_some() && !clerk.fitted.exports_events() {
        return Err(Refusal::NoEvents.into());
    }
    for _ in 0..TIMES {
        if let Some(written) = write(clerk, case, wanted, &mut report).await? {
            return Ok(written);
        }
    }
    Err(Refusal::Withdrawn(case.workgroup.clone()).into())
}

/// Writes it once; nothing where somebody in it was anonymised meanwhile.
async fn write(
    clerk: &Clerk<'_>,
    case: &ExportCase<'_>,
    wanted: &Wanted<'_>,
    report: &mut (impl FnMut(&Progress) + Send),
) -> Result<Option<Written>, JobError> {
    let now = clerk.clock.now().trunc_subsecs(0);
    let id = files::id(&clerk.store.identity().await?, &clerk.chance.token());
    let file = files::name(&case.workgroup, now.with_timezone(&case.zone()).date_naive(), &id);
    let filter = json!({ "consent": wanted.consent.map(ToString::to_string), "event": wanted.event });
    let new = NewExport {
        id: &id,
        workgroup: &case.workgroup,
        node: wanted.node,
        folder: &wanted.folder.to_string_lossy(),
        file: &file,
        asked_by: wanted.by,
        filter: &filter,
        began_at: now,
        delete_at: wanted.delete_at,
    };
    clerk.store.begin_export(&new).await?;
    let written = fill(clerk, case, wanted, &new, report).await;
    if !matches!(written, Ok(Some(_))) {
        let because = match &written {
            Ok(_) => "somebody in it was anonymised".to_owned(),
            Err(why) => format!("it was not finished: {why}"),
        };
        clerk
            .store
            .export_removed(&id, clerk.clock.now(), &because)
            .await?;
    }
    written
}

async fn fill(
    clerk: &Clerk<'_>,
    case: &ExportCase<'_>,
    wanted: &Wanted<'_>,
    new: &NewExport<'_>,
    report: &mut (impl FnMut(&Progress) + Send),
) -> Result<Option<Written>, JobError> {
    let part = Part::make(wanted.folder, new.file)?;
    let mut progress = Progress {
        people: name_people(clerk, case, wanted, new).await?,
        ..Progress::default()
    };
    report(&progress);
    fault::point("export-people-named");
    let done = pack(clerk, case, wanted, new, &part, &mut progress, report).await?;
    part.sync().await?;
    let rows = done.files.iter().filter_map(|file| file.rows).sum();
    let contents = ExportContents {
        rows,
        bytes: done.bytes,
        sha256: done.sha256,
    };
    let entry = entry(case, wanted, new, &done, progress.people, clerk.clock.now());
    let is_whole = clerk
        .store
        .finish_export(new.id, &contents, entry, &clerk.seal())
        .await?;
    if !is_whole {
        return Ok(None);
    }
    let Some(path) = part.name()? else {
        return Ok(None);
    };
    Ok(Some(Written {
        id: new.id.to_owned(),
        workgroup: case.workgroup.clone(),
        path,
        people: progress.people,
        files: rows_of(&done),
        bytes: done.bytes,
        sha256: done.sha256,
        delete_at: new.delete_at,
    }))
}

/// Writes down whom it will name; answers how many.
async fn name_people(
    clerk: &Clerk<'_>,
    case: &ExportCase<'_>,
    wanted: &Wanted<'_>,
    new: &NewExport<'_>,
) -> Result<u64, JobError> {
    let filter = ExportFilter {
        consent: wanted.consent.cloned().map(|consent| (consent, new.began_at)),
        event: wanted.event.map(ToOwned::to_owned),
        named_in: None,
    };
    let (mut people, mut after) = (0, None);
    loop {
        unless_stopped(wanted)?;
        let page = clerk
            .fitted
            .export_people(&case.store_key, &filter, after.as_ref(), NAMED_AT_ONCE);
        let rows = clerk.store.rows(&page).await?;
        let Some([Value::Integer(count @ 1..), Value::Text(keys)]) = rows.first().map(Vec::as_slice) else {
            return Ok(people);
        };
        clerk.store.name_in_export(new.id, keys).await?;
        people += count.unsigned_abs();
        after = serde_json::from_str::<Vec<SubjectKey>>(keys)
            .map_err(|why| unreadable(&why))?
            .pop();
        if *count < i64::from(NAMED_AT_ONCE) {
            return Ok(people);
        }
    }
}

/// Reads everything in one snapshot and packs it.
async fn pack(
    clerk: &Clerk<'_>,
    case: &ExportCase<'_>,
    wanted: &Wanted<'_>,
    new: &NewExport<'_>,
    part: &Part,
    progress: &mut Progress,
    report: &mut (impl FnMut(&Progress) + Send),
) -> Result<Done, JobError> {
    let mut options = Options::new(new.began_at.with_timezone(&case.zone()).naive_local()).for_large_files();
    options.password = wanted.password.clone();
    let filter = ExportFilter {
        consent: None,
        event: wanted.event.map(ToOwned::to_owned),
        named_in: Some(new.id.to_owned()),
    };
    let mut archive = Archive::begin(part.writer()?, options);
    pages::copy(clerk, case, wanted, &filter, &mut archive, progress, report).await?;
    let dataset = clerk.fitted.dataset();
    let told: Vec<Told<'_>> = dataset
        .workgroup_exports()
        .map(|export| Told {
            export,
            columns: clerk
                .fitted
                .export_page(export, &case.store_key, &ExportFilter::default(), None, 1)
                .columns,
            is_empty: false,
        })
        .collect();
    let language = case.policy.language;
    let consent = wanted.consent.map(ToString::to_string);
    let whom = Whom::workgroup(case, consent.as_deref(), wanted.event, language, new.began_at);
    archive
        .text(
            readme::NAME,
            readme::compose(case, dataset, &whom, &told, language),
        )
        .await?;
    let about = About {
        made_at: new.began_at,
        subject: Subject::Workgroup(case.workgroup.clone()),
        format: case.format(),
    };
    Ok(archive.finish(about).await?)
}

pub(super) fn unless_stopped(wanted: &Wanted<'_>) -> Result<(), JobError> {
    match wanted.stop {
        Some(stop) if stop.is_cancelled() => Err(JobError::Stopped),
        _ => Ok(()),
    }
}

fn rows_of(done: &Done) -> std::collections::BTreeMap<String, u64> {
    let rows = done.files.iter();
    rows.filter_map(|file| Some((file.name.clone(), file.rows?)))
        .collect()
}

/// What the ledger remembers: of whom is for the store to know for as long as the file is there.
fn entry(
    case: &ExportCase<'_>,
    wanted: &Wanted<'_>,
    new: &NewExport<'_>,
    done: &Done,
    people: u64,
    now: DateTime<Utc>,
) -> Entry {
    let payload = json!({
        "what": "workgroup",
        "workgroup": case.workgroup,
        "export": new.id,
        "by": wanted.by,
        "way": wanted.way,
        "filter": new.filter,
        "locked": wanted.password.is_some(),
        "people": people,
        "files": rows_of(done),
        "bytes": done.bytes,
        "sha256": done.sha256,
    });
    Entry {
        tenant: case.workgroup.tenant.clone(),
        at: now,
        kind: "exported".to_owned(),
        payload: payload.to_string(),
    }
}
