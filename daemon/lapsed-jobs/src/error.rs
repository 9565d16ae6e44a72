//! Why a job was not done.

use lapsed_model::{PlanState, Workgroup};
use lapsed_store::StoreError;

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The store could not, or is out of reach.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rules of the house say no. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A no with its reason and the next step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The operator turned everything that changes something off.
    #[error("`watch_only` is on in the settings: plans are made and nothing is changed")]
    WatchOnly,
    /// The tenant did not turn this way in on.
    #[error(
        "{0}'s policy has `automatic = \"off\"`: write \"plan only\" to let plans be stored and carried out by hand, or \"on\""
    )]
    AutomaticOff(Workgroup),
    /// The tenant did not turn this way in on.
    #[error("{0}'s policy does not let staff anonymise: `by_staff = true` turns it on")]
    ByStaffOff(Workgroup),
    /// The policy has no retention for this workgroup.
    #[error("{0} has no `[retention]` in its policy: nobody is ever anonymised there")]
    NoRetention(Workgroup),
    /// The policy does not name this workgroup.
    #[error("{tenant}'s policy names no workgroup `{name}`: it names {known}", tenant = .0.tenant, name = .0.name, known = .1.join(", "))]
    NoWorkgroup(Workgroup, Vec<String>),
    /// Carried out to its end already.
    #[error("plan {0} is carried out already")]
    AlreadyApplied(String),
    /// Too old: it may not say any more who is due.
    #[error("plan {0} ended on {1}: make a new one with `lapsed plan {2} --save`")]
    PlanEnded(String, String, Workgroup),
    /// The policy changed since.
    #[error("plan {0} was made under another policy: make a new one with `lapsed plan {1} --save`")]
    OtherPolicy(String, Workgroup),
    /// The dataset changed since.
    #[error("plan {0} was made with another dataset: make a new one with `lapsed plan {1} --save`")]
    OtherDataset(String, Workgroup),
    /// Its people are not those that were looked at.
    #[error(
        "plan {0} is not as it was stored: its people or its bounds were edited; make a new one with `lapsed plan {1} --save`"
    )]
    PlanEdited(String, Workgroup),
    /// A plan of one, which asks before it acts.
    #[error("plan {0} was made by hand for one person: `lapsed anonymise` asks about that person anew")]
    PlanOfOne(String),
    /// Nobody of this key.
    #[error("there is no customer `{1}` in {0}: `lapsed find {tenant} TEXT` looks for people by name, number or contact", tenant = .0.tenant)]
    NoCustomer(Workgroup, String),
    /// Anonymised already.
    #[error("customer {1} of {0} is anonymised already")]
    AlreadyAnonymised(Workgroup, String),
    /// The store says that the person belongs to several workgroups: no policy of one may erase for another.
    #[error(
        "customer {1} belongs to several workgroups ({2}), so that none of their policies can decide: correct the store, or `[subject] workgroup` in the dataset"
    )]
    SeveralWorkgroups(Workgroup, String, String),
    /// Between looking and doing.
    #[error(
        "customer {1} of {0} was left alone: something was opened, or somebody else anonymised them, while you were asked; look again"
    )]
    ChangedMeanwhile(Workgroup, String),
    /// with open business staff must say so explicitly.
    #[error("customer {1} of {0} has open business: `--despite-open-business` says that you know")]
    OpenBusiness(Workgroup, String),
}

impl Refusal {
    /// A word for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::WatchOnly => "watch-only",
            Refusal::AutomaticOff(_) => "automatic-off",
            Refusal::ByStaffOff(_) => "by-staff-off",
            Refusal::NoRetention(_) => "no-retention",
            Refusal::NoWorkgroup(..) => "no-workgroup",
            Refusal::AlreadyApplied(_) => "already-applied",
            Refusal::PlanEnded(..) => "plan-ended",
            Refusal::OtherPolicy(..) => "other-policy",
            Refusal::OtherDataset(..) => "other-dataset",
            Refusal::PlanEdited(..) => "plan-edited",
            Refusal::PlanOfOne(_) => "plan-of-one",
            Refusal::NoCustomer(..) => "no-customer",
            Refusal::AlreadyAnonymised(..) => "already-anonymised",
            Refusal::SeveralWorkgroups(..) => "several-workgroups",
            Refusal::ChangedMeanwhile(..) => "changed-meanwhile",
            Refusal::OpenBusiness(..) => "open-business",
        }
    }

    /// Whether carrying out what is left of a plan in this state makes sense.
    pub(crate) fn unless_open(state: PlanState, plan: &str) -> Result<(), Refusal> {
        match state {
            PlanState::Planned | PlanState::Applying => Ok(()),
            PlanState::Applied => Err(Refusal::AlreadyApplied(plan.to_owned())),
        }
    }
}
