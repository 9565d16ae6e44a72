//! Legal holds: nobody under one is anonymised, whoever asks.

use std::fmt;

use chrono::{DateTime, Utc};

use crate::{Pii, SubjectKey, TenantName};

/// What a hold lies on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Everybody of the tenant.
    Tenant,
    /// One person.
    Person {
        /// The workgroup's name when the hold was placed; the hold goes with the person into another.
        workgroup: String,
        /// The store's key; none once the person was anonymised, after the hold.
        subject: Option<SubjectKey>,
    },
    /// Everybody whom a record leads to.
    Record {
        /// What the dataset calls such a record: `order`.
        kind: String,
        /// What staff call it by.
        record: String,
    },
}

impl Held {
    /// The word for what is held, in the store and on the command line.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Held::Tenant => "tenant",
            Held::Person { .. } => "person",
            Held::Record { kind, .. } => kind,
        }
    }
}

/// That a hold was lifted before its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Lifted {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Why; none once the person was anonymised.
    pub because: Option<Pii<String>>,
}

/// A legal hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id: `h-` and twelve digits.
    pub id: String,
    /// Whose people.
    pub tenant: TenantName,
    /// On what.
    pub on: Held,
    /// Why; reasons tell stories, so this goes with the person.
    pub reason: Option<Pii<String>>,
    /// Since when.
    pub placed_at: DateTime<Utc>,
    /// Who placed it.
    pub placed_by: String,
    /// The first instant at which it holds nobody any more; none where only lifting ends it.
    pub ends_at: Option<DateTime<Utc>>,
    /// Whether it was lifted.
    pub lifted: Option<Lifted>,
    /// When it was seen that it is over, and its people were judged again.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Hold {
    /// Whether it holds anybody at `now`.
    #[must_use]
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        self.lifted.is_none() && self.ends_at.is_none_or(|ends| ends > now)
    }
}

/// Nothing of what a hold says goes into a log: its id is enough to look it up.
impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hold({} on {})", self.id, self.on.kind())
    }
}
