//! No entry, no effect; no effect, no entry: they commit together (invariant 6).

use lapsed_jobs::JobError;
use lapsed_jobs::apply::BatchSize;
use lapsed_model::Plan;
use lapsed_tests::{Act, World};

const ANONYMISED: &str = "customers WHERE anonymised_at IS NOT NULL";

/// Twelve people who are due, in batches of four, with their plan.
async fn theatre_with_a_plan() -> (World, Plan) {
    let mut world = World::new().await;
    world.batch = BatchSize::Fixed(4);
    for id in 1..=12 {
        world.customer(id).ticket("2019-05-04").await;
    }
    let plan = world.plan().await;
    (world, plan)
}

/// How many people the ledger says were erased.
async fn in_the_ledger(world: &World) -> i64 {
    let entries = world.entries("erased").await;
    entries
        .iter()
        .map(|entry| entry["people"].as_i64().expect("a number"))
        .sum()
}

async fn assert_refused(world: &World, plan: &Plan, why: &str) {
    let refusal = world.try_apply(plan).await.expect_err("the store refuses");
    assert!(matches!(refusal, JobError::Store(_)), "{refusal:?}");
    assert!(refusal.to_string().contains(why), "{refusal}");
}

#[tokio::test]
async fn an_effect_that_fails_leaves_no_entry_and_takes_no_other_batch_with_it() {
    let (world, plan) = theatre_with_a_plan().await;
    world
        .platform
        .refuses(
            Act::Update,
            "customers",
            Some("old.id = 6"),
            "number six is needed",
        )
        .await;
    assert_refused(&world, &plan, "number six is needed").await;
    assert_eq!(
        world.platform.count(ANONYMISED).await,
        4,
        "the first batch, and nobody of the second"
    );
    assert_eq!(in_the_ledger(&world).await, 4);
    world.platform.refuses_no_longer("customers").await;
    world.apply(&plan).await;
    assert_eq!(world.platform.count(ANONYMISED).await, 12);
    assert_eq!(in_the_ledger(&world).await, 12);
}

#[tokio::test]
async fn an_effect_that_fails_at_the_very_end_leaves_no_entry() {
    let (world, plan) = theatre_with_a_plan().await;
    world
        .platform
        .insert(
            "lapsed_consent",
            &[
                ("tenant", "theatre".into()),
                ("workgroup", "house".into()),
                ("subject", 2_i64.into()),
                ("purpose", "processing".into()),
                ("state", "refused".into()),
                ("at", 1_i64.into()),
                ("source", "card".into()),
            ],
        )
        .await;
    world
        .platform
        .refuses(Act::Delete, "lapsed_consent", None, "consents stay")
        .await;
    assert_refused(&world, &plan, "consents stay").await;
    assert_eq!(world.platform.count(ANONYMISED).await, 0);
    assert_eq!(in_the_ledger(&world).await, 0);
}

#[tokio::test]
async fn an_entry_that_fails_leaves_no_effect() {
    let (world, plan) = theatre_with_a_plan().await;
    let before = world.platform.picture().await;
    let erased = Some("new.kind = 'erased'");
    world
        .platform
        .refuses(Act::Insert, "lapsed_ledger", erased, "the ledger is closed")
        .await;
    assert_refused(&world, &plan, "the ledger is closed").await;
    assert_eq!(before.changes(&world.platform.picture().await), [] as [&str; 0]);
    assert_eq!(world.store.plan(&plan.id).await.expect("the plan").anonymised, 0);
}

#[tokio::test]
async fn a_head_that_fails_leaves_no_entry_and_no_effect() {
    let (world, plan) = theatre_with_a_plan().await;
    let (before, ledger) = (world.platform.picture().await, world.ledger().await);
    world
        .platform
        .refuses(Act::Update, "lapsed_ledger_head", None, "the head stays")
        .await;
    assert_refused(&world, &plan, "the head stays").await;
    assert_eq!(before.changes(&world.platform.picture().await), [] as [&str; 0]);
    assert_eq!(world.ledger().await, ledger);
}

#[tokio::test]
async fn a_batch_in_which_everybody_was_dropped_leaves_no_entry() {
    let (world, plan) = theatre_with_a_plan().await;
    for id in 1..=4 {
        let row = [
            ("workgroup", "theatre/house".into()),
            ("customer_id", id.into()),
            ("number", "R".into()),
            ("ordered_at", world.now().timestamp_millis().into()),
            ("status", "paid".into()),
        ];
        world.platform.insert("orders", &row).await;
    }
    let progress = world.apply(&plan).await;
    assert_eq!(
        (progress.anonymised, progress.dropped, progress.batches),
        (8, 4, 3)
    );
    assert_eq!(
        world.entries("erased").await.len(),
        2,
        "an entry for each batch that erased anybody"
    );
}
