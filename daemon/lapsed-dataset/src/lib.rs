//! Where personal data lives.
//!
//! Operators already have a database, so lapsed learns theirs instead of asking them to move. The **dataset file**
//! says what the store looks like: which table has one row per person, which rows hang on it, what erasing does
//! to every column, what can happen to a person and which happenings make one due or keep one. Nothing in Rust
//! knows a table of the platform; the reference schema is the first dataset and has no privilege.
//!
//! A file becomes a [`Dataset`] ([`Dataset::read`]), or findings. Held against what the store says of itself it
//! becomes a [`Fitted`] dataset ([`Dataset::fit`]), or findings. Only that one writes SQL: the plan of a workgroup
//! ([`Fitted::save`]), the re-check of a batch ([`Fitted::recheck`]), its erasure ([`Fitted::erase`]), one
//! person's happenings for `explain` ([`Fitted::happenings`]), what is exported of one person or of a workgroup
//! ([`Fitted::export_person`], [`Fitted::export_page`]).
//!
//! The statements read alike for SQLite and PostgreSQL. What has to be said in other words is in `dialect.rs`; what depends on
//! a column's type on PostgreSQL is in `key.rs` for people, `reading.rs` for instants and `verbs.rs` for what is erased.
//!
//! What can go wrong is mostly silent: a column nobody thought of keeps a name, seconds read as milliseconds
//! make everybody due, a text that sorts wrongly keeps nobody. That is why so much of the crate is refusal.

mod again;
mod asked;
mod cell;
mod check;
mod dataset;
mod dealings;
mod dialect;
mod erase;
mod export;
mod files;
mod fit;
mod holds;
mod instants;
mod json;
mod judge;
mod key;
mod kind;
mod later;
mod look;
mod pages;
mod people;
mod read;
mod reading;
mod remains;
mod sample;
mod shape;
mod sql;
mod survey;
mod traces;
mod verbs;
mod warn;

pub use asked::Noted;
pub use cell::{ExportColumn, Holds, Moment};
pub use dataset::{
    ColumnRule, Dataset, Export, Fact, Holdable, Later, Related, RelatedErasure, Subject, Verb, WorkgroupOf,
};
pub use erase::Erasure;
pub use export::{ExportFile, ExportFilter};
pub use fit::Fitted;
pub use instants::{DateIs, Instants};
pub use judge::{Question, Recheck, decode_verdict};
pub use pages::{BETWEEN, Searched};
pub use remains::Identifying;
pub use sample::{judge_sample, judge_subjects};
pub use shape::DATASET_SHAPE;
pub use survey::Survey;
pub use warn::Warned;
