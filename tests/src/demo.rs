//! The demo's invented people, for tests that need thousands.

use std::path::Path;
use std::process::Command;

use lapsed_model::{Bounds, Clock as _, Dialect, Statement, SystemClock, day_start};

use crate::dialect;
use crate::place::{Master, Place};

/// The filler that ships for each database.
#[must_use]
pub fn demo_script() -> &'static str {
    match dialect() {
        Dialect::Sqlite => include_str!("../../config/demo/sqlite.sql"),
        Dialect::Postgres => include_str!("../../config/demo/postgres.sql"),
    }
}

/// What it asks for: how many `customers` there are at `today`, in a theatre and a salon that stand for the workgroups
/// `house` and `studio` of a world, and in so many `others` of other tenants.
#[must_use]
pub fn demo_inputs(customers: i64, today: i64, others: i64) -> Vec<Statement> {
    let plain = |sql: &str| Statement {
        sql: sql.to_owned(),
        binds: Vec::new(),
    };
    vec![
        plain("CREATE TEMP TABLE demo (customers BIGINT, today BIGINT, seed BIGINT)"),
        Statement {
            sql: "INSERT INTO demo VALUES ($1, $2, 7)".to_owned(),
            binds: vec![customers.into(), today.into()],
        },
        plain(
            "CREATE TEMP TABLE demo_workgroup (position BIGINT, key TEXT, tenant TEXT, kind TEXT, language TEXT, \
             country TEXT, share BIGINT)",
        ),
        plain(
            "INSERT INTO demo_workgroup VALUES (1, 'theatre/house', 'theatre', 'theatre', 'de', 'AT', 2), \
             (2, 'theatre/studio', 'theatre', 'salon', 'fr', 'FR', 1)",
        ),
        Statement {
            sql: "INSERT INTO demo_workgroup \
                  WITH RECURSIVE other (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM other WHERE n <= $1) \
                  SELECT 2 + n, 'other/' || n, 'other', 'theatre', 'en', 'GB', 2 FROM other WHERE n <= $1"
                .to_owned(),
            binds: vec![others.into()],
        },
    ]
}

/// Puts the store of a demo that was made in a folder on the server: the same people in a database, of whom the same workgroups
/// were anonymised. The folder's settings name it.
///
/// # Panics
///
/// If a command of the program is refused.
#[must_use]
pub fn demo_on_a_server(program: &Path, folder: &Path, customers: i64) -> Master {
    for part in ["store.db", "journal", "journal-elsewhere"] {
        let part = folder.join(part);
        let gone = if part.is_dir() {
            std::fs::remove_dir_all(part)
        } else {
            std::fs::remove_file(part)
        };
        gone.expect("the demo made it");
    }
    let place = Place::bare(folder);
    let settings = folder.join("lapsed.toml");
    let text = std::fs::read_to_string(&settings).expect("the settings of the demo");
    let text = text.replace("url = \"sqlite:store.db\"", &place.settings());
    std::fs::write(&settings, text).expect("written");
    let lapsed = |words: &str| run(program, &settings, words);
    let zone = chrono_tz::Europe::Vienna;
    let today = day_start(zone, Bounds::today(SystemClock.now(), zone)).timestamp_millis();
    place.looked_at(async |platform| place.with_the_reference_tables(platform).await);
    lapsed("migrate");
    let inputs = demo_of_two_tenants(customers, today);
    place.looked_at(async |platform| platform.run_script(&inputs, demo_script()).await);
    for workgroup in ["stadttheater/grosses-haus", "salon-lumiere/croix-rousse"] {
        let plan: serde_json::Value =
            serde_json::from_str(&lapsed(&format!("plan {workgroup} --save --json"))).expect("an object");
        let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
        lapsed(&format!("approve {id} --by demo --reason looked-at"));
        lapsed(&format!("apply {id}"));
    }
    // Whoever approves asks the daemon to carry it out; the demo does it by itself.
    let no_runs = "DELETE FROM lapsed_run; DELETE FROM lapsed_turn";
    place.looked_at(async |platform| platform.run(no_runs).await);
    place.into_master()
}

/// Types `lapsed words`; answers what it says.
fn run(program: &Path, settings: &Path, words: &str) -> String {
    let answer = Command::new(program)
        .args(words.split_whitespace())
        .env("LAPSED_CONFIG", settings)
        .env_remove("CREDENTIALS_DIRECTORY")
        .output()
        .expect("the program runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        answer.status.success(),
        "lapsed {words}: {}{}",
        said(&answer.stdout),
        said(&answer.stderr)
    );
    said(&answer.stdout)
}

/// What the program itself asks the filler for when it makes a demo.
fn demo_of_two_tenants(customers: i64, today: i64) -> Vec<Statement> {
    let plain = |sql: &str| Statement {
        sql: sql.to_owned(),
        binds: Vec::new(),
    };
    vec![
        plain("CREATE TEMP TABLE demo (customers BIGINT, today BIGINT, seed BIGINT)"),
        Statement {
            sql: "INSERT INTO demo VALUES ($1, $2, 1)".to_owned(),
            binds: vec![customers.into(), today.into()],
        },
        plain(
            "CREATE TEMP TABLE demo_workgroup (position BIGINT, key TEXT, tenant TEXT, name TEXT, kind TEXT, \
             language TEXT, country TEXT, share BIGINT)",
        ),
        plain(
            "INSERT INTO demo_workgroup VALUES \
             (0, 'stadttheater/grosses-haus', 'stadttheater', 'grosses-haus', 'theatre', 'de', 'AT', 45), \
             (1, 'stadttheater/studio', 'stadttheater', 'studio', 'theatre', 'de', 'AT', 15), \
             (2, 'stadttheater-abo', 'stadttheater', 'abonnement', 'theatre', 'de', 'AT', 10), \
             (3, 'salon-lumiere/bellecour', 'salon-lumiere', 'bellecour', 'salon', 'fr', 'FR', 18), \
             (4, 'salon-lumiere/croix-rousse', 'salon-lumiere', 'croix-rousse', 'salon', 'fr', 'FR', 12)",
        ),
    ]
}
