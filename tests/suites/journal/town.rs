//! A town full of people who lapsed.

use std::collections::BTreeMap;

use lapsed_jobs::journal::{Checked, Recovered, check, recover};
use lapsed_jobs::ledger::verify;
use lapsed_tests::World;

/// Adds people of the house with these ids, who were created long ago and never bought anything.
pub(super) async fn people(world: &World, ids: std::ops::RangeInclusive<i64>) {
    let (first, last) = ids.into_inner();
    world
        .platform
        .run(&format!(
            "INSERT INTO customers (id, workgroup, number, first_name, last_name, email, phone, city, language, created_at) \
             WITH RECURSIVE ids (id) AS (VALUES ({first}) UNION ALL SELECT id + 1 FROM ids WHERE id < {last}) \
             SELECT id, 'theatre/house', 'K-' || id, 'Anna' || id, 'Gruber' || id, 'anna' || id || '@mail.example', \
             '+43155500' || id, 'Wien', 'de', 1262304000000 + id FROM ids"
        ))
        .await;
}

/// How many people fit a condition.
pub(super) async fn count(world: &World, condition: &str) -> i64 {
    world
        .platform
        .count(&format!("customers WHERE {condition}"))
        .await
}

/// What every start does first.
pub(super) async fn recovered(world: &World) -> Recovered {
    recover(&world.tools(), &BTreeMap::new())
        .await
        .expect("a journal that can be read")
}

/// What a look through the journal finds.
pub(super) async fn checked(world: &World) -> Checked {
    check(&world.journal, &world.store)
        .await
        .expect("a journal that can be read")
}

/// The chains of the ledger are whole, held against the heads that the journal knows.
pub(super) async fn ledger_holds(world: &World) {
    assert_eq!(faults(world).await, Vec::<String>::new());
}

/// What is wrong with the ledger, held against the journal.
pub(super) async fn faults(world: &World) -> Vec<String> {
    let (heads, _) = world.journal.heads().await.expect("a journal that can be read");
    let verified = verify(
        &world.store,
        &world.keys,
        &heads,
        chrono::DateTime::<chrono::Utc>::MIN_UTC,
    )
    .await
    .expect("a ledger");
    let faults = verified.into_iter().flat_map(|chain| chain.faults);
    faults.map(|fault| fault.to_string()).collect()
}

/// The text of the journal's file in one of the world's folders.
pub(super) fn text(world: &World, folder: usize) -> String {
    let file = world.journal.files().nth(folder).expect("a folder");
    std::fs::read_to_string(file).expect("a journal")
}
