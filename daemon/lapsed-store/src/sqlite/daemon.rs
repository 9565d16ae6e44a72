//! Who serves the store: one program at a time, counted.
//!
//! That nobody else does is the owner's lock's to see to (a file beside the database); this is how others learn who it
//! is, and how the leases of a program that was killed end: every program that takes the store has a higher number,
//! and takes over what lower numbers left.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::Store;
use super::runs::wait_again;
use super::schedules::instant;
use crate::error::{Result, StoreError};

/// Who takes the store.
#[derive(Clone, Copy, Debug)]
pub struct Starting<'a> {
    /// The process.
    pub pid: u32,
    /// What it is: `lapsed run`, or the command that takes the store for itself.
    pub program: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Now.
    pub at: DateTime<Utc>,
    /// A run that was begun so often and never got anywhere is discarded: it may be what kills the daemon.
    pub most_attempts: u32,
}

/// What taking the store gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The number of this start: the owner of its leases.
    pub start: i64,
    /// How many runs an earlier program left unfinished.
    pub taken_over: u64,
    /// How many of them had been begun too often.
    pub discarded: u64,
    /// Whether an earlier program saw a later time than this one: a clock was wrong, or is.
    pub clock_went_back: bool,
}

/// Who serves the store, or served it last.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Serving {
    /// The number of its start.
    pub start: i64,
    /// The process.
    pub pid: u32,
    /// What it is.
    pub program: String,
    /// Its version.
    pub version: String,
    /// Since when.
    pub started_at: DateTime<Utc>,
    /// When it left in order; none while it serves, and where it was killed.
    pub stopped_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Takes the store: leases of every earlier start are void, and their runs come back with an attempt spent.
    pub async fn take(&self, starting: &Starting<'_>) -> Result<Taken> {
        let doing = "take the store";
        let mut transaction = self.begin(doing).await?;
        let seen: Option<i64> =
            sqlx::query_scalar("SELECT max(started_at, coalesce(stopped_at, 0)) FROM lapsed_daemon")
                .fetch_optional(&mut *transaction)
                .await
                .map_err(StoreError::of(doing))?;
        // Clocks are set by minutes all the time.
        let clock_went_back = seen.is_some_and(|seen| instant(seen) > starting.at + TimeDelta::hours(1));
        let start: i64 = sqlx::query_scalar(
            "INSERT INTO lapsed_daemon (only_one, start, pid, program, version, started_at) \
             VALUES (1, 1, $1, $2, $3, $4) \
             ON CONFLICT (only_one) DO UPDATE SET start = start + 1, pid = excluded.pid, program = excluded.program, \
             version = excluded.version, started_at = excluded.started_at, stopped_at = NULL RETURNING start",
        )
        .bind(starting.pid)
        .bind(starting.program)
        .bind(starting.version)
        .bind(starting.at.timestamp_millis())
        .fetch_one(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        let discarded = sqlx::query(
            "UPDATE lapsed_run INDEXED BY lapsed_run_unfinished SET state = 'discarded', owner = NULL, finished_at = $2, \
             error = 'the program that ran it ended, again and again' \
             WHERE state = 'running' AND finished_at IS NULL AND owner < $1 AND attempt >= $3",
        )
        .bind(start)
        .bind(starting.at.timestamp_millis())
        .bind(starting.most_attempts)
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        let taken_over = sqlx::query(
            "UPDATE lapsed_run INDEXED BY lapsed_run_unfinished SET state = 'available', owner = NULL, error = 'the program that ran it ended' \
             WHERE state = 'running' AND finished_at IS NULL AND owner < $1",
        )
        .bind(start)
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        wait_again(&mut transaction).await?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(Taken {
            start,
            taken_over: taken_over.rows_affected(),
            discarded: discarded.rows_affected(),
            clock_went_back,
        })
    }

    /// Leaves the store in order.
    pub async fn leave(&self, start: i64, at: DateTime<Utc>) -> Result<()> {
        sqlx::query("UPDATE lapsed_daemon SET stopped_at = $2 WHERE start = $1")
            .bind(start)
            .bind(at.timestamp_millis())
            .execute(&self.writer)
            .await
            .map(|_| ())
            .map_err(StoreError::of("leave the store"))
    }

    /// Who serves the store, or served it last.
    pub async fn serving(&self) -> Result<Option<Serving>> {
        let doing = "read who serves the store";
        let row =
            sqlx::query("SELECT start, pid, program, version, started_at, stopped_at FROM lapsed_daemon")
                .fetch_optional(&self.readers)
                .await
                .map_err(StoreError::of(doing))?;
        Ok(row.as_ref().map(read_serving))
    }
}

pub(super) fn read_serving(row: &SqliteRow) -> Serving {
    Serving {
        start: row.get("start"),
        pid: row.get("pid"),
        program: row.get("program"),
        version: row.get("version"),
        started_at: instant(row.get("started_at")),
        stopped_at: row.get::<Option<i64>, _>("stopped_at").map(instant),
    }
}
