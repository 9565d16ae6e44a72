//! Plans: who would be anonymised, and by which rule.
//!
//! A plan is made once and looked at before it is carried out. It holds the bounds it was judged by, the
//! policy and the dataset that said so, and a hash over all of it, so that what is carried out is what was
//! looked at.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use crate::{Bounds, Digest, Head, SubjectKey, Workgroup};

/// The three ways in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The rules found the person.
    Automatic,
    /// A member of staff decided.
    Manual,
    /// The person asked for it.
    SelfService,
}

impl Way {
    /// Every way.
    pub const ALL: [Way; 3] = [Way::Automatic, Way::Manual, Way::SelfService];

    /// The word in the store and in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Way::Automatic => "automatic",
            Way::Manual => "manual",
            Way::SelfService => "self-service",
        }
    }

    /// What becomes of the person's name: the same in every language.
    #[must_use]
    pub fn name_marker(self) -> &'static str {
        match self {
            Way::Automatic => "DSGVO",
            Way::Manual | Way::SelfService => "Manuell DSGVO",
        }
    }
}

impl FromStr for Way {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|way| way.word() == word).ok_or(())
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What the rules say of one person at given bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The first rule that keeps the person, by its place among the dataset's keeps. It wins over every
    /// candidate's rule.
    Kept(usize),
    /// To be anonymised: the first candidate's rule, by its place.
    Due(usize),
    /// No rule speaks: nobody to anonymise, and nobody who needs keeping.
    NotDue,
    /// Under a legal hold, which wins over every rule.
    Held,
    /// Asked for something that is not erasure, and nobody has answered (D-2): until then no rule is asked.
    AwaitsAnswer,
}

/// Where a stored plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanState {
    /// Stored, and nothing done yet.
    Planned,
    /// Begun: some batches are committed, others not.
    Applying,
    /// Carried out to its end.
    Applied,
}

impl PlanState {
    /// Every state.
    pub const ALL: [PlanState; 3] = [PlanState::Planned, PlanState::Applying, PlanState::Applied];

    /// The word in the store and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PlanState::Planned => "planned",
            PlanState::Applying => "applying",
            PlanState::Applied => "applied",
        }
    }
}

impl fmt::Display for PlanState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for PlanState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

/// How many people of a workgroup each rule speaks for. Everybody who is not yet anonymised is counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Due, by the first rule that says so.
    pub due: BTreeMap<usize, u64>,
    /// Kept, by the first rule that does.
    pub kept: BTreeMap<usize, u64>,
    /// Neither.
    pub not_due: u64,
    /// Under a legal hold, whatever rules say.
    pub held: u64,
    /// Waiting for an answer to what they asked for, whatever rules say.
    pub awaiting_answer: u64,
}

impl Counts {
    /// Adds `people` of one verdict.
    pub fn add(&mut self, verdict: Verdict, people: u64) {
        match verdict {
            Verdict::Due(rule) => *self.due.entry(rule).or_default() += people,
            Verdict::Kept(rule) => *self.kept.entry(rule).or_default() += people,
            Verdict::NotDue => self.not_due += people,
            Verdict::Held => self.held += people,
            Verdict::AwaitsAnswer => self.awaiting_answer += people,
        }
    }

    /// Everybody to anonymise.
    #[must_use]
    pub fn all_due(&self) -> u64 {
        self.due.values().sum()
    }

    /// Everybody a rule keeps.
    #[must_use]
    pub fn all_kept(&self) -> u64 {
        self.kept.values().sum()
    }

    /// Everybody who is not yet anonymised.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.all_due() + self.all_kept() + self.not_due + self.held + self.awaiting_answer
    }
}

/// A stored plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its id: `p-` and twelve digits of its hash.
    pub id: String,
    /// Whose people.
    pub workgroup: Workgroup,
    /// The store's key of the workgroup.
    pub store_key: String,
    /// Which way in.
    pub way: Way,
    /// Judged by these.
    pub bounds: Bounds,
    /// The policy that was in force, by its hash; the store keeps its text (D-3).
    pub policy: Digest,
    /// The dataset, by its hash.
    pub dataset: Digest,
    /// Over policy, dataset, bounds and subjects.
    pub hash: Digest,
    /// The names of the dataset's candidate rules when the plan was made, in their order.
    pub rules: Vec<String>,
    /// How many people by rule.
    pub counts: BTreeMap<String, u64>,
    /// How many people it would anonymise.
    pub subjects: u64,
    /// Where it stands.
    pub state: PlanState,
    /// The last subject whose batch was committed.
    pub applied_to: Option<SubjectKey>,
    /// How many people were anonymised so far.
    pub anonymised: u64,
    /// How many were dropped, because they became active in between or are gone.
    pub dropped: u64,
}

impl Plan {
    /// How long a plan that nobody applied may still be.
    pub const VALID_FOR: TimeDelta = TimeDelta::days(7);

    /// The instant at which it ends.
    #[must_use]
    pub fn valid_until(&self) -> DateTime<Utc> {
        self.bounds.now + Self::VALID_FOR
    }

    /// Whether it was made when a clock was wrong: it judged by a day that has not come.
    #[must_use]
    pub fn is_from_the_future(&self, now: DateTime<Utc>) -> bool {
        // Clocks of machines that share a store differ by less.
        self.bounds.now > now + TimeDelta::hours(1)
    }

    /// The tenant's zone.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.bounds.zone
    }
}

/// What became of one batch of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The last subject of the batch; `None` when the plan was at its end.
    pub last: Option<SubjectKey>,
    /// Anonymised in it.
    pub anonymised: u64,
    /// Dropped from it.
    pub dropped: u64,
    /// What is on record of it; nothing where nobody was anonymised.
    pub recorded: Option<Recorded>,
}

/// A batch that erased people, and where the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The name that the erasure journal knows it by.
    pub batch: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The ledger's end behind its entry.
    pub head: Head,
}
