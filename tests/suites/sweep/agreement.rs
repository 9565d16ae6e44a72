//! the planner, the judge and the promises say the same of everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use lapsed_jobs::explain::{Answer, explain};
use lapsed_jobs::retention;
use lapsed_model::{Counts, Dialect, SubjectKey, Value};
use lapsed_tests::{World, only_on};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};
use proptest::{prop_assert, prop_assert_eq};
use tokio::runtime::Runtime;

use super::oracle::{Says, Tables};
use super::random::{Scene, scene};

/// How many random stores a run looks at; `LAPSED_TEST_STORES` asks for more.
const STORES: u32 = 2_000;

/// What decided about somebody in this run.
static DECIDED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Runs a property on its share of the stores, several of them side by side: most of a store's time is spent waiting
/// for the disk.
pub(crate) fn on_stores<S>(
    share: u32,
    strategy: impl Fn() -> S + Sync,
    holds: impl Fn(&Runtime, S::Value) -> TestCaseResult + Sync,
) where
    S: Strategy,
{
    const SIDE_BY_SIDE: u32 = 4;
    let stores = std::env::var("LAPSED_TEST_STORES").ok();
    let stores = stores.map_or(STORES, |stores| stores.parse().expect("a number of stores"));
    let stores = stores.max(STORES);
    let config = Config {
        cases: stores / share / SIDE_BY_SIDE + 1,
        failure_persistence: None,
        ..Config::default()
    };
    let run = || {
        let runtime = runtime();
        TestRunner::new(config.clone())
            .run(&strategy(), |value| holds(&runtime, value))
            .unwrap_or_else(|why| panic!("{why}"));
    };
    std::thread::scope(|threads| {
        for _ in 0..SIDE_BY_SIDE {
            threads.spawn(run);
        }
    });
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

#[test]
fn r1_r2_r3_r4_plans_and_explanations_say_what_the_promises_say() {
    on_stores(1, scene, |runtime, scene| {
        runtime.block_on(async { agrees(&scene, &scene.world().await).await })
    });

    // And each of them had somebody to speak about.
    let world = runtime().block_on(World::new());
    let rules = &world.fitted.dataset().rules;
    let due = rules.candidates.iter().map(|rule| format!("due: {}", rule.name));
    let kept = rules.keeps.iter().map(|rule| format!("kept: {}", rule.name));
    let all: BTreeSet<String> = due.chain(kept).chain(["nothing".to_owned()]).collect();
    assert_eq!(*DECIDED.lock().expect("nobody panics while holding it"), all);
}

#[test]
fn r1_r2_r3_r4_they_say_the_same_of_instants_that_the_database_knows_as_such() {
    if !only_on(Dialect::Postgres, "SQLite has no type for instants") {
        return;
    }
    on_stores(8, scene, |runtime, scene| {
        runtime.block_on(async { agrees(&scene, &scene.world_of("reference-timestamptz").await).await })
    });
}

async fn agrees(scene: &Scene, world: &World) -> TestCaseResult {
    prop_assert_eq!(world.bounds().cut_off, scene.cut_off());
    let tables = Tables::read(&world.platform).await;
    for workgroup in ["house", "studio"] {
        agrees_about(world, scene, &tables, workgroup).await?;
    }
    Ok(())
}

async fn agrees_about(world: &World, scene: &Scene, tables: &Tables, workgroup: &str) -> TestCaseResult {
    let asked = scene.asked();
    let people = tables.people(&format!("theatre/{workgroup}"));
    let promised: BTreeMap<i64, Says> = people
        .iter()
        .map(|person| (*person, tables.says(*person, &asked)))
        .collect();

    let case = world.case_of(workgroup);
    let bounds = case.bounds(world.now());
    let preview = retention::preview(&world.store, &world.fitted, &case, bounds).await;
    let preview = preview.map_err(|why| TestCaseError::fail(why.to_string()))?;
    prop_assert_eq!(
        counted(world, &preview.counts),
        tally(&promised),
        "the preview of {}",
        workgroup
    );
    let lost = people
        .iter()
        .filter(|person| tables.is_out_of_reach(**person, &asked));
    prop_assert_eq!(
        preview.out_of_reach,
        lost.count() as u64,
        "out of reach in {}",
        workgroup
    );

    let list = retention::list(&world.store, &world.fitted, &case, bounds).await;
    let list = list.map_err(|why| TestCaseError::fail(why.to_string()))?;
    let rules = &world.fitted.dataset().rules;
    let listed: Vec<(SubjectKey, &str)> = list
        .iter()
        .map(|(key, rule)| (key.clone(), rules.candidates[*rule].name.as_str()))
        .collect();
    let due: Vec<(SubjectKey, &str)> = promised
        .iter()
        .filter_map(|(person, says)| match says {
            Says::Due(rule) => Some((SubjectKey::Integer(*person), *rule)),
            Says::Kept(_) | Says::Nothing => None,
        })
        .collect();
    prop_assert_eq!(&listed, &due, "the list of {}", workgroup);

    let plan = retention::save(
        &world.store,
        &world.fitted,
        &case,
        bounds,
        &world.keys,
        &world.chance,
        None,
    )
    .await;
    let plan = plan.map_err(|why| TestCaseError::fail(why.to_string()))?;
    let stored = world
        .platform
        .rows(&format!(
            "SELECT subject, rule FROM lapsed_plan_subject WHERE plan = '{}' ORDER BY subject",
            plan.id
        ))
        .await;
    let stored: Vec<(SubjectKey, &str)> = stored
        .iter()
        .map(|row| match (&row["subject"], &row["rule"]) {
            (Value::Integer(key), Value::Integer(rule)) => {
                let place = usize::try_from(*rule - 1).expect("places count from 1");
                (SubjectKey::Integer(*key), rules.candidates[place].name.as_str())
            }
            other => panic!("{other:?} is nobody"),
        })
        .collect();
    prop_assert_eq!(&stored, &due, "the stored plan of {}", workgroup);
    prop_assert_eq!(plan.subjects, due.len() as u64);
    let mut by_rule: BTreeMap<String, u64> = BTreeMap::new();
    due.iter()
        .for_each(|(_, rule)| *by_rule.entry((*rule).to_owned()).or_default() += 1);
    prop_assert_eq!(plan.counts, by_rule);

    for (person, says) in &promised {
        let (customer, language) = (person.to_string(), world.policy.language);
        let explanation = explain(
            &world.store,
            &world.fitted,
            &case,
            &customer,
            world.now(),
            language,
        )
        .await;
        let explanation = explanation.map_err(|why| TestCaseError::fail(why.to_string()))?;
        let told = match (explanation.answer, explanation.rule.as_deref()) {
            (Answer::Due, Some(rule)) => format!("due by {rule}"),
            (Answer::Kept, Some(rule)) => format!("kept by {rule}"),
            (answer, rule) => format!("{answer:?} {rule:?}"),
        };
        let promise = match says {
            Says::Due(rule) => format!("due by {rule}"),
            Says::Kept(rule) => format!("kept by {rule}"),
            Says::Nothing => "NotDue None".to_owned(),
        };
        prop_assert_eq!(told, promise, "customer {} of {}", person, workgroup);
        prop_assert!(
            explanation
                .rules
                .iter()
                .all(|rule| !rule.holds || rule.record.is_some())
        );
    }
    Ok(())
}

/// What the planner counted, by the names of rules.
fn counted(world: &World, counts: &Counts) -> BTreeMap<String, u64> {
    let rules = &world.fitted.dataset().rules;
    let mut counted = BTreeMap::new();
    for (rule, people) in &counts.due {
        counted.insert(format!("due: {}", rules.candidates[*rule].name), *people);
    }
    for (rule, people) in &counts.kept {
        counted.insert(format!("kept: {}", rules.keeps[*rule].name), *people);
    }
    if counts.not_due > 0 {
        counted.insert("nothing".to_owned(), counts.not_due);
    }
    counted
}

/// The same of the promises.
fn tally(promised: &BTreeMap<i64, Says>) -> BTreeMap<String, u64> {
    let mut tally = BTreeMap::new();
    for says in promised.values() {
        let name = match says {
            Says::Due(rule) => format!("due: {rule}"),
            Says::Kept(rule) => format!("kept: {rule}"),
            Says::Nothing => "nothing".to_owned(),
        };
        *tally.entry(name).or_default() += 1;
    }
    DECIDED
        .lock()
        .expect("nobody panics while holding it")
        .extend(tally.keys().cloned());
    tally
}
