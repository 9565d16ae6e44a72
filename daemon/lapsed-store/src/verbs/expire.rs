//! What of the daemon's own records has passed its period (O-6).

use chrono::{DateTime, Utc};

use crate::Store;
use crate::error::Result;
use crate::session::Beside;
use crate::sql::{Sql, values};

/// A kind of record that goes one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// The particulars of ledger entries: the chain holds without them.
    LedgerPayloads,
    /// Who stood in plans. A plan is carried out within seven days, or never.
    PlanSubjects,
    /// Plans as a whole.
    Plans,
    /// Finished runs.
    Runs,
    /// Slots that were left out.
    Skipped,
    /// Searches for remains.
    Scans,
    /// Answered requests.
    Requests,
    /// Holds that are over.
    Holds,
    /// The names of batches that erased people.
    Erasures,
    /// What is known of files that are not there any more.
    Exports,
}

/// Takes rows out by the keys of those that are old enough, which are found once and first. Several daemons may be at it,
/// so on PostgreSQL each takes what no other has in its hands.
macro_rules! take_out {
    ($deed:literal, $keys:literal, $old:literal, $locked:literal) => {
        Sql::each(
            take_out!($deed, $keys, $old; ""),
            take_out!($deed, $keys, $old; concat!(" FOR UPDATE OF ", $locked, " SKIP LOCKED")),
        )
    };
    ($deed:literal, $keys:literal, $old:literal; $lock:expr) => {
        concat!("WITH old AS (", $old, " LIMIT $2", $lock, ") ", $deed, " WHERE ", $keys, " IN (SELECT * FROM old)")
    };
}

impl Expired {
    /// Takes at most `$2` rows that are older than `$1`.
    fn sql(self) -> Sql {
        match self {
            Expired::LedgerPayloads => take_out!(
                "UPDATE lapsed_ledger SET payload = NULL",
                "(tenant, sequence)",
                "SELECT tenant, sequence FROM lapsed_ledger WHERE payload IS NOT NULL AND at < $1",
                "lapsed_ledger"
            ),
            Expired::PlanSubjects => take_out!(
                "DELETE FROM lapsed_plan_subject",
                "(plan, subject)",
                "SELECT s.plan, s.subject FROM lapsed_plan p JOIN lapsed_plan_subject s ON s.plan = p.id \
                 WHERE p.planned_at < $1 - 604800000",
                "s"
            ),
            Expired::Plans => take_out!(
                "DELETE FROM lapsed_plan",
                "id",
                "SELECT id FROM lapsed_plan WHERE planned_at < $1",
                "lapsed_plan"
            ),
            Expired::Runs => take_out!(
                "DELETE FROM lapsed_run",
                "id",
                "SELECT id FROM lapsed_run WHERE finished_at < $1",
                "lapsed_run"
            ),
            Expired::Skipped => take_out!(
                "DELETE FROM lapsed_skipped",
                "(schedule, first_slot, reason)",
                "SELECT schedule, first_slot, reason FROM lapsed_skipped WHERE noted_at < $1",
                "lapsed_skipped"
            ),
            Expired::Scans => take_out!(
                "DELETE FROM lapsed_scan",
                "id",
                "SELECT id FROM lapsed_scan WHERE at < $1",
                "lapsed_scan"
            ),
            Expired::Requests => take_out!(
                "DELETE FROM lapsed_request",
                "id",
                "SELECT id FROM lapsed_request WHERE state <> 'open' AND answered_at < $1",
                "lapsed_request"
            ),
            Expired::Holds => take_out!(
                "DELETE FROM lapsed_hold",
                "id",
                "SELECT id FROM lapsed_hold WHERE coalesce(ended_at, lifted_at) < $1",
                "lapsed_hold"
            ),
            Expired::Exports => take_out!(
                "DELETE FROM lapsed_export",
                "id",
                "SELECT id FROM lapsed_export WHERE removed_at < $1",
                "lapsed_export"
            ),
            Expired::Erasures => take_out!(
                "DELETE FROM lapsed_erasure",
                "batch",
                "SELECT batch FROM lapsed_erasure WHERE at < $1 ORDER BY at",
                "lapsed_erasure"
            ),
        }
    }
}

impl Store {
    /// Takes out at most `most` records of a kind that are older than `before`; answers how many.
    pub async fn expire(&self, kind: Expired, before: DateTime<Utc>, most: u32) -> Result<u64> {
        let mut session = self
            .write("take out what has passed its period", Beside::Anybody)
            .await?;
        let done = session
            .run(kind.sql(), &values![before.timestamp_millis(), most])
            .await?;
        session.commit().await?;
        Ok(done)
    }
}
