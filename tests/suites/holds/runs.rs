//! O-4: runs know whom they are about until the person is anonymised, and no longer.

use chrono::TimeDelta;
use lapsed_jobs::desk::{ANONYMISE, AnonymiseOne};
use lapsed_model::{RequestKind, SubjectKey};
use lapsed_store::NewRun;
use lapsed_tests::World;
use serde_json::json;

use super::office::{ask, became, does_its_runs, hold_person, lapsed, lift_it};

const ANNA: i64 = 918_273_007;

async fn settled() -> World {
    let world = World::with().says("by_customer = true").build().await;
    lapsed(&world, 1).await;
    world.sweep().await;
    world.pass(TimeDelta::days(8));
    world
}

async fn runs(world: &World) -> String {
    format!(
        "{:?}",
        world
            .platform
            .rows("SELECT job, payload, outcome, error, subject FROM lapsed_run")
            .await
    )
}

#[tokio::test]
async fn o4_the_run_that_anonymised_somebody_does_not_say_whom() {
    let world = settled().await;
    lapsed(&world, ANNA).await;
    let new = NewRun {
        tenant: Some(world.policy.tenant.clone()),
        workgroup: Some("house".to_owned()),
        job: ANONYMISE.to_owned(),
        payload: json!(AnonymiseOne {
            customer: SubjectKey::Integer(ANNA),
            despite_open_business: false,
        }),
        asked_by: None,
        at: world.now(),
    };
    world.store.enqueue(&new).await.expect("a run");
    assert!(runs(&world).await.contains(&ANNA.to_string()));
    let done = does_its_runs(&world).await;
    assert_eq!(done[0].1["done"]["anonymised"], 1);
    let runs = runs(&world).await;
    assert!(!runs.contains(&ANNA.to_string()), "{runs}");
}

#[tokio::test]
async fn o4_earlier_runs_about_a_person_forget_them_with_the_erasure() {
    let world = settled().await;
    world.customer(ANNA).ticket("2026-06-01").await;
    let held = hold_person(&world, ANNA).await;
    lift_it(&world, &held).await;
    assert_eq!(became(&does_its_runs(&world).await), [("judge", "left-alone")]);
    assert!(
        runs(&world).await.contains(&ANNA.to_string()),
        "they are still known"
    );
    world
        .platform
        .run(&format!(
            "UPDATE lapsed_run SET outcome = '{{\"refused\":\"customer {ANNA} is held\",\"customer\":{ANNA}}}', \
             error = 'customer {ANNA}'"
        ))
        .await;
    let second = hold_person(&world, ANNA).await;
    ask(&world, RequestKind::Erasure, ANNA).await;
    lift_it(&world, &second).await;
    let done = does_its_runs(&world).await;
    assert_eq!(
        became(&done),
        [("judge", "left-alone"), ("request", "anonymised")]
    );
    let runs = runs(&world).await;
    assert!(!runs.contains(&ANNA.to_string()), "{runs}");
    assert!(runs.contains(&second.id), "what it was for stays: {runs}");
}
