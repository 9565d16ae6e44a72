//! The automatic way: one slot of a workgroup's schedule.
//!
//! A sweep plans, and carries the plan out unless the policy only wants to look, the operator only wants to watch, or
//! the brake wants somebody to approve. If its run comes back, after a kill or a stop, it goes on with the plan
//! that it made: who was to be anonymised was decided once, and everybody is judged again in the batch anyway.
//!
//! Once a week the store is searched behind a sweep for what identified some of its people (`scan`).

use lapsed_model::{Plan, PlanState};
use lapsed_policy::Automatic;
use serde::Serialize;

use crate::apply::{Progress, Tools, carry_out};
use crate::retention::{Case, save};
use crate::scan::{self, Sample, Scan};
use crate::{JobError, Refusal, warnings};

/// What became of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// The plan.
    pub plan: String,
    /// How many people it names.
    pub people: u64,
    /// Whether it was carried out, and if not, why.
    pub became: Became,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Progress>,
    /// What a search for their remains found, if this was the sweep to search behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<Scan>,
}

/// Whether a plan was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// Everybody in it who was still due is anonymised.
    CarriedOut,
    /// The policy says `plan only`.
    PlanOnly,
    /// The operator says `watch_only`.
    WatchOnly,
    /// It waits for an approval.
    Waits,
}

/// Sweeps a workgroup on behalf of `run`. `report` hears after every batch.
pub async fn sweep(
    tools: &Tools<'_>,
    case: &Case<'_>,
    run: i64,
    report: impl FnMut(&Progress),
) -> Result<Swept, JobError> {
    if case.retention.automatic == Automatic::Off {
        return Err(Refusal::AutomaticOff(case.workgroup.clone()).into());
    }
    let plan = match unfinished(tools, case, run).await? {
        Some(plan) => plan,
        None => plan_anew(tools, case).await?,
    };
    let mut swept = Swept {
        people: plan.subjects,
        plan: plan.id.clone(),
        became: Became::CarriedOut,
        done: None,
        scan: None,
    };
    if case.retention.automatic == Automatic::PlanOnly {
        swept.became = Became::PlanOnly;
    } else if tools.watch_only {
        swept.became = Became::WatchOnly;
    } else if waits(tools, &plan).await? {
        swept.became = Became::Waits;
    } else {
        let (done, scan) = carry_out_and_search(tools, case, &plan, report).await?;
        (swept.done, swept.scan) = (Some(done), scan);
    }
    Ok(swept)
}

/// Carries a plan out; where it is time for that, what identified some of its people is remembered before, and searched
/// for behind it.
pub async fn carry_out_and_search(
    tools: &Tools<'_>,
    case: &Case<'_>,
    plan: &Plan,
    report: impl FnMut(&Progress),
) -> Result<(Progress, Option<Scan>), JobError> {
    let (store, fitted) = (tools.store, tools.fitted);
    let is_due = plan.subjects > 0 && scan::is_due(store, tools.clock.now()).await?;
    let sample = if is_due {
        Sample::take(store, fitted, plan).await?
    } else {
        Sample::default()
    };
    let done = carry_out(tools, case, plan, report).await?;
    if sample.is_empty() {
        return Ok((done, None));
    }
    let tenant = &plan.workgroup.tenant;
    let found = scan::scan(store, fitted, tenant, sample, tools.clock.now()).await?;
    Ok((done, Some(found)))
}

/// The plan that this run made before it came back, if it may still be carried out.
async fn unfinished(tools: &Tools<'_>, case: &Case<'_>, run: i64) -> Result<Option<Plan>, JobError> {
    let plan = tools.store.plan_of_run(run).await?;
    Ok(plan.filter(|plan| {
        plan.state != PlanState::Applied
            && plan.policy == case.policy_hash()
            && plan.dataset == tools.fitted.dataset().hash
            && Refusal::unless_of_today(plan, tools.clock.now()).is_ok()
    }))
}

async fn plan_anew(tools: &Tools<'_>, case: &Case<'_>) -> Result<Plan, JobError> {
    let bounds = case.bounds(tools.clock.now());
    let plan = save(
        tools.store,
        tools.fitted,
        case,
        bounds,
        tools.keys,
        tools.chance,
        tools.right,
    )
    .await?;
    lapsed_model::fault::point("planned");
    warnings::update(tools.store, tools.fitted, case, &bounds).await?;
    Ok(plan)
}

/// A plan that was replaced meanwhile is refused when it is carried out, with the reason.
async fn waits(tools: &Tools<'_>, plan: &Plan) -> Result<bool, JobError> {
    let approval = tools.store.approval(&plan.id).await?;
    Ok(approval.is_some_and(|approval| approval.waits(tools.clock.now())))
}
