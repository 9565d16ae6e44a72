//! A platform on PostgreSQL with nothing in `public`: people in one schema, sales in another, in a partitioned table, of which
//! a view says which ones count (`tests/datasets/two-schemas.toml`).

use std::collections::BTreeSet;

use lapsed_model::Dialect;
use lapsed_tests::{World, only_on};

use super::nothing_left::{hits, personal_values};

/// Of 120 people a third bought last in 2019, a third lately, and the rest have one sale of 2019 that was called off.
const PEOPLE: &str = "
INSERT INTO crm.person
SELECT i, 'theatre/house', 'Gruber Nummer' || i, 'person' || i || '@mail.example', '2015-01-01Z' FROM generate_series(1, 120) i;
INSERT INTO shop.sale
SELECT i, i,
       CASE i % 3 WHEN 1 THEN timestamptz '2026-05-04Z' ELSE timestamptz '2019-05-04Z' END,
       CASE i % 3 WHEN 2 THEN 'void' ELSE 'paid' END,
       'present for ' || i || ' from the shop'
FROM generate_series(1, 120) i;
ANALYZE";

#[tokio::test]
async fn r6_through_schemas_partitions_and_views_whoever_is_due_goes_and_nothing_is_left() {
    if !only_on(
        Dialect::Postgres,
        "there are neither schemas nor partitions in a file",
    ) {
        return;
    }
    let mut world = World::with().dataset("two-schemas").build().await;
    world.platform.run(PEOPLE).await;
    world.refit().await;
    let before = world.platform.picture().await;
    let plan = world.plan().await;
    assert_eq!(plan.subjects, 40);
    let progress = world.apply(&plan).await;
    assert_eq!((progress.anonymised, progress.remnants_removed), (40, Some(true)));

    let after = world.platform.picture().await;
    let now = "2026-11-22T12:00:00.000000Z";
    let of_three = [
        "crm.person 3 full_name: Gruber Nummer3 → DSGVO".to_owned(),
        format!("crm.person 3 gone: nothing → {now}"),
        "crm.person 3 mail: person3@mail.example → nothing".to_owned(),
        "shop.sale 3 gift_for: present for 3 from the shop → nothing".to_owned(),
        "shop.sale_of_old 3 gift_for: present for 3 from the shop → nothing".to_owned(),
    ];
    let changes = before.changes(&after);
    let (mine, others): (Vec<&String>, Vec<&String>) = changes
        .iter()
        .partition(|change| change.split(' ').nth(1) == Some("3"));
    assert_eq!(mine, of_three.iter().collect::<Vec<_>>());
    assert_eq!(others.len(), 39 * of_three.len());

    let lost = personal_values(&world, &before).await;
    assert!(lost.len() >= 80, "{} values were theirs alone", lost.len());
    assert_eq!(hits(&world, &lost).await, BTreeSet::new());
}
