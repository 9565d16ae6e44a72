//! Several keys.

use lapsed_jobs::journal::Journal;
use lapsed_model::KeyRing;
use lapsed_tests::World;

use super::town::{checked, count, ledger_holds, people, recovered, text};

/// A newer key behind the first.
async fn rotate(world: &mut World) {
    let ring = format!("first {}\nsecond {}\n", "5a".repeat(32), "a5".repeat(32));
    world.keys = KeyRing::parse(&ring).expect("a ring");
    let folders: Vec<_> = world.journal.folders().map(std::path::Path::to_owned).collect();
    let store = world.store.identity().await.expect("a name");
    world.journal = Journal::open(&folders, &store, &world.keys)
        .await
        .expect("a folder")
        .0;
}

#[tokio::test]
async fn o4_ledger_and_journal_hold_across_a_rotation_and_people_erased_under_the_old_key_are_found_again() {
    let mut world = World::new().await;
    people(&world, 1..=20).await;
    let backup = world.back_up().await;
    world.sweep().await;
    rotate(&mut world).await;
    people(&world, 21..=30).await;
    world.sweep().await;
    let journal = text(&world, 0);
    assert!(journal.contains("\nsecond:") && journal.starts_with("first:"));
    ledger_holds(&world).await;
    assert!(checked(&world).await.is_whole());
    world.restore(&backup).await;
    let said = recovered(&world).await;
    assert_eq!((said.restored[0].people, said.restored[0].erased_again), (30, 20));
    assert_eq!(count(&world, "anonymised_at IS NULL").await, 0);
    ledger_holds(&world).await;
}
