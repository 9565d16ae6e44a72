//! D-2: whoever waits for an answer to something else than erasure is left alone by the rules until there is one, and staff
//! have to say that they know.

use chrono::TimeDelta;
use lapsed_jobs::explain::Answer;
use lapsed_jobs::manual::{anonymise, open_business};
use lapsed_model::{Language, Pii, Request, RequestKind, RequestState, SubjectKey, Value};
use lapsed_tests::World;

use super::office::{ask, became, clerk, does_its_runs, hold_person, is_anonymised, lapsed, lift_it, now};

const OTHER_KINDS: [RequestKind; 3] = [
    RequestKind::Access,
    RequestKind::Correction,
    RequestKind::Objection,
];

/// A world whose first plan was approved long ago, in which customer 7 lapsed.
async fn settled() -> World {
    let world = World::with().says("by_customer = true").build().await;
    lapsed(&world, 1).await;
    world.sweep().await;
    world.pass(TimeDelta::days(8));
    lapsed(&world, 7).await;
    world
}

async fn answer(world: &World, request: &Request, state: RequestState) {
    let text = Pii::new("by post".to_owned());
    let answered = lapsed_jobs::requests::answer(&clerk(world), request, state, &text, "box office").await;
    answered.expect("an open request");
}

#[tokio::test]
async fn d2_the_rules_leave_alone_whoever_waits_for_an_answer() {
    for kind in OTHER_KINDS {
        let world = settled().await;
        lapsed(&world, 8).await;
        let request = ask(&world, kind, 7).await;
        let counts = world.preview().await.counts;
        assert_eq!(
            (counts.awaiting_answer, counts.all_due(), counts.people()),
            (1, 1, 2),
            "{kind}"
        );
        assert_eq!(world.due().await.len(), 1, "{kind}");
        assert_eq!(world.sweep().await.anonymised, 1, "{kind}");
        assert!(!is_anonymised(&world, 7).await, "{kind}");
        let request = now(&world, &request).await;
        assert_eq!(
            request.subject,
            Some(SubjectKey::Integer(7)),
            "it can be answered"
        );
    }
}

#[tokio::test]
async fn d2_who_asks_between_the_plan_and_its_batch_is_left_alone_too() {
    let world = settled().await;
    let plan = world.plan().await;
    ask(&world, RequestKind::Access, 7).await;
    let done = world.apply(&plan).await;
    assert_eq!((done.anonymised, done.dropped), (0, 1));
}

#[tokio::test]
async fn d2_with_the_answer_the_person_is_judged_again_at_once() {
    for state in [RequestState::Answered, RequestState::Refused] {
        let world = settled().await;
        let first = ask(&world, RequestKind::Access, 7).await;
        let second = ask(&world, RequestKind::Correction, 7).await;
        answer(&world, &first, state).await;
        assert_eq!(became(&does_its_runs(&world).await), [("judge", "left-alone")]);
        answer(&world, &second, state).await;
        assert_eq!(became(&does_its_runs(&world).await), [("judge", "anonymised")]);
        assert!(is_anonymised(&world, 7).await);
        assert!(
            now(&world, &first).await.answer.is_none(),
            "it went with the person"
        );
    }
}

#[tokio::test]
async fn d2_r5_staff_see_what_nobody_answered_and_must_say_that_they_know() {
    let world = settled().await;
    let request = ask(&world, RequestKind::Access, 7).await;
    let (keys, case) = (["theatre/house".to_owned()], world.case());
    let open = open_business(
        &world.store,
        &world.fitted,
        &case,
        &keys,
        "7",
        world.now(),
        Language::En,
    );
    let open = open.await.expect("an answer");
    assert!(open.is_any());
    assert_eq!(open.unanswered[0].request, request.id);
    let anna = SubjectKey::Integer(7);
    let without = anonymise(&world.tools(), &world.case(), &anna, false).await;
    assert_eq!(without.expect("nobody").anonymised, 0);
    let despite = anonymise(&world.tools(), &world.case(), &anna, true).await;
    assert_eq!(despite.expect("one").anonymised, 1);
}

#[tokio::test]
async fn d2_a_request_for_erasure_stays_open_while_another_one_waits_for_its_answer() {
    let world = settled().await;
    let held = hold_person(&world, 7).await;
    let erasure = ask(&world, RequestKind::Erasure, 7).await;
    let access = ask(&world, RequestKind::Access, 7).await;
    lift_it(&world, &held).await;
    let done = does_its_runs(&world).await;
    assert_eq!(
        became(&done),
        [("judge", "left-alone"), ("request", "open-business")]
    );
    assert_eq!(done[1].1["open"], serde_json::json!([access.id]));
    assert_eq!(now(&world, &erasure).await.state, RequestState::Open);
    answer(&world, &access, RequestState::Answered).await;
    assert_eq!(became(&does_its_runs(&world).await), [("judge", "anonymised")]);
    assert_eq!(now(&world, &erasure).await.state, RequestState::Answered);
}

#[tokio::test]
async fn d2_a_request_for_erasure_keeps_nobody() {
    let world = settled().await;
    ask(&world, RequestKind::Erasure, 7).await;
    assert_eq!(world.preview().await.counts.awaiting_answer, 0);
    assert_eq!(world.sweep().await.anonymised, 1);
}

#[tokio::test]
async fn d2_explain_says_what_a_person_waits_for() {
    let world = settled().await;
    let request = ask(&world, RequestKind::Objection, 7).await;
    let told = world.explain(7).await;
    assert_eq!(
        (told.answer, told.rule, told.next_change),
        (Answer::AwaitsAnswer, None, None)
    );
    assert_eq!(told.unanswered[0].request, request.id);
    answer(&world, &request, RequestState::Answered).await;
    let told = world.explain(7).await;
    assert_eq!((told.answer, told.unanswered.len()), (Answer::Due, 0));
}

#[tokio::test]
async fn d2_who_waits_for_an_answer_goes_on_waiting_in_another_tenant() {
    let world = settled().await;
    ask(&world, RequestKind::Access, 7).await;
    world
        .platform
        .run("UPDATE lapsed_request SET tenant = 'museum'")
        .await;
    assert_eq!(world.sweep().await.anonymised, 0);
    assert_ne!(world.cell("customers", 7, "first_name").await, Value::Null);
}
