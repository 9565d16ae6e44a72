//! Rules are data.
//!
//! The dataset file says what can happen to a person (a *fact*) and which happenings make a candidate,
//! keep somebody, or are open business. The dataset crate compiles these values to SQL for a plan;
//! the policy crate evaluates the same values over one person's happenings for `explain` and for the tenants'
//! examples. Neither knows what a ticket is.

use chrono::{DateTime, Utc};

use crate::Texts;

/// How a rule compares the instant of a happening. Always strictly: an instant equal to the bound is neither
/// before nor after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// It lies before the cut-off.
    BeforeCutOff,
    /// It lies after the cut-off.
    AfterCutOff,
    /// It lies in the past.
    BeforeNow,
    /// It lies in the future.
    AfterNow,
    /// It happened at all, whenever that was.
    Present,
}

impl Test {
    /// Every test.
    pub const ALL: [Test; 5] = [
        Test::BeforeCutOff,
        Test::AfterCutOff,
        Test::BeforeNow,
        Test::AfterNow,
        Test::Present,
    ];

    /// The words for it in a dataset file.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Test::BeforeCutOff => "before cut-off",
            Test::AfterCutOff => "after cut-off",
            Test::BeforeNow => "before now",
            Test::AfterNow => "after now",
            Test::Present => "present",
        }
    }
}

/// A rule that a tenant's policy turns on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Switch {
    /// `keep_people_with_consent`.
    KeepPeopleWithConsent,
    /// `article_buyers_too`: people who only ever bought articles.
    ArticleBuyersToo,
}

impl Switch {
    /// Every switch.
    pub const ALL: [Switch; 2] = [Switch::KeepPeopleWithConsent, Switch::ArticleBuyersToo];

    /// The policy's key for it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Switch::KeepPeopleWithConsent => "keep_people_with_consent",
            Switch::ArticleBuyersToo => "article_buyers_too",
        }
    }
}

/// One row of or the open business of R-5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name in counts, plans and the ledger: `tickets-for-past-events`.
    pub name: String,
    /// The sentence that tenants and customers read: `has tickets for events held before the cut-off`.
    pub says: Texts,
    /// The fact it looks at.
    pub fact: String,
    /// How it compares.
    pub is: Test,
    /// And nothing ever happened of these facts.
    pub without: Vec<String>,
    /// Only where the policy turned this on; always where there is none.
    pub switch: Option<Switch>,
}

impl Rule {
    /// Whether the rule is in force under a policy that turned `on` these switches.
    #[must_use]
    pub fn is_on(&self, on: &[Switch]) -> bool {
        self.switch.is_none_or(|switch| on.contains(&switch))
    }
}

/// The rules of a dataset, each list in the order in which it is tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// who may be due.
    pub candidates: Vec<Rule>,
    /// who is kept all the same.
    pub keeps: Vec<Rule>,
    /// what is still open when a person is erased by hand or on their own request.
    pub open: Vec<Rule>,
}

impl Rules {
    /// The switches that any rule listens to.
    pub fn switches(&self) -> impl Iterator<Item = Switch> {
        let rules = || self.candidates.iter().chain(&self.keeps).chain(&self.open);
        Switch::ALL
            .into_iter()
            .filter(move |switch| rules().any(|rule| rule.switch == Some(*switch)))
    }
}

/// When something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At this instant.
    Instant(DateTime<Utc>),
    /// It has no end: it keeps, and makes no candidate.
    Never,
    /// The store does not say. It matches no rule but [`Test::Present`].
    Unknown,
    /// The store says something that is no instant. Nobody is erased on the strength of it: it keeps wherever
    /// an instant could, and makes no candidate.
    Unreadable,
}

/// One row of a fact for one person: what happened, when, and in which record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The fact's name in the dataset.
    pub fact: String,
    /// When.
    pub at: At,
    /// The order number, the event: what a member of staff would look up.
    pub record: String,
}
