//! The daemon's own records, and how long they stay (O-6).
//!
//! What the daemon writes down about people has a period like everything else: particulars of ledger entries (the chain
//! holds without them), the erasure journal, who stood in a plan, finished runs, answered requests, holds that are over. What
//! has passed its period goes in batches, so that nobody waits long for the store's one writer.

use chrono::{DateTime, NaiveTime, Utc};
use lapsed_model::{Period, Unit};
use lapsed_store::{Expired, Store};
use serde::Serialize;

use crate::JobError;
use crate::apply::Tools;

/// How long the daemon's own records stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordPeriods {
    /// The particulars of ledger entries, and plans.
    pub ledger: Period,
    /// The erasure journal, which must outlive the oldest backup that may be restored.
    pub journal: Period,
    /// Who stood in a plan that was carried out or ended.
    pub plans: Period,
    /// Finished runs, skipped slots, searches for remains.
    pub runs: Period,
    /// Requests, from their answer on.
    pub requests: Period,
    /// Legal holds, from their end on.
    pub holds: Period,
    /// Backups and archived logs of the database, as the operator's own plan has it: nothing here keeps them, and the deletion
    /// concept says it. None where nobody wrote it down.
    pub backups: Option<Period>,
}

impl Default for RecordPeriods {
    fn default() -> Self {
        let period = |count, unit| Period::new(count, unit).expect("a period within bounds");
        Self {
            ledger: period(10, Unit::Years),
            journal: period(2, Unit::Years),
            plans: period(30, Unit::Days),
            runs: period(90, Unit::Days),
            requests: period(3, Unit::Years),
            holds: period(3, Unit::Years),
            backups: None,
        }
    }
}

impl RecordPeriods {
    /// The instant from which on the particulars of ledger entries must be there.
    #[must_use]
    pub fn ledger_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        before(self.ledger, now)
    }

    /// The instant from which on the erasure journal must have what the store erased.
    #[must_use]
    pub fn journal_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        before(self.journal, now)
    }

    /// Whether the journal is kept for less than a year: few backups are younger than that.
    #[must_use]
    pub fn is_journal_short(&self, now: DateTime<Utc>) -> bool {
        let year = Period::new(1, Unit::Years).expect("a year is a period");
        self.journal.is_shorter_than(year, now.date_naive())
    }
}

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Ledger entries whose particulars went.
    pub ledger: u64,
    /// Lines of the journal, over all folders.
    pub journal: u64,
    /// People who stood in plans.
    pub plan_subjects: u64,
    /// Whole plans.
    pub plans: u64,
    /// Runs, skipped slots and searches for remains.
    pub runs: u64,
    /// Requests.
    pub requests: u64,
    /// Holds.
    pub holds: u64,
    /// Names of batches.
    pub erasures: u64,
    /// What was known of files that went.
    pub exports: u64,
}

/// Takes out what has passed its period. Killed in the middle it goes on the next time.
pub async fn prune(tools: &Tools<'_>, periods: &RecordPeriods) -> Result<Pruned, JobError> {
    let (store, now) = (tools.store, tools.clock.now());
    let from = |period| before(period, now);
    // The journal first: what it still has and the store does not know would look like a restored backup.
    let lines = tools.journal.prune(from(periods.journal)).await?;
    let longer = from(periods.journal) - chrono::TimeDelta::days(31);
    Ok(Pruned {
        journal: lines,
        erasures: all(store, Expired::Erasures, longer).await?,
        ledger: all(store, Expired::LedgerPayloads, from(periods.ledger)).await?,
        plan_subjects: all(store, Expired::PlanSubjects, from(periods.plans)).await?,
        plans: all(store, Expired::Plans, from(periods.ledger)).await?,
        runs: all(store, Expired::Runs, from(periods.runs)).await?
            + all(store, Expired::Skipped, from(periods.runs)).await?
            + all(store, Expired::Scans, from(periods.runs)).await?,
        requests: all(store, Expired::Requests, from(periods.requests)).await?,
        holds: all(store, Expired::Holds, from(periods.holds)).await?,
        exports: all(store, Expired::Exports, from(periods.runs)).await?,
    })
}

async fn all(store: &Store, expired: Expired, before: DateTime<Utc>) -> Result<u64, JobError> {
    const PIECE: u32 = 2_000;
    let mut gone = 0;
    loop {
        let piece = store.expire(expired, before, PIECE).await?;
        gone += piece;
        if piece < u64::from(PIECE) {
            return Ok(gone);
        }
    }
}

/// The first instant of the day that lies the period before this one.
fn before(period: Period, now: DateTime<Utc>) -> DateTime<Utc> {
    period.before(now.date_naive()).and_time(NaiveTime::MIN).and_utc()
}
