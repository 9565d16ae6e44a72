//! The store on SQLite: opening, and the two kinds of connection.

mod apply;
mod approvals;
mod catalogue;
mod daemon;
mod erasures;
mod expire;
mod facts;
mod gauges;
mod holds;
mod identity;
mod in_force;
mod keys;
mod ledger;
mod migrate;
mod overview;
mod pages;
mod pauses;
mod plans;
mod policies;
mod remains;
mod requests;
mod rows;
mod runs;
mod schedules;
mod scrub;
mod warnings;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection as _, Sqlite, Transaction};

use crate::error::{Result, StoreError};

pub use apply::{ClearStatements, Erased, PlanStatements, Seal};
pub use approvals::{Brake, Decision};
pub use daemon::{Serving, Starting, Taken};
pub use erasures::{Lost, Refused, Witness, Witnessed};
pub use expire::Expired;
pub use facts::{TenantFacts, Waiting};
pub use gauges::Gauges;
pub use holds::{JudgeAgain, NewHold};
pub use in_force::{InForce, NewPolicy, NewSchedule};
pub use migrate::Migrations;
pub use overview::{LastScan, OpenRequests, Overview, WaitingPlan};
pub use pages::Remnants;
pub use pauses::Pause;
pub use plans::NewPlan;
pub use policies::PolicyVersion;
pub use remains::ScanRow;
pub use requests::{NewRequest, RequestAnswer, RequestFilter, WrittenDown};
pub use rows::Row;
pub use runs::{End, Finish, NewRun, RunFilter};
pub use schedules::{Materialised, Wake};
pub use warnings::{Warnings, WarningsChanged};

/// A store on SQLite.
#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// How long a transaction waits for another program's before it gives up.
const PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Opens the store at `path`, whatever state its tables are in.
    pub async fn open(path: &Path) -> Result<Store> {
        Self::open_or_create(path, false, PATIENCE).await
    }

    /// The same, and gives up after `patience` where another program holds the write lock.
    pub async fn open_patiently(path: &Path, patience: Duration) -> Result<Store> {
        Self::open_or_create(path, false, patience).await
    }

    /// Opens the store at `path` and makes an empty one where there is none.
    pub async fn create(path: &Path) -> Result<Store> {
        Self::open_or_create(path, true, PATIENCE).await
    }

    async fn open_or_create(path: &Path, create: bool, patience: Duration) -> Result<Store> {
        if !create && !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        refuse_what_is_no_database(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(create)
            .busy_timeout(patience)
            .synchronous(SqliteSynchronous::Full)
            // An index that the planner makes up for one statement costs what the table holds, and it prefers one
            // to an index that is there whenever a condition compares with a constant (`identifies = 1`).
            .pragma("automatic_index", "OFF")
            .optimize_on_close(false, None);
        // One writer: transactions queue here, in order, instead of failing on each other's locks.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    sqlx::raw_sql(include_str!("../../sql/batch.sql"))
                        .execute(connection)
                        .await?;
                    Ok(())
                })
            })
            // Where the disk is full or broken SQLite ends a transaction by itself. The driver does not notice, and
            // would begin no other on that connection.
            .before_acquire(|connection, _| {
                let usable = !connection.is_in_transaction();
                Box::pin(async move { Ok(usable) })
            })
            .connect_lazy_with(
                options
                    .clone()
                    .journal_mode(SqliteJournalMode::Wal)
                    // 128 MiB of log: at the usual four, every batch would end with writing all its pages a second
                    // time and waiting for the disk. `scrub` empties the log behind the last one.
                    .pragma("wal_autocheckpoint", "32768")
                    .pragma("secure_delete", "ON"),
            );
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_lazy_with(options.pragma("query_only", "ON"));
        let store = Store { writer, readers };
        store.is_readable(path).await?;
        Ok(store)
    }

    /// Reads the header of the file, so that a file that is no database is refused here and not somewhere later.
    async fn is_readable(&self, path: &Path) -> Result<()> {
        match sqlx::query("SELECT count(*) FROM sqlite_schema")
            .execute(&self.readers)
            .await
        {
            Ok(_) => Ok(()),
            Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some("26") => {
                Err(StoreError::NotADatabase(path.to_owned()))
            }
            Err(other) => Err(StoreError::of("open the store")(other)),
        }
    }

    /// Closes every connection; what is in the log is on the disk already.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Begins a transaction that holds the write lock from its first statement, so that it cannot fail half-way
    /// for want of it.
    async fn begin(&self, doing: &'static str) -> Result<Transaction<'static, Sqlite>> {
        self.writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(StoreError::of(doing))
    }
}

/// SQLite takes its time to notice that a file is none of its own, and would make a new database of an empty folder
/// entry; the header says it at once.
fn refuse_what_is_no_database(path: &Path) -> Result<()> {
    use std::io::Read;
    let mut header = Vec::with_capacity(16);
    if path.is_dir() {
        return Err(StoreError::NotADatabase(PathBuf::from(path)));
    }
    let Ok(file) = std::fs::File::open(path) else {
        return Ok(());
    };
    let read = file.take(16).read_to_end(&mut header);
    if read.is_ok() && !header.is_empty() && header != b"SQLite format 3\0" {
        return Err(StoreError::NotADatabase(PathBuf::from(path)));
    }
    Ok(())
}
