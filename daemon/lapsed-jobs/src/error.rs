//! Why a job was not done.

use chrono::{DateTime, Utc};
use lapsed_model::{Hold, Plan, PlanState, SubjectKey, TenantName, Unusual, Workgroup};
use lapsed_store::StoreError;

use crate::journal::JournalError;

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The store could not, or is out of reach.
    #[error(transparent)]
    Store(StoreError),
    /// The rules of the house say no. Nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The erasure journal cannot be kept or read: nobody is erased without it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file could not be written, or whoever takes it takes no more.
    #[error(transparent)]
    Archive(#[from] lapsed_archive::ArchiveError),
    /// The folder of exported files does not do as it should.
    #[error("{doing} {path}: {why}", path = path.display())]
    File {
        /// What was tried.
        doing: &'static str,
        /// On which file or folder.
        path: std::path::PathBuf,
        /// Why not.
        #[source]
        why: std::io::Error,
    },
    /// It was asked to stop, and left the rest to whoever comes next.
    #[error("stopped before its end; what was done stays done")]
    Stopped,
}

impl From<StoreError> for JobError {
    /// What a transaction found out about a plan is the same no as if it had been seen before.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Waits(plan, workgroup, because) => {
                Self::Refused(Refusal::WaitsForApproval(plan, workgroup, because))
            }
            StoreError::OtherPolicy(plan, workgroup) => Self::Refused(Refusal::OtherPolicy(plan, workgroup)),
            StoreError::Replaced(plan, by) => Self::Refused(Refusal::Replaced(plan, by)),
            other => Self::Store(other),
        }
    }
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
    /// The operator's settings give its name in the store to another workgroup.
    #[error("{0}")]
    NoStoreKey(String),
    /// A run without the workgroup that its job is about.
    #[error("run {0} names no workgroup: no version of lapsed writes that")]
    NoSuchRun(i64),
    /// Carried out to its end already.
    #[error("plan {0} is carried out already")]
    AlreadyApplied(String),
    /// Too old: it may not say any more who is due.
    #[error("plan {0} ended on {1}: make a new one with `lapsed plan {2} --save`")]
    PlanEnded(String, String, Workgroup),
    /// It judged by a day that has not come.
    #[error(
        "plan {0} was made when the clock was wrong, as of {1}: make a new one with `lapsed plan {2} --save`"
    )]
    PlanFromTheFuture(String, String, Workgroup),
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
    /// nobody approved it as yet.
    #[error(
        "plan {0} of {1} waits for an approval, because {because}: `lapsed approve {0} --by WHO --reason TEXT` lets it go",
        because = Refusal::reasons(.2)
    )]
    WaitsForApproval(String, Workgroup, Vec<Unusual>),
    /// another one was made while it waited.
    #[error("plan {0} was replaced by plan {1} while it waited for an approval: look at that one")]
    Replaced(String, String),
    /// nothing to approve.
    #[error("plan {0} waits for no approval: `lapsed apply {0}` carries it out")]
    NotWaiting(String),
    /// somebody did so before.
    #[error("plan {0} was approved by {1} already, on {2}: `lapsed apply {0}` carries it out")]
    ApprovedAlready(String, String, String),
    /// A plan of one, which asks before it acts.
    #[error("plan {0} was made by hand for one person: `lapsed anonymise` asks about that person anew")]
    PlanOfOne(String),
    /// Nobody of this key.
    #[error("there is no customer `{1}` in {0}: `lapsed find {tenant} TEXT` looks for people by name, number or contact", tenant = .0.tenant)]
    NoCustomer(Workgroup, String),
    /// there is nothing left to hand out.
    #[error("customer {1} of {0} is anonymised: what was stored about them is gone")]
    DataGone(Workgroup, String),
    /// again and again somebody in it was anonymised while it was written.
    #[error(
        "the export of {0} was withdrawn while it was written, because somebody in it was anonymised: try again when the sweep is over"
    )]
    Withdrawn(Workgroup),
    /// no file says which event its rows are about.
    #[error(
        "no file of the dataset says which event its rows are about: `event_key` in an `[[export]]` does"
    )]
    NoEvents,
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
    /// What staff looked at may have changed since.
    #[error(
        "run {0} was asked for long ago, and what was open then may have changed: look again and ask again"
    )]
    AskedLongAgo(i64),
    /// with open business staff must say so explicitly.
    #[error("customer {1} of {0} has open business: `--despite-open-business` says that you know")]
    OpenBusiness(Workgroup, String),
    /// nobody under a legal hold is anonymised, whoever asks.
    #[error(
        "customer {1} of {0} is under legal hold {2}, {3}: nobody can be anonymised against a hold; `lapsed hold lift {2}` lifts it"
    )]
    Held(Workgroup, String, String, String),
    /// The key of whoever asked was handed out again.
    #[error(
        "request {0} was written down for somebody whose record is gone: the customer who has their key now is somebody else; answer it with `lapsed request answer {0}`"
    )]
    SomebodyElse(String),
    /// It would hold nobody.
    #[error("the hold would be over already: give it an end that lies ahead, or none")]
    HoldInThePast,
    /// There is nothing to lift.
    #[error("hold {0} is over or was lifted already")]
    HoldOver(String),
    /// The dataset says what holds can be placed on.
    #[error("no hold can be placed on a `{0}`: {known}", known = Refusal::record_kinds(.1))]
    NoSuchRecordKind(String, Vec<String>),
    /// A hold on it would hold nobody.
    #[error("{1} `{2}` leads to none of the people of `{0}`: write it as the store does")]
    RecordOfNobody(TenantName, String, String),
    /// neither staff nor customers may.
    #[error(
        "{0}'s policy lets neither staff nor customers anonymise: `by_staff = true` or `by_customer = true` turns it on"
    )]
    NoWayOn(Workgroup),
    /// D-2: there is one answer.
    #[error("request {0} was answered or refused already")]
    RequestAnswered(String),
    /// Its month would begin before it did.
    #[error("a request cannot have been received in the future")]
    ReceivedLater,
    /// Its file is gone, or never was whole.
    #[error(
        "no policy of `{0}` is in force: `lapsed check` says what is wrong with its file, if there is one"
    )]
    NoPolicy(TenantName),
    /// Somebody wrote into the store behind our back (D-3).
    #[error(
        "the text of the policy of `{0}` was edited in the store and is not the one that took effect: save the tenant's file anew"
    )]
    PolicyTextEdited(TenantName),
    /// The operator's limits are stricter than when it took effect.
    #[error("the policy of `{0}` is not allowed any more: {1}")]
    PolicyNoLongerAllowed(TenantName, String),
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
            Refusal::NoStoreKey(_) => "no-store-key",
            Refusal::NoSuchRun(_) => "no-such-run",
            Refusal::AlreadyApplied(_) => "already-applied",
            Refusal::PlanEnded(..) => "plan-ended",
            Refusal::PlanFromTheFuture(..) => "plan-from-the-future",
            Refusal::OtherPolicy(..) => "other-policy",
            Refusal::OtherDataset(..) => "other-dataset",
            Refusal::PlanEdited(..) => "plan-edited",
            Refusal::WaitsForApproval(..) => "waits-for-approval",
            Refusal::Replaced(..) => "replaced",
            Refusal::NotWaiting(_) => "not-waiting",
            Refusal::ApprovedAlready(..) => "approved-already",
            Refusal::PlanOfOne(_) => "plan-of-one",
            Refusal::NoCustomer(..) => "no-customer",
            Refusal::DataGone(..) => "data-gone",
            Refusal::Withdrawn(_) => "withdrawn",
            Refusal::NoEvents => "no-events",
            Refusal::AlreadyAnonymised(..) => "already-anonymised",
            Refusal::SeveralWorkgroups(..) => "several-workgroups",
            Refusal::ChangedMeanwhile(..) => "changed-meanwhile",
            Refusal::AskedLongAgo(_) => "asked-long-ago",
            Refusal::OpenBusiness(..) => "open-business",
            Refusal::Held(..) => "held",
            Refusal::SomebodyElse(_) => "somebody-else",
            Refusal::HoldInThePast => "hold-in-the-past",
            Refusal::HoldOver(_) => "hold-over",
            Refusal::NoSuchRecordKind(..) => "no-such-record-kind",
            Refusal::RecordOfNobody(..) => "record-of-nobody",
            Refusal::NoWayOn(_) => "no-way-on",
            Refusal::RequestAnswered(_) => "request-answered",
            Refusal::ReceivedLater => "received-later",
            Refusal::NoPolicy(_) => "no-policy",
            Refusal::PolicyTextEdited(_) => "policy-text-edited",
            Refusal::PolicyNoLongerAllowed(..) => "policy-no-longer-allowed",
        }
    }

    /// What is unusual about a plan, in one sentence.
    #[must_use]
    pub fn reasons(because: &[Unusual]) -> String {
        let reasons: Vec<String> = because.iter().map(ToString::to_string).collect();
        reasons.join("; ")
    }

    /// What keeps somebody, and until when. Its reason is for those who may look the hold up.
    pub(crate) fn held(workgroup: &Workgroup, customer: &SubjectKey, hold: &Hold) -> Self {
        let until = match hold.ends_at {
            Some(ends) => format!("which ends at {}", ends.format("%Y-%m-%d %H:%M UTC")),
            None => "which has no end".to_owned(),
        };
        Self::Held(workgroup.clone(), customer.to_string(), hold.id.clone(), until)
    }

    fn record_kinds(known: &[String]) -> String {
        if known.is_empty() {
            "the dataset has no `[[holdable]]`".to_owned()
        } else {
            format!("the dataset knows {}", known.join(", "))
        }
    }

    /// The plan is too old.
    pub(crate) fn ended(plan: &Plan) -> Self {
        let ended = plan.valid_until().with_timezone(&plan.zone());
        let ended = ended.format("%-d %B %Y").to_string();
        Self::PlanEnded(plan.id.clone(), ended, plan.workgroup.clone())
    }

    /// Refuses a plan that is too old, and one that was made when a clock was wrong.
    pub(crate) fn unless_of_today(plan: &Plan, now: DateTime<Utc>) -> Result<(), Refusal> {
        if now >= plan.valid_until() {
            return Err(Self::ended(plan));
        }
        if plan.is_from_the_future(now) {
            let made = plan.bounds.now.with_timezone(&plan.zone());
            let made = made.format("%-d %B %Y").to_string();
            return Err(Self::PlanFromTheFuture(
                plan.id.clone(),
                made,
                plan.workgroup.clone(),
            ));
        }
        Ok(())
    }

    /// Whether carrying out what is left of a plan in this state makes sense.
    pub(crate) fn unless_open(state: PlanState, plan: &str) -> Result<(), Refusal> {
        match state {
            PlanState::Planned | PlanState::Applying => Ok(()),
            PlanState::Applied => Err(Refusal::AlreadyApplied(plan.to_owned())),
        }
    }
}
