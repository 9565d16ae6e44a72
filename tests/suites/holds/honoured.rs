//! nobody under a legal hold is anonymised, whichever way.

use chrono::TimeDelta;
use lapsed_jobs::holds::On;
use lapsed_jobs::manual::anonymise;
use lapsed_model::{RequestKind, SubjectKey, Value};
use lapsed_tests::{World, instant};

use super::office::{
    ask, became, code, does_its_runs, hold, hold_order, hold_person, hold_until, is_anonymised, lapsed,
    order_of,
};

async fn people_due(world: &World) -> Vec<String> {
    let due = world.due().await;
    due.into_iter().map(|(key, _)| key.to_string()).collect()
}

/// Three people who lapsed.
async fn three() -> World {
    let world = World::new().await;
    for customer in [7, 8, 9] {
        lapsed(&world, customer).await;
    }
    world
}

#[tokio::test]
async fn r9_the_automatic_way_leaves_a_held_person_alone() {
    let world = three().await;
    hold_person(&world, 7).await;
    assert_eq!(people_due(&world).await, ["8", "9"]);
    let counts = world.preview().await.counts;
    assert_eq!((counts.held, counts.all_due(), counts.people()), (1, 2, 3));
    assert_eq!(world.sweep().await.anonymised, 2);
    assert!(!is_anonymised(&world, 7).await);
}

#[tokio::test]
async fn r9_a_hold_on_a_record_holds_everybody_it_leads_to() {
    let world = three().await;
    world
        .customer(10)
        .ticket("2019-05-04")
        .membership(Some("2020-01-01"))
        .await;
    hold_order(&world, &order_of(&world, 8).await).await;
    let membership = world
        .platform
        .value("SELECT id FROM memberships WHERE holder_id = 10")
        .await;
    let Value::Integer(membership) = membership else {
        panic!("{membership:?} is no membership")
    };
    let record = membership.to_string();
    hold(
        &world,
        On::Record {
            kind: "membership",
            record: &record,
        },
        None,
    )
    .await;
    assert_eq!(people_due(&world).await, ["7", "9"]);
    assert_eq!(world.sweep().await.anonymised, 2);
}

#[tokio::test]
async fn r9_a_hold_on_the_tenant_holds_everybody() {
    let world = three().await;
    hold(&world, On::Tenant, None).await;
    let counts = world.preview().await.counts;
    assert_eq!((counts.held, counts.all_due()), (3, 0));
    assert_eq!(world.sweep().await.anonymised, 0);
}

#[tokio::test]
async fn r9_a_tenant_is_not_held_by_the_holds_of_another() {
    let world = three().await;
    let number = order_of(&world, 8).await;
    hold_order(&world, &number).await;
    hold(&world, On::Tenant, None).await;
    world
        .platform
        .run("UPDATE lapsed_hold SET tenant = 'museum'")
        .await;
    assert_eq!(people_due(&world).await, ["7", "8", "9"]);
}

#[tokio::test]
async fn r9_a_hold_goes_with_the_person_into_another_workgroup() {
    let world = three().await;
    hold_person(&world, 7).await;
    world
        .platform
        .run("UPDATE customers SET workgroup = 'theatre/studio' WHERE id = 7")
        .await;
    let case = world.case_of("studio");
    let bounds = case.bounds(world.now());
    let preview = lapsed_jobs::retention::preview(&world.store, &world.fitted, &case, bounds).await;
    assert_eq!(preview.expect("a preview").counts.held, 1);
}

#[tokio::test]
async fn r9_a_hold_that_the_dataset_cannot_follow_any_more_holds_everybody() {
    let world = three().await;
    hold_order(&world, &order_of(&world, 7).await).await;
    world.platform.run("UPDATE lapsed_hold SET kind = 'parcel'").await;
    assert_eq!(world.preview().await.counts.held, 3);
    assert_eq!(people_due(&world).await, Vec::<String>::new());
}

#[tokio::test]
async fn r9_staff_cannot_override_a_hold_on_person_order_or_tenant() {
    let world = three().await;
    hold_person(&world, 7).await;
    hold_order(&world, &order_of(&world, 8).await).await;
    for customer in [7, 8] {
        let person = SubjectKey::Integer(customer);
        for despite in [false, true] {
            let refused = anonymise(&world.tools(), &world.case(), &person, despite).await;
            assert_eq!(code(refused), "held");
        }
    }
    hold(&world, On::Tenant, None).await;
    let refused = anonymise(&world.tools(), &world.case(), &SubjectKey::Integer(9), true).await;
    assert_eq!(code(refused), "held");
    assert_eq!(
        world
            .platform
            .count("customers WHERE anonymised_at IS NOT NULL")
            .await,
        0
    );
}

#[tokio::test]
async fn r9_a_persons_own_request_waits_for_the_hold() {
    let world = World::with().says("by_customer = true").build().await;
    lapsed(&world, 7).await;
    let held = hold_person(&world, 7).await;
    let request = ask(&world, RequestKind::Erasure, 7).await;
    assert_eq!(request.waits_for, Some(held.id.clone()));
    world
        .platform
        .run(&format!(
            "INSERT INTO lapsed_run (tenant, workgroup, job, payload, created_at, due_at, state) \
             VALUES ('theatre', 'house', 'request', '{{\"request\":\"{}\"}}', 0, 0, 'available'); \
             INSERT INTO lapsed_turn (tenant, waiting, vtime) VALUES ('theatre', 1, 0)",
            request.id
        ))
        .await;
    assert_eq!(became(&does_its_runs(&world).await), [("request", "held")]);
    assert!(!is_anonymised(&world, 7).await);
}

#[tokio::test]
async fn r9_a_hold_ends_with_the_instant_that_it_names() {
    let mut world = three().await;
    hold_until(&world, 7, Some("2026-12-01T00:00:00Z")).await;
    world.pass(instant("2026-11-30T23:59:59.999Z") - world.now());
    assert_eq!(people_due(&world).await, ["8", "9"]);
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(people_due(&world).await, ["7", "8", "9"]);
    world.tenant_writes("anonymise_after = \"4 years\"");
    assert_eq!(world.sweep().await.anonymised, 3);
}

#[tokio::test]
async fn r8_r9_an_invoices_recipient_stays_while_the_order_is_held() {
    let world = World::with()
        .says("keep_invoice_recipients = \"8 years\"")
        .build()
        .await;
    world
        .customer(7)
        .order("2020-03-01", "paid")
        .ticket("2020-03-08")
        .await;
    world
        .platform
        .run("UPDATE orders SET invoice_name = 'Anna Gruber'")
        .await;
    let recipients = async || {
        world
            .platform
            .count("orders WHERE invoice_name IS NOT NULL")
            .await
    };
    assert_eq!(world.sweep().await.anonymised, 1);
    let both = recipients().await;
    let held = hold_order(&world, &order_of(&world, 7).await).await;
    world.pass(TimeDelta::days(3 * 366));
    world.sweep().await;
    assert_eq!(
        recipients().await,
        both,
        "the orders of one person are held with one of them"
    );
    super::office::lift_it(&world, &held).await;
    world.pass(TimeDelta::minutes(1));
    assert_eq!(world.sweep().await.cleared_later, 1);
    assert_eq!(recipients().await, 0);
}
