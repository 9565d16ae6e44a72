//! The daemon's own statements, on PostgreSQL, with a hundred thousand rows in every table that grows.
//!
//! A daemon has one day after the other, and the server tells by which plan it ran each statement. None reads a table
//! from end to end that grows with the years, the tenants or their people, whatever the database has counted. Each
//! statement that has a file of its own was heard of, or stands here with the reason why not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::TimeDelta;
use lapsed_model::Dialect;
use lapsed_tests::{World, only_on};

use crate::day::Day;
use crate::heard::Heard;

const ONLY_A_SERVER: &str = "only a server tells by which plan it ran a statement";

/// When the database counted last what stands in its tables, and what is done for that.
const COUNTED: [(&str, &str); 4] = [
    ("never counted", "SELECT 1"),
    ("counted now", "ANALYZE"),
    (
        "counted when nothing was to be done",
        "CREATE TEMP TABLE undone AS SELECT * FROM lapsed_run WHERE finished_at IS NULL; \
         CREATE TEMP TABLE turns AS SELECT * FROM lapsed_turn; \
         DELETE FROM lapsed_run WHERE finished_at IS NULL; UPDATE lapsed_turn SET waiting = 0; ANALYZE; \
         INSERT INTO lapsed_run SELECT * FROM undone; \
         UPDATE lapsed_turn t SET waiting = turns.waiting FROM turns WHERE turns.tenant = t.tenant; \
         DROP TABLE undone, turns",
    ),
    (
        "counted when a tenth of all runs was to be done",
        "CREATE TEMP TABLE again AS SELECT * FROM lapsed_run WHERE id % 10 = 5 AND finished_at IS NOT NULL; \
         CREATE TEMP TABLE turns AS SELECT * FROM lapsed_turn; \
         UPDATE lapsed_run SET state = 'available', finished_at = NULL WHERE id % 10 = 5 AND finished_at IS NOT NULL; \
         UPDATE lapsed_turn SET waiting = 1; ANALYZE; \
         DELETE FROM lapsed_run WHERE id IN (SELECT id FROM again); INSERT INTO lapsed_run SELECT * FROM again; \
         UPDATE lapsed_turn t SET waiting = turns.waiting FROM turns WHERE turns.tenant = t.tenant; \
         DROP TABLE again, turns",
    ),
];

/// Statements that no day runs, and when they are run.
const NOT_EVERY_DAY: [(&str, &[&str]); 4] = [
    (
        "when a backup was restored",
        &[
            "approval_ask_again",
            "batch_fill",
            "batch_leave",
            "erasures_forgotten",
        ],
    ),
    ("once, when a store moves to a server", &["copy_number_on"]),
    ("when somebody types it", &["approval_list", "run_list"]),
    (
        "of the database's catalogue, when a program starts",
        &[
            "catalogue_columns",
            "catalogue_indexes",
            "catalogue_keys",
            "catalogue_materialised",
            "catalogue_triggers",
            "catalogue_unreadable",
            "own_tables",
            "own_texts",
            "platform_tables",
            "server_collation",
            "server_hidden",
            "server_itself",
            "server_risks",
            "server_state",
            "upkeep",
        ],
    ),
];

/// A world in which a daemon was busy for years.
async fn years_later() -> World {
    let world = World::new().await;
    let now = world.now().timestamp_millis().to_string();
    let years = include_str!("years.sql").replace("$NOW", &now);
    world.platform.run(&years).await;
    world
}

/// The daemon's statements on PostgreSQL that have a file of their own, by its name.
fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../daemon/lapsed-store/sql");
    let mut files = BTreeMap::new();
    for folder in [folder.clone(), folder.join("postgres")] {
        for file in std::fs::read_dir(folder).expect("the store's statements") {
            let path = file.expect("a file").path();
            if path.extension().is_some_and(|extension| extension == "sql") {
                let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
                files.insert(name, std::fs::read_to_string(path).expect("UTF-8"));
            }
        }
    }
    files
}

#[tokio::test]
async fn o3_no_day_of_a_daemon_reads_its_tables_from_end_to_end() {
    if !only_on(Dialect::Postgres, ONLY_A_SERVER) {
        return;
    }
    let mut world = years_later().await;
    let mut heard = Heard::of(&mut world).await;
    for (counted, how) in COUNTED {
        world.platform.run(how).await;
        let found = Day::of(&world, &mut heard).passes().await;
        assert!(found.is_empty(), "{counted}: {}", found.join("\n"));
        world.pass(TimeDelta::days(1));
    }
    let files = files();
    let excused: BTreeSet<&str> = NOT_EVERY_DAY
        .iter()
        .flat_map(|(_, names)| *names)
        .copied()
        .collect();
    let unheard: BTreeSet<&str> = files
        .iter()
        .filter(|(_, sql)| !heard.ever(sql))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(unheard, excused);
}

/// The proof of the proof: without the index over what is due the day goes on, and is seen to walk through all schedules.
#[tokio::test]
async fn without_its_index_the_daemon_would_read_every_schedule() {
    if !only_on(Dialect::Postgres, ONLY_A_SERVER) {
        return;
    }
    let mut world = years_later().await;
    world
        .platform
        .run("DROP INDEX lapsed_schedule_next; ANALYZE")
        .await;
    let mut heard = Heard::of(&mut world).await;
    let found = Day::of(&world, &mut heard).passes().await;
    for act in ["look for what is due", "move schedules on"] {
        let walks = |line: &String| line.starts_with(&format!("{act}: Seq Scan lapsed_schedule"));
        assert!(found.iter().any(walks), "{act}: {found:#?}");
    }
}
