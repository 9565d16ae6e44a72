//! What a run comes to.

use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{Lease, Run};
use lapsed_store::{End, StoreError};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::JobError;

/// Cancelled when a run should stop at its next whole step.
pub type Stop = CancellationToken;

/// Whoever does the runs.
pub trait Work: Send + Sync + 'static {
    /// Does one run, on behalf of its lease. What it answers is kept with the run.
    fn work(
        self: Arc<Self>,
        run: Run,
        lease: Lease,
        stop: Stop,
    ) -> impl Future<Output = Result<Value, Unfinished>> + Send;

    /// Hears that there is nothing left to do for the moment.
    fn idle(self: Arc<Self>) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Why a run was not done, and with it what becomes of it.
#[derive(Debug)]
pub enum Unfinished {
    /// Trying again would not change it.
    Cancelled(Value),
    /// It may go better the next time.
    Failed(String),
    /// It was asked to stop, or the store could not take it: as if it had not been begun.
    HandedBack,
    /// Somebody's transaction keeps locked what it needs: tried again later, however often that is.
    Waiting(String),
    /// The store is out of reach: handed back, and nothing more is begun until it is there again.
    OutOfReach(String),
    /// The erasure journal cannot be kept: the same, because nobody is erased without it.
    NoJournal(String),
    /// Somebody else has it now.
    LeaseLost,
}

impl From<JobError> for Unfinished {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Refused(refusal) => {
                Self::Cancelled(json!({ "code": refusal.code(), "refused": refusal.to_string() }))
            }
            JobError::Stopped => Self::HandedBack,
            JobError::Store(error) => Self::from(error),
            JobError::Journal(error) => Self::NoJournal(error.to_string()),
            JobError::Archive(_) | JobError::File { .. } => Self::Failed(error.to_string()),
        }
    }
}

impl From<StoreError> for Unfinished {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::LeaseLost(_) => Self::LeaseLost,
            StoreError::NotWitnessed(why) => Self::NoJournal(why.to_string()),
            // Stopped by somebody: it waits until they let it go on.
            StoreError::Paused(..) => Self::HandedBack,
            // The key ring was changed, and not read again yet.
            StoreError::MissingKey(_) | StoreError::WrongKey(_) => Self::OutOfReach(error.to_string()),
            StoreError::Busy => Self::Waiting(error.to_string()),
            StoreError::Full
            | StoreError::Disk(_)
            | StoreError::ReadOnly
            | StoreError::Locked
            | StoreError::Missing(_)
            | StoreError::Unreachable(_)
            | StoreError::NobodyThere { .. }
            | StoreError::NoPassword { .. }
            | StoreError::Pooled
            | StoreError::NotLetIn(_) => Self::OutOfReach(error.to_string()),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// A run that failed so often is discarded.
pub(crate) const MOST_FAILURES: u32 = 8;

/// What the store is told of a run's end; nothing where the lease was lost.
pub(crate) fn end(run: &Run, result: Result<Value, Unfinished>, now: DateTime<Utc>) -> Option<End> {
    match result {
        Ok(outcome) => Some(End::Completed(outcome)),
        Err(Unfinished::Cancelled(outcome)) => Some(End::Cancelled(outcome)),
        Err(Unfinished::Failed(error)) if run.attempt >= MOST_FAILURES => Some(End::Discarded { error }),
        Err(Unfinished::Failed(error)) => Some(End::Retry {
            error,
            at: now + pause_after(run.attempt, run.id),
        }),
        Err(Unfinished::Waiting(error)) => Some(End::Later {
            error,
            at: now + pause_after(1, run.id),
        }),
        Err(Unfinished::HandedBack) => Some(End::HandedBack(None)),
        Err(Unfinished::OutOfReach(why) | Unfinished::NoJournal(why)) => Some(End::HandedBack(Some(why))),
        Err(Unfinished::LeaseLost) => None,
    }
}

/// Half a minute, doubled with every attempt up to an hour, and up to a quarter more by the run's number: what failed
/// together does not come back together.
fn pause_after(attempt: u32, run: i64) -> TimeDelta {
    const FIRST_SECONDS: i64 = 30;
    const LONGEST_SECONDS: i64 = 60 * 60;
    let doubled = FIRST_SECONDS << attempt.saturating_sub(1).min(7);
    let seconds = doubled.min(LONGEST_SECONDS);
    TimeDelta::seconds(seconds + run.rem_euclid(seconds / 4 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_spread() {
        let pauses: Vec<i64> = (1..10)
            .map(|attempt| pause_after(attempt, 0).num_seconds())
            .collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_ne!(pause_after(3, 5), pause_after(3, 6));
        assert!((0..1_000).all(|run| pause_after(9, run) <= TimeDelta::seconds(4_500)));
    }

    #[test]
    fn what_somebody_keeps_locked_is_tried_again_however_often_that_is() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let run = Run {
            id: 1,
            schedule: None,
            slot_at: None,
            tenant: None,
            workgroup: None,
            job: "retention".to_owned(),
            payload: "{}".to_owned(),
            asked_by: None,
            due_at: now,
            state: lapsed_model::RunState::Running,
            attempt: MOST_FAILURES,
            claimed_at: None,
            finished_at: None,
            outcome: None,
            error: None,
        };
        let waiting = end(&run, Err(StoreError::Busy.into()), now);
        assert!(
            matches!(waiting, Some(End::Later { at, .. }) if at > now),
            "{waiting:?}"
        );
        let failed = end(&run, Err(Unfinished::Failed("no".to_owned())), now);
        assert!(matches!(failed, Some(End::Discarded { .. })), "{failed:?}");
    }
}
