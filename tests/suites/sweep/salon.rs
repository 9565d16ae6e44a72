//! Another platform altogether (`tests/datasets/salon-suite.toml`): guests who go to branches, come for visits, and buy
//! at the counter. Nothing of the reference schema is there.

use lapsed_model::Value;
use lapsed_tests::World;

/// Somebody's key: there are no numbers in it that a program could take for one.
pub(crate) fn uid(name: &str) -> String {
    format!("6f1c0d52-7a31-4c1e-9a00-{name}")
}

pub(crate) async fn salon() -> World {
    let world = World::with().dataset("salon-suite").build().await;
    world
        .platform
        .run("INSERT INTO branch VALUES ('B1', 'theatre/house'), ('B2', 'theatre/house'), ('B3', 'theatre/studio')")
        .await;
    world
}

/// A guest of branch B1 who joined on a day.
pub(crate) async fn guest(world: &World, name: &str, joined_on: &str) {
    world
        .platform
        .insert(
            "guest",
            &[
                ("uid", uid(name).into()),
                ("username", format!("{name}.1970").into()),
                ("full_name", format!("{name} Moser").into()),
                ("mail", format!("{name}@mail.example").into()),
                ("mobile", format!("+431 {name}").into()),
                ("joined_on", joined_on.into()),
            ],
        )
        .await;
    goes_to(world, name, "B1").await;
}

pub(crate) async fn goes_to(world: &World, name: &str, branch: &str) {
    let row = [("guest_uid", uid(name).into()), ("branch_code", branch.into())];
    world.platform.insert("guest_branch", &row).await;
}

pub(crate) async fn visit(world: &World, name: &str, begins: &str) -> i64 {
    let number = world.next_id();
    let row = [
        ("visit_no", number.into()),
        ("guest_uid", uid(name).into()),
        ("begins", begins.into()),
        ("comment", format!("{name} likes it short").into()),
    ];
    world.platform.insert("visit", &row).await;
    number
}

pub(crate) async fn receipt(world: &World, name: &str, sold_at: i64) -> String {
    let number = format!("R-{}", world.next_id());
    let row = [
        ("receipt_no", number.clone().into()),
        ("guest_uid", uid(name).into()),
        ("sold_at", sold_at.into()),
        ("cents", 5_000_i64.into()),
    ];
    world.platform.insert("receipt", &row).await;
    number
}

/// A gift card that was bought in 2019 and is good until a day, or for ever.
pub(crate) async fn gift_card(world: &World, name: &str, valid_till: impl Into<Value>) {
    let receipt = receipt(world, name, 1_556_928_000).await;
    let row = [
        ("receipt_no", receipt.into()),
        ("what", "gift card".into()),
        ("valid_till", valid_till.into()),
        ("engraving", format!("for {name}").into()),
    ];
    world.platform.insert("receipt_line", &row).await;
}

pub(crate) async fn flat_rate(world: &World, name: &str, last_day: impl Into<Value>) {
    let row = [("guest_uid", uid(name).into()), ("last_day", last_day.into())];
    world.platform.insert("flat_rate", &row).await;
}
