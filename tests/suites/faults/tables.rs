//! Stores with tables that are not what this program takes them for.

use lapsed_jobs::survey;
use lapsed_model::Dialect;
use lapsed_store::{Store, StoreError};
use lapsed_tests::{Place, World, dialect, only_on};

#[tokio::test]
async fn a_store_of_a_newer_version_is_neither_used_nor_migrated() {
    let world = World::new().await;
    let newer = "INSERT INTO lapsed_migration (version, description, success, checksum, execution_time) \
                 VALUES (99, 'what the future brings', true, '00', 0)";
    world.platform.run(newer).await;
    let before = world.platform.whole().await;
    let refusals = [
        world.store.must_be_migrated().await.err(),
        world.store.migrate().await.err(),
    ];
    for refusal in refusals {
        let refusal = refusal.expect("a refusal");
        assert!(
            matches!(refusal, StoreError::Newer { found: 99, known } if known < 99),
            "{refusal:?}"
        );
        assert!(refusal.to_string().contains("install that version"), "{refusal}");
    }
    assert_eq!(world.platform.whole().await, before);
}

#[tokio::test]
async fn a_table_of_somebody_else_with_our_name_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::empty(folder.path()).await;
    let store = Store::create(place.address()).await.expect("a store");
    let platform = place.platform();
    let table = match dialect() {
        Dialect::Sqlite => "lapsed_plan",
        Dialect::Postgres => "lapsed.lapsed_plan",
    };
    platform
        .run(&format!(
            "CREATE TABLE {table} (seat TEXT); INSERT INTO {table} VALUES ('row 7, seat 4')"
        ))
        .await;
    let before = platform.whole().await;
    let refusals = [store.must_be_migrated().await.err(), store.migrate().await.err()];
    for refusal in refusals {
        let refusal = refusal.expect("a refusal");
        assert!(
            matches!(&refusal, StoreError::Foreign(name) if name == "lapsed_plan"),
            "{refusal:?}"
        );
        assert!(
            refusal
                .to_string()
                .contains("names that begin with `lapsed_` are the daemon's"),
            "{refusal}"
        );
    }
    assert_eq!(platform.whole().await, before);
}

#[tokio::test]
async fn the_reference_schema_is_not_put_beside_a_platform_that_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::empty(folder.path()).await;
    let store = Store::create(place.address()).await.expect("a store");
    store.migrate().await.expect("the daemon's tables");
    let platform = place.platform();
    let theirs = "CREATE TABLE guests (id INTEGER PRIMARY KEY); CREATE TABLE rooms (id INTEGER PRIMARY KEY)";
    platform.run(theirs).await;
    let before = platform.whole().await;
    let schema = match dialect() {
        Dialect::Sqlite => include_str!("../../../config/reference-schema/sqlite.sql"),
        Dialect::Postgres => include_str!("../../../config/reference-schema/postgres.sql"),
    };
    let refusal = store
        .create_reference_schema(schema)
        .await
        .expect_err("a store that is not empty");
    assert!(
        matches!(&refusal, StoreError::NotEmpty(tables) if tables == "guests, rooms"),
        "{refusal:?}"
    );
    assert!(
        refusal.to_string().contains("in an empty store only"),
        "{refusal}"
    );
    assert_eq!(platform.whole().await, before);
}

#[tokio::test]
async fn in_a_store_with_a_handful_of_rows_no_index_is_missed() {
    if !only_on(Dialect::Postgres, "SQLite's planner goes by what it counted") {
        return;
    }
    let world = World::new().await;
    for id in 1..=3 {
        world.customer(id).ticket("2019-05-04").await;
    }
    world.platform.analyze().await;
    assert_eq!(titles(&world).await, [""; 0]);
}

#[tokio::test]
async fn an_index_that_is_not_there_is_missed_once_by_its_table_however_many_queries_go_that_way() {
    let world = World::new().await;
    world.platform.run("DROP INDEX appointments_customer").await;
    assert_eq!(
        titles(&world).await,
        ["no index leads from a person to `appointments`"]
    );
}

/// What is found when the dataset is held against the store once more.
async fn titles(world: &World) -> Vec<String> {
    let (_, findings) = survey::fit(&world.store, world.fitted.dataset())
        .await
        .expect("a store that answers");
    findings.into_iter().map(|finding| finding.title).collect()
}
