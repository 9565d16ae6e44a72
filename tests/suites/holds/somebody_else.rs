//! R-9, D-2: platforms hand keys out again, and operators hand workgroups over. Holds and requests go with the person, and
//! with nobody else.

use chrono::TimeDelta;
use lapsed_jobs::manual::anonymise;
use lapsed_model::{Dialect, Request, RequestKind, RequestState, SubjectKey, Value};
use lapsed_tests::{World, only_on};

use super::office::{ask, became, does_its_runs, hold_person, is_anonymised, lapsed, lift_it, now};

/// A world whose first plan was approved long ago, in which customer 7 lapsed.
async fn settled() -> World {
    let world = World::with().says("by_customer = true").build().await;
    lapsed(&world, 1).await;
    world.sweep().await;
    world.pass(TimeDelta::days(8));
    lapsed(&world, 7).await;
    world
}

/// The platform deletes customer 7, and gives the number to somebody else.
async fn handed_out_again(world: &World) {
    world
        .platform
        .run("UPDATE customers SET created_at = created_at + 1, first_name = 'Berta' WHERE id = 7")
        .await;
}

/// A run carries the request out.
async fn carried_out(world: &World, request: &Request) -> Vec<super::office::Done> {
    world
        .platform
        .run(&format!(
            "INSERT INTO lapsed_run (tenant, workgroup, job, payload, created_at, due_at, state) \
             VALUES ('theatre', 'house', 'request', '{{\"request\":\"{}\"}}', 0, 0, 'available'); \
             INSERT INTO lapsed_turn (tenant, waiting, vtime) VALUES ('theatre', 1, 0) \
             ON CONFLICT (tenant) DO UPDATE SET waiting = 1",
            request.id
        ))
        .await;
    does_its_runs(world).await
}

#[tokio::test]
async fn d2_nobody_is_anonymised_because_somebody_asked_who_had_their_key() {
    let world = settled().await;
    let request = ask(&world, RequestKind::Erasure, 7).await;
    handed_out_again(&world).await;
    let done = carried_out(&world, &request).await;
    assert_eq!(done[0].1["code"], "somebody-else");
    assert!(!is_anonymised(&world, 7).await);
    assert_eq!(
        now(&world, &request).await.state,
        RequestState::Open,
        "staff answer it"
    );
}

#[tokio::test]
async fn d2_a_request_is_not_answered_by_the_erasure_of_somebody_else() {
    let world = settled().await;
    let erasure = ask(&world, RequestKind::Erasure, 7).await;
    let access = ask(&world, RequestKind::Access, 7).await;
    handed_out_again(&world).await;
    assert_eq!(world.sweep().await.anonymised, 1, "nobody keeps them");
    for request in [erasure, access] {
        let request = now(&world, &request).await;
        assert_eq!(request.state, RequestState::Open);
        assert!(request.note.is_some(), "staff know whom it is about");
    }
}

#[tokio::test]
async fn r9_a_hold_holds_nobody_who_has_the_key_later() {
    let world = settled().await;
    let held = hold_person(&world, 7).await;
    assert_eq!(world.preview().await.counts.held, 1);
    handed_out_again(&world).await;
    assert_eq!(world.preview().await.counts.held, 0);
    assert_eq!(world.sweep().await.anonymised, 1);
    let hold = world.store.hold(&held.id).await.expect("the hold");
    assert!(hold.reason.is_some(), "it is in force, and says so");
    assert_eq!(lift_it(&world, &held).await, 0, "there is nobody to judge");
}

#[tokio::test]
async fn r9_a_hold_that_does_not_know_the_records_creation_holds_whoever_has_the_key() {
    let world = settled().await;
    hold_person(&world, 7).await;
    world.platform.set("lapsed_hold", "created", &Value::Null).await;
    handed_out_again(&world).await;
    assert_eq!(world.preview().await.counts.held, 1);
    world.platform.set("lapsed_hold", "created", &1_i64.into()).await;
    assert_eq!(world.preview().await.counts.held, 0);
}

#[tokio::test]
async fn r9_a_hold_goes_with_the_workgroup_to_another_tenant() {
    let world = settled().await;
    let held = hold_person(&world, 7).await;
    // The operator gives the store's key of the workgroup to another tenant; here it is the hold that changes sides.
    world
        .platform
        .run("UPDATE lapsed_hold SET tenant = 'museum'")
        .await;
    assert_eq!(world.preview().await.counts.held, 1);
    assert_eq!(world.sweep().await.anonymised, 0);
    let refused = anonymise(&world.tools(), &world.case(), &SubjectKey::Integer(7), true).await;
    assert_eq!(super::office::code(refused), "held");
    let request = ask(&world, RequestKind::Erasure, 7).await;
    assert_eq!(request.waits_for, Some(held.id.clone()));
    let held = world.store.hold(&held.id).await.expect("the hold");
    lift_it(&world, &held).await;
    assert_eq!(
        became(&does_its_runs(&world).await).last(),
        Some(&("request", "anonymised")),
        "whosever hold it was"
    );
}

#[tokio::test]
async fn r9_erasing_clears_no_hold_in_force() {
    let world = settled().await;
    hold_person(&world, 7).await;
    // As if the hold did not bind, for whatever reason.
    world.platform.set("lapsed_hold", "created", &1_i64.into()).await;
    assert_eq!(world.sweep().await.anonymised, 1);
    let subject = world.platform.value("SELECT subject FROM lapsed_hold").await;
    assert_eq!(subject, Value::Integer(7));
}

#[tokio::test]
async fn r9_a_hold_finds_its_person_by_an_instant_with_any_number_of_decimals() {
    if !only_on(Dialect::Postgres, "SQLite has no numbers of any length") {
        return;
    }
    for (kind, instant) in [
        ("numeric(30, 9)", "1144026440957.123456789"),
        ("numeric(30, 9)", "1144026440957"),
        ("double precision", "1144026440957.1235"),
    ] {
        let mut world = World::new().await;
        lapsed(&world, 7).await;
        let sql = format!(
            "ALTER TABLE customers ALTER created_at TYPE {kind}; UPDATE customers SET created_at = {instant}"
        );
        world.platform.run(&sql).await;
        world.refit().await;
        let held = hold_person(&world, 7).await;
        assert_eq!(world.sweep().await.anonymised, 0, "{kind} {instant}");
        lift_it(&world, &held).await;
        world
            .platform
            .run("UPDATE customers SET created_at = created_at + 1")
            .await;
        hold_person(&world, 7).await;
        world
            .platform
            .run("UPDATE customers SET created_at = created_at - 1")
            .await;
        assert_eq!(
            world.sweep().await.anonymised,
            1,
            "that was somebody else: {kind} {instant}"
        );
    }
}
