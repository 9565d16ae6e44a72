//! `lapsed approve PLAN --by WHO --reason TEXT`

use std::path::Path;

use lapsed_jobs::Refusal;
use lapsed_jobs::approvals::{self, Difference, Waiting, look, may_approve};
use lapsed_model::{Approval, Approved, Plan, Way};
use lapsed_policy::Automatic;
use serde_json::json;

use crate::cli::ApproveArgs;
use crate::failure::Result;
use crate::installation::Installation;
use crate::output::{Output, moment, number, people};
use crate::owner::is_served;

/// Shows what a waiting plan is about, and lets it go.
pub(crate) async fn run(config: &Path, args: &ApproveArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    let plan = installation.store.plan(&args.plan).await?;
    if plan.way != Way::Automatic {
        return Err(Refusal::PlanOfOne(plan.id).into());
    }
    let policy = installation.policy(&plan.workgroup.tenant, out)?;
    let case = installation.case(&plan.workgroup, &policy)?;
    let waiting = look(&installation.store, &plan).await?;
    let waiting = may_approve(waiting, &plan, installation.now())?;
    show(&waiting, out);
    let approved = Approved {
        at: installation.now(),
        by: args.by.clone(),
        reason: args.reason.clone(),
    };
    // Where the policy says `plan only`, an approval lets staff carry the plan out and starts nothing by itself.
    let watch_only = installation.settings.watch_only;
    let carry_out = case.retention.automatic == Automatic::On && !watch_only;
    let (approval, run) = let_go(&installation, &plan, &approved, carry_out).await?;
    let apply = format!("`lapsed apply {}`", plan.id);
    let next = match run {
        Some(_) if is_served(&installation).await? => {
            "the daemon carries it out next: `lapsed status` shows it".to_owned()
        }
        Some(_) => format!("the daemon carries it out when it runs, or you do now: {apply}"),
        None if watch_only => {
            format!("the operator says `watch_only`, so nothing is carried out; when that is gone: {apply}")
        }
        None => format!("nothing begins by itself; to carry it out: {apply}"),
    };
    out.line(format!("\napproved by {}; {next}", args.by));
    out.object(&object(&waiting, &approval, run));
    Ok(())
}

/// Lets a plan go; with `carry_out` the daemon carries it out next.
pub(crate) async fn let_go(
    installation: &Installation,
    plan: &Plan,
    approved: &Approved,
    carry_out: bool,
) -> Result<(Approval, Option<i64>)> {
    let keys = installation.keys()?;
    let (store, chance) = (&installation.store, &installation.chance);
    Ok(approvals::approve(store, plan, approved, carry_out, &keys, chance).await?)
}

/// What a waiting plan is about, for people: its size by rule, beside the plan before, and why it waits.
pub(crate) fn show(waiting: &Waiting, out: &Output) {
    let plan = &waiting.plan;
    out.line(format!(
        "plan {} of {}, made {}: {}",
        plan.id,
        plan.workgroup,
        moment(plan.bounds.now, plan.zone()),
        people(plan.subjects)
    ));
    let by_rule = |rule: &String| match &waiting.difference {
        Some(difference) => change(difference.by_rule.get(rule).copied().unwrap_or_default()),
        None => String::new(),
    };
    let rows = plan.counts.iter();
    let rows = rows.map(|(rule, people)| vec![number(*people), by_rule(rule), rule.clone()]);
    let gone = waiting.difference.iter().flat_map(|difference| {
        let gone = difference.by_rule.iter();
        gone.filter(|(rule, _)| !plan.counts.contains_key(*rule))
            .map(|(rule, more)| vec![number(0), change(*more), rule.clone()])
    });
    out.table(&[], rows.chain(gone).collect(), &[0, 1]);
    show_difference(waiting, out);
    show_reasons(&waiting.approval, out);
}

/// How a plan differs from the one before.
pub(crate) fn show_difference(waiting: &Waiting, out: &Output) {
    let Some(difference) = &waiting.difference else {
        return;
    };
    let zone = waiting.plan.zone();
    out.line(format!(
        "{} since plan {} of {}{}",
        more_people(difference.people),
        difference.previous,
        moment(difference.made_at, zone),
        since(difference)
    ));
}

/// What explains a difference.
fn since(difference: &Difference) -> &'static str {
    match (difference.other_policy, difference.other_dataset) {
        (true, true) => ", which was made under another policy and with another dataset",
        (true, false) => ", which was made under another policy",
        (false, true) => ", which was made with another dataset",
        (false, false) => "",
    }
}

/// Why a plan waits, a line each.
pub(crate) fn show_reasons(approval: &Approval, out: &Output) {
    for unusual in &approval.because {
        out.line(format!("It waits: {unusual}"));
    }
}

/// `+8,412`.
fn change(more: i64) -> String {
    match more {
        0 => "±0".to_owned(),
        more if more > 0 => format!("+{}", number(more.unsigned_abs())),
        more => format!("-{}", number(more.unsigned_abs())),
    }
}

/// `+8,412 people`.
fn more_people(more: i64) -> String {
    let noun = if more.unsigned_abs() == 1 {
        "person"
    } else {
        "people"
    };
    format!("{} {noun}", change(more))
}

fn object(waiting: &Waiting, approval: &Approval, run: Option<i64>) -> serde_json::Value {
    let plan = &waiting.plan;
    json!({
        "plan": plan.id, "hash": plan.hash, "workgroup": plan.workgroup, "made_at": plan.bounds.now,
        "subjects": plan.subjects, "by_rule": plan.counts, "difference": waiting.difference,
        "because": approval.because, "approved": approval.approved, "run": run,
    })
}
