//! No path around the brake.

use chrono::TimeDelta;
use lapsed_jobs::apply::{BatchSize, apply, carry_out};
use lapsed_jobs::judge::{Judged, judge_again};
use lapsed_jobs::manual;
use lapsed_jobs::sweep::{Became, sweep};
use lapsed_model::SubjectKey;
use lapsed_tests::{Act, World};

use super::nights::{anonymised, approval, because, code, lapse, theatre, theatre_that_has_begun};

#[tokio::test]
async fn r11_whoever_carries_a_waiting_plan_out_is_refused() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 2).await;
    let plan = world.plan_unapproved().await;
    let (tools, case) = (world.tools(), world.case());
    assert_eq!(
        code(apply(&tools, &case, &plan, |_| {}).await),
        "waits-for-approval"
    );
    assert_eq!(
        code(carry_out(&tools, &case, &plan, |_| {}).await),
        "waits-for-approval"
    );
    assert_eq!(anonymised(&world).await, 0);
    let after = world.store.plan(&plan.id).await.expect("a plan");
    assert_eq!(after, plan, "and nothing of it was begun");
}

#[tokio::test]
async fn r11_a_scheduled_sweep_leaves_the_plan_waiting() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 2).await;
    let swept = sweep(&world.tools(), &world.case(), 1, |_| {})
        .await
        .expect("a sweep");
    assert_eq!((swept.became, swept.people), (Became::Waits, 2));
    assert_eq!(anonymised(&world).await, 0);
}

/// Lets a plan wait behind the daemon's back, from a thread of its own, as another program would.
fn wait_from_now_on(world: &World, plan: &str) {
    let (other, plan) = (world.place().platform(), plan.to_owned());
    let insert = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let row = [
                ("plan", plan.into()),
                ("because", "[{\"why\":\"first plan\",\"people\":3}]".into()),
                ("asked_at", 0_i64.into()),
            ];
            other.insert("lapsed_approval", &row).await;
            other.close().await;
        });
    };
    std::thread::spawn(insert)
        .join()
        .expect("the other program ends well");
}

#[tokio::test]
async fn r11_a_plan_that_begins_to_wait_between_two_batches_goes_no_further() {
    let mut world = theatre_that_has_begun(500, 100).await;
    world.batch = BatchSize::Fixed(1);
    lapse(&world, 1, 3).await;
    let plan = world.plan_unapproved().await;
    assert_eq!(because(&world, &plan).await, []);
    let mut batches = 0;
    let outcome = apply(&world.tools(), &world.case(), &plan, |_| {
        batches += 1;
        wait_from_now_on(&world, &plan.id);
    })
    .await;
    assert_eq!(code(outcome), "waits-for-approval");
    assert_eq!(batches, 1);
    assert_eq!(world.store.plan(&plan.id).await.expect("a plan").anonymised, 1);
}

#[tokio::test]
async fn r11_the_manual_way_never_waits() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 2).await;
    let waiting = world.plan_unapproved().await;
    let done = manual::anonymise(&world.tools(), &world.case(), &SubjectKey::Integer(1), false).await;
    assert_eq!(done.expect("by hand").anonymised, 1);
    // It neither lets the other plan go nor takes its place, and it is no first plan either.
    assert_eq!(code(world.try_apply(&waiting).await), "waits-for-approval");
    assert_eq!(
        approval(&world, &waiting).await.expect("its row").replaced_by,
        None
    );
    world.pass(TimeDelta::days(1));
    assert_eq!(because(&world, &world.plan_unapproved().await).await.len(), 1);
}

#[tokio::test]
async fn r11_somebody_who_is_judged_again_takes_no_plans_place() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 12).await;
    let waiting = world.plan_unapproved().await;
    let judged = judge_again(&world.tools(), &world.case(), &SubjectKey::Integer(1)).await;
    let judged = judged.expect("an answer");
    assert!(
        matches!(judged, Judged::Waits { .. }),
        "nobody looked at a plan as yet: {judged:?}"
    );
    assert_eq!(
        approval(&world, &waiting).await.expect("its row").replaced_by,
        None
    );
    world.approve(&waiting).await;
    assert_eq!(world.apply(&waiting).await.anonymised, 12);
}

#[tokio::test]
async fn r11_an_automatic_plan_is_stored_with_its_row_or_not_at_all() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    world
        .platform
        .refuses(Act::Insert, "lapsed_approval", None, "no")
        .await;
    world.try_plan().await.expect_err("the row cannot be written");
    assert_eq!(world.platform.count("lapsed_plan").await, 0);
    assert_eq!(world.platform.count("lapsed_plan_subject").await, 0);
}
