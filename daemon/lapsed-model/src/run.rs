//! Runs: what the daemon does, with a lease for whoever does it.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::TenantName;

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// Its time has not come.
    Scheduled,
    /// It may be claimed.
    Available,
    /// Somebody holds its lease.
    Running,
    /// It failed, and waits before it is tried again.
    Retryable,
    /// It was done.
    Completed,
    /// It was not done, for a reason that trying again would not change.
    Cancelled,
    /// It failed too often.
    Discarded,
}

impl RunState {
    /// Every state.
    pub const ALL: [RunState; 7] = [
        RunState::Scheduled,
        RunState::Available,
        RunState::Running,
        RunState::Retryable,
        RunState::Completed,
        RunState::Cancelled,
        RunState::Discarded,
    ];

    /// The word in the store, in metrics and on the command line.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            RunState::Scheduled => "scheduled",
            RunState::Available => "available",
            RunState::Running => "running",
            RunState::Retryable => "retryable",
            RunState::Completed => "completed",
            RunState::Cancelled => "cancelled",
            RunState::Discarded => "discarded",
        }
    }

    /// Whether nothing more becomes of it.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(
            self,
            RunState::Completed | RunState::Cancelled | RunState::Discarded
        )
    }
}

impl Serialize for RunState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.words())
    }
}

/// A run as it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// The schedule whose slot it is; none where somebody asked for it.
    pub schedule: Option<String>,
    /// The slot.
    pub slot_at: Option<DateTime<Utc>>,
    /// Whose; none where it is the daemon's own.
    pub tenant: Option<TenantName>,
    /// The workgroup's name, where it concerns one.
    pub workgroup: Option<String>,
    /// What is to be done: `retention`, `apply` …
    pub job: String,
    /// What the job needs to know, as JSON.
    pub payload: String,
    /// Who asked for it.
    pub asked_by: Option<String>,
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// Where it stands.
    pub state: RunState,
    /// How often it was begun and not handed back.
    pub attempt: u32,
    /// When it was claimed for the last time.
    pub claimed_at: Option<DateTime<Utc>>,
    /// When nothing more was to become of it.
    pub finished_at: Option<DateTime<Utc>>,
    /// What became of it, as JSON.
    pub outcome: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// On whose behalf people's data is changed. Every transaction that changes it asks whether that still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// A run's.
    Run(Lease),
    /// A program's that does without a run, by the number under which it took the store.
    Program(i64),
}

impl Right {
    /// The run, where there is one.
    #[must_use]
    pub fn run(self) -> Option<i64> {
        match self {
            Right::Run(lease) => Some(lease.run),
            Right::Program(_) => None,
        }
    }
}

/// The right to do a run. It is good as long as the store has the same owner and fence for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Which run.
    pub run: i64,
    /// The start of the program that holds it.
    pub owner: i64,
    /// Grows with every claim of the run.
    pub fence: i64,
}
