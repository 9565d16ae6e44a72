//! The restore drill.

use lapsed_jobs::journal::recover;
use lapsed_jobs::manual::anonymise;
use lapsed_jobs::survey;
use lapsed_model::{Language, SubjectKey};
use lapsed_tests::World;

use super::town::{checked, count, faults, ledger_holds, people, recovered};

/// A thousand people in a backup, all of them and two hundred later ones erased, and the backup put back.
async fn restored() -> World {
    let mut world = World::new().await;
    people(&world, 1..=1_000).await;
    let backup = world.back_up().await;
    people(&world, 1_001..=1_200).await;
    assert_eq!(world.sweep().await.anonymised, 1_200);
    world.restore(&backup).await;
    world
}

/// The platform is running already: it gives newcomers the ids of erased people, and sells to one who came back.
async fn the_platform_goes_on(world: &World) {
    let newcomers = "INSERT INTO customers (id, workgroup, first_name, last_name, email, created_at) \
                     WITH RECURSIVE ids (id) AS (VALUES (1001) UNION ALL SELECT id + 1 FROM ids WHERE id < 1200) \
                     SELECT id, 'theatre/house', 'Neu' || id, 'Huber' || id, 'neu' || id || '@mail.example', \
                     1795340000000 + id FROM ids";
    world.platform.run(newcomers).await;
    world
        .platform
        .run(
            "INSERT INTO events (id, workgroup, name, starts_at) VALUES (1, 'theatre/house', 'Faust', 1900000000000); \
             INSERT INTO reservations (id, customer_id, event_id, reserved_at) VALUES (1, 7, 1, 1795340000000)",
        )
        .await;
}

#[tokio::test]
async fn o4_whom_a_restored_backup_brings_back_is_erased_again_and_no_newcomer_is_touched() {
    let world = restored().await;
    the_platform_goes_on(&world).await;
    let newcomers = world
        .platform
        .rows("SELECT * FROM customers WHERE id > 1000")
        .await;
    assert!(faults(&world).await[0].contains("cut off"), "the lost end shows");
    assert_eq!(count(&world, "anonymised_at IS NULL").await, 1_200);
    let said = recovered(&world).await;
    let restored = &said.restored[0];
    assert_eq!(
        (restored.people, restored.erased_again, restored.doubtful),
        (1_200, 1_000, 0)
    );
    assert_eq!(
        count(&world, "id <= 1000 AND anonymised_at IS NOT NULL AND last_name = 'DSGVO' AND first_name IS NULL AND email IS NULL").await,
        1_000,
        "also the one who has a reservation now: nobody is judged"
    );
    assert_eq!(
        world
            .platform
            .rows("SELECT * FROM customers WHERE id > 1000")
            .await,
        newcomers
    );
    ledger_holds(&world).await;
    let entries = world.entries("restored").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["lost"]["sequence"], restored.lost.sequence);
    assert_eq!(world.entries("re-erased").await.len() as u64, restored.batches);
    assert!(checked(&world).await.is_whole());
}

#[tokio::test]
async fn o4_a_second_start_finds_nothing_to_do() {
    let world = restored().await;
    recovered(&world).await;
    let ledger = world.ledger().await.len();
    assert!(recovered(&world).await.is_quiet());
    assert_eq!(world.ledger().await.len(), ledger);
    world.sweep().await;
    assert!(recovered(&world).await.is_quiet());
    ledger_holds(&world).await;
}

#[tokio::test]
async fn o4_the_same_backup_can_be_restored_again() {
    let mut world = World::new().await;
    people(&world, 1..=50).await;
    let backup = world.back_up().await;
    world.sweep().await;
    for _ in 0..3 {
        world.restore(&backup).await;
        assert_eq!(recovered(&world).await.restored[0].erased_again, 50);
        assert_eq!(count(&world, "anonymised_at IS NULL").await, 0);
        ledger_holds(&world).await;
    }
    people(&world, 51..=60).await;
    assert_eq!(world.sweep().await.anonymised, 10);
    world.restore(&backup).await;
    let said = recovered(&world).await;
    assert_eq!((said.restored[0].people, said.restored[0].erased_again), (60, 50));
    ledger_holds(&world).await;
}

#[tokio::test]
async fn r6_who_was_erased_by_hand_is_erased_again_with_the_mark_of_that_way() {
    let mut world = World::new().await;
    people(&world, 1..=3).await;
    let backup = world.back_up().await;
    anonymise(&world.tools(), &world.case(), &SubjectKey::Integer(2), true)
        .await
        .expect("by staff");
    world.sweep().await;
    world.restore(&backup).await;
    recovered(&world).await;
    assert_eq!(count(&world, "id = 2 AND last_name = 'Manuell DSGVO'").await, 1);
    assert_eq!(count(&world, "id <> 2 AND last_name = 'DSGVO'").await, 2);
    let note = Language::De.anonymisation_note();
    assert_eq!(world.cell("customers", 2, "description").await, note.into());
}

#[tokio::test]
async fn o4_who_has_another_creation_instant_is_a_newcomer() {
    let mut world = World::new().await;
    people(&world, 1..=2).await;
    let backup = world.back_up().await;
    world.sweep().await;
    world.restore(&backup).await;
    world
        .platform
        .run("UPDATE customers SET created_at = created_at + 1 WHERE id = 1")
        .await;
    let said = recovered(&world).await;
    assert_eq!((said.restored[0].erased_again, said.restored[0].doubtful), (1, 0));
    assert_eq!(count(&world, "anonymised_at IS NULL AND id = 1").await, 1);
}

/// Another platform: keys are texts, workgroups are found by a query, and no column says who was erased.
async fn salon() -> World {
    let world = World::with().dataset("salon-suite").build().await;
    world
        .platform
        .run(
            "INSERT INTO branch VALUES ('B1', 'theatre/house'), ('B2', 'theatre/studio'); \
             INSERT INTO guest (uid, username, full_name, mail, joined_on) VALUES \
             ('g-a', 'a.1970', 'Anna Moser', 'a@mail.example', '2015-01-01'), \
             ('g-b', 'b.1970', 'Bea Moser', 'b@mail.example', '2016-01-01'); \
             INSERT INTO guest_branch (guest_uid, branch_code) VALUES ('g-a', 'B1'), ('g-b', 'B1'); \
             INSERT INTO visit (visit_no, guest_uid, begins) VALUES (1, 'g-a', '2019-05-04T10:00:00Z'), \
             (2, 'g-b', '2019-05-04T10:00:00Z')",
        )
        .await;
    world
}

const IDENTIFIED: &str = "guest WHERE mail LIKE '%@mail.example'";

#[tokio::test]
async fn o4_a_platform_of_another_shape_is_put_right_as_well() {
    let mut world = salon().await;
    let backup = world.back_up().await;
    assert_eq!(world.sweep().await.anonymised, 2);
    world.restore(&backup).await;
    // The one goes to a second workgroup now: no plan would touch her, and this is none.
    world
        .platform
        .run("INSERT INTO guest_branch VALUES ('g-b', 'B2')")
        .await;
    assert_eq!(recovered(&world).await.restored[0].erased_again, 2);
    assert_eq!(world.platform.count(IDENTIFIED).await, 0);
    ledger_holds(&world).await;
}

#[tokio::test]
async fn o4_without_a_creation_instant_nobody_can_tell_and_nobody_is_touched() {
    let mut world = salon().await;
    let mut dataset = world.fitted.dataset().clone();
    dataset.subject.created_at = None;
    let (fitted, findings) = survey::fit(&world.store, Box::leak(Box::new(dataset)))
        .await
        .expect("a store");
    world.fitted = fitted.unwrap_or_else(|| panic!("{findings:#?}"));
    let backup = world.back_up().await;
    assert_eq!(world.sweep().await.anonymised, 2);
    world.restore(&backup).await;
    let said = recovered(&world).await;
    assert_eq!((said.restored[0].erased_again, said.restored[0].doubtful), (0, 2));
    assert_eq!(world.platform.count(IDENTIFIED).await, 2);
    assert_eq!(world.entries("restored").await[0]["doubtful"], 2);
    ledger_holds(&world).await;
}

#[tokio::test]
async fn the_operators_stop_keeps_even_these_and_they_are_named_at_every_start() {
    let mut world = World::new().await;
    people(&world, 1..=5).await;
    let backup = world.back_up().await;
    world.sweep().await;
    world.restore(&backup).await;
    world.watch_only = true;
    for _ in 0..2 {
        let said = recovered(&world).await;
        assert!(said.only_watched && said.restored[0].erased_again == 5);
        assert_eq!(count(&world, "anonymised_at IS NOT NULL").await, 0);
    }
    world.watch_only = false;
    assert_eq!(recovered(&world).await.restored[0].erased_again, 5);
}

#[tokio::test]
async fn o4_a_wrong_key_stops_everything_and_is_named() {
    let mut world = World::new().await;
    people(&world, 1..=5).await;
    let backup = world.back_up().await;
    world.sweep().await;
    world.restore(&backup).await;
    let keys = lapsed_model::KeyRing::parse(&format!("second {}", "77".repeat(32))).expect("a ring");
    let store = world.store.identity().await.expect("a name");
    let folders: Vec<_> = world.journal.folders().map(std::path::Path::to_owned).collect();
    world.journal = lapsed_jobs::journal::Journal::at(&folders, &store, &keys);
    world.keys = keys;
    let why = recover(&world.tools(), &std::collections::BTreeMap::new())
        .await
        .expect_err("the key is missing");
    assert!(why.to_string().contains("`first`"), "{why}");
}
