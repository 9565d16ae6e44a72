//! Another program that keeps everybody else from writing.

use std::time::{Duration, Instant};

use lapsed_jobs::JobError;
use lapsed_store::{Store, StoreError};

use super::whole::theatre_with_due_people;

const PATIENCE: Duration = Duration::from_millis(50);

fn assert_locked(why: &JobError) {
    assert!(
        matches!(why, JobError::Store(StoreError::Locked | StoreError::Busy)),
        "{why:?}"
    );
    assert!(why.to_string().contains("try again when it is done"), "{why}");
}

#[tokio::test]
async fn a_plan_that_found_the_store_locked_left_nothing_and_is_made_later() {
    let mut world = theatre_with_due_people(3).await;
    world.store = Store::open_patiently(world.address(), PATIENCE)
        .await
        .expect("a store");
    let before = world.platform.whole().await;
    let somebody = world.platform.lock_out_writers().await;
    let began = Instant::now();
    assert_locked(&world.try_plan().await.expect_err("a locked store"));
    assert!(began.elapsed() >= PATIENCE, "a lock that goes soon is waited for");
    assert_eq!(world.platform.whole().await, before);
    somebody.let_go().await;
    assert_eq!(world.plan().await.subjects, 3);
}

#[tokio::test]
async fn a_plan_that_cannot_be_carried_out_for_a_lock_is_carried_out_later() {
    let mut world = theatre_with_due_people(3).await;
    world.store = Store::open_patiently(world.address(), PATIENCE)
        .await
        .expect("a store");
    let plan = world.plan().await;
    let before = world.platform.whole().await;
    let somebody = world.platform.lock_out_writers().await;
    assert_locked(&world.try_apply(&plan).await.expect_err("a locked store"));
    assert_eq!(world.platform.whole().await, before);
    somebody.let_go().await;
    assert_eq!(world.apply(&plan).await.anonymised, 3);
}

#[tokio::test]
async fn a_locked_store_can_still_be_looked_at() {
    let mut world = theatre_with_due_people(3).await;
    world.store = Store::open_patiently(world.address(), PATIENCE)
        .await
        .expect("a store");
    let somebody = world.platform.lock_out_writers().await;
    assert_eq!(world.preview().await.counts.all_due(), 3);
    somebody.let_go().await;
}
