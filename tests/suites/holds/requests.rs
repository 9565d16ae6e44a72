//! D-2: every request has its due date, and what is late is seen.

use chrono::TimeDelta;
use lapsed_model::{Pii, RequestKind, RequestState};
use lapsed_store::RequestFilter;
use lapsed_tests::{World, instant};

use super::office::{ask, clerk, hold_person, lapsed, try_ask};

#[tokio::test]
async fn d2_an_answer_is_due_a_month_after_the_day_on_which_the_request_came() {
    let world = World::with().now("2027-02-01T08:00:00Z").build().await;
    lapsed(&world, 7).await;
    let received = Some(instant("2027-01-31T12:00:00Z"));
    let (request, hold) = try_ask(&world, RequestKind::Access, 7, received)
        .await
        .expect("a request");
    assert!(hold.is_none());
    assert_eq!(
        request.due_at,
        instant("2027-02-28T22:59:59.999Z"),
        "the end of February in Vienna"
    );
    let entry = &world.entries("request").await[0];
    assert_eq!(entry["due_at"], "2027-02-28T22:59:59.999Z");
}

#[tokio::test]
async fn d2_the_same_moment_is_due_on_another_day_elsewhere() {
    let world = World::with()
        .now("2026-01-30T11:30:00Z")
        .zone("Pacific/Auckland")
        .build()
        .await;
    lapsed(&world, 7).await;
    let request = ask(&world, RequestKind::Correction, 7).await;
    assert_eq!(request.due_at, instant("2026-02-28T10:59:59.999Z"));
}

#[tokio::test]
async fn d2_what_is_late_is_seen_from_the_first_instant_after_its_day() {
    let world = World::new().await;
    for customer in [7, 8, 9] {
        lapsed(&world, customer).await;
    }
    let first = ask(&world, RequestKind::Access, 7).await;
    world.pass(TimeDelta::days(1));
    let second = ask(&world, RequestKind::Access, 8).await;
    let third = ask(&world, RequestKind::Erasure, 9).await;
    let ids = async |open, overdue: bool| -> Vec<String> {
        let filter = RequestFilter {
            tenant: Some(world.policy.tenant.clone()),
            open,
            overdue_at: overdue.then(|| world.now()),
        };
        let requests = world.store.requests(&filter).await.expect("requests");
        requests.into_iter().map(|request| request.id).collect()
    };
    world.pass(first.due_at - world.now());
    assert!(ids(false, true).await.is_empty(), "the last instant is in time");
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!(ids(false, true).await, std::slice::from_ref(&first.id));
    assert_eq!(
        world.store.open_requests(world.now()).await.expect("numbers"),
        (3, 1)
    );
    let text = Pii::new("All of it, by post".to_owned());
    lapsed_jobs::requests::answer(
        &clerk(&world),
        &first,
        RequestState::Answered,
        &text,
        "box office",
    )
    .await
    .expect("an answer");
    assert!(ids(false, true).await.is_empty());
    let mut open = [second.id, third.id];
    open.sort();
    assert_eq!(ids(true, false).await, open);
    assert_eq!(ids(false, false).await.len(), 3);
    let answered = &world.entries("request-answered").await[0];
    assert_eq!(answered["in_time"], false);
}

#[tokio::test]
async fn d2_r9_who_asks_to_be_forgotten_under_a_hold_is_told_at_once() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    let held = hold_person(&world, 7).await;
    let (request, hold) = try_ask(&world, RequestKind::Erasure, 7, None)
        .await
        .expect("a request");
    assert_eq!(hold.map(|hold| hold.id), Some(held.id.clone()));
    assert_eq!(request.waits_for, Some(held.id));
    let (access, hold) = try_ask(&world, RequestKind::Access, 7, None)
        .await
        .expect("a request");
    assert!(
        hold.is_none() && access.waits_for.is_none(),
        "a hold keeps nobody from being told what is stored"
    );
}
