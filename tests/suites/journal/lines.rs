//! Torn and damaged lines.

use std::io::Write;

use lapsed_jobs::journal::LineFault;
use lapsed_tests::World;

use super::town::{checked, count, people, recovered, text};

async fn swept(folders: &[&str]) -> World {
    let mut world = World::new().await;
    world.batch = lapsed_jobs::apply::BatchSize::Fixed(10);
    world.journal_in(folders).await;
    people(&world, 1..=30).await;
    world.sweep().await;
    world
}

fn write(world: &World, folder: usize, text: &str) {
    let file = world.journal.files().nth(folder).expect("a folder");
    std::fs::write(file, text).expect("room");
}

#[tokio::test]
async fn o4_a_batch_leaves_two_lines() {
    let world = swept(&["journal"]).await;
    let text = text(&world, 0);
    assert_eq!(text.matches("\"kind\":\"intended\"").count(), 3);
    assert_eq!(text.matches("\"kind\":\"done\"").count(), 3);
    let checked = checked(&world).await;
    assert!(checked.is_whole(), "{checked:?}");
    assert_eq!((checked.done, checked.people, checked.crashed), (3, 30, 0));
}

#[tokio::test]
async fn o4_a_line_that_a_crash_tore_is_recognised_and_cut_off_before_the_next_one() {
    let world = swept(&["journal"]).await;
    let whole = text(&world, 0);
    let file = world.journal.files().next().expect("a folder").to_owned();
    let torn = &whole.lines().next().expect("a line")[..100];
    let mut journal = std::fs::OpenOptions::new()
        .append(true)
        .open(&file)
        .expect("a journal");
    journal.write_all(torn.as_bytes()).expect("room");
    let seen = checked(&world).await;
    assert_eq!((seen.folders[0].torn, seen.folders[0].faults.len()), (100, 0));
    assert!(recovered(&world).await.is_quiet(), "a torn line says nothing");
    people(&world, 31..=40).await;
    world.sweep().await;
    let after = text(&world, 0);
    assert!(after.starts_with(&whole) && after[whole.len()..].starts_with("first:"));
    assert!(checked(&world).await.is_whole());
}

#[tokio::test]
async fn o4_a_damaged_line_is_named_by_file_and_line_and_whole_in_another_folder() {
    let world = swept(&["one", "two"]).await;
    let edited = text(&world, 0).replacen("theatre/house", "theatre/hause", 2);
    write(&world, 0, &edited);
    let seen = checked(&world).await;
    let lines: Vec<_> = seen.folders[0]
        .faults
        .iter()
        .map(|fault| (fault.line, fault.fault.clone()))
        .collect();
    assert_eq!(lines, [(1, LineFault::Seal), (3, LineFault::Seal)]);
    assert_eq!((seen.folders[0].lacks, seen.folders[1].lacks), (2, 0));
    assert!(seen.lost.is_empty() && !seen.is_whole());
    world.journal.heal_thoroughly().await.expect("two folders");
    assert_eq!(checked(&world).await.folders[0].lacks, 0);
}

#[tokio::test]
async fn o4_a_damaged_line_does_not_keep_the_others_from_being_erased_again() {
    let mut world = World::new().await;
    world.batch = lapsed_jobs::apply::BatchSize::Fixed(10);
    people(&world, 1..=30).await;
    let backup = world.back_up().await;
    world.sweep().await;
    world.restore(&backup).await;
    // The second *intended*.
    let lines: Vec<String> = text(&world, 0).lines().map(str::to_owned).collect();
    let damaged = lines.iter().enumerate().map(|(index, line)| match index {
        2 => format!("{}\n", line.replace("intended", "imtended")),
        _ => format!("{line}\n"),
    });
    write(&world, 0, &damaged.collect::<String>());
    let said = recovered(&world).await;
    assert_eq!(
        (
            said.damaged,
            said.restored[0].nameless,
            said.restored[0].erased_again
        ),
        (1, 1, 20)
    );
    assert_eq!(
        count(&world, "anonymised_at IS NULL AND id BETWEEN 11 AND 20").await,
        10
    );
    let again = recovered(&world).await;
    assert!(
        again.restored.is_empty() && again.damaged == 1,
        "it is said at every start"
    );
}

#[tokio::test]
async fn o4_a_damaged_done_is_no_crash_and_its_people_are_counted_aloud() {
    let mut world = World::new().await;
    world.batch = lapsed_jobs::apply::BatchSize::Fixed(10);
    world.journal_in(&["one", "two"]).await;
    people(&world, 1..=30).await;
    let backup = world.back_up().await;
    world.sweep().await;
    world.restore(&backup).await;
    // The last *done*, in every folder.
    for folder in 0..2 {
        let whole = text(&world, folder);
        let (before, last) = whole.trim_end().rsplit_once('\n').expect("lines");
        write(
            &world,
            folder,
            &format!("{before}\n{}\n", last.replace("done", "dome")),
        );
    }
    let said = recovered(&world).await;
    assert_eq!((said.restored[0].erased_again, said.crashed), (20, 0));
    let told = said.sentences().join("\n");
    assert!(told.contains("1 batches with 10 people"), "{told}");
    let seen = checked(&world).await;
    assert_eq!(seen.crashed, 0);
    let object = serde_json::to_value(&seen).expect("an object");
    assert_eq!(object["doubtful"][0]["people"], 10);
}

#[tokio::test]
async fn o4_a_line_of_another_store_says_nothing() {
    let one = swept(&["journal"]).await;
    let other = World::new().await;
    people(&other, 1..=30).await;
    other
        .platform
        .run("UPDATE lapsed_identity SET id = 'another'")
        .await;
    let keys = other.keys.clone();
    let folders = [other.folder().join("journal")];
    let journal = lapsed_jobs::journal::Journal::open(&folders, "another", &keys)
        .await
        .expect("a journal")
        .0;
    std::fs::write(journal.files().next().expect("a folder"), text(&one, 0)).expect("room");
    let seen = lapsed_jobs::journal::check(&journal, &other.store)
        .await
        .expect("a journal");
    assert_eq!(seen.folders[0].faults.len(), 6);
    assert!(seen.lost.is_empty());
}
