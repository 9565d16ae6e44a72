//! Several folders.

use lapsed_jobs::JobError;
use lapsed_jobs::journal::{Journal, JournalError};
use lapsed_store::StoreError;
use lapsed_tests::World;

use super::town::{checked, count, people, recovered, text};

fn folders(world: &World) -> Vec<std::path::PathBuf> {
    world.journal.folders().map(std::path::Path::to_owned).collect()
}

async fn opened(world: &World) -> Result<Journal, JournalError> {
    let store = world.store.identity().await.expect("a name");
    Ok(Journal::open(&folders(world), &store, &world.keys).await?.0)
}

/// Whether a refusal is the journal's.
fn is_the_journals(why: &JobError) -> bool {
    matches!(
        why,
        JobError::Journal(_) | JobError::Store(StoreError::NotWitnessed(_))
    )
}

#[tokio::test]
async fn o4_every_folder_gets_every_line() {
    let mut world = World::new().await;
    world.journal_in(&["one", "two", "three"]).await;
    people(&world, 1..=5).await;
    world.sweep().await;
    assert_eq!(text(&world, 0), text(&world, 1));
    assert_eq!(text(&world, 0), text(&world, 2));
    use std::os::unix::fs::PermissionsExt;
    for file in world.journal.files() {
        let mode = std::fs::metadata(file).expect("a journal").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn o4_without_one_of_its_folders_nobody_is_erased_and_the_folder_is_named() {
    let mut world = World::new().await;
    world.journal_in(&["one", "two"]).await;
    people(&world, 1..=5).await;
    let plan = world.plan().await;
    let away = world.folder().join("away");
    std::fs::rename(world.folder().join("two"), &away).expect("a folder");
    let why = world.try_apply(&plan).await.expect_err("a folder is away");
    assert!(is_the_journals(&why), "{why:?}");
    assert!(why.to_string().contains("/two"), "{why}");
    assert_eq!(count(&world, "anonymised_at IS NOT NULL").await, 0);
    assert_eq!(world.platform.count("lapsed_erasure").await, 0);
    assert!(
        matches!(opened(&world).await, Err(JournalError::Folder { .. })),
        "nor does it start"
    );
    std::fs::rename(&away, world.folder().join("two")).expect("it is back");
    assert_eq!(world.apply(&plan).await.anonymised, 5);
    let seen = checked(&world).await;
    assert_eq!(seen.done, 1, "{seen:?}");
}

#[tokio::test]
async fn o4_a_file_that_vanished_stops_the_erasing_until_somebody_looks() {
    let mut world = World::new().await;
    world.journal_in(&["one", "two"]).await;
    people(&world, 1..=5).await;
    let plan = world.plan().await;
    let file = world.journal.files().nth(1).expect("two folders").to_owned();
    std::fs::remove_file(&file).expect("a file");
    let why = world.try_apply(&plan).await.expect_err("a file is gone");
    assert!(why.to_string().contains("is gone"), "{why}");
    assert_eq!(count(&world, "anonymised_at IS NOT NULL").await, 0);
    opened(&world).await.expect("it is made anew");
    assert_eq!(world.apply(&plan).await.anonymised, 5);
}

#[tokio::test]
async fn o4_a_folder_that_was_away_gets_what_it_lacks() {
    let mut world = World::new().await;
    world.batch = lapsed_jobs::apply::BatchSize::Fixed(2);
    world.journal_in(&["one", "two"]).await;
    people(&world, 1..=6).await;
    world.sweep().await;
    let early = text(&world, 1);
    people(&world, 7..=12).await;
    world.sweep().await;
    // The second folder comes from a backup of its own, and lost a line in the middle besides.
    let file = world.journal.files().nth(1).expect("two folders").to_owned();
    let kept: String = early.lines().skip(1).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, kept).expect("room");
    assert_eq!(checked(&world).await.folders[1].lacks, 7);
    let store = world.store.identity().await.expect("a name");
    let (_, healed) = Journal::open(&folders(&world), &store, &world.keys)
        .await
        .expect("both folders");
    assert_eq!(healed.lines.values().copied().collect::<Vec<_>>(), [7]);
    let seen = checked(&world).await;
    assert!(seen.is_whole(), "{seen:?}");
    assert!(recovered(&world).await.is_quiet());
}

/// Nothing fits into this folder's file any more, until it is let go.
struct Full {
    file: std::path::PathBuf,
    aside: std::path::PathBuf,
}

impl Full {
    fn of(world: &World, folder: usize) -> Self {
        let file = world.journal.files().nth(folder).expect("a folder").to_owned();
        let aside = file.with_extension("aside");
        std::fs::rename(&file, &aside).expect("a journal");
        std::os::unix::fs::symlink("/dev/full", &file).expect("room");
        Self { file, aside }
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        std::fs::rename(&self.aside, &self.file).expect("a journal");
    }
}

#[tokio::test]
async fn o4_a_folder_that_was_full_for_a_while_gets_what_it_lacks_without_a_restart() {
    let mut world = World::new().await;
    world.batch = lapsed_jobs::apply::BatchSize::Fixed(2);
    world.journal_in(&["one", "two"]).await;
    people(&world, 1..=6).await;
    let plan = world.plan().await;
    let mut full = None;
    let tools = world.tools();
    let case = world.case();
    let carried_out = lapsed_jobs::apply::apply(&tools, &case, &plan, |_| {
        full.get_or_insert_with(|| Full::of(&world, 1));
    });
    let why = carried_out.await.expect_err("the second folder is full");
    assert!(is_the_journals(&why), "{why:?}");
    drop(full);
    assert_ne!(text(&world, 0), text(&world, 1));
    world.apply(&plan).await;
    assert_eq!(text(&world, 0), text(&world, 1));
    assert!(checked(&world).await.is_whole());
}

/// A batch whose *done* finds a full folder.
async fn done_is_not_written(full: usize) {
    let mut world = World::new().await;
    world.journal_in(&["one", "two"]).await;
    people(&world, 1..=2).await;
    world.sweep().await;
    // The same batch once more, as it was before its *done* was written.
    let whole = text(&world, 0);
    let (intended, done) = whole.trim_end().split_once('\n').expect("two lines");
    let note = |line: &str| -> lapsed_jobs::journal::Note {
        serde_json::from_str(line.split_once(' ').expect("a seal").1).expect("a note")
    };
    for file in world.journal.files() {
        std::fs::write(file, format!("{intended}\n")).expect("room");
    }
    let full = Full::of(&world, full);
    world.journal.append(&note(done)).await.expect_err("it is full");
    drop(full);
    people(&world, 3..=4).await;
    world.sweep().await;
    assert_eq!(text(&world, 0), text(&world, 1));
    assert_eq!(text(&world, 0).matches(done).count(), 1);
    assert!(text(&world, 0).starts_with(&whole), "before the next batch");
    let seen = checked(&world).await;
    assert!(seen.is_whole() && seen.unfinished == 0, "{seen:?}");
}

#[tokio::test]
async fn o4_a_done_that_one_folder_or_none_could_take_is_written_before_the_next_batch() {
    done_is_not_written(1).await;
    done_is_not_written(0).await;
}

#[tokio::test]
async fn o4_a_backup_is_recognised_by_the_folder_that_was_not_restored_with_it() {
    let mut world = World::new().await;
    world.journal_in(&["beside", "elsewhere"]).await;
    people(&world, 1..=40).await;
    let backup = world.back_up().await;
    let early = text(&world, 0);
    world.sweep().await;
    world.restore(&backup).await;
    // The whole machine went back: store, and the folder beside it.
    std::fs::write(world.journal.files().next().expect("a folder"), early).expect("room");
    world.journal = opened(&world).await.expect("both folders");
    assert_eq!(recovered(&world).await.restored[0].erased_again, 40);
    assert_eq!(text(&world, 0).lines().count(), text(&world, 1).lines().count());
}

#[tokio::test]
async fn o4_what_the_store_erased_and_no_folder_knows_is_a_finding() {
    let mut world = World::new().await;
    people(&world, 1..=5).await;
    world.sweep().await;
    world.journal_in(&["another"]).await;
    let seen = checked(&world).await;
    assert_eq!(seen.unnoted.len(), 1);
    assert!(!seen.is_whole());
}
