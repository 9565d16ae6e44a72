//! the files of a workgroup name everybody who can be identified, and nobody else.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lapsed_jobs::{JobError, Refusal};
use lapsed_model::ConsentTo;
use lapsed_tests::World;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::filled::answers;
use crate::handed_out::{erase, files_in, known, meanwhile, pause, try_write, wanted, written};
use crate::opened::Opened;

/// Adds people of the house, more than a page of them.
async fn many_people(world: &World) {
    world
        .platform
        .run(
            "INSERT INTO customers (id, workgroup, number, first_name, last_name, city, created_at) \
             WITH RECURSIVE ids (id) AS (VALUES (1) UNION ALL SELECT id + 1 FROM ids WHERE id < 2500) \
             SELECT id, 'theatre/house', 'K-' || id, 'Anna' || id, 'Gruber', 'Wien', 1262304000000 + id FROM ids; \
             INSERT INTO form_answers (id, workgroup, form, kind, customer_id, field, identifies, value, answered_at) \
             SELECT id, 'theatre/house', 'participant', 'order', id, 'diet', 0, 'before', 1262304000000 FROM customers",
        )
        .await;
}

#[tokio::test]
async fn x3_everybody_of_the_workgroup_who_can_be_identified_and_nobody_else() {
    let world = World::new().await;
    for customer in 1..=4 {
        world.customer(customer).consent(None).await;
        answers(
            &world,
            &[("customer_id", customer)],
            "order",
            &format!("diet of {customer}"),
        )
        .await;
    }
    world.customer(5).in_workgroup("studio").consent(None).await;
    world.customer(6).with("workgroup", "elsewhere/house").await;
    erase(&world, 3).await;
    let written = written(&world).await;
    let opened = Opened::file(&written.path);
    assert_eq!(
        opened.files(),
        ["consents.csv", "customer.csv", "form_answers.csv"]
    );
    for file in opened.files() {
        assert_eq!(opened.column(file, "customer"), ["1", "2", "4"], "{file}");
    }
    assert_eq!(opened.column("customer.csv", "email")[0], "anna1@mail.example");
    assert_eq!(
        opened.column("form_answers.csv", "value"),
        ["diet of 1", "diet of 2", "diet of 4"]
    );
    assert_eq!(
        opened.manifest["about"],
        json!({"kind": "workgroup", "tenant": "theatre", "workgroup": "house"})
    );
    assert!(
        opened
            .readme
            .starts_with("Kundinnen und Kunden von house, Stadttheater"),
        "{}",
        opened.readme
    );
    assert_eq!(written.people, 3);
    assert_eq!(written.files["customer.csv"], 3);
    assert_eq!(
        (opened.sha256, written.bytes),
        (written.sha256.to_string(), size(&written.path))
    );
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).expect("a file").len()
}

#[tokio::test]
async fn x3_only_people_with_a_consent_or_of_one_event() {
    let world = World::new().await;
    world.customer(1).consent(None).ticket("2026-12-01").await;
    world
        .customer(2)
        .consent(Some("2026-01-01"))
        .ticket("2026-12-02")
        .await;
    world.customer(3).await;
    let event = "SELECT CAST(event_id AS TEXT) FROM tickets WHERE order_id = (SELECT id FROM orders WHERE customer_id = 2)";
    let event = world.platform.value(event).await;
    let lapsed_model::Value::Text(event) = event else {
        panic!("{event:?}")
    };
    // Whoever takes part answered something.
    let ticket = format!("SELECT id FROM tickets WHERE event_id = {event}");
    let lapsed_model::Value::Integer(ticket) = world.platform.value(&ticket).await else {
        panic!("a ticket")
    };
    answers(&world, &[("ticket_id", ticket)], "rate", "no nuts").await;
    let folder = world.exports();
    let consent: ConsentTo = "marketing by email".parse().expect("a consent");
    let mut only = wanted(&folder);
    only.consent = Some(&consent);
    let with_consent = try_write(&world, &only, |_| {}).await.expect("a file");
    let opened = Opened::file(&with_consent.path);
    assert_eq!(opened.column("customer.csv", "customer"), ["1"]);
    assert!(opened.readme.contains("marketing by email"), "{}", opened.readme);
    let mut only = wanted(&folder);
    only.event = Some(&event);
    let of_event = try_write(&world, &only, |_| {}).await.expect("a file");
    let opened = Opened::file(&of_event.path);
    assert_eq!(opened.column("customer.csv", "customer"), ["2"]);
    assert_eq!(opened.column("form_answers.csv", "customer"), ["2"]);
    assert!(opened.readme.contains(&event), "{}", opened.readme);
    let filters: Vec<_> = world
        .entries("exported")
        .await
        .into_iter()
        .map(|entry| entry["filter"].clone())
        .collect();
    assert_eq!(
        filters,
        [
            json!({"consent": "marketing by email", "event": null}),
            json!({"consent": null, "event": event})
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn x3_whatever_is_written_meanwhile_the_file_shows_one_moment() {
    let world = World::new().await;
    many_people(&world).await;
    let folder = world.exports();
    let mut pages = 0;
    let written = try_write(&world, &wanted(&folder), |progress| {
        pages += 1;
        // The first page is read, and the others are not.
        if pages == 2 {
            assert_eq!(progress.rows, 1_000);
            meanwhile(world.platform.run(
                "UPDATE customers SET city = 'Linz'; UPDATE form_answers SET value = 'behind'; \
                 DELETE FROM form_answers WHERE customer_id = 2400; \
                 INSERT INTO customers (id, workgroup, number, city, created_at) \
                 VALUES (3000, 'theatre/house', 'K-3000', 'Linz', 1262304000000)",
            ));
        }
    })
    .await
    .expect("a file");
    assert!(pages > 6, "{pages}");
    let opened = Opened::file(&written.path);
    let (cities, values) = (
        opened.column("customer.csv", "city"),
        opened.column("form_answers.csv", "value"),
    );
    assert_eq!((cities.len(), values.len()), (2_500, 2_500));
    assert!(cities.iter().all(|city| *city == "Wien") && values.iter().all(|value| *value == "before"));
}

#[tokio::test]
async fn x4_a_file_is_its_owners_and_called_by_a_name_of_ours() {
    let world = World::new().await;
    world.customer(1).await;
    let written = written(&world).await;
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o7777;
    assert_eq!(mode(&written.path), 0o600);
    assert_eq!(mode(&world.exports()), 0o700);
    let name = format!("theatre-house-2026-11-22-{}.zip", written.id);
    assert_eq!(
        files_in(&world.exports()),
        [world.exports().join(name)],
        "and nothing beside it"
    );
}

#[tokio::test]
async fn o4_the_ledger_says_who_exported_a_workgroup_when_and_what() {
    let world = World::new().await;
    world.customer(918_273_007).consent(None).await;
    let before = world.platform.picture().await;
    let written = written(&world).await;
    let entries = world.entries("exported").await;
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(entry["what"], "workgroup");
    assert_eq!(entry["export"], json!(written.id));
    assert_eq!(entry["sha256"], json!(written.sha256));
    assert_eq!(
        (&entry["people"], &entry["files"]),
        (&json!(1), &json!(written.files))
    );
    assert_eq!(
        (&entry["by"], &entry["way"]),
        (&json!("Berta at the box office"), &json!("command"))
    );
    let text = entry.to_string();
    for stored in before.texts() {
        assert!(
            stored.starts_with("theatre") || !text.contains(&stored),
            "`{stored}` stands in {text}"
        );
    }
    assert!(!text.contains("918273007"), "{text}");
    let export = known(&world, &written.id).await;
    assert_eq!(
        export.contents.map(|contents| contents.sha256),
        Some(written.sha256)
    );
}

/// Whatever ends it before its end: no file, no entry, and the store knows that there is none.
#[tokio::test(flavor = "multi_thread")]
async fn x4_what_is_stopped_in_the_middle_leaves_nothing() {
    let world = World::new().await;
    many_people(&world).await;
    let folder = world.exports();
    let stop = CancellationToken::new();
    let mut stoppable = wanted(&folder);
    stoppable.stop = Some(&stop);
    let mut pages = 0;
    let stopped = try_write(&world, &stoppable, |_| {
        pages += 1;
        if pages == 3 {
            stop.cancel();
        }
    })
    .await;
    assert!(matches!(stopped, Err(JobError::Stopped)), "{stopped:?}");
    let mut pages = 0;
    let paused = try_write(&world, &wanted(&folder), |_| {
        pages += 1;
        if pages == 3 {
            meanwhile(pause(&world));
        }
    })
    .await;
    let why = paused.expect_err("a pause").to_string();
    assert!(
        why.contains("theatre is paused (operator: moving house)"),
        "{why}"
    );
    assert!(
        try_write(&world, &wanted(&folder), |_| {}).await.is_err(),
        "nothing begins"
    );
    assert_eq!(files_in(&folder), Vec::<std::path::PathBuf>::new());
    assert!(world.entries("exported").await.is_empty());
    let exports = world.store.exports(None, 10).await.expect("a list");
    assert!(!exports.is_empty());
    for export in exports {
        assert_eq!(export.state, lapsed_store::ExportState::Removed);
    }
    assert_eq!(
        world.platform.count("lapsed_export_subject").await,
        0,
        "it is forgotten whom they would have named"
    );
}

#[tokio::test]
async fn x3_where_no_file_tells_of_events_nobody_can_ask_for_one() {
    let world = World::with().dataset("salon-suite").build().await;
    let folder = world.exports();
    let mut only = wanted(&folder);
    only.event = Some("17");
    let refused = try_write(&world, &only, |_| {}).await;
    let expected = JobError::from(Refusal::NoEvents).to_string();
    assert_eq!(refused.expect_err("a refusal").to_string(), expected);
}
