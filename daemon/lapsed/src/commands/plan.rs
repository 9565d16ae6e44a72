//! `lapsed plan TENANT/WORKGROUP [--customers] [--save] [--at INSTANT]`

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use lapsed_dataset::Fitted;
use lapsed_jobs::approvals::{Waiting, look};
use lapsed_jobs::retention::{Case, Preview, list, preview};
use lapsed_model::{Approval, Language, Plan, Rule, Unusual};
use serde_json::json;

use crate::cli::PlanArgs;
use crate::commands::approve::{show_difference, show_reasons};
use crate::commands::hold::show_held;
use crate::failure::Result;
use crate::installation::Installation;
use crate::output::{Output, date, moment, number, people};

/// Shows who would be anonymised, and stores the plan if asked to.
pub(crate) async fn run(config: &Path, args: &PlanArgs, language: Language, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    if args.list {
        return list_stored(&installation, args, out).await;
    }
    let policy = installation.policy(&args.workgroup.tenant, out)?;
    let case = installation.case(&args.workgroup, &policy)?;
    let fitted = installation.fit(out).await?;
    let bounds = case.bounds(args.at.unwrap_or_else(|| installation.now()));
    let waiting = out.waiting("judging");
    let plan = if args.save {
        Some(installation.save_plan(&fitted, &case, bounds).await?)
    } else {
        None
    };
    let approval = match &plan {
        Some(plan) => look(&installation.store, plan).await?,
        None => None,
    };
    let preview = preview(&installation.store, &fitted, &case, bounds).await?;
    let customers = if args.customers {
        Some(list(&installation.store, &fitted, &case, bounds).await?)
    } else {
        None
    };

    waiting.finish_and_clear();
    show(&case, &fitted, &preview, language, out);
    let rules = &fitted.dataset().rules;
    if let Some(customers) = &customers {
        let row = |(key, rule): &(_, usize)| vec![format!("{key}"), rules.candidates[*rule].name.clone()];
        out.line("");
        out.table(&["CUSTOMER", "RULE"], customers.iter().map(row).collect(), &[]);
    }
    if let Some(plan) = &plan {
        out.line("");
        show_saved(plan, approval.as_ref(), out);
    }
    out.object(&json!({
        "workgroup": case.workgroup,
        "at": bounds.now,
        "cut_off": bounds.cut_off,
        "period": case.retention.anonymise_after.to_string(),
        "people": preview.counts.people(),
        "due": preview.counts.all_due(),
        "due_by_rule": by_name(&preview.counts.due, &rules.candidates),
        "kept": preview.counts.all_kept(),
        "kept_by_rule": by_name(&preview.counts.kept, &rules.keeps),
        "not_due": preview.counts.not_due,
        "held": preview.counts.held,
        "waiting_for_an_answer": preview.counts.awaiting_answer,
        "out_of_reach": preview.out_of_reach,
        "customers": customers.map(|customers| customers.into_iter()
            .map(|(key, rule)| json!({ "customer": key, "rule": rules.candidates[rule].name })).collect::<Vec<_>>()),
        "plan": plan.as_ref().map(|plan| json!({
            "id": plan.id, "hash": plan.hash, "policy": plan.policy, "dataset": plan.dataset,
            "subjects": plan.subjects, "valid_until": plan.valid_until(),
            "waits": approval.is_some(), "because": approval.as_ref().map(|waiting| &waiting.approval.because),
            "difference": approval.as_ref().and_then(|waiting| waiting.difference.as_ref()),
        })),
    }));
    Ok(())
}

/// The plan for people.
pub(crate) fn show(
    case: &Case<'_>,
    fitted: &Fitted<'_>,
    preview: &Preview,
    language: Language,
    out: &Output,
) {
    let (counts, bounds) = (&preview.counts, &preview.bounds);
    out.line(format!(
        "{}, as of {} ({})",
        case.workgroup,
        moment(bounds.now, bounds.zone),
        bounds.zone
    ));
    out.line(format!(
        "cut-off {}: the start of the day {} before",
        date(bounds.cut_off, bounds.zone),
        case.retention.anonymise_after
    ));
    let rules = &fitted.dataset().rules;
    out.heading(&format!(
        "To anonymise: {} of {}",
        number(counts.all_due()),
        number(counts.people())
    ));
    out.table(&[], rows(&counts.due, &rules.candidates, language), &[0]);
    if counts.all_kept() > 0 {
        out.heading(&format!("Kept: {}", number(counts.all_kept())));
        out.table(&[], rows(&counts.kept, &rules.keeps, language), &[0]);
    }
    if counts.not_due > 0 {
        out.heading(&format!("Neither: {}", number(counts.not_due)));
        out.line("  no rule makes them due as yet");
    }
    show_held(counts.held, out);
    if counts.awaiting_answer > 0 {
        out.heading(&format!(
            "Waiting for an answer: {}",
            number(counts.awaiting_answer)
        ));
        out.line("  left alone until what they asked for is answered: `lapsed request list --open` shows it");
    }
    if preview.out_of_reach > 0 {
        out.line(format!(
            "\n{} of all these no rule can ever reach, whatever time passes: nothing that a rule looks at happened to them",
            number(preview.out_of_reach)
        ));
    }
}

/// The plans that are stored for a workgroup, the newest first.
async fn list_stored(installation: &Installation, args: &PlanArgs, out: &Output) -> Result {
    let plans = installation.store.plans(&args.workgroup.tenant).await?;
    let plans: Vec<Plan> = plans
        .into_iter()
        .filter(|plan| plan.workgroup == args.workgroup)
        .collect();
    let (approvals, now) = (
        installation.store.approvals(&args.workgroup.tenant).await?,
        installation.now(),
    );
    let approval_of = |plan: &Plan| approvals.iter().find(|approval| approval.plan == plan.id);
    let row = |plan: &Plan| {
        vec![
            plan.id.clone(),
            moment(plan.bounds.now, plan.zone()),
            plan.way.to_string(),
            plan.state.to_string(),
            number(plan.subjects),
            number(plan.anonymised),
            number(plan.dropped),
            standing(approval_of(plan), now),
        ]
    };
    let headings = [
        "PLAN",
        "MADE",
        "WAY",
        "STATE",
        "PEOPLE",
        "ANONYMISED",
        "LEFT ALONE",
        "APPROVAL",
    ];
    out.table(&headings, plans.iter().map(row).collect(), &[4, 5, 6]);
    if plans.is_empty() {
        out.line(format!(
            "no plan is stored for {}: `--save` stores one",
            args.workgroup
        ));
    }
    for plan in &plans {
        out.object(&json!({
            "id": plan.id, "workgroup": plan.workgroup, "made_at": plan.bounds.now, "cut_off": plan.bounds.cut_off,
            "way": plan.way.word(), "state": plan.state, "subjects": plan.subjects, "anonymised": plan.anonymised,
            "dropped": plan.dropped, "valid_until": plan.valid_until(), "policy": plan.policy, "dataset": plan.dataset,
            "approval": approval_of(plan),
        }));
    }
    Ok(())
}

/// How a plan stands with its approval, in a word or two.
fn standing(approval: Option<&Approval>, now: DateTime<Utc>) -> String {
    match approval {
        None => String::new(),
        Some(Approval {
            replaced_by: Some(by),
            ..
        }) => format!("replaced by {by}"),
        Some(Approval {
            approved: Some(approved),
            ..
        }) => format!("approved by {}", approved.by),
        Some(approval) => {
            let words: Vec<&str> = approval.because.iter().map(Unusual::word).collect();
            let waits = if approval.waits(now) {
                "waits"
            } else {
                "waited in vain"
            };
            format!("{waits}: {}", words.join(", "))
        }
    }
}

fn show_saved(plan: &Plan, approval: Option<&Waiting>, out: &Output) {
    out.line(format!(
        "stored as plan {} with {}, good until {}",
        plan.id,
        people(plan.subjects),
        moment(plan.valid_until(), plan.zone())
    ));
    let Some(waiting) = approval else {
        out.line(format!("`lapsed apply {}` carries it out", plan.id));
        return;
    };
    show_difference(waiting, out);
    show_reasons(&waiting.approval, out);
    out.line(format!(
        "`lapsed approve {} --by WHO --reason TEXT` lets it go",
        plan.id
    ));
}

fn rows(counts: &BTreeMap<usize, u64>, rules: &[Rule], language: Language) -> Vec<Vec<String>> {
    let row = |(place, people): (&usize, &u64)| {
        let rule = &rules[*place];
        vec![
            number(*people),
            rule.says.get(language).to_owned(),
            rule.name.clone(),
        ]
    };
    counts.iter().map(row).collect()
}

fn by_name(counts: &BTreeMap<usize, u64>, rules: &[Rule]) -> BTreeMap<String, u64> {
    counts
        .iter()
        .map(|(place, people)| (rules[*place].name.clone(), *people))
        .collect()
}
