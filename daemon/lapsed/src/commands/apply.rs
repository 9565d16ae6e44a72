//! `lapsed apply PLAN`

use std::path::Path;

use lapsed_jobs::Refusal;
use lapsed_jobs::apply::{Progress, Tools, apply};
use lapsed_jobs::desk::{APPLY, ApplyPlan, BY_HAND};
use lapsed_jobs::retention::Case;
use lapsed_model::{Plan, Way};
use lapsed_store::NewRun;
use serde_json::{Value, json};

use crate::cli::ApplyArgs;
use crate::failure::{Failure, Result};
use crate::follow::follow;
use crate::hands::Hands;
use crate::installation::Installation;
use crate::output::{Output, counted, people};
use crate::owner;

/// Carries out a stored plan, or what is left of it.
pub(crate) async fn run(config: &Path, args: &ApplyArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    let plan = installation.store.plan(&args.plan).await?;
    if plan.way != Way::Automatic {
        return Err(Refusal::PlanOfOne(plan.id).into());
    }
    if owner::is_served(&installation).await? {
        return show(&plan, &follow_to_its_end(&installation, &plan, out).await?, out);
    }
    let policy = installation.policy(&plan.workgroup.tenant, out)?;
    let case = installation.case(&plan.workgroup, &policy)?;
    let fitted = installation.fit(out).await?;
    let keys = installation.keys()?;
    let hands = Hands::take(&installation, &fitted, &keys, "lapsed apply", out).await?;
    let done = carry_out(&hands.tools(), &case, &plan, out).await;
    hands.leave(out).await?;
    show(&plan, &done?, out)
}

/// Has the daemon carry the plan out, with a bar on the terminal.
async fn follow_to_its_end(installation: &Installation, plan: &Plan, out: &Output) -> Result<Progress> {
    let new = NewRun {
        tenant: Some(plan.workgroup.tenant.clone()),
        workgroup: Some(plan.workgroup.name.clone()),
        job: APPLY.to_owned(),
        payload: json!(ApplyPlan {
            plan: plan.id.clone()
        }),
        asked_by: Some(BY_HAND.to_owned()),
        at: installation.now(),
    };
    let bar = out.progress(plan.subjects, "anonymising");
    let outcome = follow(installation, &new, out, async || {
        if let Ok(plan) = installation.store.plan(&plan.id).await {
            bar.set_position(plan.anonymised + plan.dropped);
        }
    })
    .await;
    bar.finish_and_clear();
    told(outcome?)
}

/// What the daemon says that it did.
pub(crate) fn told(mut outcome: Value) -> Result<Progress> {
    serde_json::from_value(outcome["done"].take()).map_err(|why| {
        Failure::because(format!(
            "the daemon answered what this version cannot read: {why}"
        ))
    })
}

/// Carries out a plan with a bar on the terminal.
pub(crate) async fn carry_out(
    tools: &Tools<'_>,
    case: &Case<'_>,
    plan: &Plan,
    out: &Output,
) -> Result<Progress> {
    let bar = out.progress(plan.subjects, "anonymising");
    let done = apply(tools, case, plan, |progress| {
        bar.set_position(progress.anonymised + progress.dropped);
    })
    .await;
    bar.finish_and_clear();
    Ok(done?)
}

/// What became of a plan.
pub(crate) fn show(plan: &Plan, done: &Progress, out: &Output) -> Result {
    out.line(format!(
        "{}: {} anonymised, plan {}",
        plan.workgroup,
        people(done.anonymised),
        plan.id
    ));
    if done.dropped > 0 {
        out.line(format!(
            "  {} left alone: active again since the plan was made, anonymised by another plan, or gone",
            people(done.dropped)
        ));
    }
    if done.cleared_later > 0 {
        out.line(format!(
            "  invoice recipients of {} cleared: their period has passed",
            people(done.cleared_later)
        ));
    }
    out.line(format!(
        "  {} in this run, each with its entry in the ledger",
        counted(done.batches, "transaction", "transactions")
    ));
    if done.remnants_removed == Some(false) {
        out.line("  another program holds an old snapshot of the store: the write-ahead log keeps old pages until it is done");
    }
    out.object(
        &json!({ "plan": plan.id, "workgroup": plan.workgroup, "way": plan.way.word(), "done": done }),
    );
    Ok(())
}
