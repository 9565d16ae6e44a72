//! Judging one person again: somebody was under a legal hold, and is not any more.
//!
//! It is the automatic way for one: the same rules, the same brake, the same batch. What the policy has not turned on
//! is not done, and the next sweep finds them anyway.

use lapsed_model::{SubjectKey, Way};
use lapsed_policy::Automatic;
use lapsed_store::NewPlan;
use serde::Serialize;

use crate::JobError;
use crate::apply::{Tools, carry_out};
use crate::approvals;
use crate::retention::{Case, keep_policy, new_plan, store_judged};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "became")]
pub enum Judged {
    /// Anonymised by this plan.
    Anonymised {
        /// The plan of one.
        plan: String,
    },
    /// Due, and the plan waits for an approval.
    Waits {
        /// The plan of one.
        plan: String,
    },
    /// No rule makes them due, another hold keeps them, or they are gone.
    LeftAlone,
    /// The policy or the operator does not let anybody be anonymised by rules alone.
    AutomaticOff,
}

/// Judges one person by the rules, and anonymises them if they are due.
pub async fn judge_again(
    tools: &Tools<'_>,
    case: &Case<'_>,
    subject: &SubjectKey,
) -> Result<Judged, JobError> {
    if case.retention.automatic != Automatic::On || tools.watch_only {
        return Ok(Judged::AutomaticOff);
    }
    let bounds = case.bounds(tools.clock.now());
    let switches = case.retention.switches();
    let question = case.question(&bounds, &switches);
    // A plan of nobody would only stand in the way of those who look for plans.
    if tools
        .store
        .rows(&tools.fitted.list_one(&question, subject))
        .await?
        .is_empty()
    {
        return Ok(Judged::LeftAlone);
    }
    keep_policy(tools.store, case, bounds.now, tools.keys, tools.chance).await?;
    let new = NewPlan {
        right: tools.right,
        ..new_plan(tools.fitted, case, bounds, Way::Automatic, tools.chance)
    };
    let subjects = tools.fitted.save_one_due(&question, subject, &new.id());
    let plan = store_judged(tools.store, tools.fitted, case, &new, &subjects, false).await?;
    lapsed_model::fault::point("judged-again");
    if approvals::waits(tools.store, &plan).await? {
        return Ok(Judged::Waits { plan: plan.id });
    }
    let done = carry_out(tools, case, &plan, |_| {}).await?;
    Ok(if done.anonymised > 0 {
        Judged::Anonymised { plan: plan.id }
    } else {
        Judged::LeftAlone
    })
}
