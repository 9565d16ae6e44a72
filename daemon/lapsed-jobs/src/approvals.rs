//! Approvals: what an unusual plan looks like beside the one before it, and letting it go.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapsed_model::{Approval, Approved, Chance, Entry, KeyRing, Plan};
use lapsed_store::{Decision, Seal, Store, StoreError};
use serde::Serialize;

use crate::{JobError, Refusal};

/// How a plan differs from the workgroup's automatic plan before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The plan before.
    pub previous: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// How many more people the plan has, or fewer.
    pub people: i64,
    /// The same by rule; rules that speak for as many as before are left out.
    pub by_rule: BTreeMap<String, i64>,
    /// Whether the tenant changed the policy in between.
    pub other_policy: bool,
    /// Whether the operator changed the dataset in between.
    pub other_dataset: bool,
}

impl Difference {
    /// Between a plan and the one before it.
    #[must_use]
    pub fn between(previous: &Plan, plan: &Plan) -> Self {
        let rules = previous.counts.keys().chain(plan.counts.keys());
        let people = |plan: &Plan, rule: &String| plan.counts.get(rule).copied().unwrap_or_default();
        let by_rule: BTreeMap<String, i64> = rules
            .map(|rule| (rule.clone(), more(people(plan, rule), people(previous, rule))))
            .filter(|(_, more)| *more != 0)
            .collect();
        Self {
            previous: previous.id.clone(),
            made_at: previous.bounds.now,
            people: more(plan.subjects, previous.subjects),
            by_rule,
            other_policy: plan.policy != previous.policy,
            other_dataset: plan.dataset != previous.dataset,
        }
    }
}

fn more(now: u64, before: u64) -> i64 {
    let difference = i128::from(now) - i128::from(before);
    i64::try_from(difference).unwrap_or(if difference > 0 { i64::MAX } else { i64::MIN })
}

/// A plan that waits or waited, as somebody who is to approve it wants to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The plan.
    pub plan: Plan,
    /// Why it waits, and who let it go.
    pub approval: Approval,
    /// Beside the one before; none where there was none, or where it is not kept any more.
    pub difference: Option<Difference>,
}

/// The plan with everything that is to be looked at before it is approved; none where it does not wait.
pub async fn look(store: &Store, plan: &Plan) -> Result<Option<Waiting>, JobError> {
    let Some(approval) = store.approval(&plan.id).await? else {
        return Ok(None);
    };
    let previous = match &approval.previous {
        None => None,
        Some(previous) => match store.plan(previous).await {
            Ok(previous) => Some(previous),
            // Plans have a period of their own (O-6).
            Err(StoreError::NoPlan(_)) => None,
            Err(why) => return Err(why.into()),
        },
    };
    Ok(Some(Waiting {
        difference: previous.map(|previous| Difference::between(&previous, plan)),
        plan: plan.clone(),
        approval,
    }))
}

/// Whether a plan waits for an approval, or was replaced while it did: then nobody carries it out.
pub async fn waits(store: &Store, plan: &Plan) -> Result<bool, JobError> {
    let approval = store.approval(&plan.id).await?;
    Ok(approval.is_some_and(|approval| approval.approved.is_none() || approval.replaced_by.is_some()))
}

/// Refuses what cannot be approved, before anybody is shown or asked anything.
pub fn may_approve(waiting: Option<Waiting>, plan: &Plan, now: DateTime<Utc>) -> Result<Waiting, Refusal> {
    let id = plan.id.clone();
    let waiting = waiting.ok_or_else(|| Refusal::NotWaiting(id.clone()))?;
    match &waiting.approval {
        Approval {
            replaced_by: Some(by),
            ..
        } => Err(Refusal::Replaced(id, by.clone())),
        Approval {
            approved: Some(approved),
            ..
        } => Err(already(plan, approved)),
        _ => Refusal::unless_of_today(plan, now).map(|()| waiting),
    }
}

/// Lets a plan go: who and why stand in the ledger. With `carry_out` the daemon carries it out next; answers the run
/// that does so.
pub async fn approve(
    store: &Store,
    plan: &Plan,
    approved: &Approved,
    carry_out: bool,
    keys: &KeyRing,
    chance: &dyn Chance,
) -> Result<(Approval, Option<i64>), JobError> {
    store.accept_keys(keys).await?;
    // What is approved is what was looked at.
    if store.hash_of(plan).await? != plan.hash {
        return Err(Refusal::PlanEdited(plan.id.clone(), plan.workgroup.clone()).into());
    }
    let seal = Seal {
        key: keys.newest(),
        chance,
    };
    let decision = store
        .approve(&plan.id, approved, carry_out, entry_of, &seal)
        .await?;
    match decision {
        Decision::Approved(approval, run) => Ok((*approval, run)),
        Decision::NotWaiting => Err(Refusal::NotWaiting(plan.id.clone()).into()),
        Decision::Already(approved) => Err(already(plan, &approved).into()),
        Decision::Replaced(by) => Err(Refusal::Replaced(plan.id.clone(), by).into()),
        Decision::Ended => Err(Refusal::ended(plan).into()),
    }
}

fn already(plan: &Plan, approved: &Approved) -> Refusal {
    let at = approved.at.with_timezone(&plan.zone());
    Refusal::ApprovedAlready(
        plan.id.clone(),
        approved.by.clone(),
        at.format("%-d %B %Y").to_string(),
    )
}

fn entry_of(plan: &Plan, approval: &Approval) -> Entry {
    let approved = approval.approved.as_ref();
    let payload = serde_json::json!({
        "plan": plan.id,
        "plan_hash": plan.hash,
        "workgroup": plan.workgroup,
        "people": plan.subjects,
        "because": approval.because,
        "by": approved.map(|approved| &approved.by),
        "reason": approved.map(|approved| &approved.reason),
    });
    Entry {
        tenant: plan.workgroup.tenant.clone(),
        at: approved.map_or(approval.asked_at, |approved| approved.at),
        kind: "approved".to_owned(),
        payload: payload.to_string(),
    }
}
