//! A hold that would hold nobody, and a request that nobody could have made, are refused when they are written.

use lapsed_jobs::holds::{On, lift};
use lapsed_model::{Pii, RequestKind, RequestState};
use lapsed_tests::{World, instant};

use super::office::{
    ask, clerk, code, hold_person, hold_until, lapsed, lift_it, store_keys, try_ask, try_hold, workgroup,
};

#[tokio::test]
async fn r9_a_hold_names_somebody_who_is_there() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    world.customer(8).with("anonymised_at", 1).await;
    let house = workgroup("house");
    let person = |customer| On::Person {
        workgroup: &house,
        customer,
    };
    assert_eq!(code(try_hold(&world, person("70"), None).await), "no-customer");
    assert_eq!(
        code(try_hold(&world, person("8"), None).await),
        "already-anonymised"
    );
    let nowhere = workgroup("nowhere");
    let on = On::Person {
        workgroup: &nowhere,
        customer: "7",
    };
    assert_eq!(code(try_hold(&world, on, None).await), "no-workgroup");
}

#[tokio::test]
async fn r9_a_hold_on_a_record_leads_to_somebody() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    world
        .customer(8)
        .in_workgroup("elsewhere")
        .order("2019-05-04", "paid")
        .await;
    let elsewhere = super::office::order_of(&world, 8).await;
    for record in ["R-0", &elsewhere] {
        let on = On::Record {
            kind: "order",
            record,
        };
        assert_eq!(code(try_hold(&world, on, None).await), "record-of-nobody");
    }
    let on = On::Record {
        kind: "parcel",
        record: "1",
    };
    let refused = try_hold(&world, on, None).await.expect_err("no such kind");
    assert!(
        refused.to_string().contains("order, membership, appointment"),
        "{refused}"
    );
}

#[tokio::test]
async fn r9_a_hold_ends_in_the_future() {
    let world = World::new().await;
    for ends in ["2026-11-22T12:00:00Z", "2020-01-01"] {
        assert_eq!(
            code(try_hold(&world, On::Tenant, Some(ends)).await),
            "hold-in-the-past"
        );
    }
    assert!(
        try_hold(&world, On::Tenant, Some("2026-11-22T12:00:00.001Z"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn r9_a_hold_is_lifted_once_and_not_after_its_end() {
    let mut world = World::new().await;
    lapsed(&world, 7).await;
    let held = hold_person(&world, 7).await;
    lift_it(&world, &held).await;
    let again = async |world: &World, hold| {
        let because = Pii::new("again".to_owned());
        code(lift(&clerk(world), &store_keys(), hold, "legal", because).await)
    };
    assert_eq!(again(&world, &held).await, "hold-over");
    let short = hold_until(&world, 7, Some("2026-11-23")).await;
    world.pass(instant("2026-11-23") - world.now());
    world.tenant_writes("by_staff = true");
    assert_eq!(again(&world, &short).await, "hold-over");
    assert_eq!(
        world.entries("hold-lifted").await.len(),
        1,
        "what was refused leaves no entry"
    );
}

#[tokio::test]
async fn r9_who_was_anonymised_since_somebody_looked_cannot_be_held() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    let hold = hold_person(&world, 7).await;
    lift_it(&world, &hold).await;
    world.sweep().await;
    let statement = world
        .fitted
        .identified_person("theatre/house", &lapsed_model::SubjectKey::Integer(7));
    let new = lapsed_store::NewHold {
        hold: &lapsed_model::Hold {
            id: "h-late".to_owned(),
            lifted: None,
            ..hold
        },
        people: &[],
        created: lapsed_model::Value::Null,
        there: Some(&statement),
    };
    let entry = lapsed_model::Entry {
        tenant: world.policy.tenant.clone(),
        at: world.now(),
        kind: "hold".to_owned(),
        payload: "{}".to_owned(),
    };
    let seal = lapsed_store::Seal {
        key: world.keys.newest(),
        chance: &world.chance,
    };
    assert!(
        !world
            .store
            .place_hold(&new, entry, &seal)
            .await
            .expect("an answer")
    );
    assert_eq!(world.entries("hold").await.len(), 1);
}

#[tokio::test]
async fn d2_a_request_is_of_somebody_who_is_known_and_came_before_now() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    world.customer(8).with("anonymised_at", 1).await;
    let kind = RequestKind::Access;
    assert_eq!(code(try_ask(&world, kind, 70, None).await), "no-customer");
    assert_eq!(code(try_ask(&world, kind, 8, None).await), "already-anonymised");
    let later = Some(instant("2026-11-22T12:00:01Z"));
    assert_eq!(code(try_ask(&world, kind, 7, later).await), "received-later");
}

#[tokio::test]
async fn d2_a_request_is_answered_once() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    let request = ask(&world, RequestKind::Objection, 7).await;
    let text = Pii::new("We stopped".to_owned());
    let answer = async |state| {
        lapsed_jobs::requests::answer(&clerk(&world), &request, state, &text, "box office").await
    };
    answer(RequestState::Refused).await.expect("the first answer");
    assert_eq!(code(answer(RequestState::Answered).await), "request-answered");
    let request = world.store.request(&request.id).await.expect("a request");
    assert_eq!(request.state, RequestState::Refused);
    assert_eq!(request.answer.as_ref().map(Pii::reveal), Some(text.reveal()));
}
