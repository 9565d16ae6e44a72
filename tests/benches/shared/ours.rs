//! Our side: the jobs as the daemon runs them.

use lapsed_dataset::Fitted;
use lapsed_jobs::apply::{BatchSize, carry_out, remove_remnants};
use lapsed_jobs::approvals;
use lapsed_jobs::retention::{Case, save};
use lapsed_model::{Approved, Clock, Plan};

use super::theatres::Theatres;

/// Stores a plan for each case.
pub(crate) async fn plan(theatres: &Theatres, fitted: &Fitted<'_>, cases: &[Case<'_>]) -> Vec<Plan> {
    let now = theatres.clock.now();
    let mut plans = Vec::new();
    for case in cases {
        let bounds = case.bounds(now);
        let plan = save(
            &theatres.store,
            fitted,
            case,
            bounds,
            &theatres.keys,
            &theatres.chance,
            None,
        )
        .await;
        plans.push(plan.expect("a plan"));
    }
    plans
}

/// Lets them go: the first plan of every workgroup waits, and it is no part of what is measured.
pub(crate) async fn approve(theatres: &Theatres, plans: &[Plan]) {
    let approved = Approved {
        at: theatres.clock.now(),
        by: "the bench".to_owned(),
        reason: "to be measured".to_owned(),
    };
    for plan in plans {
        if approvals::waits(&theatres.store, plan).await.expect("an answer") {
            let (keys, chance) = (&theatres.keys, &theatres.chance);
            approvals::approve(&theatres.store, plan, &approved, false, keys, chance)
                .await
                .expect("a plan that waits");
        }
    }
}

/// Carries them out, without the remnants; answers how many people were anonymised.
pub(crate) async fn apply(
    theatres: &Theatres,
    fitted: &Fitted<'_>,
    cases: &[Case<'_>],
    plans: &[Plan],
) -> u64 {
    let tools = theatres.tools(fitted, BatchSize::Auto);
    let mut anonymised = 0;
    for (case, plan) in cases.iter().zip(plans) {
        let progress = carry_out(&tools, case, plan, |_| {})
            .await
            .expect("a plan that is carried out");
        anonymised += progress.anonymised;
    }
    anonymised
}

/// Removes the remnants.
pub(crate) async fn scrub(theatres: &Theatres, fitted: &Fitted<'_>) {
    let emptied = remove_remnants(&theatres.store, fitted)
        .await
        .expect("a scrubbed store");
    assert!(emptied, "nobody else reads the store, so nothing need stay");
}
