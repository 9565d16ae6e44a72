//! What was erased is gone: not only from the rows. On SQLite nothing of it is left in the bytes of the store's files, on
//! PostgreSQL nothing in whatever a query can see, what the planner remembers included.

use lapsed_dataset::Recheck;
use std::collections::{BTreeSet, HashMap};

use lapsed_jobs::apply::erasure;
use lapsed_model::{Dialect, Plan};
use lapsed_store::{PlanStatements, Seal};
use lapsed_tests::{Picture, World, only_on};

use super::batches::{nobody_noted, question};

const PEOPLE: i64 = 3_000;

/// A store of three thousand invented people, with samples of every index.
async fn sampled_crowd() -> World {
    let world = World::new().await;
    world.crowd(PEOPLE).await;
    // Where two columns of a table are searched together, the samples hold one beside the other.
    let names = ["last_name", "first_name"];
    world
        .platform
        .searches_together("by_name", "customers", names)
        .await;
    world.platform.analyze().await;
    let samples = world.platform.samples().await;
    assert!(samples > 100, "there are {samples} samples to leave something in");
    world
}

#[tokio::test]
async fn r6_nothing_is_left_of_what_was_erased() {
    let mut world = sampled_crowd().await;
    world.refit().await;
    let before = world.platform.picture().await;
    let plan = world.plan().await;
    assert!(plan.subjects > 300, "{} are due", plan.subjects);
    let progress = world.apply(&plan).await;
    assert_eq!(progress.remnants_removed, Some(true));
    assert_eq!(progress.anonymised, plan.subjects);

    let lost = personal_values(&world, &before).await;
    assert!(
        lost.len() > 1_500,
        "{} values of theirs are nobody else's",
        lost.len()
    );
    assert_eq!(hits(&world, &lost).await, BTreeSet::new());
}

#[tokio::test]
async fn r6_the_search_finds_what_is_there_and_what_is_left_without_a_scrub() {
    let world = sampled_crowd().await;
    let before = world.platform.picture().await;
    let plan = world.plan().await;
    let all = before.texts();
    assert_eq!(hits(&world, &all).await, all, "before, every value is found");

    in_batches_and_no_more(&world, &plan).await;
    let lost = personal_values(&world, &before).await;
    let left = hits(&world, &lost).await;
    assert!(!left.is_empty(), "the batches alone leave remnants behind");
}

#[tokio::test]
async fn r6_a_materialised_view_keeps_what_was_erased_until_it_is_refreshed_and_analysed() {
    if !only_on(Dialect::Postgres, "there are no such views in a file") {
        return;
    }
    let mut world = sampled_crowd().await;
    world
        .platform
        .run(
            "CREATE MATERIALIZED VIEW mailing AS \
             SELECT email FROM customers; \
             ALTER MATERIALIZED VIEW mailing SET (autovacuum_enabled = off); ANALYZE mailing",
        )
        .await;
    world.refit().await;
    let before = world.platform.picture().await;
    world.sweep().await;
    let lost = personal_values(&world, &before).await;
    assert!(
        hits(&world, &lost).await.len() > 300,
        "the addresses of everybody who was erased"
    );
    world.platform.run("REFRESH MATERIALIZED VIEW mailing").await;
    assert!(
        !hits(&world, &lost).await.is_empty(),
        "the planner's samples of the view"
    );
    world.platform.run("ANALYZE mailing").await;
    assert_eq!(hits(&world, &lost).await, BTreeSet::new());
}

#[tokio::test]
async fn r6_what_a_platform_left_in_pages_that_it_did_not_zero_goes_with_a_vacuum() {
    if !only_on(
        Dialect::Sqlite,
        "what is free in a file there is out of every query's reach",
    ) {
        return;
    }
    let mut world = sampled_crowd().await;
    world.refit().await;
    let before = world.platform.picture().await;
    // A row that grows moves to another place, and what stood at the first is free and not zeroed.
    world
        .platform
        .run("UPDATE customers SET description = coalesce(description, '') || ' was here again' WHERE id % 3 = 0")
        .await;
    world.sweep().await;
    let lost = personal_values(&world, &before).await;
    assert!(
        !hits(&world, &lost).await.is_empty(),
        "only the platform itself could have zeroed it"
    );
    world
        .platform
        .run("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
        .await;
    assert_eq!(hits(&world, &lost).await, BTreeSet::new());
}

/// Carries the plan out without what follows the last batch.
async fn in_batches_and_no_more(world: &World, plan: &Plan) {
    let case = world.case();
    let switches = case.retention.switches();
    let statements = PlanStatements {
        recheck: world
            .fitted
            .recheck(&question(&case, plan, &switches), Recheck::Due),
        locks: world.fitted.lock_batch(),
        read: world.fitted.read_batch(),
        effects: world.fitted.erase(&erasure(&case, plan.way, world.now())),
        right: None,
        in_force: None,
    };
    let seal = Seal {
        key: world.keys.newest(),
        chance: &world.chance,
    };
    loop {
        let entry = |_: &[_]| nobody_noted(world);
        let batch = world
            .store
            .apply_batch(&plan.id, 100, &statements, entry, &seal, &lapsed_tests::Forgetful)
            .await;
        if batch.expect("a batch").last.is_none() {
            break;
        }
    }
}

/// Texts that stood in the store and stand nowhere in it any more, not even as a part of something else: a name that
/// the living share may be found.
pub(super) async fn personal_values(world: &World, before: &Picture) -> BTreeSet<String> {
    let after = world.platform.picture().await;
    let lost: BTreeSet<String> = before
        .lost_texts(&after)
        .filter(|text| text.len() >= SHORTEST)
        .map(str::to_owned)
        .collect();
    let shared = found_in(world.platform.running_text().await.as_bytes(), &lost);
    lost.difference(&shared).cloned().collect()
}

/// Which of the values are still given away.
pub(super) async fn hits(world: &World, values: &BTreeSet<String>) -> BTreeSet<String> {
    let given_away = world.platform.given_away().await;
    given_away
        .iter()
        .flat_map(|bytes| found_in(bytes, values))
        .collect()
}

/// Shorter values are in any file by chance.
const SHORTEST: usize = 6;

/// Every value that stands somewhere in `bytes`: its first letters are looked up at every place.
fn found_in(bytes: &[u8], values: &BTreeSet<String>) -> BTreeSet<String> {
    let mut by_start: HashMap<&[u8], Vec<&str>> = HashMap::new();
    for value in values {
        by_start
            .entry(&value.as_bytes()[..SHORTEST])
            .or_default()
            .push(value);
    }
    let mut found = BTreeSet::new();
    for (place, start) in bytes.windows(SHORTEST).enumerate() {
        for value in by_start.get(start).into_iter().flatten() {
            if bytes[place..].starts_with(value.as_bytes()) {
                found.insert((*value).to_owned());
            }
        }
    }
    found
}
