//! A recovery that is cut short leaves nobody behind.

use std::process::Stdio;
use std::time::{Duration, Instant};

use lapsed_jobs::apply::BatchSize;
use lapsed_jobs::manual::anonymise;
use lapsed_model::SubjectKey;
use lapsed_tests::{Act, Platform, World};

use super::town::{count, ledger_holds, people, recovered};
use crate::program::Installed;

const IDENTIFIED: &str = "SELECT CAST(count(*) AS TEXT) FROM customers WHERE anonymised_at IS NULL";

/// Two tenants whose people were erased one by one, one tenant after the other, and came back with a backup. Answers
/// how many people were identified before it was restored.
fn two_tenants() -> (Installed, String) {
    let demo = Installed::demo();
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("settings");
    std::fs::write(
        demo.path("lapsed.toml"),
        format!("{settings}\n[limits]\nerase_batch = 1\nerase_share = \"100 %\"\n"),
    )
    .expect("written");
    // Enough of them that reading back would stop within the second tenant.
    demo.sql(
        "INSERT INTO customers (id, workgroup, number, first_name, last_name, email, created_at) \
         WITH RECURSIVE ids (id) AS (VALUES (900001) UNION ALL SELECT id + 1 FROM ids WHERE id < 900100) \
         SELECT id, 'salon-lumiere/bellecour', 'K-' || id, 'Anna' || id, 'Gruber' || id, 'anna' || id || '@mail.example', \
         1262304000000 + id FROM ids RETURNING id",
    );
    let plans: Vec<String> = ["stadttheater/studio", "salon-lumiere/bellecour"]
        .iter()
        .map(|workgroup| {
            let plan = demo.approved_plan(workgroup);
            plan["plan"]["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    let backup = demo.beside("backup");
    demo.place().back_up(&backup);
    for plan in &plans {
        assert_eq!(demo.lapsed(&format!("apply {plan}")).code, 0);
    }
    let identified = demo.sql(IDENTIFIED);
    demo.place().restore(&backup);
    (demo, identified)
}

/// A start that ends by a kill before it serves.
fn killed_at(demo: &Installed, place: &str) {
    const PATIENCE: Duration = Duration::from_secs(60);
    let mut start = demo
        .command("run")
        .env("LAPSED_FAULT", place)
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let began = Instant::now();
    let ended = loop {
        if let Some(ended) = start.try_wait().expect("it is our child") {
            break ended;
        }
        if began.elapsed() > PATIENCE {
            start.kill().expect("it is our child");
            panic!("{place} was not passed");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(ended.code(), None, "{place}");
    demo.watch().does(Platform::leases_run_out);
}

/// Any command that takes the store puts it right first; what it was asked for is refused, because the plan waits.
fn another_start(demo: &Installed) {
    let plan = demo.sql("SELECT id FROM lapsed_plan WHERE state <> 'applied' LIMIT 1");
    demo.lapsed(&format!("apply {plan}"));
}

#[test]
fn o4_a_recovery_that_is_killed_between_two_tenants_leaves_nobody_of_the_second_one() {
    let (demo, identified) = two_tenants();
    assert_ne!(demo.sql(IDENTIFIED), identified);
    killed_at(&demo, "recover-ledger:2");
    another_start(&demo);
    assert_eq!(demo.sql(IDENTIFIED), identified);
    assert!(demo.lapsed("journal re-erase").out.contains("nothing to do"));
    assert_eq!(demo.lapsed("ledger verify").code, 0);
}

#[test]
fn o4_a_recovery_that_is_killed_again_and_again_leaves_nobody() {
    let (demo, identified) = two_tenants();
    for batch in [40, 90, 70] {
        killed_at(&demo, &format!("recover-batch:{batch}"));
    }
    another_start(&demo);
    assert_eq!(demo.sql(IDENTIFIED), identified);
    let said = "SELECT CAST(count(*) AS TEXT) FROM lapsed_ledger WHERE kind = 'restored'";
    assert_eq!(
        demo.sql(said),
        "2",
        "each tenant's restored backup is written down once"
    );
    assert_eq!(demo.lapsed("ledger verify").code, 0);
}

#[tokio::test]
async fn o4_rows_that_refuse_for_a_while_leave_nobody_when_they_do_not_any_more() {
    let mut world = World::new().await;
    world.batch = BatchSize::Fixed(1);
    people(&world, 1..=200).await;
    let backup = world.back_up().await;
    world.sweep().await;
    world.restore(&backup).await;
    world
        .platform
        .refuses(Act::Update, "customers", Some("old.id = 100"), "not now")
        .await;
    for _ in 0..2 {
        lapsed_jobs::journal::recover(&world.tools(), &std::collections::BTreeMap::new())
            .await
            .expect_err("a row refuses");
    }
    world.platform.refuses_no_longer("customers").await;
    recovered(&world).await;
    assert_eq!(count(&world, "anonymised_at IS NULL").await, 0);
    ledger_holds(&world).await;
}

#[tokio::test]
async fn o4_old_lines_that_healing_put_at_the_end_do_not_hide_a_restored_backup() {
    let mut world = World::new().await;
    world.journal_in(&["one", "two"]).await;
    people(&world, 1..=120).await;
    for id in 1..=100 {
        world.pass(chrono::TimeDelta::seconds(1));
        anonymise(&world.tools(), &world.case(), &SubjectKey::Integer(id), true)
            .await
            .expect("by staff");
    }
    let backup = world.back_up().await;
    world.pass(chrono::TimeDelta::seconds(1));
    world.sweep().await;
    world.restore(&backup).await;
    // The first folder lost its old lines, and gets them from the second: behind the newest ones.
    let file = world.journal.files().next().expect("a folder").to_owned();
    let whole = std::fs::read_to_string(&file).expect("a journal");
    let kept: String = whole.lines().skip(200).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, kept).expect("room");
    world.journal_in(&["one", "two"]).await;
    assert_eq!(recovered(&world).await.restored[0].erased_again, 20);
    assert_eq!(count(&world, "anonymised_at IS NULL").await, 0);
}

#[tokio::test]
async fn o4_a_restored_backup_is_seen_wherever_in_the_journal_its_batches_stand() {
    let mut world = World::new().await;
    world.journal_in(&["one"]).await;
    world.batch = BatchSize::Fixed(1);
    people(&world, 1..=100).await;
    world.sweep().await;
    people(&world, 101..=107).await;
    let backup = world.back_up().await;
    world.pass(chrono::TimeDelta::seconds(1));
    world.sweep().await;
    world.restore(&backup).await;
    // So does a machine's journal stand that caught up late: what the backup lacks lies before a hundred batches that it has,
    // and the newest that it has lies last.
    let file = world.journal.files().next().expect("a folder").to_owned();
    let whole = std::fs::read_to_string(&file).expect("a journal");
    let lines: Vec<&str> = whole.lines().collect();
    let (known, lost) = lines.split_at(200);
    let late: String = lost.iter().chain(known).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, late).expect("room");
    world.journal_in(&["one"]).await;
    let said = recovered(&world).await;
    assert_eq!((said.restored[0].batches, said.restored[0].erased_again), (7, 7));
    assert_eq!(count(&world, "anonymised_at IS NULL").await, 0);
    assert!(recovered(&world).await.restored.is_empty(), "and once");
    ledger_holds(&world).await;
}
