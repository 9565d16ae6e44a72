//! The nouns of lapsed, and its clock.
//!
//! Everything else in the daemon speaks in these words: a [`Workgroup`] of a tenant keeps its customers for a
//! [`Period`]; the period and a [`Clock`] give the [`Bounds`] that rules are judged by; a [`Rule`] compares
//! what happened to a person with those bounds; a [`Plan`] is the list of people that follows, and the ledger
//! remembers what was done to them as keyed [`Pseudonym`]s.
//!
//! The crate is the floor of the house: no input or output, no async, no database. What stands here can be
//! reasoned about with pencil and paper, and tested without a world.

mod approval;
mod bounds;
mod catalogue;
mod chance;
mod clock;
mod consent;
pub mod fault;
mod hold;
mod keys;
mod language;
mod ledger;
mod period;
mod pii;
mod plan;
mod request;
mod rule;
mod run;
mod schedule;
mod statement;
mod subject;
mod tenant;

pub use approval::{Approval, Approved, BrakeFigures, Unusual};
pub use bounds::{Bounds, day_start, first_instant};
pub use catalogue::{
    Catalogue, Column, Dialect, ForeignKey, Index, QueryColumn, QueryPlan, QueryShape, Scan, Table,
};
pub use chance::{Chance, SeededChance, SystemChance};
pub use clock::{Clock, SimulatedClock, SystemClock};
pub use consent::{ConsentTo, NoConsent, Purpose};
pub use hold::{Held, Hold, Lifted};
pub use keys::{Key, KeyRing, KeyRingError, Pseudonym};
pub use language::{Language, Texts, UnknownLanguage};
pub use ledger::{ChainFault, ChainWalk, Digest, Entry, Head, Link, Sealed};
pub use period::{Period, PeriodError, Unit};
pub use pii::Pii;
pub use plan::{Batch, Counts, Plan, PlanState, Recorded, Verdict, Way};
pub use request::{Request, RequestKind, RequestState};
pub use rule::{At, Happening, Rule, Rules, Switch, Test};
pub use run::{Lease, Right, Run, RunState};
pub use schedule::{Due, IfMissed, Overlap, Schedule, SkipReason, Skipped, Timetable, UnknownWord};
pub use statement::{Effects, Statement, Value};
pub use subject::SubjectKey;
pub use tenant::{NameError, TenantName, Workgroup};
