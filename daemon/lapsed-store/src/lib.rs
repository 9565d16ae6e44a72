//! The store: the daemon's own tables as verbs.
//!
//! A verb is a transaction. It does all of what its name says or nothing, and no transaction handle leaves the
//! crate, so nothing above can do half of something. What the dataset composes for the platform's tables travels
//! in as [`Statement`](lapsed_model::Statement) values and runs inside the verb that needs it, so that an
//! effect and its ledger entry commit together.
//!
//! Two databases keep a store. The verbs (`verbs/`, a file for each noun) are said once; they run on a session, which is
//! one transaction on either. Where the databases agree, so is their SQL; where they differ it stands side by side,
//! in files of one name under `sql/sqlite/` and `sql/postgres/`. What is a database's own, opening, reading the catalogue, removing
//! remnants, stands under `sqlite/` and `postgres/`, again under the same names.
//!
//! SQLite is the embedded default: one writer (`BEGIN IMMEDIATE`, so that a transaction never fails half-way for
//! want of a lock), a few readers, write-ahead log, full synchronisation, and `secure_delete`, because what is
//! erased must not lie around in free pages. PostgreSQL serves several daemons: they write beside each other, and a verb says whom
//! it can bear (`Beside`).

mod address;
mod error;
mod postgres;
mod row;
mod session;
mod sql;
mod sqlite;
mod store;
mod verbs;

pub use address::{Address, Server};
pub use error::StoreError;
pub use postgres::Wakes;
pub use row::Row;
pub use sqlite::Remnants;
pub use store::Store;
pub use verbs::{
    Alone, Brake, ClearStatements, Committed, Counted, Decision, End, Erased, Expired, Export,
    ExportContents, ExportState, Finish, Gauges, InForce, JudgeAgain, LastScan, Lost, Materialised,
    Migrations, NewExport, NewHold, NewPlan, NewPolicy, NewRequest, NewRun, NewSchedule, OpenRequests,
    OtherCollation, Overview, Pause, PlanStatements, PolicyFile, PolicyVersion, Reader, Refused, Renewed,
    RequestAnswer, RequestFilter, Rescued, RunFilter, ScanRow, Seal, ServerState, Serving, Starting,
    TableState, Taken, TenantFacts, Waiting, WaitingPlan, Wake, Warnings, WarningsChanged, Witness,
    Witnessed, WrittenDown,
};
