//! O-4: the ledger says that there was a hold or a request, and not whose; and when a person is anonymised the daemon's
//! own records of them lose what says so.

use chrono::TimeDelta;
use lapsed_jobs::apply::{Tools, pseudonym};
use lapsed_jobs::holds::On;
use lapsed_jobs::ledger::verify;
use lapsed_jobs::manual::anonymise;
use lapsed_model::{Pii, RequestKind, RequestState, SubjectKey, Value};
use lapsed_store::Erased;
use lapsed_tests::{World, milliseconds};

use super::office::{ask, clerk, hold, hold_order, hold_person, lapsed, lift_it, order_of};

const ANNA: i64 = 918_273_007;

async fn ledger_text(world: &World) -> String {
    let rows = world
        .platform
        .rows("SELECT kind, payload FROM lapsed_ledger")
        .await;
    format!("{rows:?}")
}

#[tokio::test]
async fn o4_holds_and_requests_leave_entries_that_name_nobody() {
    let world = World::new().await;
    lapsed(&world, ANNA).await;
    let number = order_of(&world, ANNA).await;
    let held = hold_person(&world, ANNA).await;
    let order = hold_order(&world, &number).await;
    let tenant = hold(&world, On::Tenant, None).await;
    let request = ask(&world, RequestKind::Access, ANNA).await;
    let told = Pii::new("Frau Gruber bekam alles per Post".to_owned());
    lapsed_jobs::requests::answer(
        &clerk(&world),
        &request,
        RequestState::Answered,
        &told,
        "box office",
    )
    .await
    .expect("an answer");
    for hold in [&held, &order, &tenant] {
        lift_it(&world, hold).await;
    }
    let ledger = ledger_text(&world).await;
    for word in [
        &ANNA.to_string(),
        &number,
        "Gruber",
        "3 C 12/26",
        "Post",
        "rang an",
        "lost",
    ] {
        assert!(!ledger.contains(word), "`{word}` stands in the ledger: {ledger}");
    }
    let kinds: Vec<String> = world
        .ledger()
        .await
        .into_iter()
        .map(|sealed| sealed.entry.kind)
        .collect();
    let expected = [
        "hold",
        "hold",
        "hold",
        "request",
        "request-answered",
        "hold-lifted",
        "hold-lifted",
        "hold-lifted",
    ];
    assert_eq!(kinds, expected);
    let person = Erased {
        subject: SubjectKey::Integer(ANNA),
        rule: None,
        created: milliseconds("2015-01-01"),
    };
    let pseudonym = pseudonym(&world.keys, "theatre", "theatre/house", &person);
    let holds = world.entries("hold").await;
    assert_eq!(holds[0]["people"], serde_json::json!([pseudonym]));
    assert_eq!(holds[1]["people"], serde_json::json!([pseudonym]));
    assert_eq!(holds[0]["by"], "legal");
    assert_eq!(
        world.entries("request").await[0]["person"],
        serde_json::json!(pseudonym)
    );
}

#[tokio::test]
async fn o4_whoever_is_anonymised_is_no_longer_named_by_holds_and_requests() {
    let world = World::new().await;
    lapsed(&world, ANNA).await;
    lapsed(&world, 8).await;
    let number = order_of(&world, ANNA).await;
    for hold in [hold_person(&world, ANNA).await, hold_order(&world, &number).await] {
        lift_it(&world, &hold).await;
    }
    let access = ask(&world, RequestKind::Access, ANNA).await;
    let erasure = ask(&world, RequestKind::Erasure, ANNA).await;
    let kept = hold_person(&world, 8).await;
    let others = ask(&world, RequestKind::Access, 8).await;
    world.platform.insert("lapsed_warning", &warning(ANNA)).await;
    world.platform.insert("lapsed_warning", &warning(8)).await;
    let person = SubjectKey::Integer(ANNA);
    let done = anonymise(&world.tools(), &world.case(), &person, true).await;
    assert_eq!(done.expect("staff know what is open").anonymised, 1);

    let holds = world
        .platform
        .count("lapsed_hold WHERE subject IS NOT NULL OR reason IS NOT NULL OR lifted_because IS NOT NULL")
        .await;
    assert_eq!(holds, 1, "only the other person's, which is in force");
    assert!(world.store.hold(&kept.id).await.expect("a hold").reason.is_some());
    let (access, erasure) = (
        world.store.request(&access.id).await.expect("a request"),
        world.store.request(&erasure.id).await.expect("a request"),
    );
    assert!(access.subject.is_none() && access.note.is_none());
    assert_eq!(
        access.state,
        RequestState::Open,
        "that there is nothing to be told any more is an answer, too"
    );
    assert!(erasure.subject.is_none() && erasure.note.is_none() && erasure.answer.is_none());
    assert_eq!(
        (erasure.state, erasure.answered_by.as_deref()),
        (RequestState::Answered, Some("lapsed (manual)"))
    );
    assert!(
        world
            .store
            .request(&others.id)
            .await
            .expect("a request")
            .note
            .is_some()
    );
    assert_eq!(world.platform.count("lapsed_warning").await, 1);
    let answered = &world.entries("request-answered").await[0];
    assert_eq!(
        (answered["became"].as_str(), answered["in_time"].as_bool()),
        (Some("answered"), Some(true))
    );
    let chains = verify(&world.store, &world.keys, &[], world.now())
        .await
        .expect("a walk");
    assert!(chains.iter().all(|chain| chain.faults.is_empty()));
}

#[tokio::test]
async fn d2_a_request_that_a_killed_sweep_left_behind_is_answered_by_the_next() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    let request = ask(&world, RequestKind::Erasure, 7).await;
    world
        .platform
        .run("UPDATE customers SET anonymised_at = 1 WHERE id = 7; UPDATE lapsed_request SET subject = NULL")
        .await;
    world.pass(TimeDelta::minutes(1));
    let tools: Tools<'_> = world.tools();
    assert_eq!(
        lapsed_jobs::apply::apply(&tools, &world.case(), &world.plan().await, |_| {})
            .await
            .expect("a plan of nobody")
            .anonymised,
        0
    );
    assert_eq!(
        world.store.request(&request.id).await.expect("a request").state,
        RequestState::Answered
    );
}

fn warning(subject: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("tenant", "theatre".into()),
        ("workgroup", "house".into()),
        ("subject", subject.into()),
        ("warn_at", 0_i64.into()),
        ("due_at", 0_i64.into()),
        ("noted_at", 0_i64.into()),
    ]
}
