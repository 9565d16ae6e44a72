//! The store: the daemon's own tables as verbs.
//!
//! A verb is a transaction. It does all of what its name says or nothing, and no transaction handle leaves the
//! crate, so nothing above can do half of something. What the dataset composes for the platform's tables travels
//! in as [`Statement`](lapsed_model::Statement) values and runs inside the verb that needs it, so that an
//! effect and its ledger entry commit together.
//!
//! SQLite is the embedded default: one writer (`BEGIN IMMEDIATE`, so that a transaction never fails half-way for
//! want of a lock), a few readers, write-ahead log, full synchronisation, and `secure_delete`, because what is
//! erased must not lie around in free pages.

mod error;
mod sqlite;

pub use error::StoreError;
pub use sqlite::{
    Brake, ClearStatements, Decision, End, Erased, Expired, Finish, Gauges, InForce, JudgeAgain, LastScan,
    Lost, Materialised, Migrations, NewHold, NewPlan, NewPolicy, NewRequest, NewRun, NewSchedule,
    OpenRequests, Overview, Pause, PlanStatements, PolicyVersion, Refused, Remnants, RequestAnswer,
    RequestFilter, Row, RunFilter, ScanRow, Seal, Serving, Starting, Store, Taken, TenantFacts, Waiting,
    WaitingPlan, Wake, Warnings, WarningsChanged, Witness, Witnessed, WrittenDown,
};
