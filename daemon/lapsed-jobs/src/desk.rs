//! The desk: everything that a run may need, and which job does which run.
//!
//! A run says what is to be done (`job`) and the particulars (`payload`); the desk finds the policy in force and the
//! workgroup's people, and hands the work to the job. Runs are the only way in which a daemon does something to people:
//! schedules make them, and so do the commands that are typed beside it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use chrono::TimeDelta;
use lapsed_dataset::Fitted;
use lapsed_model::{Chance, Clock, KeyRing, Lease, PlanState, Right, Run, SubjectKey, Workgroup};
use lapsed_policy::Policy;
use lapsed_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::apply::{BatchSize, Progress, Tools, remove_remnants};
use crate::export::ExportCase;
use crate::export::files::{self, LookedAfter};
use crate::export::workgroup::{Wanted, export_workgroup};
use crate::holds::StoreKeys;
use crate::in_force::PoliciesInForce;
use crate::journal::Journal;
use crate::metrics::Metrics;
use crate::pace::Pace;
use crate::retention::Case;
use crate::scan::Scan;
use crate::scheduler::{Stop, Unfinished};
use crate::sweep::carry_out_and_search;
use crate::{JobError, Refusal, holds, judge, manual, requests, sweep};

/// A slot of a workgroup's schedule: plan, and carry out.
pub const RETENTION: &str = lapsed_policy::RETENTION;
/// A slot of a workgroup's exports: write its files.
pub const EXPORT: &str = lapsed_policy::EXPORT;
/// Carry out a stored plan.
pub const APPLY: &str = "apply";
/// Who asks for [`APPLY`] when somebody typed it.
pub const BY_HAND: &str = "lapsed apply";
/// Anonymise one person by hand.
pub const ANONYMISE: &str = "anonymise";
/// Judge one person again: a hold is over, or they have their answer.
pub const JUDGE: &str = "judge";
/// Carry out a person's own request.
pub const REQUEST: &str = "request";

/// For how long what staff saw of a person is good enough to act on.
const LOOKS_HOLD: TimeDelta = TimeDelta::minutes(10);

/// The store's key of a workgroup, as the operator's settings say.
pub type StoreKey = dyn Fn(&Workgroup) -> Result<String, String> + Send + Sync;

/// Everything that a run may need.
pub struct Desk {
    /// The store.
    pub store: Store,
    /// The dataset that fits it.
    pub fitted: Fitted<'static>,
    /// Pseudonyms and seals.
    pub keys: KeyRing,
    /// Who was erased, outside of the store.
    pub journal: Journal,
    /// The policies in force.
    pub policies: PoliciesInForce,
    /// Whose rows are whose.
    pub store_key: Box<StoreKey>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub chance: Arc<dyn Chance>,
    /// How many people a transaction takes.
    pub batch: BatchSize,
    /// How much of the time scheduled sweeps may take; all of it where nobody writes beside them.
    pub pace: Option<Arc<Pace>>,
    /// Where files of workgroups are written.
    pub exports: ExportFolder,
    /// The operator's stop.
    pub watch_only: bool,
    /// Counted into.
    pub metrics: Metrics,
}

/// Where files of workgroups are written.
#[derive(Clone, Debug)]
pub struct ExportFolder {
    /// The folder.
    pub folder: PathBuf,
    /// The machine on whose disk it is.
    pub node: String,
}

/// The particulars of [`APPLY`].
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyPlan {
    /// The plan's id.
    pub plan: String,
}

/// The particulars of [`ANONYMISE`].
#[derive(Debug, Serialize, Deserialize)]
pub struct AnonymiseOne {
    /// The store's key of the person.
    pub customer: SubjectKey,
    /// Staff know what is open.
    pub despite_open_business: bool,
}

/// The particulars of [`JUDGE`].
#[derive(Debug, Deserialize)]
struct JudgeOne {
    subject: SubjectKey,
}

/// The particulars of [`REQUEST`].
#[derive(Debug, Deserialize)]
struct CarryOut {
    request: String,
}

impl Desk {
    /// Does a run on behalf of its lease.
    pub async fn work(&self, run: &Run, lease: Lease, stop: &Stop) -> Result<Value, Unfinished> {
        let tools = Tools {
            right: Some(Right::Run(lease)),
            stop: Some(stop),
            pace: self.pace.as_deref().filter(|_| !somebody_waits(run)),
            ..self.tools()
        };
        match run.job.as_str() {
            RETENTION => self.sweep(&tools, run).await,
            EXPORT => self.export(&tools, run, stop).await,
            APPLY => self.apply(&tools, run).await,
            ANONYMISE => self.anonymise(&tools, run).await,
            JUDGE => self.judge(&tools, run).await,
            REQUEST => self.request(&tools, run).await,
            other => Err(Unfinished::Cancelled(json!({
                "code": "unknown-job",
                "refused": format!("this version knows no job `{other}`"),
            }))),
        }
    }

    /// What carrying out needs, for whoever does it without a run.
    #[must_use]
    pub fn tools(&self) -> Tools<'_> {
        Tools {
            store: &self.store,
            fitted: &self.fitted,
            keys: &self.keys,
            journal: &self.journal,
            clock: &*self.clock,
            chance: &*self.chance,
            batch: self.batch,
            watch_only: self.watch_only,
            right: None,
            stop: None,
            pace: None,
        }
    }

    async fn sweep(&self, tools: &Tools<'_>, run: &Run) -> Result<Value, Unfinished> {
        let mut tries = 0;
        let (workgroup, swept) = loop {
            let (workgroup, policy) = self.of(run).await?;
            let case = self.case(&workgroup, &policy)?;
            tries += 1;
            match sweep::sweep(tools, &case, run.id, self.counting()).await {
                // The tenant changed it while the sweep was under way: the slot is the new policy's.
                Err(JobError::Refused(Refusal::OtherPolicy(..))) if tries < 5 => {}
                done => break (workgroup, done?),
            }
        };
        if let Some(done) = &swept.done {
            self.count(done);
        }
        report_hits(&workgroup, swept.scan.as_ref());
        Ok(json!(swept))
    }

    async fn apply(&self, tools: &Tools<'_>, run: &Run) -> Result<Value, Unfinished> {
        let asked: ApplyPlan = particulars(run)?;
        let plan = self.store.plan(&asked.plan).await?;
        let is_typed = run.asked_by.as_deref() == Some(BY_HAND) && run.attempt == 1;
        let done = if plan.state == PlanState::Applied && !is_typed {
            // By hand meanwhile, or by this run before it was killed.
            Progress::of(&plan)
        } else {
            let policy = self.policy(&plan.workgroup).await?;
            let case = self.case(&plan.workgroup, &policy)?;
            let (done, scan) = carry_out_and_search(tools, &case, &plan, self.counting()).await?;
            report_hits(&plan.workgroup, scan.as_ref());
            self.count(&done);
            Progress {
                remnants_removed: Some(remove_remnants(tools.store, tools.fitted).await?),
                ..done
            }
        };
        Ok(json!({ "plan": plan.id, "workgroup": plan.workgroup, "way": plan.way.word(), "done": done }))
    }

    async fn export(&self, tools: &Tools<'_>, run: &Run, stop: &Stop) -> Result<Value, Unfinished> {
        let (workgroup, policy) = self.of(run).await?;
        let store_key = (self.store_key)(&workgroup)
            .map_err(Refusal::NoStoreKey)
            .map_err(JobError::from)?;
        let case = ExportCase::new(&workgroup, &store_key, &policy).map_err(JobError::from)?;
        let wanted = Wanted {
            by: "the schedule",
            way: "schedule",
            consent: case.wanted.only_with_consent.as_ref(),
            event: None,
            password: None,
            folder: &self.exports.folder,
            node: &self.exports.node,
            delete_at: Some(case.delete_at(self.clock.now())),
            stop: Some(stop),
        };
        let written = export_workgroup(&tools.clerk(), &case, &wanted, |_| {}).await?;
        Ok(json!(written))
    }

    /// Removes files of workgroups whose time is over, or in which somebody was anonymised.
    pub async fn look_after_exports(&self) -> Result<LookedAfter, JobError> {
        let (folder, node) = (&self.exports.folder, &self.exports.node);
        files::look_after(&self.store, node, folder, self.clock.now()).await
    }

    async fn anonymise(&self, tools: &Tools<'_>, run: &Run) -> Result<Value, Unfinished> {
        let asked: AnonymiseOne = particulars(run)?;
        // Somebody looked, and asked; a journal that was away, or a pause, may have kept the run since.
        if self.clock.now() - run.due_at > LOOKS_HOLD {
            return Err(JobError::from(Refusal::AskedLongAgo(run.id)).into());
        }
        let (workgroup, policy) = self.of(run).await?;
        let case = self.case(&workgroup, &policy)?;
        let done = manual::anonymise(tools, &case, &asked.customer, asked.despite_open_business).await?;
        self.count(&done);
        // Whoever was anonymised is named nowhere any more.
        Ok(json!({ "workgroup": workgroup, "done": done }))
    }

    async fn judge(&self, tools: &Tools<'_>, run: &Run) -> Result<Value, Unfinished> {
        let asked: JudgeOne = particulars(run)?;
        let (workgroup, policy) = self.of(run).await?;
        let judged = judge::judge_again(tools, &self.case(&workgroup, &policy)?, &asked.subject).await?;
        Ok(json!(judged))
    }

    async fn request(&self, tools: &Tools<'_>, run: &Run) -> Result<Value, Unfinished> {
        let asked: CarryOut = particulars(run)?;
        let (workgroup, policy) = self.of(run).await?;
        let case = self.case(&workgroup, &policy)?;
        Ok(json!(requests::carry_out(tools, &case, &asked.request).await?))
    }

    /// Notes which holds came to their end, and has their people judged again. Answers how many holds.
    pub async fn end_holds(&self) -> Result<u64, JobError> {
        let now = self.clock.now();
        let mut ended = 0;
        for hold in self.store.holds_that_ended(now).await? {
            let policy = match self.policies.policy(&self.store, &hold.tenant, now).await {
                Ok(policy) => Some(policy),
                // Of a tenant without a policy nobody is judged; that the hold is over is noted all the same.
                Err(JobError::Refused(_)) => None,
                Err(other) => return Err(other),
            };
            let keys: StoreKeys = policy
                .iter()
                .flat_map(|policy| policy.all_workgroups())
                .filter_map(|workgroup| Some(((self.store_key)(&workgroup).ok()?, workgroup)))
                .collect();
            ended += u64::from(holds::end(&self.store, &self.fitted, &keys, &hold, now).await?);
        }
        Ok(ended)
    }

    fn count(&self, done: &Progress) {
        self.metrics.swept(done.anonymised, done.dropped);
    }

    /// Counts the batches as they are committed, each with its two lines in the journal.
    fn counting(&self) -> impl FnMut(&Progress) {
        let (metrics, mut before) = (self.metrics.clone(), None::<Instant>);
        move |_| {
            // The first one would count with the making of the plan.
            if let Some(before) = before {
                metrics.batch(before.elapsed());
            }
            metrics.journalled(true);
            before = Some(Instant::now());
        }
    }

    async fn of(&self, run: &Run) -> Result<(Workgroup, Arc<Policy>), JobError> {
        let named = run.tenant.clone().zip(run.workgroup.as_deref());
        let workgroup = named.and_then(|(tenant, name)| Workgroup::new(tenant, name).ok());
        let workgroup = workgroup.ok_or(Refusal::NoSuchRun(run.id))?;
        let policy = self.policy(&workgroup).await?;
        Ok((workgroup, policy))
    }

    async fn policy(&self, workgroup: &Workgroup) -> Result<Arc<Policy>, JobError> {
        self.policies
            .policy(&self.store, &workgroup.tenant, self.clock.now())
            .await
    }

    /// A workgroup with everything that decides about its people.
    pub fn case<'p>(&self, workgroup: &Workgroup, policy: &'p Policy) -> Result<Case<'p>, JobError> {
        let store_key = (self.store_key)(workgroup).map_err(Refusal::NoStoreKey)?;
        Ok(Case::new(workgroup, &store_key, policy)?.by_policy_in_force())
    }
}

/// What was typed beside the daemon, and is waited for.
fn somebody_waits(run: &Run) -> bool {
    match run.job.as_str() {
        APPLY => run.asked_by.as_deref() == Some(BY_HAND),
        ANONYMISE => true,
        _ => false,
    }
}

/// Where something was found is for the operator to look at; it says no value.
fn report_hits(workgroup: &Workgroup, scan: Option<&Scan>) {
    for hit in scan.iter().flat_map(|scan| &scan.hits).filter(|hit| !hit.waits) {
        tracing::warn!(
            tenant = workgroup.tenant.as_str(),
            workgroup = workgroup.name,
            table = hit.table,
            column = hit.column,
            rows = hit.rows,
            "something of an erased person may still stand here: `lapsed scan` shows it"
        );
    }
}

fn particulars<'r, T: Deserialize<'r>>(run: &'r Run) -> Result<T, Unfinished> {
    serde_json::from_str(&run.payload).map_err(|why| {
        Unfinished::Cancelled(json!({
            "code": "unreadable",
            "refused": format!("run {} says what this version cannot read: {why}", run.id),
        }))
    })
}
