//! What the journal of another machine gets from the ledger.

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_jobs::apply::BatchSize;
use lapsed_jobs::journal::{Journal, check};
use lapsed_model::Dialect;
use lapsed_tests::{World, only_on};

use super::town::{people, recovered};

/// The journal of another machine, which is new here, and has been everywhere that it can be.
async fn of_another_machine(world: &World) -> Journal {
    let folder = world.folder().join("another machine");
    let store = world.store.identity().await.expect("a name");
    let (journal, _) = Journal::open(&[folder], &store, &world.keys)
        .await
        .expect("a folder");
    copies(&journal, world).await;
    journal
}

async fn copies(journal: &Journal, world: &World) -> u64 {
    let copied = journal.copy_others(&world.store, DateTime::<Utc>::UNIX_EPOCH);
    copied.await.expect("a ledger")
}

async fn knows_everything(journal: &Journal, world: &World) {
    let seen = check(journal, &world.store).await.expect("a journal");
    assert!(seen.is_whole(), "{seen:#?}");
}

async fn town() -> World {
    let mut world = World::new().await;
    world.batch = BatchSize::Fixed(1);
    people(&world, 1..=5).await;
    world.sweep().await;
    world
}

#[tokio::test]
async fn o4_what_was_erased_while_a_machine_was_cut_off_is_copied_however_long_that_was() {
    if !only_on(Dialect::Postgres, "one program serves a file") {
        return;
    }
    let world = town().await;
    let another = of_another_machine(&world).await;
    people(&world, 6..=8).await;
    world.sweep().await;
    world.pass(TimeDelta::hours(5));
    people(&world, 9..=9).await;
    world.sweep().await;
    assert_eq!(copies(&another, &world).await, 4);
    assert_eq!(copies(&another, &world).await, 0, "each once");
    knows_everything(&another, &world).await;
}

#[tokio::test]
async fn o4_a_machine_whose_clock_is_slow_is_copied_like_any_other() {
    if !only_on(Dialect::Postgres, "one program serves a file") {
        return;
    }
    let world = town().await;
    let another = of_another_machine(&world).await;
    people(&world, 6..=8).await;
    world.pass(TimeDelta::hours(-5));
    world.sweep().await;
    assert_eq!(copies(&another, &world).await, 3);
    knows_everything(&another, &world).await;
}

#[tokio::test]
async fn o4_behind_a_restored_backup_the_same_numbers_are_copied_again() {
    if !only_on(Dialect::Postgres, "one program serves a file") {
        return;
    }
    let mut world = World::new().await;
    world.batch = BatchSize::Fixed(1);
    let backup = world.back_up().await;
    people(&world, 1..=5).await;
    world.sweep().await;
    let another = of_another_machine(&world).await;
    // Whoever was erased came after the backup was made: the ledger begins anew, and soon has as many entries as before.
    world.restore(&backup).await;
    recovered(&world).await;
    people(&world, 11..=12).await;
    world.sweep().await;
    assert_eq!(copies(&another, &world).await, 2);
    knows_everything(&another, &world).await;
}
