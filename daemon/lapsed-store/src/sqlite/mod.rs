//! The store on SQLite: opening, and the two kinds of connection.

mod catalogue;
mod migrate;
mod pages;
pub(crate) mod rows;
mod scrub;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::error::{Result, StoreError};
use crate::session::Session;

pub use pages::Remnants;

/// Connections to one file.
#[derive(Clone, Debug)]
pub(crate) struct Pools {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Pools {
    /// Opens the file at `path`; `create` makes an empty store where there is none.
    pub(crate) async fn open(path: &Path, create: bool, patience: Duration) -> Result<Self> {
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
                    sqlx::raw_sql(include_str!("../../sql/sqlite/batch.sql"))
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
        let pools = Self { writer, readers };
        pools.is_readable(path).await?;
        Ok(pools)
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
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that holds the write lock from its first statement, so that it cannot fail half-way for want of it.
    pub(crate) async fn write(&self, doing: &'static str) -> Result<Session> {
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await;
        Ok(Session::sqlite(
            transaction.map_err(StoreError::of(doing))?,
            doing,
        ))
    }

    /// A transaction that cannot write, and sees the store as it was when it began.
    pub(crate) async fn read(&self, doing: &'static str) -> Result<Session> {
        let transaction = self.readers.begin().await.map_err(StoreError::of(doing))?;
        Ok(Session::sqlite(transaction, doing))
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
