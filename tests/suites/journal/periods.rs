//! O-6: the daemon's own records have periods too.

use chrono::TimeDelta;
use lapsed_jobs::journal::Journal;
use lapsed_jobs::ledger::verify;
use lapsed_jobs::records::{Pruned, RecordPeriods, prune};
use lapsed_store::Expired;
use lapsed_tests::World;

use super::town::{checked, people, recovered, text};

async fn pruned(world: &World) -> Pruned {
    prune(&world.tools(), &RecordPeriods::default())
        .await
        .expect("a store and a journal")
}

/// Whether the chains are whole, for payloads that may be gone after ten years.
async fn chain_holds(world: &World) {
    let (heads, _) = world.journal.heads().await.expect("a journal");
    let from = RecordPeriods::default().ledger_from(world.now());
    let verified = verify(&world.store, &world.keys, &heads, from)
        .await
        .expect("a ledger");
    assert!(
        verified.iter().all(|chain| chain.faults.is_empty()),
        "{verified:?}"
    );
}

/// A world in which ten people were erased, and ten more six hundred days later.
async fn erased_twice() -> World {
    let world = World::new().await;
    people(&world, 1..=10).await;
    world.sweep().await;
    world.pass(TimeDelta::days(600));
    people(&world, 11..=20).await;
    world.sweep().await;
    world
}

#[tokio::test]
async fn o6_the_journal_forgets_after_its_period_and_nothing_younger() {
    let world = erased_twice().await;
    assert_eq!(pruned(&world).await.journal, 0);
    world.pass(TimeDelta::days(140));
    assert_eq!(pruned(&world).await.journal, 2);
    let left = text(&world, 0);
    assert_eq!((left.lines().count(), left.matches("intended").count()), (3, 1));
    let seen = checked(&world).await;
    assert!(seen.is_whole(), "{seen:?}");
    assert!(recovered(&world).await.is_quiet());
    chain_holds(&world).await;
    assert_eq!(pruned(&world).await, Pruned::default());
}

#[tokio::test]
async fn o6_what_was_pruned_does_not_come_back_with_a_folder_that_was_away() {
    let mut world = World::new().await;
    world.journal_in(&["one", "two"]).await;
    people(&world, 1..=10).await;
    world.sweep().await;
    let old = text(&world, 1);
    world.pass(TimeDelta::days(800));
    assert_eq!(pruned(&world).await.erasures, 1);
    // The newest end of the ledger stays: it names nobody.
    assert_eq!(text(&world, 0).matches("intended").count(), 0);
    std::fs::write(world.journal.files().nth(1).expect("two folders"), old).expect("room");
    let folders: Vec<_> = world.journal.folders().map(std::path::Path::to_owned).collect();
    let store = world.store.identity().await.expect("a name");
    world.journal = Journal::open(&folders, &store, &world.keys)
        .await
        .expect("both folders")
        .0;
    assert_eq!(text(&world, 0).matches("intended").count(), 0);
    assert!(
        recovered(&world).await.is_quiet(),
        "nobody takes it for a restored backup"
    );
    pruned(&world).await;
    assert_eq!(text(&world, 1).matches("intended").count(), 0);
    assert!(recovered(&world).await.is_quiet());
}

#[tokio::test]
async fn o6_what_another_machine_took_out_of_the_store_is_no_restored_backup_to_one_that_was_away() {
    let world = erased_twice().await;
    world.pass(TimeDelta::days(200));
    // The other one has a journal of its own, and took its old lines out of that.
    let gone = world
        .store
        .expire(Expired::Erasures, world.now() - TimeDelta::days(750), 10)
        .await;
    assert_eq!(gone.expect("a store"), 1);
    assert_eq!(text(&world, 0).matches("intended").count(), 2);
    assert!(recovered(&world).await.is_quiet());
}

#[tokio::test]
async fn o6_after_ten_years_the_particulars_go_and_the_chain_stays_whole() {
    let world = World::new().await;
    people(&world, 1..=10).await;
    world.sweep().await;
    world.pass(TimeDelta::days(3_700));
    people(&world, 11..=20).await;
    world.sweep().await;
    let before = world.ledger().await;
    let gone = pruned(&world).await;
    assert!(gone.ledger >= 2 && gone.plans == 1, "{gone:?}");
    let after = world.ledger().await;
    assert_eq!(after.len(), before.len());
    assert_eq!(
        after.iter().filter(|sealed| !sealed.has_payload).count() as u64,
        gone.ledger
    );
    chain_holds(&world).await;
}

#[tokio::test]
async fn o6_who_stood_in_a_plan_is_forgotten_a_month_after_it_ended() {
    let world = World::new().await;
    people(&world, 1..=10).await;
    world.sweep().await;
    world.pass(TimeDelta::days(30));
    assert_eq!(pruned(&world).await.plan_subjects, 0);
    world.pass(TimeDelta::days(8));
    assert_eq!(pruned(&world).await.plan_subjects, 10);
    assert_eq!(world.platform.count("lapsed_plan").await, 1);
}
