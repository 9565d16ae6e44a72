//! A tenant's TOML becomes a policy, or findings; and the judges.
//!
//! The file is written by people who run a theatre or a salon. [`read()`] takes it as a whole: every finding at
//! once, in their words, or a [`Policy`] in which nothing is left to be resolved: what a workgroup inherits from
//! the head of the file already stands in its own [`Retention`] and [`Export`], and a schedule in words is cron text.
//!
//! What can go wrong: a file that is half right. There is no such policy: with a single error nothing of the
//! file takes effect. Warnings and hints keep nothing back.

mod brake;
mod due;
mod example;
mod export;
mod forms;
mod judge;
mod layers;
mod night;
mod policy;
mod read;
mod retention;
mod schedule;
mod shape;
mod slots;
mod timetable;
mod zone;

pub use brake::{NEVER_WAIT, brake};
pub use due::due;
pub use example::{Example, Expect, Told, When};
pub use export::{Dates, Export, Profile, Separator};
pub use judge::*;
pub use policy::{Automatic, Limits, Policy, Retention};
pub use read::{hints, read};
pub use schedule::Schedule;
pub use shape::POLICY_SHAPE;
pub use slots::{next_slot, tz_database};
pub use timetable::{EXPORT, RETENTION, export_timetable, timetable};
