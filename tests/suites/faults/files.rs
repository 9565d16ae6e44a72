//! Files that are no store, or no longer one.

use std::path::Path;

use lapsed_jobs::JobError;
use lapsed_jobs::retention::save;
use lapsed_model::{Dialect, Value};
use lapsed_store::{Store, StoreError};
use lapsed_tests::{World, only_on};

use super::whole::{file_of, theatre_with_due_people};

/// Why these stories are told of one database only.
const NO_FILE: &str = "the files there are the server's, and no program but it opens them";

/// What opening the store at `path` is refused with.
async fn refusal(path: &Path) -> StoreError {
    match Store::open(path).await {
        Ok(_) => panic!("{} is no store, and was opened", path.display()),
        Err(refusal) => refusal,
    }
}

#[tokio::test]
async fn a_store_that_is_missing_is_not_made_by_looking_for_it() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let refusal = refusal(&path).await;
    assert!(
        matches!(&refusal, StoreError::Missing(missing) if *missing == path),
        "{refusal:?}"
    );
    assert!(
        refusal.to_string().contains("`lapsed migrate` creates one"),
        "{refusal}"
    );
    assert!(!path.exists(), "looking for a store made one");
}

#[tokio::test]
async fn a_folder_is_no_store() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let refusal = refusal(folder.path()).await;
    assert!(matches!(refusal, StoreError::NotADatabase(_)), "{refusal:?}");
    assert!(refusal.to_string().contains("check `[store] url`"), "{refusal}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_file_of_something_else_is_no_store_and_stays_as_it_is() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letters.txt");
    std::fs::write(&path, "Dear Sir or Madam,").expect("a file");
    for refusal in [
        refusal(&path).await,
        Store::create(&path).await.expect_err("no store"),
    ] {
        assert!(matches!(refusal, StoreError::NotADatabase(_)), "{refusal:?}");
        assert!(refusal.to_string().contains("check `[store] url`"), "{refusal}");
    }
    assert_eq!(std::fs::read(&path).expect("a file"), b"Dear Sir or Madam,");
}

/// An empty file is what SQLite takes for a database without tables.
#[tokio::test]
async fn an_empty_file_is_a_store_that_nobody_has_migrated() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    std::fs::write(&path, "").expect("a file");
    let store = Store::open(&path).await.expect("an empty store");
    let refusal = store.must_be_migrated().await.expect_err("no tables");
    assert!(matches!(refusal, StoreError::NotMigrated), "{refusal:?}");
    assert!(refusal.to_string().contains("run `lapsed migrate`"), "{refusal}");
    store.close().await;
    assert_eq!(
        std::fs::metadata(&path).expect("a file").len(),
        0,
        "looking at it wrote into it"
    );
}

/// A backup that broke off in the middle.
#[tokio::test]
async fn a_store_that_lost_its_end_is_called_damaged() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let (world, bytes) = closed_theatre().await;
    let path = world.folder().join("half.db");
    let half = &bytes[..bytes.len() / 2];
    std::fs::write(&path, half).expect("a file");
    let why = plan_on(&world, &path).await;
    assert!(matches!(&why, StoreError::Damaged), "{why:?}");
    assert!(why.to_string().contains("restore it from a backup"), "{why}");
    assert!(
        std::fs::read(&path).expect("a file") == half,
        "a damaged store is not written to"
    );
}

/// A disk that wrote zeros over the orders: the judgement must not go on without them.
#[tokio::test]
async fn nobody_is_judged_by_what_a_damaged_page_no_longer_says() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let (world, bytes) = closed_theatre().await;
    let orders = "SELECT (rootpage - 1) * page_size FROM sqlite_schema, pragma_page_size WHERE name = 'orders_customer'";
    let Value::Integer(page) = world.platform.value(orders).await else {
        panic!("an index has a page")
    };
    let page = usize::try_from(page).expect("an offset");
    let path = world.folder().join("holes.db");
    let mut holes = bytes.clone();
    holes[page..page + 512].fill(0);
    assert!(holes != bytes, "something is damaged");
    std::fs::write(&path, &holes).expect("a file");
    let why = plan_on(&world, &path).await;
    assert!(matches!(&why, StoreError::Damaged), "{why:?}");
    let store = Store::open(&path).await.expect("what is left of a store");
    assert!(
        store
            .plans(&world.policy.tenant)
            .await
            .expect("the plans")
            .is_empty(),
        "half a judgement is none"
    );
}

/// A theatre whose store was closed, and the bytes of its file.
async fn closed_theatre() -> (World, Vec<u8>) {
    let world = theatre_with_due_people(3).await;
    world.platform.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
    world.store.close().await;
    let bytes = std::fs::read(file_of(&world)).expect("a store");
    (world, bytes)
}

/// Why the people of the store at `path` cannot be judged.
async fn plan_on(world: &World, path: &Path) -> StoreError {
    let store = match Store::open(path).await {
        Ok(store) => store,
        Err(refusal) => return refusal,
    };
    let planned = save(
        &store,
        &world.fitted,
        &world.case(),
        world.bounds(),
        &world.keys,
        &world.chance,
        None,
    )
    .await;
    store.close().await;
    match planned {
        Err(JobError::Store(why)) => why,
        other => panic!("a damaged store was planned on: {other:?}"),
    }
}
