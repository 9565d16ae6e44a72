//! The brake: what is unusual about a plan, and who let it go all the same.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Plan, Workgroup};

/// Why a plan waits. Several reasons can hold at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why")]
pub enum Unusual {
    /// The workgroup's first automatic plan that has anybody in it.
    #[serde(rename = "first plan")]
    FirstPlan {
        /// People in it.
        people: u64,
    },
    /// More people than the policy lets pass.
    #[serde(rename = "number")]
    Number {
        /// People in it, and those of the last seven days.
        people: u64,
        /// How many of them were anonymised in the last seven days.
        recent: u64,
        /// The policy's number.
        above: u64,
    },
    /// A greater share of the workgroup than the policy lets pass.
    #[serde(rename = "share")]
    Share {
        /// People in it, and those of the last seven days.
        people: u64,
        /// How many of them were anonymised in the last seven days.
        recent: u64,
        /// Everybody not yet anonymised, and those of the last seven days.
        of: u64,
        /// The policy's share, in per cent.
        above: u8,
    },
    /// A backup was restored since somebody last let an automatic plan of the workgroup go.
    #[serde(rename = "restored")]
    Restored {
        /// When that was noticed.
        at: DateTime<Utc>,
    },
}

impl Unusual {
    /// The word for it in the store and in JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Unusual::FirstPlan { .. } => "first plan",
            Unusual::Number { .. } => "number",
            Unusual::Share { .. } => "share",
            Unusual::Restored { .. } => "restored",
        }
    }
}

impl fmt::Display for Unusual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let week = |recent: u64| match recent {
            0 => String::new(),
            recent => format!(", with the {recent} of the last seven days"),
        };
        match self {
            Unusual::FirstPlan { .. } => {
                f.write_str("it is the first plan of the workgroup that has anybody in it")
            }
            Unusual::Number {
                people,
                recent,
                above,
            } => write!(
                f,
                "it is about {people} people{}, and the policy lets {above} pass",
                week(*recent)
            ),
            Unusual::Share {
                people,
                recent,
                of,
                above,
            } => write!(
                f,
                "it is about {people} of {of} people{}, and the policy lets {above} % pass",
                week(*recent)
            ),
            Unusual::Restored { at } => write!(
                f,
                "a backup was restored on {}: holds, pauses and requests that were recorded after it was made are gone",
                at.format("%-d %B %Y")
            ),
        }
    }
}

/// What the brake is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrakeFigures {
    /// Whether no automatic plan of the workgroup with anybody in it was ever approved or begun.
    pub first: bool,
    /// People in the plan.
    pub plan: u64,
    /// People whom automatic plans of the last seven days anonymised in the workgroup.
    pub recent: u64,
    /// People of the workgroup who are not yet anonymised, those of the plan among them.
    pub people: u64,
    /// When it was noticed that a backup was restored, unless a plan that was made since then was approved.
    pub restored: Option<DateTime<Utc>>,
}

/// Who let a plan go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approved {
    /// When.
    pub at: DateTime<Utc>,
    /// Who, as they named themselves.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A plan that waits for an approval, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Which plan.
    pub plan: String,
    /// Whose people.
    pub workgroup: Workgroup,
    /// What is unusual about it.
    pub because: Vec<Unusual>,
    /// The automatic plan of the workgroup before it.
    pub previous: Option<String>,
    /// When it was made.
    pub asked_at: DateTime<Utc>,
    /// Who let it go; nobody as yet where there is none.
    pub approved: Option<Approved>,
    /// The plan that was made while this one waited.
    pub replaced_by: Option<String>,
}

impl Approval {
    /// Whether somebody may still approve it at `now`.
    #[must_use]
    pub fn waits(&self, now: DateTime<Utc>) -> bool {
        self.approved.is_none() && self.replaced_by.is_none() && now < self.asked_at + Plan::VALID_FOR
    }
}
