//! Disks that take nothing: read-only files and folders, and one without room.
//!
//! Root may write to whatever forbids writing by its mode, so these use what binds root too: the immutable flag,
//! and a file system of two megabytes. Where a machine allows neither, the test says so and proves nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use lapsed_jobs::JobError;
use lapsed_jobs::apply::{Tools, apply};
use lapsed_jobs::retention::save;
use lapsed_model::Dialect;
use lapsed_store::{Store, StoreError};
use lapsed_tests::{World, only_on};
use rustix::fs::{IFlags, Mode, OFlags, ioctl_getflags, ioctl_setflags, open};

use super::whole::{file_of, theatre_with_due_people, whole};

/// Why these stories are told of one database only.
const NO_FILE: &str = "the disk there is the server's";

/// A file or a folder that nobody can write to for as long as this lives.
struct Immutable(PathBuf);

impl Immutable {
    fn make(path: &Path) -> Option<Self> {
        set_immutable(path, true).then(|| Self(path.to_owned()))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        set_immutable(&self.0, false);
    }
}

fn set_immutable(path: &Path, on: bool) -> bool {
    let Ok(file) = open(path, OFlags::RDONLY, Mode::empty()) else {
        return false;
    };
    let flags = ioctl_getflags(&file).map(|mut flags| {
        flags.set(IFlags::IMMUTABLE, on);
        flags
    });
    flags.and_then(|flags| ioctl_setflags(&file, flags)).is_ok()
}

/// A disk of two megabytes for as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: &Path) -> Option<Self> {
        std::fs::create_dir(path).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(path)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(path.to_owned()))
    }

    /// Fills it to the last byte; gives the file to remove again.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let much = vec![7; 4 << 20];
        std::fs::write(&ballast, much).expect_err("more than the disk holds");
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The folder around it goes too; a disk that stays mounted would only be seen by whoever looks.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Says on the test's own output that this machine cannot run it.
#[expect(
    clippy::print_stdout,
    reason = "a test that did not run must not look like one that did"
)]
fn cannot_run(what: &str) {
    println!("not run: this machine allows no {what} (root with CAP_SYS_ADMIN and CAP_LINUX_IMMUTABLE can)");
}

/// Plans and carries out on another store than the world's own.
async fn try_plan(world: &World, store: &Store) -> Result<lapsed_model::Plan, JobError> {
    save(
        store,
        &world.fitted,
        &world.case(),
        world.bounds(),
        &world.keys,
        &world.chance,
        None,
    )
    .await
}

#[tokio::test]
async fn a_store_that_cannot_be_written_to_can_be_looked_at_and_no_more() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let world = theatre_with_due_people(3).await;
    let plan = world.plan().await;
    world.store.close().await;
    world.platform.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
    // A file that this process never had open for writing: SQLite keeps descriptors for the next one who opens.
    let path = world.folder().join("copy.db");
    std::fs::copy(file_of(&world), &path).expect("a copy");
    let before = whole(&path).await;
    let Some(immutable) = Immutable::make(&path) else {
        return cannot_run("immutable files");
    };
    let store = Store::open(&path).await.expect("a store to look at");
    let tools = Tools {
        store: &store,
        ..world.tools()
    };
    let refused = [
        try_plan(&world, &store).await.err(),
        apply(&tools, &world.case(), &plan, |_| {}).await.err(),
    ];
    for why in refused {
        let why = why.expect("a refusal");
        assert!(matches!(why, JobError::Store(StoreError::ReadOnly)), "{why:?}");
        assert!(
            why.to_string()
                .contains("needs to write to the database file and to its folder"),
            "{why}"
        );
    }
    store.close().await;
    drop(immutable);
    assert_eq!(whole(&path).await, before);
}

/// The log lies beside the store, and SQLite makes it when it opens one.
#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_named_as_the_reason() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let world = theatre_with_due_people(3).await;
    world.store.close().await;
    let folder = world.folder().join("store");
    std::fs::create_dir(&folder).expect("a folder");
    let path = folder.join("store.db");
    world.platform.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
    std::fs::copy(file_of(&world), &path).expect("a copy");
    let bytes = std::fs::read(&path).expect("a store");
    let Some(immutable) = Immutable::make(&folder) else {
        return cannot_run("immutable folders");
    };
    let why = match Store::open(&path).await {
        Ok(store) => match try_plan(&world, &store).await {
            Err(JobError::Store(why)) => why,
            other => panic!("a plan in a folder that takes none: {other:?}"),
        },
        Err(why) => why,
    };
    assert!(matches!(why, StoreError::ReadOnly), "{why:?}");
    assert!(why.to_string().contains("and to its folder"), "{why}");
    drop(immutable);
    assert!(
        std::fs::read(&path).expect("a store") == bytes,
        "nothing was written"
    );
}

#[tokio::test]
async fn on_a_full_disk_nobody_is_half_erased_and_the_plan_goes_on_when_there_is_room() {
    if !only_on(Dialect::Sqlite, NO_FILE) {
        return;
    }
    let world = theatre_with_due_people(400).await;
    let plan = world.plan().await;
    world.platform.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
    world.store.close().await;
    let Some(disk) = SmallDisk::mount(&world.folder().join("disk")) else {
        return cannot_run("small disks");
    };
    let path = disk.0.join("store.db");
    std::fs::copy(file_of(&world), &path).expect("room for the store");
    let before = whole(&path).await;
    let store = Store::open(&path).await.expect("a store");
    store.accept_keys(&world.keys).await.expect("the keys");
    let ballast = disk.fill();
    let tools = Tools {
        store: &store,
        ..world.tools()
    };
    let why = apply(&tools, &world.case(), &plan, |_| {})
        .await
        .expect_err("a full disk");
    assert!(matches!(why, JobError::Store(StoreError::Full)), "{why:?}");
    assert!(
        why.to_string().contains("make room, then run the command again"),
        "{why}"
    );
    std::fs::remove_file(ballast).expect("room");
    assert_eq!(whole(&path).await, before);
    let progress = apply(&tools, &world.case(), &plan, |_| {})
        .await
        .expect("room for everything");
    assert_eq!(progress.anonymised, 400);
    store.close().await;
}
