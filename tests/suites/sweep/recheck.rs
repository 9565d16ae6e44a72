//! life goes on between plan and batch, and the batch drops exactly who is no longer due.

use std::collections::BTreeSet;

use lapsed_dataset::Question;
use lapsed_model::{Entry, SubjectKey};
use lapsed_store::{PlanStatements, Seal};
use lapsed_tests::World;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestCaseResult};

use super::agreement::on_stores;
use super::oracle::{Says, Tables};
use super::random::{Scene, Thing, scene, thing};

/// What can become of a person while a plan waits, besides what can happen to anybody.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Anonymised,
    Moved,
    Gone,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop::sample::select(vec![Fate::Anonymised, Fate::Moved, Fate::Gone])
}

type Someone = prop::sample::Index;

/// A store, what happens there before the batch, and perhaps a fate.
fn lives() -> impl Strategy<Value = (Scene, Vec<(Someone, Thing)>, Option<(Someone, Fate)>)> {
    let someone = any::<Someone>;
    let things = prop::collection::vec((someone(), thing()), 0..5);
    (scene(), things, prop::option::weighted(0.3, (someone(), fate())))
}

#[test]
fn r9_a_batch_drops_exactly_those_who_are_no_longer_due() {
    on_stores(4, lives, |runtime, (scene, things, fate)| {
        runtime.block_on(drops_exactly(&scene, &things, fate))
    });
}

async fn drops_exactly(
    scene: &Scene,
    things: &[(Someone, Thing)],
    fate: Option<(Someone, Fate)>,
) -> TestCaseResult {
    let world = scene.world().await;
    let plan = world.plan().await;
    let planned: BTreeSet<SubjectKey> = world.due().await.into_iter().map(|(key, _)| key).collect();

    for (who, thing) in things {
        scene.happens(&world, *who, thing).await;
    }
    if let Some((who, fate)) = fate {
        befalls(&world, who.index(scene.people.len()) + 1, fate).await;
    }

    let tables = Tables::read(&world.platform).await;
    let asked = scene.asked();
    let still_due: BTreeSet<SubjectKey> = tables
        .people("theatre/house")
        .into_iter()
        .filter(|person| matches!(tables.says(*person, &asked), Says::Due(_)))
        .map(SubjectKey::Integer)
        .collect();
    batch_without_effect(&world, &plan.id).await?;
    let dropped = world.store.dropped(&plan.id).await;
    let dropped: BTreeSet<SubjectKey> = dropped
        .map_err(|why| TestCaseError::fail(why.to_string()))?
        .into_iter()
        .collect();
    let expected: BTreeSet<SubjectKey> = planned.difference(&still_due).cloned().collect();
    prop_assert_eq!(dropped, expected);
    Ok(())
}

async fn befalls(world: &World, person: usize, fate: Fate) {
    let sql = match fate {
        Fate::Anonymised => format!("UPDATE customers SET anonymised_at = 1 WHERE id = {person}"),
        Fate::Moved => format!("UPDATE customers SET workgroup = 'elsewhere' WHERE id = {person}"),
        Fate::Gone => format!("PRAGMA foreign_keys = OFF; DELETE FROM customers WHERE id = {person}"),
    };
    world.platform.run(&sql).await;
}

/// The whole plan as one batch that judges again and erases nobody.
async fn batch_without_effect(world: &World, plan: &str) -> TestCaseResult {
    let (case, bounds) = (world.case(), world.bounds());
    let switches = case.retention.switches();
    let question = Question {
        workgroup: &case.store_key,
        bounds: &bounds,
        switches: &switches,
    };
    let statements = PlanStatements {
        recheck: world.fitted.recheck(&question, true),
        read: world.fitted.read_batch(),
        effects: Vec::new(),
    };
    let entry = |_: &[_]| Entry {
        tenant: world.policy.tenant.clone(),
        at: world.now(),
        kind: "erased".to_owned(),
        payload: "{}".to_owned(),
    };
    let seal = Seal {
        key: world.keys.newest(),
        chance: &world.chance,
    };
    let batch = world
        .store
        .apply_batch(plan, 1_000, &statements, entry, &seal)
        .await;
    batch
        .map(|_| ())
        .map_err(|why| TestCaseError::fail(why.to_string()))
}
