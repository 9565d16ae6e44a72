//! What a restored backup takes away besides: workgroups that people moved to, holds and pauses.

use chrono::TimeDelta;
use lapsed_model::Unusual;
use lapsed_tests::World;

use super::town::{count, ledger_holds, people, recovered};

#[tokio::test]
async fn o4_who_moved_to_another_workgroup_between_backup_and_erasure_is_found() {
    let mut world = World::new().await;
    people(&world, 1..=5).await;
    let moved = "UPDATE customers SET workgroup = 'theatre/studio' WHERE id = 3";
    world.platform.run(moved).await;
    let backup = world.back_up().await;
    world
        .platform
        .run("UPDATE customers SET workgroup = 'theatre/house' WHERE id = 3")
        .await;
    assert_eq!(world.sweep().await.anonymised, 5);
    world.restore(&backup).await;
    let said = recovered(&world).await;
    assert_eq!(said.restored[0].erased_again, 5);
    assert_eq!(count(&world, "anonymised_at IS NULL").await, 0);
    ledger_holds(&world).await;
}

#[tokio::test]
async fn o4_who_is_not_found_again_is_counted_aloud() {
    let mut world = World::new().await;
    people(&world, 1..=5).await;
    let backup = world.back_up().await;
    people(&world, 6..=7).await;
    world.sweep().await;
    world.restore(&backup).await;
    let said = recovered(&world).await.sentences().join("\n");
    assert!(
        said.contains("theatre: 2 people whom these batches erased were not found"),
        "{said}"
    );
    assert!(said.contains("holds, pauses and requests"), "{said}");
}

/// Whether and why a plan of the house waits.
async fn because(world: &World, plan: &str) -> Vec<Unusual> {
    let approval = world.store.approval(plan).await.expect("a store that answers");
    approval.map_or_else(Vec::new, |approval| approval.because)
}

/// The words for why.
async fn words(world: &World, plan: &str) -> Vec<&'static str> {
    because(world, plan).await.iter().map(Unusual::word).collect()
}

#[tokio::test]
async fn r9_after_a_restored_backup_the_next_plan_waits_for_somebody_who_knows_what_was_held() {
    let mut world = World::with().says("ask_me_above_share = \"100 %\"").build().await;
    people(&world, 1..=1).await;
    world.sweep().await;
    people(&world, 2..=5).await;
    let backup = world.back_up().await;
    world.pass(TimeDelta::hours(1));
    assert_eq!(world.sweep().await.anonymised, 4);
    world.restore(&backup).await;
    let at = world.now();
    recovered(&world).await;
    world.pass(TimeDelta::hours(1));
    people(&world, 6..=7).await;
    let first = world.plan_unapproved().await;
    assert_eq!(because(&world, &first.id).await, [Unusual::Restored { at }]);
    let why = world.try_apply(&first).await.expect_err("it waits").to_string();
    assert!(why.contains("a backup was restored on 22 November 2026"), "{why}");
    // Nobody looked: the next one waits as well.
    world.pass(TimeDelta::days(1));
    let second = world.plan_unapproved().await;
    assert_eq!(words(&world, &second.id).await, ["restored"]);
    world.approve(&second).await;
    assert_eq!(world.apply(&second).await.anonymised, 2);
    people(&world, 8..=9).await;
    let third = world.plan_unapproved().await;
    assert_eq!(words(&world, &third.id).await, Vec::<&str>::new());
    assert_eq!(world.apply(&third).await.anonymised, 2);
}

#[tokio::test]
async fn r9_a_plan_that_came_back_with_the_backup_waits_again_though_somebody_had_let_it_go() {
    let mut world = World::new().await;
    people(&world, 1..=5).await;
    let plan = world.plan().await;
    let backup = world.back_up().await;
    people(&world, 6..=9).await;
    let other = world.plan().await;
    world.apply(&other).await;
    world.restore(&backup).await;
    recovered(&world).await;
    people(&world, 1_001..=1_003).await;
    let why = world
        .try_apply(&plan)
        .await
        .expect_err("it waits again")
        .to_string();
    assert!(why.contains("a backup was restored"), "{why}");
    assert_eq!(words(&world, &plan.id).await.last(), Some(&"restored"));
}
