//! Letting a plan go: once, by somebody with a name and a reason.

use chrono::TimeDelta;
use lapsed_jobs::approvals;
use lapsed_model::{Approved, Value};
use lapsed_store::StoreError;

use super::nights::{approval, because, code, lapse, theatre};

#[tokio::test]
async fn r11_the_ledger_names_who_approved_what_and_why() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 2).await;
    let plan = world.plan_unapproved().await;
    assert!(world.entries("approved").await.is_empty());
    world.approve(&plan).await;
    let entries = world.entries("approved").await;
    let [entry] = &entries[..] else {
        panic!("one entry, and not {entries:?}")
    };
    assert_eq!(entry["plan"], plan.id.as_str());
    assert_eq!(entry["plan_hash"], plan.hash.to_string());
    assert_eq!(entry["workgroup"], "theatre/house");
    assert_eq!(entry["people"], 2);
    assert_eq!(
        (&entry["by"], &entry["reason"]),
        (&"the test".into(), &"looked at".into())
    );
    assert_eq!(entry["because"][0]["why"], "first plan");
    let approved = approval(&world, &plan).await.expect("its row").approved;
    let approved = approved.expect("it was approved");
    assert_eq!((approved.at, approved.by.as_str()), (world.now(), "the test"));
}

#[tokio::test]
async fn r11_a_plan_is_approved_once() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let plan = world.plan_unapproved().await;
    world.approve(&plan).await;
    assert_eq!(code(world.try_approve(&plan).await), "approved-already");
    assert_eq!(world.entries("approved").await.len(), 1);
}

#[tokio::test]
async fn r11_of_two_who_approve_at_once_one_is_told_that_it_was_done() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let plan = world.plan_unapproved().await;
    let (one, other) = tokio::join!(world.try_approve(&plan), world.try_approve(&plan));
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(code(if one.is_err() { one } else { other }), "approved-already");
    assert_eq!(world.entries("approved").await.len(), 1);
}

#[tokio::test]
async fn r11_what_does_not_wait_is_not_approved() {
    let world = theatre(500, 100).await;
    let nobody = world.plan_unapproved().await;
    assert_eq!(code(world.try_approve(&nobody).await), "not-waiting");
    assert!(world.entries("approved").await.is_empty());
}

#[tokio::test]
async fn r11_an_approval_comes_too_late_when_the_plan_has_ended() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let plan = world.plan_unapproved().await;
    world.pass(TimeDelta::days(7));
    assert_eq!(code(world.try_approve(&plan).await), "plan-ended");
    assert!(
        world
            .store
            .waiting(None, world.now())
            .await
            .expect("a list")
            .is_empty()
    );
    world.pass(TimeDelta::milliseconds(-1));
    assert_eq!(
        world
            .store
            .waiting(None, world.now())
            .await
            .expect("a list")
            .len(),
        1
    );
    world.approve(&plan).await;
}

#[tokio::test]
async fn r11_a_plan_that_nobody_approved_is_replaced_by_the_next_one() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let first = world.plan_unapproved().await;
    world.pass(TimeDelta::days(1));
    let second = world.plan_unapproved().await;
    let replaced = approval(&world, &first).await.expect("its row");
    assert_eq!(replaced.replaced_by.as_deref(), Some(second.id.as_str()));
    assert_eq!(code(world.try_approve(&first).await), "replaced");
    assert_eq!(code(world.try_apply(&first).await), "replaced");
    let waiting = world.store.waiting(Some(&world.policy.tenant), world.now()).await;
    let waiting: Vec<String> = waiting.expect("a list").into_iter().map(|one| one.plan).collect();
    assert_eq!(waiting, std::slice::from_ref(&second.id));
    world.approve(&second).await;
    assert_eq!(world.apply(&second).await.anonymised, 1);
}

#[tokio::test]
async fn r11_an_approved_plan_is_replaced_by_none() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let first = world.plan_unapproved().await;
    world.approve(&first).await;
    world.pass(TimeDelta::days(1));
    let second = world.plan_unapproved().await;
    assert_eq!(
        because(&world, &second).await,
        [],
        "one was approved, so this is not the first"
    );
    assert_eq!(world.apply(&first).await.anonymised, 1);
}

#[tokio::test]
async fn r11_a_plan_that_was_edited_since_is_not_approved() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let plan = world.plan_unapproved().await;
    world.customer(2).ticket("2026-05-04").await;
    world
        .platform
        .insert(
            "lapsed_plan_subject",
            &[
                ("plan", plan.id.as_str().into()),
                ("subject", 2_i64.into()),
                ("rule", 1_i64.into()),
            ],
        )
        .await;
    assert_eq!(code(world.try_approve(&plan).await), "plan-edited");
    assert!(world.entries("approved").await.is_empty());
}

#[tokio::test]
async fn an_unknown_plan_is_not_approved() {
    let world = theatre(500, 100).await;
    let mut plan = world.plan_unapproved().await;
    plan.id = "p-000000000000".to_owned();
    let outcome = approvals::look(&world.store, &plan).await.expect("an answer");
    assert_eq!(outcome, None);
    let missing = world.store.plan(&plan.id).await;
    assert!(matches!(missing, Err(StoreError::NoPlan(_))), "{missing:?}");
}

#[tokio::test]
async fn r11_the_run_that_carries_it_out_comes_with_the_approval_or_not_at_all() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let plan = world.plan_unapproved().await;
    let approved = Approved {
        at: world.now(),
        by: "the test".to_owned(),
        reason: "looked at".to_owned(),
    };
    let approve = || approvals::approve(&world.store, &plan, &approved, true, &world.keys, &world.chance);
    let (_, run) = approve().await.expect("an approval");
    assert!(run.is_some());
    assert_eq!(code(approve().await), "approved-already");
    let runs = world
        .platform
        .rows("SELECT job, payload, state, asked_by, workgroup FROM lapsed_run")
        .await;
    let [row] = &runs[..] else {
        panic!("one run, and not {runs:?}")
    };
    let text = |column: &str| match &row[column] {
        Value::Text(text) => text.clone(),
        other => panic!("{column} is {other:?}"),
    };
    assert_eq!(
        (text("job"), text("state")),
        ("apply".to_owned(), "available".to_owned())
    );
    assert_eq!(
        (text("asked_by"), text("workgroup")),
        ("the test".to_owned(), "house".to_owned())
    );
    let payload: serde_json::Value = serde_json::from_str(&text("payload")).expect("JSON");
    assert_eq!(payload["plan"], plan.id.as_str());
}
