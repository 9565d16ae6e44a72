//! life goes on between plan and batch, and the batch drops exactly who is no longer due.

use lapsed_dataset::Recheck;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use lapsed_model::{Batch, Effects, Plan, SubjectKey};
use lapsed_store::{PlanStatements, Seal, StoreError};
use lapsed_tests::World;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use super::agreement::on_stores;
use super::batches::{nobody_noted, question};
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
type Lives = (Scene, Vec<(Someone, Thing)>, Option<(Someone, Fate)>);

fn lives() -> impl Strategy<Value = Lives> {
    let someone = any::<Someone>;
    let things = prop::collection::vec((someone(), thing()), 0..5);
    (scene(), things, prop::option::weighted(0.3, (someone(), fate())))
}

#[test]
fn r9_a_batch_drops_exactly_those_who_are_no_longer_due() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    static STAYED: AtomicUsize = AtomicUsize::new(0);
    on_stores(4, lives, |runtime, (scene, things, fate)| {
        let (dropped, stayed) = runtime.block_on(drops_exactly(&scene, &things, fate))?;
        DROPPED.fetch_add(dropped, Ordering::Relaxed);
        STAYED.fetch_add(stayed, Ordering::Relaxed);
        Ok(())
    });
    assert!(DROPPED.load(Ordering::Relaxed) > 20 && STAYED.load(Ordering::Relaxed) > 20);
}

async fn drops_exactly(
    scene: &Scene,
    things: &[(Someone, Thing)],
    fate: Option<(Someone, Fate)>,
) -> Result<(usize, usize), TestCaseError> {
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
    let batch = batch_without_effect(&world, &plan).await;
    batch.map_err(|why| TestCaseError::fail(why.to_string()))?;
    let dropped = world.store.dropped(&plan.id).await;
    let dropped: BTreeSet<SubjectKey> = dropped
        .map_err(|why| TestCaseError::fail(why.to_string()))?
        .into_iter()
        .collect();
    let expected: BTreeSet<SubjectKey> = planned.difference(&still_due).cloned().collect();
    prop_assert_eq!(&dropped, &expected);
    Ok((dropped.len(), planned.len() - dropped.len()))
}

async fn befalls(world: &World, person: usize, fate: Fate) {
    let sql = match fate {
        Fate::Anonymised => format!("UPDATE customers SET anonymised_at = 1 WHERE id = {person}"),
        Fate::Moved => format!("UPDATE customers SET workgroup = 'elsewhere' WHERE id = {person}"),
        Fate::Gone => format!("DELETE FROM customers WHERE id = {person}"),
    };
    world.platform.run_unchecked(&sql).await;
}

/// The whole plan as one batch that judges again and erases nobody.
pub(crate) async fn batch_without_effect(world: &World, plan: &Plan) -> Result<Batch, StoreError> {
    let case = world.case();
    let switches = case.retention.switches();
    let statements = PlanStatements {
        recheck: world
            .fitted
            .recheck(&question(&case, plan, &switches), Recheck::Due),
        locks: world.fitted.lock_batch(),
        read: world.fitted.read_batch(),
        effects: Effects::default(),
        right: None,
        in_force: None,
    };
    let seal = Seal {
        key: world.keys.newest(),
        chance: &world.chance,
    };
    let entry = |_: &[_]| nobody_noted(world);
    world
        .store
        .apply_batch(
            &plan.id,
            1_000,
            &statements,
            entry,
            &seal,
            &lapsed_tests::Forgetful,
        )
        .await
}
