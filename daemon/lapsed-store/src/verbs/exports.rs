//! Exports: reading people out, and the files of whole workgroups.
//!
//! Whom a file names is written down before anybody is read. From then on a batch that erases one of them withdraws the
//! file in its own transaction, be it finished or still being written, and whoever writes it finds that out when it is to
//! be finished. The file gets its name only after that was committed.

use std::future::Future;

use chrono::{DateTime, Utc};
use lapsed_model::{Digest, Entry, Statement, TenantName, Workgroup, fault};
use serde::Serialize;
use serde_json::Value;

use super::apply::Seal;
use super::ledger::{append, parse};
use super::pauses::refuse_paused;
use super::schedules::instant;
use crate::Store;
use crate::error::Result;
use crate::row::{Record, Row};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

/// A file that is about to be written.
#[derive(Clone, Debug)]
pub struct NewExport<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose people it is about.
    pub workgroup: &'a Workgroup,
    /// The machine on whose disk it will lie.
    pub node: &'a str,
    /// Where.
    pub folder: &'a str,
    /// Its name there.
    pub file: &'a str,
    /// Who asked for it.
    pub asked_by: &'a str,
    /// Which of the workgroup's people.
    pub filter: &'a Value,
    /// Now.
    pub began_at: DateTime<Utc>,
    /// When it goes again; none where whoever asked for it takes care of it.
    pub delete_at: Option<DateTime<Utc>>,
}

/// What a finished file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportContents {
    /// Rows of all of its tables.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// Its hash.
    pub sha256: Digest,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportState {
    /// It is being written, or its writer was killed.
    Writing,
    /// It lies there.
    Finished,
    /// Somebody in it was anonymised.
    Withdrawn,
    /// It is not there any more.
    Removed,
}

impl std::str::FromStr for ExportState {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Ok(match word {
            "writing" => Self::Writing,
            "finished" => Self::Finished,
            "withdrawn" => Self::Withdrawn,
            "removed" => Self::Removed,
            other => return Err(format!("`{other}` is no state of an export")),
        })
    }
}

/// What the store knows of a file.
#[derive(Clone, Debug, Serialize)]
pub struct Export {
    /// Its id.
    pub id: String,
    /// Whose people it is about.
    pub workgroup: Workgroup,
    /// The machine on whose disk it lies.
    pub node: String,
    /// Where.
    pub folder: String,
    /// Its name there.
    pub file: String,
    /// Who asked for it.
    pub asked_by: String,
    /// Which of the workgroup's people.
    pub filter: Value,
    /// What became of it.
    pub state: ExportState,
    /// When it was begun.
    pub began_at: DateTime<Utc>,
    /// When it was finished.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it goes.
    pub delete_at: Option<DateTime<Utc>>,
    /// When it went.
    pub removed_at: Option<DateTime<Utc>>,
    /// Why it went.
    pub because: Option<String>,
    /// What it holds.
    pub contents: Option<ExportContents>,
}

/// Whoever reads people out: asked for one statement after the other, and given the one row of each.
pub trait Reader: Send {
    /// What can go wrong with it.
    type Error: From<crate::StoreError> + Send;

    /// The next statement; nothing when all is read.
    fn next(&mut self) -> Option<Statement>;

    /// Takes its row.
    fn take(&mut self, row: Row) -> impl Future<Output = std::result::Result<(), Self::Error>> + Send;
}

impl Store {
    /// Reads statement after statement of one row each, all of them in the store as it was at the first. Refused where the
    /// tenant is paused.
    pub async fn read_out<R: Reader>(
        &self,
        tenant: &TenantName,
        reader: &mut R,
    ) -> std::result::Result<(), R::Error> {
        let mut session = self.read("read people out").await?;
        refuse_paused(&mut session, tenant).await?;
        session.doing("read people out");
        while let Some(statement) = reader.next() {
            for record in session.rows_of(&statement).await? {
                reader.take(record.values).await?;
            }
        }
        Ok(())
    }

    /// Enters that somebody was read out, as long as `there` answers a row: the person may have been anonymised since.
    /// Answers whether it did.
    pub async fn enter_export(&self, there: &Statement, entry: Entry, seal: &Seal<'_>) -> Result<bool> {
        let mut session = self.write("enter an export", Beside::Anybody).await?;
        refuse_paused(&mut session, &entry.tenant).await?;
        if session.rows_of(there).await?.is_empty() {
            return Ok(false);
        }
        append(&mut session, entry, seal).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Notes that a file is about to be written.
    pub async fn begin_export(&self, new: &NewExport<'_>) -> Result<()> {
        let mut session = self.write("begin an export", Beside::Anybody).await?;
        refuse_paused(&mut session, &new.workgroup.tenant).await?;
        session
            .run(
                "INSERT INTO lapsed_export (id, tenant, workgroup, node, folder, file, asked_by, filter, began_at, delete_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                &values![
                    new.id,
                    new.workgroup.tenant.as_str(),
                    &new.workgroup.name,
                    new.node,
                    new.folder,
                    new.file,
                    new.asked_by,
                    new.filter.to_string(),
                    new.began_at.timestamp_millis(),
                    new.delete_at.map(|at| at.timestamp_millis()),
                ],
            )
            .await?;
        fault::point("export-begun");
        session.commit().await
    }

    /// Writes down whom a file is going to name, many at a time: a JSON list of their keys.
    pub async fn name_in_export(&self, id: &str, people: &str) -> Result<()> {
        let mut session = self.write("note whom an export names", Beside::Anybody).await?;
        session
            .run(side_by_side!("export_name"), &values![id, people])
            .await?;
        session.commit().await
    }

    /// Notes that a file is whole, with its entry in the ledger. Answers whether it may get its name: somebody in it may have
    /// been anonymised meanwhile.
    pub async fn finish_export(
        &self,
        id: &str,
        contents: &ExportContents,
        entry: Entry,
        seal: &Seal<'_>,
    ) -> Result<bool> {
        let mut session = self.write("finish an export", Beside::Anybody).await?;
        refuse_paused(&mut session, &entry.tenant).await?;
        let finished = session
            .run(
                "UPDATE lapsed_export SET state = 'finished', finished_at = $2, rows = $3, bytes = $4, sha256 = $5 \
                 WHERE id = $1 AND state = 'writing'",
                &values![
                    id,
                    entry.at.timestamp_millis(),
                    i64::try_from(contents.rows).unwrap_or(i64::MAX),
                    i64::try_from(contents.bytes).unwrap_or(i64::MAX),
                    contents.sha256.to_string(),
                ],
            )
            .await?;
        if finished == 0 {
            return Ok(false);
        }
        append(&mut session, entry, seal).await?;
        fault::point("export-entered");
        session.commit().await?;
        Ok(true)
    }

    /// The files of a tenant, or of all of them, the latest first; those that are not there any more too.
    pub async fn exports(&self, tenant: Option<&TenantName>, most: u32) -> Result<Vec<Export>> {
        let mut session = self.read("read exports").await?;
        let rows = session
            .all(
                "SELECT * FROM lapsed_export WHERE $1 = '' OR tenant = $1 ORDER BY began_at DESC, id LIMIT $2",
                &values![tenant.map_or("", TenantName::as_str), most],
            )
            .await?;
        rows.iter().map(read_export).collect()
    }

    /// The files of a machine that are there or may be, in whatever state.
    pub async fn exports_there(&self, node: &str) -> Result<Vec<Export>> {
        let mut session = self.read("read exports").await?;
        let rows = session
            .all(
                "SELECT * FROM lapsed_export WHERE node = $1 AND state <> 'removed' ORDER BY id",
                &values![node],
            )
            .await?;
        rows.iter().map(read_export).collect()
    }

    /// Whether a file of this id is there or may be, on whatever machine.
    pub async fn is_export_there(&self, id: &str) -> Result<bool> {
        let mut session = self.read("read exports").await?;
        let known = session
            .first(
                "SELECT 1 FROM lapsed_export WHERE id = $1 AND state <> 'removed'",
                &values![id],
            )
            .await?;
        Ok(known.is_some())
    }

    /// Notes that a file is not there any more, and forgets whom it named.
    pub async fn export_removed(&self, id: &str, at: DateTime<Utc>, because: &str) -> Result<()> {
        let mut session = self.write("note that an export is gone", Beside::Anybody).await?;
        session
            .run(
                "UPDATE lapsed_export SET state = 'removed', removed_at = $2, because = $3 \
                 WHERE id = $1 AND state <> 'removed'",
                &values![id, at.timestamp_millis(), because],
            )
            .await?;
        session
            .run(
                "DELETE FROM lapsed_export_subject WHERE export = $1",
                &values![id],
            )
            .await?;
        session.commit().await
    }
}

/// Withdraws every file that names somebody in the batch.
pub(super) async fn withdraw(batch: &mut Session) -> Result<()> {
    batch
        .doing("withdraw exports")
        .run(side_by_side!("export_withdraw"), &[])
        .await?;
    Ok(())
}

fn read_export(row: &Record) -> Result<Export> {
    let id: String = row.get("id");
    let table = "lapsed_export";
    let at = |column: &str| row.get::<Option<i64>>(column).map(instant);
    let contents = match row.get::<Option<String>>("sha256") {
        None => None,
        Some(sha256) => Some(ExportContents {
            rows: row.get::<i64>("rows").unsigned_abs(),
            bytes: row.get::<i64>("bytes").unsigned_abs(),
            sha256: parse(&sha256, table, &id, "sha256")?,
        }),
    };
    Ok(Export {
        workgroup: parse(
            &format!(
                "{}/{}",
                row.get::<String>("tenant"),
                row.get::<String>("workgroup")
            ),
            table,
            &id,
            "workgroup",
        )?,
        node: row.get("node"),
        folder: row.get("folder"),
        file: row.get("file"),
        asked_by: row.get("asked_by"),
        filter: serde_json::from_str(&row.get::<String>("filter")).unwrap_or_default(),
        state: parse(&row.get::<String>("state"), table, &id, "state")?,
        began_at: instant(row.get("began_at")),
        finished_at: at("finished_at"),
        delete_at: at("delete_at"),
        removed_at: at("removed_at"),
        because: row.get("because"),
        contents,
        id,
    })
}
