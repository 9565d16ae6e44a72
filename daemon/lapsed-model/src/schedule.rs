//! Schedules: when something is due for a workgroup, and what became of every slot (O-2).
//!
//! A schedule's *slots* are the instants at which it comes round in the tenant's zone. Every slot becomes one run, or
//! is left out and counted with the reason. The store keeps the schedule and its slots; the policy crate judges them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use crate::{Digest, Workgroup};

/// What happens to a slot that was missed because nobody was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfMissed {
    /// It is made up for: the missed slots of a schedule by one run, for the last of them.
    #[default]
    CatchUp,
    /// It is left out.
    Skip,
}

impl IfMissed {
    /// Every way.
    pub const ALL: [IfMissed; 2] = [IfMissed::CatchUp, IfMissed::Skip];

    /// The words in a policy and in the store.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            IfMissed::CatchUp => "catch up",
            IfMissed::Skip => "skip",
        }
    }
}

/// What happens to a slot whose schedule still has an unfinished run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// It is left out.
    #[default]
    Skip,
    /// One may wait behind the one that runs.
    QueueOne,
    /// It runs beside it.
    Allow,
}

impl Overlap {
    /// Every way.
    pub const ALL: [Overlap; 3] = [Overlap::Skip, Overlap::QueueOne, Overlap::Allow];

    /// The words in the store.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Overlap::Skip => "skip",
            Overlap::QueueOne => "queue one",
            Overlap::Allow => "allow",
        }
    }
}

/// Why a slot was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// Nobody was there, and a later run makes up for it or the policy says to skip it.
    Missed,
    /// Nobody was there for longer than the catch-up window.
    TooOld,
    /// The run before was not finished.
    Overlap,
    /// The schedule, its tenant or everything was paused.
    Paused,
    /// It lies before the moment from which the schedule counts: it was edited, or the tenant came back.
    Edited,
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [SkipReason; 5] = [
        SkipReason::Missed,
        SkipReason::TooOld,
        SkipReason::Overlap,
        SkipReason::Paused,
        SkipReason::Edited,
    ];

    /// The words in the store, in metrics and on the command line.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            SkipReason::Missed => "missed",
            SkipReason::TooOld => "too old",
            SkipReason::Overlap => "overlap",
            SkipReason::Paused => "paused",
            SkipReason::Edited => "edited",
        }
    }
}

/// A word that stands for none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such word")]
pub struct UnknownWord;

macro_rules! by_words {
    ($($kind:ty),*) => {$(
        impl FromStr for $kind {
            type Err = UnknownWord;

            fn from_str(words: &str) -> Result<Self, UnknownWord> {
                Self::ALL.into_iter().find(|one| one.words() == words).ok_or(UnknownWord)
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.words())
            }
        }
    )*};
}
by_words!(IfMissed, Overlap, SkipReason, crate::RunState);

impl Serialize for SkipReason {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.words())
    }
}

impl Serialize for IfMissed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.words())
    }
}

/// When something runs, as a policy says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// Whose.
    pub workgroup: Workgroup,
    /// What runs: `retention`.
    pub job: String,
    /// As the tenant wrote it.
    pub said: String,
    /// The same as cron text of five fields.
    pub cron: String,
    /// The zone that the cron text is meant in.
    pub zone: Tz,
    /// What happens to missed slots.
    pub if_missed: IfMissed,
    /// What happens while the run before is not finished.
    pub overlap: Overlap,
    /// Slots older than this are left out, whatever `if_missed` says.
    pub catch_up: TimeDelta,
    /// How long after its slot a run is due: the same every time, and another for every workgroup, so that what is
    /// due "at night" does not begin in one second.
    pub jitter: TimeDelta,
}

impl Timetable {
    /// The schedule's id: the same for a workgroup's job for ever, whatever the policy says of it.
    #[must_use]
    pub fn id(&self) -> String {
        let (workgroup, job) = (self.workgroup.to_string(), self.job.as_bytes());
        format!(
            "s-{}",
            Digest::of(&[b"schedule", workgroup.as_bytes(), job]).short()
        )
    }
}

/// A schedule as it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: String,
    /// When it runs.
    pub timetable: Timetable,
    /// The next slot that nothing is known of; none where the pattern has come to its end.
    pub next_slot_at: Option<DateTime<Utc>>,
    /// Earlier slots do not count.
    pub counts_from: DateTime<Utc>,
    /// Whether it is paused: by itself, with its tenant, or with everything.
    pub paused: bool,
    /// How many of its runs are not finished.
    pub unfinished: u64,
}

/// What is to become of a schedule whose next slot has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The slots that become runs.
    pub runs: Vec<DateTime<Utc>>,
    /// The slots that are left out, in stretches.
    pub skipped: Vec<Skipped>,
    /// The slot after all of these.
    pub next_slot_at: Option<DateTime<Utc>>,
}

/// A stretch of slots that were left out for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The first of them.
    pub first: DateTime<Utc>,
    /// The last of them.
    pub last: DateTime<Utc>,
    /// How many.
    pub slots: u64,
    /// Why.
    pub reason: SkipReason,
}
