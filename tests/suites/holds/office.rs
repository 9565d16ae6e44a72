//! The tenant's office: it places and lifts holds, and writes down what people ask for. And the daemon's desk, which does
//! the runs that come of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use lapsed_jobs::JobError;
use lapsed_jobs::apply::BatchSize;
use lapsed_jobs::clerk::Clerk;
use lapsed_jobs::desk::{Desk, ExportFolder};
use lapsed_jobs::holds::{On, Placing, StoreKeys, lift, place};
use lapsed_jobs::in_force::{PoliciesInForce, taking_effect};
use lapsed_jobs::metrics::Metrics;
use lapsed_jobs::requests::{Asking, open};
use lapsed_jobs::scheduler::{Stop, Unfinished};
use lapsed_model::{
    Hold, Period, Pii, Request, RequestKind, SeededChance, SimulatedClock, Unit, Value, Workgroup,
};
use lapsed_policy::Limits;
use lapsed_store::{End, Finish, Seal, Starting};
use lapsed_tests::{World, instant};

/// A run that was done: its job, and what became of it.
pub(crate) type Done = (String, serde_json::Value);

/// What was refused, by its word for machines.
pub(crate) fn code<T>(outcome: Result<T, JobError>) -> &'static str {
    match outcome {
        Err(JobError::Refused(refusal)) => refusal.code(),
        Err(other) => panic!("this should have been refused: {other}"),
        Ok(_) => panic!("this should have been refused"),
    }
}

pub(crate) fn workgroup(name: &str) -> Workgroup {
    format!("theatre/{name}").parse().expect("a workgroup")
}

pub(crate) fn store_keys() -> StoreKeys {
    let keys = ["house", "studio"].map(|name| (format!("theatre/{name}"), workgroup(name)));
    BTreeMap::from(keys)
}

pub(crate) fn clerk(world: &World) -> Clerk<'_> {
    world.tools().clerk()
}

/// Places a hold that ends at `ends`, if it is said.
pub(crate) async fn try_hold(world: &World, on: On<'_>, ends: Option<&str>) -> Result<Hold, JobError> {
    let placing = Placing {
        tenant: &world.policy.tenant,
        keys: &store_keys(),
        on,
        reason: Pii::new("Gruber gegen Theater, 3 C 12/26".to_owned()),
        by: "legal",
        ends_at: ends.map(instant),
    };
    place(&clerk(world), &placing).await.map(|(hold, _)| hold)
}

pub(crate) async fn hold(world: &World, on: On<'_>, ends: Option<&str>) -> Hold {
    try_hold(world, on, ends).await.expect("a hold")
}

/// Places a hold without an end on a customer of the house.
pub(crate) async fn hold_person(world: &World, customer: i64) -> Hold {
    hold_until(world, customer, None).await
}

pub(crate) async fn hold_until(world: &World, customer: i64, ends: Option<&str>) -> Hold {
    let (workgroup, customer) = (workgroup("house"), customer.to_string());
    let on = On::Person {
        workgroup: &workgroup,
        customer: &customer,
    };
    hold(world, on, ends).await
}

/// Places a hold without an end on an order.
pub(crate) async fn hold_order(world: &World, record: &str) -> Hold {
    hold(
        world,
        On::Record {
            kind: "order",
            record,
        },
        None,
    )
    .await
}

/// The number of the customer's first order.
pub(crate) async fn order_of(world: &World, customer: i64) -> String {
    let number = format!("SELECT number FROM orders WHERE customer_id = {customer} ORDER BY id");
    match world.platform.value(&number).await {
        Value::Text(number) => number,
        other => panic!("{other:?} is no number of an order"),
    }
}

/// Lifts a hold. Answers how many people are to be judged again.
pub(crate) async fn lift_it(world: &World, hold: &Hold) -> u64 {
    let because = Pii::new("Gruber lost".to_owned());
    lift(&clerk(world), &store_keys(), hold, "legal", because)
        .await
        .expect("a hold in force")
}

/// A customer of the house asks for something.
pub(crate) async fn try_ask(
    world: &World,
    kind: RequestKind,
    customer: i64,
    received_at: Option<DateTime<Utc>>,
) -> Result<(Request, Option<Hold>), JobError> {
    let asking = Asking {
        workgroup: &workgroup("house"),
        store_key: "theatre/house",
        customer: &customer.to_string(),
        kind,
        received_at,
        zone: world.policy.zone,
        by: "box office",
        note: Some(Pii::new("Frau Gruber rang an".to_owned())),
    };
    open(&clerk(world), &asking).await
}

pub(crate) async fn ask(world: &World, kind: RequestKind, customer: i64) -> Request {
    let asked = try_ask(world, kind, customer, None).await;
    asked.expect("a request that is written down").0
}

/// The request as it stands now.
pub(crate) async fn now(world: &World, request: &Request) -> Request {
    world.store.request(&request.id).await.expect("a request")
}

/// The daemon's desk, with the world's policy in force.
pub(crate) async fn desk(world: &World) -> Desk {
    let seal = Seal {
        key: world.keys.newest(),
        chance: &world.chance,
    };
    let policies = [taking_effect(&world.policy, world.now())];
    world
        .store
        .put_in_force(&policies, &seal)
        .await
        .expect("a policy in force");
    let shortest_anonymise_after = Period::new(1, Unit::Days).expect("a period");
    Desk {
        store: world.store.clone(),
        fitted: world.fitted.clone(),
        keys: world.keys.clone(),
        journal: world.journal.clone(),
        policies: PoliciesInForce::new(Limits {
            shortest_anonymise_after,
        }),
        store_key: Box::new(|workgroup| Ok(workgroup.to_string())),
        clock: Arc::new(SimulatedClock::at(world.now())),
        chance: Arc::new(SeededChance::new(9)),
        batch: BatchSize::Auto,
        pace: None,
        exports: ExportFolder {
            folder: world.exports(),
            node: "box-office".to_owned(),
        },
        watch_only: world.watch_only,
        metrics: Metrics::new(world.now(), "test", "none"),
    }
}

/// The daemon does every run that waits, and notes how each ended.
pub(crate) async fn does_its_runs(world: &World) -> Vec<Done> {
    let desk = desk(world).await;
    let starting = Starting {
        node: "box-office",
        pid: 1,
        program: "the test",
        version: "test",
        dataset: "the world's",
        lease: std::time::Duration::from_secs(3_600),
        at: world.now(),
        most_attempts: 5,
    };
    let owner = world
        .store
        .take(&starting)
        .await
        .expect("the store is ours")
        .start;
    let mut done = Vec::new();
    loop {
        let claimed = world.store.claim(world.now(), owner, 10).await.expect("runs");
        if claimed.is_empty() {
            return done;
        }
        for (run, lease) in claimed {
            let outcome = match desk.work(&run, lease, &Stop::new()).await {
                Ok(outcome) | Err(Unfinished::Cancelled(outcome)) => outcome,
                Err(other) => panic!("{}: {other:?}", run.job),
            };
            let end = End::Completed(outcome.clone());
            let lost = world.store.finish(&[Finish { lease, end }], world.now()).await;
            assert_eq!(lost.expect("an end"), []);
            done.push((run.job, outcome));
        }
    }
}

/// The jobs of the runs that were done, with what became of each, in a word.
pub(crate) fn became(done: &[Done]) -> Vec<(&str, &str)> {
    done.iter()
        .map(|(job, outcome)| (job.as_str(), outcome["became"].as_str().unwrap_or("refused")))
        .collect()
}

pub(crate) async fn is_anonymised(world: &World, customer: i64) -> bool {
    world.cell("customers", customer, "anonymised_at").await != Value::Null
}

/// Somebody who last came long ago, so that every plan names them.
pub(crate) async fn lapsed(world: &World, customer: i64) {
    world.customer(customer).ticket("2019-05-04").await;
}
