//! A command that was silent for longer than its lease, or under whose hands the policy changed, erases nobody more.

use std::time::Duration;

use lapsed_jobs::JobError;
use lapsed_jobs::apply::{BatchSize, Tools, apply};
use lapsed_model::{Dialect, Plan, Right};
use lapsed_store::{Starting, StoreError};
use lapsed_tests::{World, only_on};

use super::plan_life::lapsed;

/// A command takes the store, as `lapsed apply` does where no daemon serves it.
async fn taken(world: &World) -> Right {
    let starting = Starting {
        node: "desk",
        pid: 1,
        program: "lapsed apply",
        version: "0",
        dataset: "none",
        lease: Duration::from_secs(60),
        at: world.now(),
        most_attempts: 5,
    };
    let taken = world.store.take(&starting).await.expect("a store to take");
    Right::Program(taken.start)
}

async fn erased(world: &World) -> i64 {
    world.platform.count("customers WHERE last_name = 'DSGVO'").await
}

/// The command carries a plan out; behind its first batch of two people something happens.
async fn carry_out(world: &World, plan: &Plan, happens: &str) -> JobError {
    let right = taken(world).await;
    let tools = Tools {
        right: Some(right),
        batch: BatchSize::Fixed(2),
        ..world.tools()
    };
    let case = world.case();
    // The next batch begins when this has returned, so it happens on a thread of its own.
    let applied = apply(&tools, &case, plan, |progress| {
        if progress.batches == 1 {
            let (address, sql) = (world.address(), happens.to_owned());
            let done = std::thread::spawn(move || {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                runtime.block_on(async {
                    let platform = lapsed_tests::Platform::on(&address);
                    platform.run(&sql).await;
                    platform.close().await;
                });
            });
            done.join().expect("it happened");
        }
    });
    applied.await.expect_err("the command is stopped")
}

#[tokio::test]
async fn r5_a_command_that_was_silent_for_longer_than_its_lease_erases_nobody_more() {
    if !only_on(
        Dialect::Postgres,
        "a file has one owner, by a lock that no silence ends",
    ) {
        return;
    }
    let world = lapsed(6).await;
    let plan = world.plan().await;
    let silence = "UPDATE lapsed_daemon SET lease_until = statement_timestamp() - interval '1 second'";
    let refused = carry_out(&world, &plan, silence).await;
    assert!(
        matches!(refused, JobError::Store(StoreError::Silent)),
        "{refused:?}"
    );
    assert_eq!(erased(&world).await, 2);
}

#[tokio::test]
async fn r5_a_policy_that_comes_into_force_under_a_command_stops_it() {
    let world = lapsed(6).await;
    let plan = world.plan().await;
    let other = "UPDATE lapsed_policy_in_force SET hash = (SELECT max(hash) FROM lapsed_policy WHERE hash LIKE '00%')";
    world
        .platform
        .run("INSERT INTO lapsed_policy (tenant, hash, text, in_force_from) SELECT tenant, '00' || substr(hash, 3), text, in_force_from FROM lapsed_policy")
        .await;
    let refused = carry_out(&world, &plan, other).await;
    let JobError::Refused(refusal) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refusal.code(), "other-policy");
    assert_eq!(erased(&world).await, 2);
}
