//! Nights of a theatre: what the stories of this suite have in common.

use chrono::TimeDelta;
use lapsed_jobs::JobError;
use lapsed_jobs::apply::Progress;
use lapsed_model::{Approval, Plan, Unusual};
use lapsed_tests::World;

/// A theatre that lets so many people pass, with nobody in it.
pub(crate) async fn theatre(number: u64, share: u8) -> World {
    World::with()
        .says(&format!("ask_me_above = \"{number} people\""))
        .says(&format!("ask_me_above_share = \"{share} %\""))
        .build()
        .await
}

/// One whose first plan was approved and carried out.
pub(crate) async fn theatre_that_has_begun(number: u64, share: u8) -> World {
    let world = theatre(number, share).await;
    lapse(&world, 900_000, 1).await;
    let first = world.plan_unapproved().await;
    world.approve(&first).await;
    world.apply(&first).await;
    // The first plan is not one of this week's any more.
    world.pass(TimeDelta::days(8));
    world
}

/// People who last came in 2019, numbered from `from`.
pub(crate) async fn lapse(world: &World, from: i64, people: i64) {
    for id in from..from + people {
        world.customer(id).ticket("2019-05-04").await;
    }
}

/// People who were here this year, numbered from `from`.
pub(crate) async fn stay(world: &World, from: i64, people: i64) {
    for id in from..from + people {
        world.customer(id).ticket("2026-05-04").await;
    }
}

/// Whether and why a plan waits.
pub(crate) async fn approval(world: &World, plan: &Plan) -> Option<Approval> {
    world
        .store
        .approval(&plan.id)
        .await
        .expect("a store that answers")
}

/// Why a plan waits; nothing, and it does not.
pub(crate) async fn because(world: &World, plan: &Plan) -> Vec<Unusual> {
    approval(world, plan)
        .await
        .map_or_else(Vec::new, |approval| approval.because)
}

/// The word for a refusal.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, JobError>) -> &'static str {
    match outcome {
        Err(JobError::Refused(refusal)) => refusal.code(),
        other => panic!("this should have been refused: {other:?}"),
    }
}

/// How many people the house has anonymised.
pub(crate) async fn anonymised(world: &World) -> i64 {
    world
        .platform
        .count("customers WHERE anonymised_at IS NOT NULL")
        .await
}

/// A night without anybody: the plan is carried out if nothing keeps it back.
pub(crate) async fn night(world: &World) -> Result<Progress, JobError> {
    let plan = world.plan_unapproved().await;
    world.try_apply(&plan).await
}
