//! What of the daemon's own records has passed its period (O-6).

use chrono::{DateTime, Utc};

use super::Store;
use crate::error::{Result, StoreError};

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
}

impl Expired {
    /// Takes at most `$2` rows that are older than `$1`.
    fn sql(self) -> &'static str {
        match self {
            Expired::LedgerPayloads => {
                "UPDATE lapsed_ledger SET payload = NULL WHERE (tenant, sequence) IN \
                 (SELECT tenant, sequence FROM lapsed_ledger WHERE payload IS NOT NULL AND at < $1 LIMIT $2)"
            }
            Expired::PlanSubjects => {
                "DELETE FROM lapsed_plan_subject WHERE (plan, subject) IN \
                 (SELECT s.plan, s.subject FROM lapsed_plan p JOIN lapsed_plan_subject s ON s.plan = p.id \
                 WHERE p.planned_at < $1 - 604800000 LIMIT $2)"
            }
            Expired::Plans => {
                "DELETE FROM lapsed_plan WHERE id IN (SELECT id FROM lapsed_plan WHERE planned_at < $1 LIMIT $2)"
            }
            Expired::Runs => {
                "DELETE FROM lapsed_run WHERE id IN (SELECT id FROM lapsed_run WHERE finished_at < $1 LIMIT $2)"
            }
            Expired::Skipped => {
                "DELETE FROM lapsed_skipped WHERE (schedule, first_slot, reason) IN \
                 (SELECT schedule, first_slot, reason FROM lapsed_skipped WHERE noted_at < $1 LIMIT $2)"
            }
            Expired::Scans => {
                "DELETE FROM lapsed_scan WHERE id IN (SELECT id FROM lapsed_scan WHERE at < $1 LIMIT $2)"
            }
            Expired::Requests => {
                "DELETE FROM lapsed_request WHERE id IN \
                 (SELECT id FROM lapsed_request WHERE state <> 'open' AND answered_at < $1 LIMIT $2)"
            }
            Expired::Holds => {
                "DELETE FROM lapsed_hold WHERE id IN \
                 (SELECT id FROM lapsed_hold WHERE coalesce(ended_at, lifted_at) < $1 LIMIT $2)"
            }
            Expired::Erasures => {
                "DELETE FROM lapsed_erasure WHERE batch IN \
                 (SELECT batch FROM lapsed_erasure WHERE at < $1 LIMIT $2)"
            }
        }
    }
}

impl Store {
    /// Takes out at most `most` records of a kind that are older than `before`; answers how many.
    pub async fn expire(&self, kind: Expired, before: DateTime<Utc>, most: u32) -> Result<u64> {
        let done = sqlx::query(kind.sql())
            .bind(before.timestamp_millis())
            .bind(most)
            .execute(&self.writer)
            .await
            .map_err(StoreError::of("take out what has passed its period"))?;
        Ok(done.rows_affected())
    }
}
