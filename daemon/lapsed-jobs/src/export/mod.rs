//! Exports: everything about one customer (X-1), and the files of a whole workgroup (X-3).
//!
//! The dataset says what goes into which file, the policy how it looks; rows come out of one snapshot of the store as JSON
//! and go as CSV into a ZIP file that is made while it is sent. [`customer`] keeps nothing: who asks gets a stream, and the
//! end without which no program opens it comes only when the ledger says who was exported. [`workgroup`] writes a file, and
//! [`files`] says what becomes of it: it goes when its time is over, and when somebody in it was anonymised.
//!
//! ```text
//! Fitted::export_… ─► Store::read_out ─► Rows (mask, dates, CSV) ─► Archive ─► out
//!                     (one snapshot)                                           └─ the end: behind the ledger
//! ```

pub mod customer;
pub mod files;
mod pages;
mod readme;
mod rows;
mod withheld;
mod words;
pub mod workgroup;

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;
use lapsed_archive::{Format, Profile, Separator};
use lapsed_model::{Workgroup, day_start};
use lapsed_policy::{Export, Policy};

use crate::Refusal;

/// A workgroup with everything that decides about its exports.
#[derive(Clone, Debug)]
pub struct ExportCase<'p> {
    /// The workgroup.
    pub workgroup: Workgroup,
    /// Its key in the store.
    pub store_key: String,
    /// Its tenant's policy.
    pub policy: &'p Policy,
    /// What it wants of its exports.
    pub wanted: Export,
}

impl<'p> ExportCase<'p> {
    /// Of a workgroup that the policy names, with retention or without.
    ///
    /// # Errors
    ///
    /// Where the policy names no such workgroup.
    pub fn new(workgroup: &Workgroup, store_key: &str, policy: &'p Policy) -> Result<Self, Refusal> {
        let wanted = policy.export(&workgroup.name).ok_or_else(|| {
            let known = policy.all_workgroups().map(|known| known.name).collect();
            Refusal::NoWorkgroup(workgroup.clone(), known)
        })?;
        Ok(Self {
            workgroup: workgroup.clone(),
            store_key: store_key.to_owned(),
            policy,
            wanted: wanted.clone(),
        })
    }

    /// For programs, whatever the policy says: plain RFC 4180, and instants by ISO 8601.
    #[must_use]
    pub fn for_machines(mut self) -> Self {
        self.wanted.profile = lapsed_policy::Profile::Machines;
        self.wanted.separator = lapsed_policy::Separator::Comma;
        self.wanted.byte_order_mark = false;
        self
    }

    /// How its CSV is written.
    #[must_use]
    pub fn format(&self) -> Format {
        Format {
            profile: match self.wanted.profile {
                lapsed_policy::Profile::Spreadsheets => Profile::Spreadsheet,
                lapsed_policy::Profile::Machines => Profile::Machine,
            },
            separator: match self.wanted.separator {
                lapsed_policy::Separator::Semicolon => Separator::Semicolon,
                lapsed_policy::Separator::Comma => Separator::Comma,
                lapsed_policy::Separator::Tab => Separator::Tab,
                lapsed_policy::Separator::Bar => Separator::Bar,
            },
            byte_order_mark: self.wanted.byte_order_mark,
        }
    }

    /// When a file that is written now goes: behind the day until which it is kept, in the tenant's zone.
    #[must_use]
    pub fn delete_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let today = now.with_timezone(&self.zone()).date_naive();
        let last = self.wanted.delete_file_after.after(today);
        day_start(self.zone(), last.checked_add_days(Days::new(1)).unwrap_or(last))
    }

    /// The zone in which its dates are read.
    fn zone(&self) -> Tz {
        self.policy.zone
    }
}
