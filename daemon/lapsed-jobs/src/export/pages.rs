//! From the store into the archive, page by page: while one page becomes CSV and is packed, the store puts the next together.
//!
//! Both sides are futures of one task; the database is at work in its own thread or its own process, and so is who packs. Between them
//! waits one page at most, so that memory stays flat.

use lapsed_archive::Archive;
use lapsed_dataset::{Export, ExportFilter};
use lapsed_model::{Statement, SubjectKey, Value, fault};
use lapsed_store::{Reader, Row, StoreError};
use tokio::fs::File;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::ExportCase;
use super::customer::unreadable;
use super::rows::Rows;
use super::workgroup::{Progress, Wanted, unless_stopped};
use crate::JobError;
use crate::clerk::Clerk;

/// How many people the first page of a file has: soon there is something to see.
const FIRST: u32 = 1_000;

/// Each page has twice as many as the one before, up to this: a server joins ten thousand people in far less than ten times the time of
/// a thousand, and their rows still are few megabytes.
const MOST: u32 = 10_000;

/// Reads the files of a workgroup in one snapshot and puts them into the archive. `report` hears after every page.
pub(super) async fn copy(
    clerk: &Clerk<'_>,
    case: &ExportCase<'_>,
    wanted: &Wanted<'_>,
    filter: &ExportFilter,
    archive: &mut Archive<File>,
    progress: &mut Progress,
    report: &mut (impl FnMut(&Progress) + Send),
) -> Result<(), JobError> {
    let exports: Vec<&Export> = clerk.fitted.dataset().workgroup_exports().collect();
    let all = progress.people * exports.len() as u64;
    let (pages, read) = mpsc::channel(1);
    let mut reading = Reading {
        clerk,
        case,
        wanted,
        filter,
        exports: exports.into_iter(),
        file: None,
        page: FIRST,
        pages,
    };
    let reading = async move { clerk.store.read_out(&case.workgroup.tenant, &mut reading).await };
    let writing = Writing {
        archive,
        progress,
        report,
        seen: 0,
        all,
    };
    // Whoever fails drops its end, and with it the other side ends. What the writer says comes first: it is why the reader ended.
    let (read, written) = tokio::join!(reading, writing.run(read));
    written.and(read)
}

/// A page on its way.
struct Page<'d> {
    export: &'d Export,
    /// The file that it begins, if it does.
    begins: Option<Rows>,
    people: u64,
    /// JSON.
    rows: String,
}

/// Asks for file after file, page after page.
struct Reading<'p, 'd> {
    clerk: &'p Clerk<'d>,
    case: &'p ExportCase<'p>,
    wanted: &'p Wanted<'p>,
    filter: &'p ExportFilter,
    exports: std::vec::IntoIter<&'d Export>,
    file: Option<Place<'d>>,
    /// How many people the next page has.
    page: u32,
    pages: Sender<Page<'d>>,
}

/// How far a file is read.
struct Place<'d> {
    export: &'d Export,
    /// Until its first page is on its way.
    rows: Option<Rows>,
    after: Option<SubjectKey>,
}

impl Reader for Reading<'_, '_> {
    type Error = JobError;

    fn next(&mut self) -> Option<Statement> {
        let (fitted, house) = (self.clerk.fitted, &self.case.store_key);
        if let Some(file) = &self.file {
            let page = fitted.export_page(file.export, house, self.filter, file.after.as_ref(), self.page);
            return Some(page.statement);
        }
        let export = self.exports.next()?;
        let page = fitted.export_page(export, house, self.filter, None, self.page);
        self.file = Some(Place {
            export,
            rows: Some(Rows::of(self.case, page.columns)),
            after: None,
        });
        Some(page.statement)
    }

    async fn take(&mut self, row: Row) -> Result<(), JobError> {
        unless_stopped(self.wanted)?;
        let file = self.file.as_mut().ok_or_else(wrong_page)?;
        let (people, last, rows) = read_page(row)?;
        let page = Page {
            export: file.export,
            begins: file.rows.take(),
            people: people.unsigned_abs(),
            rows,
        };
        file.after = last;
        let is_last = people < i64::from(self.page);
        self.page = if is_last { FIRST } else { (self.page * 2).min(MOST) };
        if is_last {
            self.file = None;
        }
        // Nobody takes it any more: whoever wrote failed, and says why.
        self.pages.send(page).await.map_err(|_| JobError::Stopped)
    }
}

/// How many people a page has, the last one's key, and the rows.
fn read_page(row: Row) -> Result<(i64, Option<SubjectKey>, String), JobError> {
    let Ok([Value::Integer(people), last, Value::Integer(_), Value::Text(rows)]) =
        <[Value; 4]>::try_from(row)
    else {
        return Err(wrong_page());
    };
    let last = match last {
        Value::Text(key) => Some(serde_json::from_str(&key).map_err(|why| unreadable(&why))?),
        _ => None,
    };
    Ok((people, last, rows))
}

/// Makes CSV of what was read, and tells how far it is.
struct Writing<'w, R> {
    archive: &'w mut Archive<File>,
    progress: &'w mut Progress,
    report: &'w mut R,
    /// People of all files so far, and altogether.
    seen: u64,
    all: u64,
}

impl<R: FnMut(&Progress) + Send> Writing<'_, R> {
    async fn run(mut self, mut pages: Receiver<Page<'_>>) -> Result<(), JobError> {
        let mut file = None;
        while let Some(page) = pages.recv().await {
            let mut csv = Vec::with_capacity(page.rows.len());
            if let Some(rows) = page.begins {
                self.archive.file(&page.export.file.value, &rows.names()).await?;
                rows.header(&mut csv);
                file = Some(rows);
            }
            let rows = file.as_mut().ok_or_else(wrong_page)?;
            let count = rows
                .append(&mut csv, &page.rows)
                .map_err(|why| unreadable(&why))?;
            self.archive.rows(csv, count).await?;
            self.seen += page.people;
            self.progress.rows += count;
            self.progress.of_thousand = (self.seen * 1_000).checked_div(self.all).unwrap_or(1_000);
            (self.report)(self.progress);
            fault::point("export-page");
        }
        Ok(())
    }
}

fn wrong_page() -> JobError {
    StoreError::Inconsistent {
        table: "an exported file",
        row: "a page".to_owned(),
        column: "rows",
        found: "another shape".to_owned(),
    }
    .into()
}
