//! R-9 beside the platform's own transactions: who does something while they are erased stays, and the platform never pays
//! for it.

use lapsed_jobs::JobError;
use lapsed_model::Dialect;
use lapsed_store::StoreError;
use lapsed_tests::{Platform, World, only_on};

use super::plan_life::lapsed;
use super::recheck::batch_without_effect;

/// What the platform may be about to commit of customer 1 while a batch comes to them.
const UNDER_WAY: [(&str, &str); 6] = [
    (
        "they edit their address",
        "UPDATE customers SET city = 'Graz' WHERE id = 1",
    ),
    (
        "they sign in",
        "UPDATE web_users SET last_login_at = 1795000000000 WHERE customer_id = 1",
    ),
    (
        "they pay",
        "UPDATE orders SET status = 'paid' WHERE customer_id = 1",
    ),
    (
        "they buy",
        "INSERT INTO orders (workgroup, customer_id, number, ordered_at, status) VALUES ('house', 1, 'n', 1795000000000, 'paid')",
    ),
    (
        "a ticket is added to an order of theirs",
        "INSERT INTO tickets (order_id, event_id) SELECT o.id, (SELECT min(id) FROM events) FROM orders o \
         WHERE o.customer_id = 1 LIMIT 1",
    ),
    (
        "their pass is renewed",
        "UPDATE memberships SET expires_at = 1995000000000 WHERE holder_id = 1",
    ),
];

#[tokio::test]
async fn r9_whatever_a_person_is_doing_at_this_moment_is_waited_for_and_seen() {
    if !only_on(
        Dialect::Postgres,
        "on a file a batch and a sale cannot be under way at once",
    ) {
        return;
    }
    let world = World::new().await;
    let customer = world.customer(1).ticket("2019-05-04").signed_in("2019-05-04");
    customer.membership(Some("2019-12-31")).await;
    let plan = world.plan().await;
    assert_eq!(plan.subjects, 1);
    for (what, sql) in UNDER_WAY {
        let platform = Platform::on(&world.address());
        platform.run(&format!("BEGIN; {sql}")).await;
        // The batch lets go at once, instead of waiting with locks in its hands: so the server never finds a deadlock in
        // which it could end the platform's transaction.
        let batch = batch_without_effect(&world, &plan).await;
        assert!(matches!(batch, Err(StoreError::Busy)), "{what}: {batch:?}");
        platform.run("ROLLBACK").await;
        platform.close().await;
    }
    let platform = Platform::on(&world.address());
    platform.run(&format!("BEGIN; {}", UNDER_WAY[1].1)).await;
    let commit = async {
        // The batch has come to it by then, or has not begun: both have to end alike.
        tokio::task::yield_now().await;
        platform.run("COMMIT").await;
    };
    let (progress, ()) = tokio::join!(world.apply(&plan), commit);
    assert_eq!((progress.anonymised, progress.dropped), (0, 1));
    platform.close().await;
}

#[tokio::test]
async fn o4_a_database_that_does_not_do_what_it_says_is_not_believed() {
    let world = lapsed(3).await;
    let plan = world.plan().await;
    world.platform.swallows("customers", "old.id = 2").await;
    let (before, entries) = (world.platform.picture().await, world.ledger().await.len());
    let refused = world
        .try_apply(&plan)
        .await
        .expect_err("a trigger keeps one of them");
    assert!(
        matches!(
            refused,
            JobError::Store(StoreError::NotErased { meant: 3, erased: 2 })
        ),
        "{refused:?}"
    );
    assert_eq!(
        before.changes(&world.platform.picture().await),
        Vec::<String>::new()
    );
    assert_eq!(
        world.ledger().await.len(),
        entries,
        "nothing is written of what was not done"
    );
    world.platform.refuses_no_longer("customers").await;
    assert_eq!(world.apply(&plan).await.anonymised, 3);
}

#[tokio::test]
async fn r9_orders_that_a_policy_of_the_server_hides_are_an_error_and_not_orders_that_are_not_there() {
    if !only_on(Dialect::Postgres, "SQLite hides no rows") {
        return;
    }
    let world = World::new().await;
    world.customer(1).ticket("2026-12-24").await;
    world
        .platform
        .run("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
        .await;
    let refused = world.try_plan().await.expect_err("nobody can be judged");
    assert!(refused.to_string().contains("row-level security"), "{refused}");
}
