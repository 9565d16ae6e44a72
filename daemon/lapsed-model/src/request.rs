//! What people ask a tenant for, and by when they must have an answer (D-2).

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Days, Months, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use crate::{Bounds, Pii, SubjectKey, TenantName, day_start};

/// What a person asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// To be told what is stored (Art. 15 GDPR).
    Access,
    /// To have it put right (Art. 16).
    Correction,
    /// To be forgotten (Art. 17).
    Erasure,
    /// That something be no longer done with it (Art. 21).
    Objection,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [RequestKind; 4] = [
        RequestKind::Access,
        RequestKind::Correction,
        RequestKind::Erasure,
        RequestKind::Objection,
    ];

    /// The word in the store, in the ledger and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RequestKind::Access => "access",
            RequestKind::Correction => "correction",
            RequestKind::Erasure => "erasure",
            RequestKind::Objection => "objection",
        }
    }
}

impl FromStr for RequestKind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.word() == word);
        known.ok_or_else(|| {
            "people ask for `access`, `correction`, `erasure`, or raise an `objection`".to_owned()
        })
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for RequestKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Nobody has answered it.
    Open,
    /// What was asked for was done.
    Answered,
    /// It was refused, with the reason.
    Refused,
}

impl RequestState {
    /// Every state.
    pub const ALL: [RequestState; 3] = [RequestState::Open, RequestState::Answered, RequestState::Refused];

    /// The word in the store and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RequestState::Open => "open",
            RequestState::Answered => "answered",
            RequestState::Refused => "refused",
        }
    }
}

impl Serialize for RequestState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.word())
    }
}

/// A request of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Its id: `r-` and twelve digits.
    pub id: String,
    /// Whom they ask.
    pub tenant: TenantName,
    /// The workgroup's name.
    pub workgroup: Option<String>,
    /// The store's key of the person; none once they were anonymised.
    pub subject: Option<SubjectKey>,
    /// What they ask for.
    pub kind: RequestKind,
    /// When the tenant got it.
    pub received_at: DateTime<Utc>,
    /// The last instant at which an answer is in time.
    pub due_at: DateTime<Utc>,
    /// Who wrote it down.
    pub recorded_by: String,
    /// What there is to say about it; goes with the person.
    pub note: Option<Pii<String>>,
    /// Where it stands.
    pub state: RequestState,
    /// The hold that keeps an erasure from being carried out.
    pub waits_for: Option<String>,
    /// When it was answered or refused.
    pub answered_at: Option<DateTime<Utc>>,
    /// By whom.
    pub answered_by: Option<String>,
    /// What the answer was, or why it was refused; goes with the person.
    pub answer: Option<Pii<String>>,
}

impl Request {
    /// Whether an answer is late at `now`.
    #[must_use]
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state == RequestState::Open && self.due_at < now
    }

    /// By when a request must be answered that was received at `received`: one month by the calendar of the tenant's
    /// zone (Art. 12(3) GDPR), which is the same day of the next month, or that month's last, to its end.
    #[must_use]
    pub fn due_at(received: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let day = Bounds::today(received, zone).checked_add_months(Months::new(1));
        let behind = day.and_then(|day| day.checked_add_days(Days::new(1)));
        behind.map_or(DateTime::<Utc>::MAX_UTC, |behind| {
            day_start(zone, behind) - TimeDelta::milliseconds(1)
        })
    }
}

/// Nothing of what a person wrote goes into a log: the request's id is enough to look it up.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {})", self.id, self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(zone: Tz, received: &str) -> String {
        let received = received.parse().expect("an instant");
        Request::due_at(received, zone).with_timezone(&zone).to_rfc3339()
    }

    #[test]
    fn d2_an_answer_is_due_on_the_same_day_of_the_next_month_to_its_end() {
        let vienna = |received| due(Tz::Europe__Vienna, received);
        assert_eq!(vienna("2026-11-22T12:00:00Z"), "2026-12-22T23:59:59.999+01:00");
        assert_eq!(vienna("2026-11-30T22:59:59Z"), "2026-12-30T23:59:59.999+01:00");
        assert_eq!(
            vienna("2026-11-30T23:00:00Z"),
            "2027-01-01T23:59:59.999+01:00",
            "it is December there"
        );
    }

    #[test]
    fn d2_where_the_next_month_lacks_the_day_its_last_counts() {
        let vienna = |received| due(Tz::Europe__Vienna, received);
        assert_eq!(vienna("2027-01-31T12:00:00Z"), "2027-02-28T23:59:59.999+01:00");
        assert_eq!(vienna("2028-01-31T12:00:00Z"), "2028-02-29T23:59:59.999+01:00");
        assert_eq!(vienna("2026-08-31T12:00:00Z"), "2026-09-30T23:59:59.999+02:00");
    }

    #[test]
    fn d2_the_day_ends_by_the_tenants_clock() {
        assert_eq!(
            due(Tz::Europe__Vienna, "2026-02-28T12:00:00Z"),
            "2026-03-28T23:59:59.999+01:00",
            "the night before the clock change"
        );
        assert_eq!(
            due(Tz::Europe__Vienna, "2026-03-01T12:00:00Z"),
            "2026-04-01T23:59:59.999+02:00"
        );
        assert_eq!(
            due(Tz::Pacific__Auckland, "2026-01-30T11:30:00Z"),
            "2026-02-28T23:59:59.999+13:00",
            "the 31st had begun in Auckland"
        );
        assert_eq!(
            due(Tz::Pacific__Apia, "2011-11-30T20:00:00Z"),
            "2011-12-29T23:59:59.999-10:00",
            "the day never was, and the answer is due before it"
        );
    }
}
