//! The jobs: where policy, dataset and store meet.
//!
//! The pillars do not know each other. A tenant's policy says how long, the dataset says where, the store keeps
//! what was done; a job asks each of them for its part and brings the parts together, one file per kind of job:
//! [`survey`] holds a dataset against a store, [`retention`] plans who lapsed, [`apply`] carries a plan out,
//! [`explain`] answers for one person, [`manual`] erases one on request, [`examples`] runs the tenants' own
//! cases, [`ledger`] proves that the record of all this is whole.
//!
//! Every job can be killed at any point. What a job promises therefore holds per transaction of the store, and
//! running it again goes on where it stopped.

pub mod apply;
pub mod approvals;
pub mod clerk;
pub mod concept;
pub mod desk;
mod error;
pub mod examples;
pub mod explain;
pub mod export;
pub mod health;
pub mod holds;
pub mod in_force;
pub mod journal;
pub mod judge;
pub mod ledger;
pub mod manual;
pub mod metrics;
pub mod moved;
pub mod pace;
mod phrase;
pub mod records;
pub mod report;
pub mod requests;
pub mod retention;
pub mod scan;
pub mod scheduler;
pub mod survey;
pub mod sweep;
pub mod warnings;

pub use error::{JobError, Refusal};
