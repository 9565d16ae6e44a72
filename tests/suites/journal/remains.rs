//! Looking for what should be gone.

use lapsed_jobs::scan::{Hit, Sample, is_due, scan, search};
use lapsed_model::{Dialect, Pii, TenantName};
use lapsed_tests::{World, only_on};

use super::town::people;

fn theatre() -> TenantName {
    "theatre".parse().expect("a name")
}

/// Sweeps with a search behind it.
async fn sweep_and_search(world: &World) -> Vec<Hit> {
    let plan = world.plan().await;
    let sample = Sample::take(&world.store, &world.fitted, &plan)
        .await
        .expect("a sample");
    world.apply(&plan).await;
    scan(&world.store, &world.fitted, &theatre(), sample, world.now())
        .await
        .expect("a search")
        .hits
}

#[tokio::test]
async fn what_is_gone_is_not_found() {
    let world = World::new().await;
    people(&world, 1..=200).await;
    assert_eq!(sweep_and_search(&world).await, []);
    let kept = world.store.scans(5).await.expect("searches");
    assert_eq!(
        (kept[0].people, kept[0].hits.as_array().map(Vec::len)),
        (50, Some(0))
    );
}

#[tokio::test]
async fn what_a_forgotten_column_keeps_is_reported_by_table_and_column_and_never_by_value() {
    let mut world = World::new().await;
    world.platform.run("CREATE TABLE letters (body TEXT)").await;
    world
        .platform
        .makes_a_table_without_row_numbers("calls (number TEXT PRIMARY KEY, said TEXT)")
        .await;
    world.refit().await;
    people(&world, 12_001..=12_020).await;
    let names = "UPDATE customers SET first_name = 'Annemarie', last_name = 'Oberhuber'";
    world.platform.run(names).await;
    for id in 12_001..=12_003 {
        let rows = format!(
            "INSERT INTO letters (body) VALUES ('{{\"to\":\"ANNA{id}@mail.example\"}}'), ('Liebe Annemarie Oberhuber!'); \
             INSERT INTO calls VALUES ('+43 1 555-00 {id}', 'nothing')"
        );
        world.platform.run(&rows).await;
    }
    let hit = |table: &str, column: &str, rows| Hit {
        table: table.to_owned(),
        column: column.to_owned(),
        rows,
        waits: false,
    };
    assert_eq!(
        sweep_and_search(&world).await,
        [hit("calls", "number", 3), hit("letters", "body", 6)]
    );
    let kept = world.platform.rows("SELECT * FROM lapsed_scan").await;
    assert!(!format!("{kept:?}").to_lowercase().contains("anna"));
}

#[tokio::test]
async fn what_a_materialised_view_keeps_is_found_there() {
    if !only_on(Dialect::Postgres, "there are no such views in a file") {
        return;
    }
    let mut world = World::new().await;
    people(&world, 1..=2).await;
    world
        .platform
        .run(
            "CREATE MATERIALIZED VIEW mailing AS SELECT id, email FROM customers; \
             CREATE MATERIALIZED VIEW never_filled AS SELECT email FROM customers WITH NO DATA",
        )
        .await;
    world.refit().await;
    let found = Hit {
        table: "mailing".to_owned(),
        column: "email".to_owned(),
        rows: 2,
        waits: false,
    };
    assert_eq!(sweep_and_search(&world).await, [found]);
}

#[tokio::test]
async fn who_became_active_is_not_looked_for() {
    let world = World::new().await;
    people(&world, 1..=2).await;
    let plan = world.plan().await;
    let sample = Sample::take(&world.store, &world.fitted, &plan)
        .await
        .expect("a sample");
    world
        .platform
        .run("UPDATE customers SET created_at = 1795340000000 WHERE id = 1")
        .await;
    world.apply(&plan).await;
    let found = scan(&world.store, &world.fitted, &theatre(), sample, world.now())
        .await
        .expect("a search");
    assert_eq!((found.people, found.hits), (1, Vec::new()));
}

#[tokio::test]
async fn the_daemons_own_texts_are_searched_too() {
    let world = World::new().await;
    world
        .platform
        .run("INSERT INTO lapsed_pause (tenant, at, by, because) VALUES ('theatre', 1, 'office', 'Anna Gruber called')")
        .await;
    let found = search(&world.store, &world.fitted, &[Pii::new("anna gruber".to_owned())])
        .await
        .expect("a search");
    assert_eq!(found.hits.len(), 1);
    assert_eq!(
        (found.hits[0].table.as_str(), found.hits[0].column.as_str()),
        ("lapsed_pause", "because")
    );
}

#[tokio::test]
async fn a_tenant_is_searched_once_a_week_or_when_somebody_asks() {
    let world = World::new().await;
    people(&world, 1..=2).await;
    let due = async |world: &World| is_due(&world.store, world.now()).await.expect("an answer");
    assert!(due(&world).await);
    sweep_and_search(&world).await;
    world.pass(chrono::TimeDelta::days(1));
    assert!(!due(&world).await);
    world.store.ask_for_scan(world.now()).await.expect("a note");
    assert!(due(&world).await);
    world.pass(chrono::TimeDelta::days(6));
    assert!(due(&world).await);
}
