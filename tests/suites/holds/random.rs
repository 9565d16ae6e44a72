//! Random holds: the planner, the batch and `explain` hold whom a naive reading of the holds holds, and nobody else.

use std::collections::BTreeSet;

use lapsed_jobs::explain::Answer;
use lapsed_model::{Plan, SubjectKey, Value};
use lapsed_tests::{Record, World, milliseconds};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::office::order_of;

/// Noon of 22 November 2026, the world's now.
const NOW: i64 = 1_795_348_800_000;

/// Four people, each with an order; numbers 1 and 2 are the same for the first two.
const PEOPLE: std::ops::RangeInclusive<i64> = 1..=4;

#[derive(Clone, Debug)]
struct Placed {
    tenant: &'static str,
    kind: &'static str,
    whom: i64,
    ends: Option<i64>,
    lifted: bool,
    created: Option<&'static str>,
}

fn placed() -> impl Strategy<Value = Placed> {
    let tenant = prop::sample::select(vec!["theatre", "theatre", "theatre", "museum"]);
    let kind = prop::sample::select(vec!["person", "person", "order", "order", "tenant", "parcel"]);
    let ends = prop::option::of(prop::sample::select(vec![
        NOW - 1,
        NOW,
        NOW + 1,
        NOW + 86_400_000,
    ]));
    // Not known, the record's own creation, and that of an earlier record with its key.
    let created = prop::sample::select(vec![None, Some("2015-01-01"), Some("2011-01-01")]);
    (tenant, kind, PEOPLE, ends, prop::bool::weighted(0.2), created).prop_map(
        |(tenant, kind, whom, ends, lifted, created)| Placed {
            tenant,
            kind,
            whom,
            ends,
            lifted,
            created,
        },
    )
}

async fn world() -> World {
    let world = World::new().await;
    for customer in PEOPLE {
        world.customer(customer).ticket("2019-05-04").await;
    }
    world
        .platform
        .run("UPDATE orders SET number = 'R-1' WHERE customer_id <= 2")
        .await;
    world
}

async fn write(world: &World, number: usize, hold: &Placed) {
    let record = order_of(world, hold.whom).await;
    let row: Vec<(&str, Value)> = vec![
        ("id", format!("h-{number}").into()),
        ("tenant", hold.tenant.into()),
        ("kind", hold.kind.into()),
        ("workgroup", (hold.kind == "person").then_some("house").into()),
        ("subject", (hold.kind == "person").then_some(hold.whom).into()),
        (
            "record",
            matches!(hold.kind, "order" | "parcel").then_some(record).into(),
        ),
        ("created", hold.created.map_or(Value::Null, milliseconds)),
        ("placed_at", 0_i64.into()),
        ("placed_by", "legal".into()),
        ("ends_at", hold.ends.into()),
        ("lifted_at", hold.lifted.then_some(1).into()),
    ];
    world.platform.insert("lapsed_hold", &row).await;
}

/// The holds once more, as plain rows and loops.
async fn held(world: &World) -> BTreeSet<i64> {
    let holds = world.platform.rows("SELECT * FROM lapsed_hold").await;
    let orders = world
        .platform
        .rows("SELECT customer_id, number FROM orders")
        .await;
    let leads_to = |record: &Value, person: i64| {
        let of_person = |order: &&Record| order["customer_id"] == person.into();
        orders
            .iter()
            .filter(of_person)
            .any(|order| order["number"] == *record)
    };
    let mut held = BTreeSet::new();
    for person in PEOPLE {
        for hold in &holds {
            let over = matches!(hold["ends_at"], Value::Integer(ends) if ends <= NOW);
            let elsewhere = hold["tenant"] != "theatre".into() && hold["kind"] != "person".into();
            if elsewhere || hold["lifted_at"] != Value::Null || over {
                continue;
            }
            let binds = match &hold["kind"] {
                Value::Text(kind) if kind == "person" => {
                    let same = [Value::Null, milliseconds("2015-01-01")].contains(&hold["created"]);
                    hold["subject"] == person.into() && same
                }
                Value::Text(kind) if kind == "order" => leads_to(&hold["record"], person),
                _ => true,
            };
            if binds {
                held.insert(person);
            }
        }
    }
    held
}

async fn agrees(before: &[Placed], meanwhile: &[Placed]) -> Result<(), TestCaseError> {
    let world = world().await;
    for (number, hold) in before.iter().enumerate() {
        write(&world, number, hold).await;
    }
    let now = held(&world).await;
    let due: BTreeSet<i64> = world
        .due()
        .await
        .into_iter()
        .map(|(key, _)| number(&key))
        .collect();
    let free: BTreeSet<i64> = PEOPLE.filter(|person| !now.contains(person)).collect();
    prop_assert_eq!(&due, &free, "the list");
    prop_assert_eq!(world.preview().await.counts.held, now.len() as u64, "the preview");
    for person in PEOPLE {
        let told = world.explain(person).await;
        prop_assert_eq!(
            told.answer == Answer::Held,
            now.contains(&person),
            "customer {}",
            person
        );
        prop_assert_eq!(told.holds.is_empty(), !now.contains(&person));
    }
    let plan: Plan = world.plan().await;
    prop_assert_eq!(plan.subjects, free.len() as u64, "the plan");
    for (number, hold) in meanwhile.iter().enumerate() {
        write(&world, 100 + number, hold).await;
    }
    let then = held(&world).await;
    world.apply(&plan).await;
    for person in PEOPLE {
        let anonymised = super::office::is_anonymised(&world, person).await;
        prop_assert_eq!(
            anonymised,
            !then.contains(&person),
            "customer {} after the batch",
            person
        );
    }
    Ok(())
}

fn number(key: &SubjectKey) -> i64 {
    match key {
        SubjectKey::Integer(number) => *number,
        SubjectKey::Text(text) => panic!("{text} is no number"),
    }
}

#[test]
fn r9_whom_a_naive_reading_of_the_holds_holds_nobody_anonymises() {
    let config = Config {
        cases: 150,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let holds = || prop::collection::vec(placed(), 0..4);
    TestRunner::new(config)
        .run(&(holds(), holds()), |(before, meanwhile)| {
            runtime.block_on(agrees(&before, &meanwhile))
        })
        .unwrap_or_else(|why| panic!("{why}"));
}
