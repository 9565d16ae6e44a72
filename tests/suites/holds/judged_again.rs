//! when a hold is gone its people are judged again, and what they asked for is carried out.

use chrono::TimeDelta;
use lapsed_jobs::holds::On;
use lapsed_model::{RequestKind, RequestState, Unusual, Value};
use lapsed_tests::World;

use super::office::{
    ask, became, desk, does_its_runs, hold, hold_order, hold_person, hold_until, is_anonymised, lapsed,
    lift_it, now, order_of,
};

/// A world whose first plan was approved before anything else happened.
async fn settled() -> World {
    let world = World::with().says("by_customer = true").build().await;
    lapsed(&world, 1).await;
    world.sweep().await;
    world.pass(TimeDelta::days(8));
    world
}

#[tokio::test]
async fn r9_lifting_a_hold_has_the_person_judged_again_at_once() {
    let world = settled().await;
    lapsed(&world, 7).await;
    world.customer(8).ticket("2026-06-01").await;
    for customer in [7, 8] {
        let held = hold_person(&world, customer).await;
        assert_eq!(lift_it(&world, &held).await, 1);
    }
    let done = does_its_runs(&world).await;
    assert_eq!(became(&done), [("judge", "anonymised"), ("judge", "left-alone")]);
    assert_eq!(world.cell("customers", 7, "last_name").await, "DSGVO".into());
    assert!(!is_anonymised(&world, 8).await, "a rule keeps them");
    let entry = world.entries("erased").await.pop().expect("an entry");
    assert_eq!(
        (entry["way"].as_str(), entry["people"].as_u64()),
        (Some("automatic"), Some(1))
    );
}

#[tokio::test]
async fn r9_lifting_a_hold_on_a_record_has_everybody_judged_whom_it_leads_to() {
    let world = settled().await;
    lapsed(&world, 7).await;
    let number = order_of(&world, 7).await;
    world
        .customer(8)
        .in_workgroup("studio")
        .ticket("2019-05-04")
        .await;
    world
        .platform
        .run(&format!(
            "UPDATE orders SET number = '{number}' WHERE customer_id = 8"
        ))
        .await;
    let held = hold_order(&world, &number).await;
    assert_eq!(lift_it(&world, &held).await, 2);
    let done = does_its_runs(&world).await;
    assert_eq!(
        became(&done),
        [("judge", "anonymised"), ("judge", "waits")],
        "the studio's first plan waits for an approval, whoever makes it"
    );
}

#[tokio::test]
async fn r9_of_two_holds_the_second_goes_on_holding() {
    let world = settled().await;
    lapsed(&world, 7).await;
    let first = hold_person(&world, 7).await;
    hold_order(&world, &order_of(&world, 7).await).await;
    lift_it(&world, &first).await;
    assert_eq!(became(&does_its_runs(&world).await), [("judge", "left-alone")]);
    assert!(!is_anonymised(&world, 7).await);
}

#[tokio::test]
async fn r5_r9_judging_again_does_what_the_policy_turned_on_and_no_more() {
    let mut world = settled().await;
    world.tenant_writes("automatic = \"plan only\"");
    lapsed(&world, 7).await;
    let held = hold_person(&world, 7).await;
    lift_it(&world, &held).await;
    assert_eq!(became(&does_its_runs(&world).await), [("judge", "automatic-off")]);
    assert!(!is_anonymised(&world, 7).await);
}

#[tokio::test]
async fn r9_a_hold_that_comes_to_its_end_has_the_person_judged_once() {
    let world = settled().await;
    lapsed(&world, 7).await;
    let held = hold_until(&world, 7, Some("2026-12-15T00:00:00Z")).await;
    assert_eq!(desk(&world).await.end_holds().await.expect("nothing"), 0);
    world.pass(TimeDelta::days(30));
    assert_eq!(desk(&world).await.end_holds().await.expect("a hold"), 1);
    assert_eq!(desk(&world).await.end_holds().await.expect("nothing"), 0, "once");
    assert_eq!(became(&does_its_runs(&world).await), [("judge", "anonymised")]);
    let ended = world.store.hold(&held.id).await.expect("the hold");
    assert_eq!(ended.ended_at, Some(world.now()));
}

#[tokio::test]
async fn r9_a_hold_that_was_lifted_does_not_end_a_second_time() {
    let world = settled().await;
    lapsed(&world, 7).await;
    let held = hold_until(&world, 7, Some("2026-12-15T00:00:00Z")).await;
    lift_it(&world, &held).await;
    world.pass(TimeDelta::days(30));
    assert_eq!(desk(&world).await.end_holds().await.expect("nothing"), 0);
}

#[tokio::test]
async fn d2_r9_a_request_that_waited_is_carried_out_when_the_hold_is_lifted() {
    let world = settled().await;
    // Whom every rule keeps: only the request can make them go.
    world.customer(7).ticket("2026-06-01").await;
    let held = hold_person(&world, 7).await;
    let request = ask(&world, RequestKind::Erasure, 7).await;
    lift_it(&world, &held).await;
    let done = does_its_runs(&world).await;
    assert_eq!(
        became(&done),
        [("judge", "left-alone"), ("request", "anonymised")]
    );
    assert_eq!(
        world.cell("customers", 7, "last_name").await,
        "Manuell DSGVO".into()
    );
    let request = now(&world, &request).await;
    assert_eq!(
        (request.state, request.subject, request.waits_for),
        (RequestState::Answered, None, None)
    );
    let entry = world.entries("erased").await.pop().expect("an entry");
    assert_eq!(entry["way"], "self-service");
    assert_eq!(world.entries("request-answered").await.len(), 1);
}

#[tokio::test]
async fn d2_r9_a_hold_that_is_placed_after_the_request_makes_it_wait_too() {
    let world = settled().await;
    lapsed(&world, 7).await;
    lapsed(&world, 8).await;
    let request = ask(&world, RequestKind::Erasure, 7).await;
    let other = ask(&world, RequestKind::Erasure, 8).await;
    assert_eq!(request.waits_for, None);
    let held = hold_order(&world, &order_of(&world, 7).await).await;
    assert_eq!(now(&world, &request).await.waits_for, Some(held.id.clone()));
    assert_eq!(now(&world, &other).await.waits_for, None);
    lift_it(&world, &held).await;
    let done = does_its_runs(&world).await;
    assert_eq!(
        became(&done),
        [("judge", "anonymised"), ("request", "nothing")],
        "the rules were quicker, and answered it"
    );
    assert_eq!(now(&world, &request).await.state, RequestState::Answered);
    assert_eq!(now(&world, &other).await.state, RequestState::Open);
}

#[tokio::test]
async fn d2_r9_requests_that_waited_for_a_hold_on_the_tenant_are_carried_out() {
    let world = settled().await;
    world.customer(7).ticket("2026-06-01").await;
    let held = hold(&world, On::Tenant, Some("2026-12-24T00:00:00Z")).await;
    let request = ask(&world, RequestKind::Erasure, 7).await;
    assert_eq!(request.waits_for, Some(held.id.clone()));
    world.pass(TimeDelta::days(30));
    assert_eq!(desk(&world).await.end_holds().await.expect("a hold"), 1);
    assert_eq!(became(&does_its_runs(&world).await), [("request", "anonymised")]);
}

#[tokio::test]
async fn d2_r9_a_request_waits_on_for_the_other_hold() {
    let world = settled().await;
    lapsed(&world, 7).await;
    let first = hold_person(&world, 7).await;
    let request = ask(&world, RequestKind::Erasure, 7).await;
    let second = hold_order(&world, &order_of(&world, 7).await).await;
    lift_it(&world, &first).await;
    assert_eq!(
        became(&does_its_runs(&world).await),
        [("judge", "left-alone"), ("request", "held")]
    );
    assert_eq!(now(&world, &request).await.waits_for, Some(second.id.clone()));
    lift_it(&world, &second).await;
    does_its_runs(&world).await;
    assert_eq!(now(&world, &request).await.state, RequestState::Answered);
}

#[tokio::test]
async fn r5_r9_a_request_with_open_business_stays_open() {
    let world = settled().await;
    world.customer(7).ticket("2027-06-01").await;
    let held = hold_person(&world, 7).await;
    let request = ask(&world, RequestKind::Erasure, 7).await;
    lift_it(&world, &held).await;
    let done = does_its_runs(&world).await;
    assert_eq!(
        became(&done),
        [("judge", "left-alone"), ("request", "open-business")]
    );
    assert_eq!(done[1].1["open"], serde_json::json!(["open-tickets"]));
    let request = now(&world, &request).await;
    assert_eq!((request.state, request.waits_for), (RequestState::Open, None));
    assert_ne!(world.cell("customers", 7, "first_name").await, Value::Null);
}

#[tokio::test]
async fn r11_who_was_judged_again_is_no_first_plan_when_the_run_is_long_gone_either() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    let held = hold_person(&world, 7).await;
    lift_it(&world, &held).await;
    let done = does_its_runs(&world).await;
    assert_eq!(became(&done), [("judge", "waits")]);
    let plan = done[0].1["plan"].as_str().expect("a plan of one");
    let plan = world.store.plan(plan).await.expect("a plan of one");
    world.approve(&plan).await;
    assert_eq!(world.apply(&plan).await.anonymised, 1);
    world.platform.run("DELETE FROM lapsed_run").await;
    lapsed(&world, 8).await;
    let first = world.plan_unapproved().await;
    let approval = world.store.approval(&first.id).await.expect("an answer");
    let approval = approval.expect("it waits");
    assert_eq!(approval.because, [Unusual::FirstPlan { people: 1 }]);
    assert_eq!(approval.previous, None);
}
