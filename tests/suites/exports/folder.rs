//! The folder of exported files: what goes from it, when, and what nobody touches.

use std::path::Path;

use chrono::TimeDelta;
use lapsed_jobs::export::files::{LookedAfter, look_after};
use lapsed_store::ExportState;
use lapsed_tests::World;

use crate::handed_out::{NODE, erase, files_in, known, looked_after, try_write, wanted, written};

/// A theatre with a customer, whose files are kept for a week.
async fn theatre() -> World {
    let world = World::with()
        .exports("delete_file_after = \"7 days\"")
        .build()
        .await;
    world.customer(7).await;
    world
}

fn nothing() -> LookedAfter {
    LookedAfter::default()
}

#[tokio::test]
async fn x3_a_file_goes_behind_the_day_until_which_it_is_kept() {
    let world = theatre().await;
    let file = written(&world).await;
    let at = file.delete_at.expect("a day on which it goes");
    assert_eq!(
        at,
        lapsed_tests::instant("2026-11-29T23:00:00Z"),
        "the end of the 29th in Vienna"
    );
    world.pass(at - world.now() - TimeDelta::seconds(1));
    assert_eq!(looked_after(&world).await, nothing());
    assert!(file.path.exists());
    world.pass(TimeDelta::seconds(1));
    assert_eq!(looked_after(&world).await, LookedAfter { over: 1, ..nothing() });
    assert!(!file.path.exists());
    let export = known(&world, &file.id).await;
    assert_eq!(
        (export.state, export.because.as_deref()),
        (ExportState::Removed, Some("its time was over"))
    );
}

#[tokio::test]
async fn x3_a_file_goes_however_long_nobody_looked() {
    let world = theatre().await;
    let files = [written(&world).await, written(&world).await];
    world.pass(TimeDelta::days(400));
    assert_eq!(looked_after(&world).await, LookedAfter { over: 2, ..nothing() });
    assert!(files.iter().all(|file| !file.path.exists()));
    assert_eq!(looked_after(&world).await, nothing(), "and that is done");
}

/// Whoever named a folder takes care of the file.
#[tokio::test]
async fn x3_a_file_in_somebodys_own_folder_goes_with_the_anonymisation_alone() {
    let world = theatre().await;
    let folder = world.folder().join("for-the-auditor");
    let file = try_write(&world, &wanted(&folder), |_| {}).await.expect("a file");
    world.pass(TimeDelta::days(400));
    assert_eq!(looked_after(&world).await, nothing());
    erase(&world, 7).await;
    assert_eq!(
        looked_after(&world).await,
        LookedAfter {
            withdrawn: 1,
            ..nothing()
        }
    );
    assert!(!file.path.exists());
}

#[tokio::test]
async fn x3_files_of_another_machine_are_its_own_to_look_after() {
    let world = theatre().await;
    let file = written(&world).await;
    erase(&world, 7).await;
    let elsewhere = look_after(&world.store, "elsewhere", &world.exports(), world.now()).await;
    assert_eq!(elsewhere.expect("a folder"), nothing());
    assert!(file.path.exists());
    assert_eq!(known(&world, &file.id).await.state, ExportState::Withdrawn);
}

#[tokio::test]
async fn x3_a_disk_that_is_not_mounted_says_nothing_of_its_files() {
    let world = theatre().await;
    let file = written(&world).await;
    let aside = world.folder().join("unmounted");
    std::fs::rename(world.exports(), &aside).expect("a folder of the test's own");
    assert_eq!(looked_after(&world).await, nothing());
    std::fs::rename(&aside, world.exports()).expect("a folder of the test's own");
    assert_eq!(looked_after(&world).await, nothing());
    assert_eq!(known(&world, &file.id).await.state, ExportState::Finished);
}

#[tokio::test]
async fn x3_a_file_that_has_to_go_while_its_disk_is_away_goes_when_it_is_back() {
    for how in ["withdrawn", "over"] {
        let world = theatre().await;
        let file = written(&world).await;
        let aside = world.folder().join("unmounted");
        std::fs::rename(world.exports(), &aside).expect("a folder of the test's own");
        match how {
            "withdrawn" => erase(&world, 7).await,
            _ => world.pass(TimeDelta::days(30)),
        }
        assert_eq!(looked_after(&world).await, nothing(), "{how}");
        std::fs::rename(&aside, world.exports()).expect("a folder of the test's own");
        let done = looked_after(&world).await;
        assert_eq!((done.withdrawn + done.over, done.unknown), (1, 0), "{how}");
        assert!(!file.path.exists(), "{how}");
        assert_eq!(known(&world, &file.id).await.state, ExportState::Removed);
    }
}

#[tokio::test]
async fn x3_a_file_that_somebody_took_away_is_noted_and_goes_if_it_comes_back() {
    let world = theatre().await;
    let file = written(&world).await;
    let aside = world.folder().join("taken.zip");
    std::fs::rename(&file.path, &aside).expect("a file of the test's own");
    assert_eq!(
        looked_after(&world).await,
        LookedAfter {
            taken: 1,
            ..nothing()
        }
    );
    let because = known(&world, &file.id).await.because;
    assert_eq!(because.as_deref(), Some("somebody moved or deleted it"));
    // Nobody knows any more whom it names: who is anonymised now would not withdraw it.
    std::fs::rename(&aside, &file.path).expect("a file of the test's own");
    assert_eq!(
        looked_after(&world).await,
        LookedAfter {
            unknown: 1,
            ..nothing()
        }
    );
    assert!(!file.path.exists());
}

/// The backup is older than the file, and the person in it may be anonymised without withdrawing anything.
#[tokio::test]
async fn x3_a_file_that_a_restored_store_does_not_know_goes() {
    let mut world = theatre().await;
    let backup = world.back_up().await;
    let file = written(&world).await;
    world.restore(&backup).await;
    assert_eq!(
        looked_after(&world).await,
        LookedAfter {
            unknown: 1,
            ..nothing()
        }
    );
    assert!(!file.path.exists());
}

#[tokio::test]
async fn x4_what_is_not_ours_in_the_folder_stays() {
    let world = theatre().await;
    let file = written(&world).await;
    // The first digits of an id are the store's.
    let of_store = &file.id[..8];
    let ours = [
        format!("theatre-house-2026-11-01-{of_store}2233445566.zip"),
        format!(".theatre-house-2026-11-01-{of_store}aabbccddee.zip.part"),
    ];
    let others = [
        "theatre-house-2026-11-01-x-ffffff0011223344.zip",
        "notes.txt",
        "theatre.zip",
        "x-0011223344556677.csv",
        "theatre-house-2026-11-01-x-00112233445566.zip",
    ];
    for name in ours.iter().map(String::as_str).chain(others) {
        std::fs::write(world.exports().join(name), b"PK").expect("a file of the test's own");
    }
    assert_eq!(
        looked_after(&world).await,
        LookedAfter {
            unknown: 2,
            ..nothing()
        }
    );
    let mut left: Vec<_> = others.map(|name| world.exports().join(name)).to_vec();
    left.push(file.path);
    left.sort();
    assert_eq!(files_in(&world.exports()), left);
}

/// A name in a table is data: it leads to no file but one of ours.
#[tokio::test]
async fn x4_a_name_that_somebody_wrote_into_the_store_leads_nowhere() {
    let world = theatre().await;
    let file = written(&world).await;
    let precious = world.folder().join(format!("precious-{}.zip", file.id));
    std::fs::write(&precious, b"precious").expect("a file of the test's own");
    for name in [
        format!("../precious-{}.zip", file.id),
        "../store.db".to_owned(),
        "notes.zip".to_owned(),
    ] {
        std::fs::write(world.exports().join("notes.zip"), b"precious").expect("a file of the test's own");
        world
            .platform
            .run(&format!(
                "UPDATE lapsed_export SET file = '{name}', state = 'withdrawn'"
            ))
            .await;
        assert_eq!(looked_after(&world).await, nothing(), "{name}");
        assert!(
            precious.exists() && world.exports().join("notes.zip").exists(),
            "{name}"
        );
    }
}

/// Somebody gave a folder that is none any more; another file must not wait for that.
#[tokio::test]
async fn x3_a_folder_that_cannot_be_looked_at_keeps_no_other_file_from_going() {
    let world = theatre().await;
    let folder = world.folder().join("a-disk-of-somebodys");
    let mut files = Vec::new();
    for folder in [&folder, &world.exports(), &folder, &world.exports()] {
        files.push(try_write(&world, &wanted(folder), |_| {}).await.expect("a file"));
    }
    std::fs::rename(&folder, world.folder().join("aside")).expect("a folder of the test's own");
    std::fs::write(&folder, b"no folder").expect("a file of the test's own");
    erase(&world, 7).await;
    let why = look_after(&world.store, NODE, &world.exports(), world.now()).await;
    let why = why.expect_err("two files that cannot be reached").to_string();
    assert!(why.contains("a-disk-of-somebodys"), "{why}");
    assert_eq!(files_in(&world.exports()), Vec::<std::path::PathBuf>::new());
    assert!(
        states(&world, &files, &world.exports())
            .await
            .iter()
            .all(|state| *state == ExportState::Removed)
    );
    // And when the disk is back, its files go too.
    std::fs::remove_file(&folder).expect("a file of the test's own");
    std::fs::rename(world.folder().join("aside"), &folder).expect("a folder of the test's own");
    assert_eq!(looked_after(&world).await.withdrawn, 2);
    assert_eq!(files_in(&folder), Vec::<std::path::PathBuf>::new());
}

async fn states(
    world: &World,
    files: &[lapsed_jobs::export::workgroup::Written],
    folder: &Path,
) -> Vec<ExportState> {
    let mut states = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with(folder)) {
        states.push(known(world, &file.id).await.state);
    }
    states
}
