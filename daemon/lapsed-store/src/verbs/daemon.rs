//! Who serves the store.
//!
//! Every program that takes the store has a number of its own, its *start*, which is the owner of its leases. On SQLite one
//! program serves at a time (a lock on a file beside the database sees to that), so a higher number says that lower ones
//! are gone. On PostgreSQL several serve side by side, and each holds a lease by the database's clock, which it
//! renews in one statement, whatever the number of its runs; who did not renew it in time is gone, and anybody may
//! take its runs over.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::Dialect;

use super::runs::wait_again;
use super::schedules::instant;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::postgres;
use crate::row::{Record, column};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};
use crate::store::Kept;

/// Who takes the store.
#[derive(Clone, Copy, Debug)]
pub struct Starting<'a> {
    /// The machine, by a name that people know it by.
    pub node: &'a str,
    /// The process.
    pub pid: u32,
    /// What it is: `lapsed run`, or the command that takes the store for itself.
    pub program: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The hash of the dataset that it works by.
    pub dataset: &'a str,
    /// For how long it may be silent before others take its runs over. On SQLite nobody else is there to do so.
    pub lease: Duration,
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
    /// What programs that are gone left behind.
    pub rescued: Rescued,
    /// Whether an earlier program saw a later time than this one: a clock was wrong, or is.
    pub clock_went_back: bool,
}

/// Runs of programs that are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    /// How many are available again.
    pub taken_over: u64,
    /// How many had been begun too often, and were discarded.
    pub discarded: u64,
}

/// A lease that was renewed in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewed {
    /// Which server heard it. Another one than before (it was restarted, or the database was made anew) may be one that a
    /// backup was restored on.
    pub server: String,
    /// How many programs work on the store at this moment, this one among them.
    pub programs: u32,
}

/// Who serves the store, or served it last.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Serving {
    /// The number of its start.
    pub start: i64,
    /// The machine; empty on SQLite, where it is this one.
    pub node: String,
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
    /// Whether its lease still runs. On SQLite no lease does, and the owner's lock says who is there.
    pub alive: bool,
    /// The hash of the dataset that it works by.
    #[serde(skip)]
    pub dataset: Option<String>,
}

/// The right to do what only one program may do at a time, until it is dropped.
#[derive(Debug)]
pub struct Alone(#[expect(dead_code, reason = "it is held, and not looked at")] Option<postgres::Held>);

impl Store {
    /// Takes the store: as the only program on SQLite, as one of several on PostgreSQL. Runs of programs that are gone come
    /// back with an attempt spent.
    ///
    /// # Errors
    ///
    /// Where another daemon serves the store by another dataset.
    pub async fn take(&self, starting: &Starting<'_>) -> Result<Taken> {
        let mut session = self.write("take the store", Beside::Starters).await?;
        let seen = session.one(side_by_side!("daemon_seen"), &[]).await?;
        let seen: Option<i64> = seen.get(0);
        // Clocks are set by minutes all the time.
        let clock_went_back = seen.is_some_and(|seen| instant(seen) > starting.at + TimeDelta::hours(1));
        if session.dialect() == Dialect::Postgres {
            refuse_other_dataset(&mut session, starting).await?;
        }
        let start = session
            .one(
                side_by_side!("daemon_take"),
                &values![
                    starting.pid,
                    starting.program,
                    starting.version,
                    starting.at.timestamp_millis(),
                    starting.node,
                    starting.dataset,
                    milliseconds(starting.lease),
                ],
            )
            .await?
            .get(0);
        let rescued = rescue(&mut session, starting.at, starting.most_attempts).await?;
        wait_again(&mut session).await?;
        session.commit().await?;
        Ok(Taken {
            start,
            rescued,
            clock_went_back,
        })
    }

    /// Says that the program of this start is still there, for another `lease`. Answers nothing where it was too late: such a
    /// program has lost all of its runs, and does nothing more under this number.
    pub async fn renew(&self, start: i64, lease: Duration) -> Result<Option<Renewed>> {
        let mut session = self.write("renew the lease", Beside::Anybody).await?;
        let renewed = session
            .first(
                side_by_side!("daemon_renew"),
                &values![start, milliseconds(lease)],
            )
            .await?;
        session.commit().await?;
        Ok(renewed.map(|row| Renewed {
            server: row.get(0),
            programs: u32::try_from(row.get::<i64>(1)).unwrap_or(u32::MAX),
        }))
    }

    /// Waits until no other program does what only one may do at a time, which is to recover from a restored backup. On
    /// SQLite nobody else is there.
    pub async fn alone(&self) -> Result<Alone> {
        match &self.kept {
            Kept::Sqlite(_) => Ok(Alone(None)),
            Kept::Postgres(pool) => pool.alone().await.map(|held| Alone(Some(held))),
        }
    }

    /// Makes the runs of programs that are gone available again.
    pub async fn rescue(&self, now: DateTime<Utc>, most_attempts: u32) -> Result<Rescued> {
        let mut session = self.write("take runs over", Beside::Anybody).await?;
        let rescued = rescue(&mut session, now, most_attempts).await?;
        if rescued.taken_over > 0 {
            wait_again(&mut session).await?;
        }
        session.commit().await?;
        Ok(rescued)
    }

    /// Leaves the store in order.
    pub async fn leave(&self, start: i64, at: DateTime<Utc>) -> Result<()> {
        let mut session = self.write("leave the store", Beside::Anybody).await?;
        session
            .run(
                side_by_side!("daemon_leave"),
                &values![start, at.timestamp_millis()],
            )
            .await?;
        session.commit().await
    }

    /// Who serves the store, or served it last.
    pub async fn serving(&self) -> Result<Option<Serving>> {
        Ok(self.all_serving().await?.into_iter().next())
    }

    /// Whether there is the table in which programs write that they serve: a store that is being made at this moment may have
    /// others already.
    pub async fn knows_who_serves(&self) -> Result<bool> {
        let mut session = self.read("look for the daemon's tables").await?;
        let tables = session.all(side_by_side!("own_tables"), &[]).await?;
        Ok(column::<String>(&tables)
            .iter()
            .any(|name| name == "lapsed_daemon"))
    }

    /// Everybody who serves the store, daemons first and then by their start; where nobody does, who did last.
    pub async fn all_serving(&self) -> Result<Vec<Serving>> {
        let mut session = self.read("read who serves the store").await?;
        serving(&mut session).await
    }
}

/// The same inside somebody's transaction.
pub(super) async fn serving(session: &mut Session) -> Result<Vec<Serving>> {
    let rows = session.all(side_by_side!("daemon_serving"), &[]).await?;
    Ok(rows.iter().map(read_serving).collect())
}

/// Two daemons that work by different datasets would undo each other's work: the one that comes second says so and does
/// nothing. A key ring that lacks one of the store's keys is refused by [`Store::accept_keys`].
async fn refuse_other_dataset(session: &mut Session, starting: &Starting<'_>) -> Result<()> {
    let others = serving(session).await?;
    let differs = |other: &&Serving| {
        other.alive
            && other
                .dataset
                .as_deref()
                .is_some_and(|theirs| theirs != starting.dataset)
    };
    others.iter().find(differs).map_or(Ok(()), |other| {
        Err(StoreError::OtherDataset {
            node: other.node.clone(),
        })
    })
}

async fn rescue(session: &mut Session, now: DateTime<Utc>, most_attempts: u32) -> Result<Rescued> {
    let rows = session
        .doing("take runs over")
        .all(
            side_by_side!("daemon_rescue"),
            &values![now.timestamp_millis(), most_attempts],
        )
        .await?;
    let discarded = rows
        .iter()
        .filter(|row| row.get::<String>(0) == "discarded")
        .count() as u64;
    Ok(Rescued {
        taken_over: rows.len() as u64 - discarded,
        discarded,
    })
}

fn milliseconds(lease: Duration) -> i64 {
    i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)
}

fn read_serving(row: &Record) -> Serving {
    Serving {
        start: row.get("start"),
        node: row.get("node"),
        pid: row.get("pid"),
        program: row.get("program"),
        version: row.get("version"),
        started_at: instant(row.get("started_at")),
        stopped_at: row.get::<Option<i64>>("stopped_at").map(instant),
        alive: row.get("alive"),
        dataset: row.get("dataset"),
    }
}
