//! the recipient of an invoice may stay for bookkeeping, and goes when that period has passed.

use chrono::TimeDelta;
use lapsed_model::Value;
use lapsed_tests::World;

/// Somebody who last came in 2020, with an invoice of that day.
async fn somebody_with_an_invoice(world: &World) -> i64 {
    world
        .customer(7)
        .order("2020-03-01", "paid")
        .ticket("2020-03-08")
        .await;
    world
        .platform
        .run("UPDATE orders SET invoice_name = 'Anna Gruber', invoice_address = 'Lindengasse 7', note = 'for Anna'")
        .await;
    let order = "SELECT min(id) AS id FROM orders WHERE customer_id = 7";
    match world.platform.value(order).await {
        Value::Integer(order) => order,
        other => panic!("{other:?} is no order"),
    }
}

async fn recipient(world: &World, order: i64) -> (Value, Value) {
    let row = world.row("orders", order).await;
    (row["invoice_name"].clone(), row["invoice_address"].clone())
}

fn anna() -> (Value, Value) {
    ("Anna Gruber".into(), "Lindengasse 7".into())
}

const NOBODY: (Value, Value) = (Value::Null, Value::Null);

#[tokio::test]
async fn r8_the_recipient_goes_with_the_rest_where_the_policy_says_nothing() {
    let world = World::new().await;
    let order = somebody_with_an_invoice(&world).await;
    world.sweep().await;
    assert_eq!(recipient(&world, order).await, NOBODY);
}

#[tokio::test]
async fn r8_the_recipient_stays_until_its_period_has_passed_and_is_cleared_then() {
    let world = World::with()
        .says("keep_invoice_recipients = \"8 years\"")
        .build()
        .await;
    let order = somebody_with_an_invoice(&world).await;
    let progress = world.sweep().await;
    assert_eq!((progress.anonymised, progress.cleared_later), (1, 0));
    assert_eq!(recipient(&world, order).await, anna());
    assert_eq!(
        world.cell("orders", order, "note").await,
        Value::Null,
        "only the recipient waits"
    );
    assert_eq!(world.cell("customers", 7, "last_name").await, "DSGVO".into());

    // 1 March 2028 less eight years is the start of the very day of the order: not passed.
    world.pass(
        "2028-03-01T12:00:00Z"
            .parse::<chrono::DateTime<chrono::Utc>>()
            .expect("an instant")
            - world.now(),
    );
    assert_eq!(world.sweep().await.cleared_later, 0);
    assert_eq!(recipient(&world, order).await, anna());

    world.pass(TimeDelta::days(1));
    assert_eq!(world.sweep().await.cleared_later, 1);
    assert_eq!(recipient(&world, order).await, NOBODY);
    assert_eq!(
        world.entries("cleared-later").await.len(),
        1,
        "and the ledger says so"
    );

    world.pass(TimeDelta::days(1));
    assert_eq!(world.sweep().await.cleared_later, 0, "once");
}

#[tokio::test]
async fn r8_an_invoice_older_than_its_period_loses_its_recipient_with_the_rest() {
    let world = World::with()
        .says("keep_invoice_recipients = \"5 years\"")
        .build()
        .await;
    let order = somebody_with_an_invoice(&world).await;
    world.sweep().await;
    assert_eq!(recipient(&world, order).await, NOBODY);
}

#[tokio::test]
async fn r8_recipients_of_living_customers_stay_however_old_the_invoice() {
    let world = World::with()
        .says("keep_invoice_recipients = \"5 years\"")
        .build()
        .await;
    let order = somebody_with_an_invoice(&world).await;
    world
        .platform
        .run("UPDATE customers SET created_at = 1790000000000")
        .await;
    assert_eq!(world.sweep().await.cleared_later, 0);
    assert_eq!(recipient(&world, order).await, anna());
}

#[tokio::test]
async fn r8_recipients_do_not_wait_for_a_period_that_the_policy_no_longer_names() {
    let mut world = World::with()
        .says("keep_invoice_recipients = \"8 years\"")
        .build()
        .await;
    let order = somebody_with_an_invoice(&world).await;
    world.sweep().await;
    assert_eq!(recipient(&world, order).await, anna());
    world.pass(TimeDelta::days(1));
    world.tenant_no_longer_writes("keep_invoice_recipients");
    world.sweep().await;
    assert_eq!(recipient(&world, order).await, NOBODY);
}
