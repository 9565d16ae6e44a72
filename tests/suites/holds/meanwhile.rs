//! a hold binds from the moment at which it is placed, whatever was planned or begun before.

use std::time::Duration;

use lapsed_jobs::JobError;
use lapsed_jobs::apply::{BatchSize, apply};
use lapsed_jobs::holds::On;
use lapsed_jobs::manual::anonymise;
use lapsed_jobs::scheduler::Stop;
use lapsed_model::{Dialect, SubjectKey};
use lapsed_tests::{World, only_on};

use super::office::{
    code, hold, hold_order, hold_person, hold_until, is_anonymised, lapsed, lift_it, order_of,
};

#[tokio::test]
async fn r9_who_is_held_after_the_plan_was_made_is_dropped_from_it() {
    let world = World::new().await;
    for customer in [7, 8, 9] {
        lapsed(&world, customer).await;
    }
    let plan = world.plan().await;
    assert_eq!(plan.subjects, 3);
    hold_person(&world, 7).await;
    hold_order(&world, &order_of(&world, 8).await).await;
    let progress = world.apply(&plan).await;
    assert_eq!((progress.anonymised, progress.dropped), (1, 2));
    let dropped = world.store.dropped(&plan.id).await.expect("people");
    assert_eq!(dropped, [SubjectKey::Integer(7), SubjectKey::Integer(8)]);
}

#[tokio::test]
async fn r9_a_hold_on_the_tenant_between_plan_and_batch_keeps_everybody() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    let plan = world.plan().await;
    hold(&world, On::Tenant, Some("2026-11-23")).await;
    let progress = world.apply(&plan).await;
    assert_eq!((progress.anonymised, progress.dropped), (0, 1));
}

#[tokio::test]
async fn r9_a_hold_that_was_lifted_before_the_batch_keeps_nobody() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    let plan = world.plan().await;
    let held = hold_person(&world, 7).await;
    lift_it(&world, &held).await;
    assert_eq!(world.apply(&plan).await.anonymised, 1);
}

#[tokio::test]
async fn r9_a_hold_between_two_batches_binds_the_second() {
    let mut world = World::new().await;
    world.batch = BatchSize::Fixed(2);
    for customer in 1..=6 {
        lapsed(&world, customer).await;
    }
    let plan = world.plan().await;
    let stop = Stop::new();
    let tools = lapsed_jobs::apply::Tools {
        stop: Some(&stop),
        ..world.tools()
    };
    let stopped = apply(&tools, &world.case(), &plan, |_| stop.cancel()).await;
    assert!(matches!(stopped, Err(JobError::Stopped)), "{stopped:?}");
    assert!(is_anonymised(&world, 1).await && is_anonymised(&world, 2).await);
    assert!(!is_anonymised(&world, 3).await);
    hold_person(&world, 4).await;
    hold_order(&world, &order_of(&world, 6).await).await;
    let plan = world.store.plan(&plan.id).await.expect("a plan");
    let progress = world.apply(&plan).await;
    assert_eq!((progress.anonymised, progress.dropped), (4, 2));
    assert!(!is_anonymised(&world, 4).await && !is_anonymised(&world, 6).await);
}

#[tokio::test]
async fn r9_a_hold_that_is_placed_while_a_batch_runs_waits_for_it_or_comes_before() {
    let mut world = World::new().await;
    world.batch = BatchSize::Fixed(20);
    for customer in 1..=100 {
        lapsed(&world, customer).await;
    }
    let plan = world.plan().await;
    let placed = async {
        let mut held = Vec::new();
        for customer in (1..=100).rev().step_by(7) {
            let (workgroup, key) = (super::office::workgroup("house"), customer.to_string());
            let on = On::Person {
                workgroup: &workgroup,
                customer: &key,
            };
            match super::office::try_hold(&world, on, None).await {
                Ok(_) => held.push(customer),
                Err(JobError::Refused(refusal)) => assert_eq!(refusal.code(), "already-anonymised"),
                Err(other) => panic!("{other}"),
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        held
    };
    let (held, progress) = tokio::join!(placed, world.apply(&plan));
    assert!(!held.is_empty(), "the last of them were held in time");
    assert_eq!(progress.dropped, held.len() as u64);
    for customer in 1..=100 {
        let expected = !held.contains(&customer);
        assert_eq!(
            is_anonymised(&world, customer).await,
            expected,
            "customer {customer}"
        );
    }
}

#[tokio::test]
async fn r9_a_batch_waits_for_a_transaction_that_places_a_hold() {
    if !only_on(
        Dialect::Sqlite,
        "a row that nobody's verb wrote locks nobody out there",
    ) {
        return;
    }
    let world = World::new().await;
    lapsed(&world, 7).await;
    let plan = world.plan().await;
    world
        .platform
        .run(
            "BEGIN IMMEDIATE; INSERT INTO lapsed_hold (id, tenant, kind, workgroup, subject, placed_at, placed_by) \
             VALUES ('h-1', 'theatre', 'person', 'house', 7, 0, 'legal')",
        )
        .await;
    let commit = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.platform.run("COMMIT").await;
    };
    let (progress, ()) = tokio::join!(world.apply(&plan), commit);
    assert_eq!((progress.anonymised, progress.dropped), (0, 1));
}

#[tokio::test]
async fn r9_a_hold_that_comes_while_staff_are_asked_is_what_they_are_told() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    hold_until(&world, 7, Some("2027-01-01")).await;
    let refused = anonymise(&world.tools(), &world.case(), &SubjectKey::Integer(7), true).await;
    assert_eq!(code(refused), "held");
}
