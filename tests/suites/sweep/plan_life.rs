//! The life of a plan: stored whole, looked at, refused when it no longer holds, carried out once.

use chrono::TimeDelta;
use lapsed_jobs::JobError;
use lapsed_jobs::apply::Progress;
use lapsed_model::{Digest, Plan, PlanState, SubjectKey, Value};
use lapsed_tests::{Setting, World};

/// `people` who last came in 2019, from number 1 upwards.
pub(crate) async fn lapsed(people: i64) -> World {
    let world = World::new().await;
    for id in 1..=people {
        world.customer(id).ticket("2019-05-04").await;
    }
    world
}

fn refusal(outcome: Result<Progress, JobError>) -> &'static str {
    match outcome {
        Err(JobError::Refused(refusal)) => refusal.code(),
        other => panic!("this should have been refused: {other:?}"),
    }
}

async fn anonymised(world: &World) -> Vec<Value> {
    let rows = world
        .platform
        .rows("SELECT id FROM customers WHERE last_name = 'DSGVO' ORDER BY id")
        .await;
    rows.into_iter().map(|row| row["id"].clone()).collect()
}

#[tokio::test]
async fn r10_a_plan_is_stored_whole_and_changes_nobody() {
    let world = lapsed(3).await;
    world.customer(4).voucher("2019-05-04", Some("2021-01-01")).await;
    world.customer(5).ticket("2026-12-24").await;
    let before = world.platform.picture().await;
    let plan = world.plan().await;
    assert_eq!(
        before.changes(&world.platform.picture().await),
        Vec::<String>::new()
    );
    assert_eq!((plan.subjects, plan.state), (4, PlanState::Planned));
    let counts: Vec<(&str, u64)> = plan
        .counts
        .iter()
        .map(|(rule, people)| (rule.as_str(), *people))
        .collect();
    assert_eq!(counts, [("tickets-for-past-events", 3), ("vouchers-bought", 1)]);
    assert_eq!(plan.bounds.cut_off, lapsed_tests::instant("2023-11-21T23:00:00Z"));
    assert_eq!(world.store.plan(&plan.id).await.expect("a plan"), plan);
    assert_eq!(
        world.store.plans(&world.policy.tenant).await.expect("plans"),
        [plan]
    );
}

#[tokio::test]
async fn r10_the_hash_of_a_plan_tells_its_people() {
    let (one, same, other) = (lapsed(3).await, lapsed(3).await, lapsed(3).await);
    // Number 3 is another person there.
    other.platform.run_unchecked("UPDATE customers SET id = 4 WHERE id = 3; UPDATE orders SET customer_id = 4 WHERE customer_id = 3").await;
    let (one, same, other) = (one.plan().await, same.plan().await, other.plan().await);
    assert_eq!(one.hash, same.hash);
    assert_eq!((one.subjects, one.counts), (other.subjects, other.counts.clone()));
    assert_ne!(one.hash, other.hash);
}

#[tokio::test]
async fn r10_a_plan_ends_after_seven_days() {
    let world = lapsed(1).await;
    let plan = world.plan().await;
    world.pass(TimeDelta::days(7));
    assert_eq!(refusal(world.try_apply(&plan).await), "plan-ended");
    assert_eq!(anonymised(&world).await, []);
    world.pass(TimeDelta::milliseconds(-1));
    assert_eq!(world.apply(&plan).await.anonymised, 1);
}

#[tokio::test]
async fn r10_a_plan_made_under_another_policy_or_dataset_is_refused() {
    let mut world = lapsed(1).await;
    let plan = world.plan().await;
    world.tenant_writes("anonymise_after = \"4 years\"");
    assert_eq!(refusal(world.try_apply(&plan).await), "other-policy");
    world.tenant_writes("anonymise_after = \"3 years\"");
    let of_another = Plan {
        dataset: Digest::of(&[b"another"]),
        ..plan.clone()
    };
    assert_eq!(refusal(world.try_apply(&of_another).await), "other-dataset");
    assert_eq!(anonymised(&world).await, []);
    assert_eq!(world.apply(&plan).await.anonymised, 1);
}

#[tokio::test]
async fn r5_nothing_is_changed_while_the_automatic_way_is_off_or_the_operator_only_watches() {
    let mut world = lapsed(1).await;
    let plan = world.plan().await;
    world.watch_only = true;
    assert_eq!(refusal(world.try_apply(&plan).await), "watch-only");
    world.watch_only = false;
    world.tenant_writes("automatic = \"off\"");
    assert_eq!(refusal(world.try_apply(&plan).await), "automatic-off");
    assert!(
        matches!(world.try_plan().await, Err(JobError::Refused(refusal)) if refusal.code() == "automatic-off")
    );
    assert_eq!(anonymised(&world).await, []);
}

#[tokio::test]
async fn r9_who_buys_between_plan_and_batch_is_dropped_and_reported() {
    let world = lapsed(3).await;
    let plan = world.plan().await;
    world
        .platform
        .run("INSERT INTO orders (workgroup, customer_id, number, ordered_at, status) VALUES ('theatre/house', 2, 'R-1', 1790000000000, 'cancelled')")
        .await;
    let progress = world.apply(&plan).await;
    assert_eq!((progress.anonymised, progress.dropped), (2, 1));
    assert_eq!(anonymised(&world).await, [1.into(), 3_i64.into()]);
    assert_eq!(
        world.store.dropped(&plan.id).await.expect("people"),
        [SubjectKey::Integer(2)]
    );
    let stored = world.store.plan(&plan.id).await.expect("a plan");
    assert_eq!(
        (stored.state, stored.anonymised, stored.dropped),
        (PlanState::Applied, 2, 1)
    );
}

#[tokio::test]
async fn r9_nobody_is_anonymised_twice() {
    let world = lapsed(3).await;
    let first = world.plan().await;
    world.pass(TimeDelta::minutes(1));
    let second = world.plan().await;
    assert_ne!(first.id, second.id);
    world.apply(&first).await;
    let before = world.platform.picture().await;
    world.pass(TimeDelta::minutes(1));
    let progress = world.apply(&second).await;
    assert_eq!((progress.anonymised, progress.dropped), (0, 3));
    assert_eq!(
        before.changes(&world.platform.picture().await),
        Vec::<String>::new()
    );
    assert_eq!(
        refusal(
            world
                .try_apply(&world.store.plan(&first.id).await.expect("a plan"))
                .await
        ),
        "already-applied"
    );
}

#[tokio::test]
async fn d3_every_policy_that_somebody_was_judged_by_is_kept_word_for_word() {
    let mut world = Setting::default().build().await;
    let first = (world.policy.text.clone(), world.plan().await.policy);
    world.pass(TimeDelta::days(1));
    world.plan().await;
    world.tenant_writes("anonymise_after = \"4 years\"");
    world.pass(TimeDelta::days(1));
    let second = (world.policy.text.clone(), world.plan().await.policy);
    let kept = world
        .store
        .policies(&world.policy.tenant)
        .await
        .expect("policies");
    let kept: Vec<(String, String)> = kept
        .into_iter()
        .map(|version| (version.text, version.hash))
        .collect();
    assert_eq!(
        kept,
        [(second.0, second.1.to_string()), (first.0, first.1.to_string())]
    );
    assert_eq!(world.entries("policy").await.len(), 2);
}

#[tokio::test]
async fn r1_a_plan_that_was_made_when_the_clock_was_wrong_is_not_carried_out() {
    let world = Setting::default().build().await;
    world.customer(1).ticket("2024-05-04").await;
    world.pass(TimeDelta::days(3_650));
    let plan = world.plan().await;
    assert_eq!(plan.subjects, 1, "by that clock it is 2036");
    world.pass(TimeDelta::days(-3_650));
    assert_eq!(refusal(world.try_apply(&plan).await), "plan-from-the-future");
    assert_eq!(world.sweep().await.anonymised, 0, "today nobody is due");
}
