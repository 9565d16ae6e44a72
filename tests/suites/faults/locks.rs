//! Another program that holds the write lock.

use std::time::{Duration, Instant};

use lapsed_jobs::JobError;
use lapsed_store::{Store, StoreError};
use lapsed_tests::World;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use super::whole::{theatre_with_due_people, whole};

const PATIENCE: Duration = Duration::from_millis(50);

/// A transaction of another program.
async fn somebody_writes(world: &World) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(world.path());
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("a connection");
    sqlx::raw_sql("BEGIN IMMEDIATE")
        .execute(&mut connection)
        .await
        .expect("the write lock");
    connection
}

async fn somebody_is_done(mut connection: SqliteConnection) {
    sqlx::raw_sql("COMMIT")
        .execute(&mut connection)
        .await
        .expect("a commit");
    connection.close().await.expect("a closed connection");
}

fn assert_locked(why: &JobError) {
    assert!(matches!(why, JobError::Store(StoreError::Locked)), "{why:?}");
    assert!(why.to_string().contains("try again when it is done"), "{why}");
}

#[tokio::test]
async fn a_plan_that_found_the_store_locked_left_nothing_and_is_made_later() {
    let mut world = theatre_with_due_people(3).await;
    world.store = Store::open_patiently(&world.path(), PATIENCE)
        .await
        .expect("a store");
    let before = whole(&world.path()).await;
    let somebody = somebody_writes(&world).await;
    let began = Instant::now();
    assert_locked(&world.try_plan().await.expect_err("a locked store"));
    assert!(began.elapsed() >= PATIENCE, "a lock that goes soon is waited for");
    assert_eq!(whole(&world.path()).await, before);
    somebody_is_done(somebody).await;
    assert_eq!(world.plan().await.subjects, 3);
}

#[tokio::test]
async fn a_plan_that_cannot_be_carried_out_for_a_lock_is_carried_out_later() {
    let mut world = theatre_with_due_people(3).await;
    world.store = Store::open_patiently(&world.path(), PATIENCE)
        .await
        .expect("a store");
    let plan = world.plan().await;
    let before = whole(&world.path()).await;
    let somebody = somebody_writes(&world).await;
    assert_locked(&world.try_apply(&plan).await.expect_err("a locked store"));
    assert_eq!(whole(&world.path()).await, before);
    somebody_is_done(somebody).await;
    assert_eq!(world.apply(&plan).await.anonymised, 3);
}

#[tokio::test]
async fn a_locked_store_can_still_be_looked_at() {
    let mut world = theatre_with_due_people(3).await;
    world.store = Store::open_patiently(&world.path(), PATIENCE)
        .await
        .expect("a store");
    let somebody = somebody_writes(&world).await;
    assert_eq!(world.preview().await.counts.all_due(), 3);
    somebody_is_done(somebody).await;
}
