//! What a tenant wants.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use lapsed_model::{IfMissed, Language, Period, Switch, TenantName, Unit, Workgroup};
use serde::Serialize;

use crate::{Example, Export, Schedule};

/// A tenant's policy, with nothing left to be resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Whose policy it is: the stem of the file's name.
    pub tenant: TenantName,
    /// The tenant as its customers know it.
    pub name: String,
    /// The language of notes and of what customers read.
    pub language: Language,
    /// The zone in which days begin and schedules run.
    pub zone: Tz,
    /// Shown to customers, and told when something waits.
    pub privacy_contact: Option<String>,
    /// Every workgroup by its name; one without retention keeps everybody.
    pub workgroups: BTreeMap<String, Retention>,
    /// The workgroups that have no retention, neither of their own nor from the head of the file.
    pub without_retention: Vec<String>,
    /// What every workgroup wants of its exports.
    pub exports: BTreeMap<String, Export>,
    /// The tenant's own cases.
    pub examples: Vec<Example>,
    /// The file as it was: every version that was ever in force is kept (D-3).
    pub text: String,
}

impl Policy {
    /// Every workgroup that the policy names, with retention or without.
    pub fn all_workgroups(&self) -> impl Iterator<Item = Workgroup> {
        let names = self.workgroups.keys().chain(&self.without_retention);
        names.filter_map(|name| Workgroup::new(self.tenant.clone(), name).ok())
    }

    /// What a workgroup wants of its exports, with retention or without; `None` for one that the policy does not name.
    #[must_use]
    pub fn export(&self, workgroup: &str) -> Option<&Export> {
        self.exports.get(workgroup)
    }
}

/// Whether plans are made and carried out on a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Automatic {
    /// Neither made nor carried out.
    Off,
    /// Made and reported; nobody is anonymised.
    #[default]
    PlanOnly,
    /// Made, and carried out unless the brake of R-11 asks for an approval.
    On,
}

/// The retention of one workgroup.
#[derive(Clone, Debug, PartialEq)]
pub struct Retention {
    ///
    pub anonymise_after: Period,
    /// The automatic way.
    pub automatic: Automatic,
    /// When the automatic way runs.
    pub schedule: Schedule,
    /// What happens to a missed slot.
    pub if_missed: IfMissed,
    /// Whether staff may anonymise one person; off unless turned on.
    pub by_staff: bool,
    /// Whether customers may anonymise themselves; off unless turned on.
    pub by_customer: bool,
    /// on unless turned off, because that keeps more people.
    pub keep_people_with_consent: bool,
    /// How long an invoice's recipient stays; cleared with the rest where there is none.
    pub keep_invoice_recipients: Option<Period>,
    /// Whether people who only ever bought articles become candidates.
    pub article_buyers_too: bool,
    /// A plan of more people waits for an approval.
    pub ask_me_above: u64,
    /// A plan of a greater share of the workgroup waits, in per cent.
    pub ask_me_above_share: u8,
    /// How long before the day people are warned; not at all where there is none.
    pub warn_customer: Option<Period>,
    /// The channels of the warning.
    pub warn_by: Vec<String>,
}

impl Retention {
    /// The brake where a policy does not set it: a cautious one, since a plan that waits harms nobody.
    pub const ASK_ME_ABOVE: u64 = 500;
    /// The same as a share, in per cent.
    pub const ASK_ME_ABOVE_SHARE: u8 = 5;

    /// The rules' switches that are on.
    #[must_use]
    pub fn switches(&self) -> Vec<Switch> {
        let is_on = |switch: &Switch| match switch {
            Switch::KeepPeopleWithConsent => self.keep_people_with_consent,
            Switch::ArticleBuyersToo => self.article_buyers_too,
        };
        Switch::ALL.into_iter().filter(is_on).collect()
    }

    /// The period under a key of the policy, for a dataset that names one.
    #[must_use]
    pub fn period(&self, key: &str) -> Option<Period> {
        match key {
            "anonymise_after" => Some(self.anonymise_after),
            "keep_invoice_recipients" => self.keep_invoice_recipients,
            "warn_customer" => self.warn_customer,
            _ => None,
        }
    }
}

/// What the operator allows a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// No policy may anonymise sooner.
    pub shortest_anonymise_after: Period,
}

impl Default for Limits {
    fn default() -> Self {
        let month = Period::new(30, Unit::Days).expect("30 days are a period");
        Self {
            shortest_anonymise_after: month,
        }
    }
}
