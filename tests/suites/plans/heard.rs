//! What a server says of the statements that it ran: each with the plan by which it did.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use lapsed_store::Store;
use lapsed_tests::{Place, Record, World};
use serde_json::Value;

/// Tables of the daemon's that are small whatever the store holds, and may be read from end to end.
const SMALL: [&str; 9] = [
    // The people of one batch.
    "lapsed_batch",
    // A row each.
    "lapsed_identity",
    "lapsed_scan_asked",
    // A row for each program that took the store in the last thirty days.
    "lapsed_daemon",
    // A row for each key that ever sealed an entry, for each migration, for each stop that somebody pressed.
    "lapsed_key",
    "lapsed_migration",
    "lapsed_pause",
    // A row for each batch since the tables were scrubbed last.
    "lapsed_remnant",
    // A search a week, for three months.
    "lapsed_scan",
];

/// Tables that are read from end to end as yet, by the statements that say whose turn it is.
const NOT_YET: [&str; 0] = [];

/// An index over all rows that is read without a condition is the whole table, unless it is left after this many.
const SHORT: f64 = 5_000.0;

/// An ear on the statements that the daemon has run in a world's database, from now on.
pub(crate) struct Heard {
    log: File,
    mark: String,
    /// Indexes over some rows only, such as what is open: they may be read whole.
    partial: BTreeSet<String>,
    texts: BTreeSet<String>,
}

/// A statement as it was run.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    /// Its text.
    pub(crate) sql: String,
    /// The steps that read a table of the daemon's from end to end, each with the table's name.
    pub(crate) end_to_end: Vec<(String, String)>,
}

impl Heard {
    /// Has the server tell how it runs each statement of the daemon's, those of triggers and foreign keys among them. The
    /// daemon connects anew for that.
    pub(crate) async fn of(world: &mut World) -> Heard {
        let Place::Database(database) = world.place() else {
            panic!("only a server tells");
        };
        let (name, log) = (database.name().to_owned(), database.server().folder().join("log"));
        for (setting, value) in [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_nested_statements", "on"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_format", "json"),
        ] {
            let tell = format!("ALTER ROLE lapsed IN DATABASE {name} SET {setting} = '{value}'");
            world.platform.run(&tell).await;
        }
        world.store.close().await;
        world.store = Store::open(world.address()).await.expect("the same store");
        let mut heard = Heard {
            log: File::open(log).expect("the server's log"),
            mark: format!(" {name} lapsed: LOG:  duration: "),
            partial: partial_indexes(world).await,
            texts: BTreeSet::new(),
        };
        heard.log.seek(SeekFrom::End(0)).expect("a file");
        heard
    }

    /// What was run since it was asked last.
    pub(crate) async fn since(&mut self, world: &World) -> Vec<Ran> {
        // The last statement of a transaction is told of when that has ended, which may be behind the verb.
        let under_way =
            "pg_stat_activity WHERE datname = current_database() AND usename = 'lapsed' AND state <> 'idle'";
        while world.platform.count(under_way).await > 0 {}
        let mut log = Vec::new();
        self.log.read_to_end(&mut log).expect("the server's log");
        // Somebody else's line may not be whole as yet.
        let log = String::from_utf8_lossy(&log);
        let mut lines = log.lines().peekable();
        let mut all = Vec::new();
        while let Some(line) = lines.next() {
            let mut plan = String::new();
            // What belongs to a line is indented by a tab.
            while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
                plan.push_str(more);
            }
            if line.contains(&self.mark) && line.ends_with("plan:") {
                all.push(Ran::read(&plan, &self.partial));
            }
        }
        self.texts.extend(all.iter().map(|ran| ran.sql.clone()));
        all
    }

    /// Whether a statement of this very text was ever run.
    pub(crate) fn ever(&self, sql: &str) -> bool {
        self.texts.contains(sql)
    }
}

impl Ran {
    fn read(plan: &str, partial: &BTreeSet<String>) -> Ran {
        let plan: Value = serde_json::from_str(plan).expect("a plan is JSON");
        let mut ran = Ran {
            sql: plan["Query Text"].as_str().expect("a text").to_owned(),
            end_to_end: Vec::new(),
        };
        ran.walk(&plan["Plan"], partial);
        ran
    }

    fn walk(&mut self, step: &Value, partial: &BTreeSet<String>) {
        let says = |key: &str| step[key].as_str().unwrap_or_default();
        let number = |key: &str| step[key].as_f64().unwrap_or_default();
        let (kind, table, index) = (says("Node Type"), says("Relation Name"), says("Index Name"));
        let read = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
        let is_walk = kind == "Seq Scan"
            || kind.contains("Index")
                && step["Index Cond"].is_null()
                && !partial.contains(index)
                && read > SHORT;
        let is_ours = [table, index].iter().any(|name| name.starts_with("lapsed_"));
        if is_ours && is_walk && !SMALL.contains(&table) && !NOT_YET.contains(&table) {
            let step = format!("{kind} {table} {index}: {read} rows");
            self.end_to_end.push((table.to_owned(), step));
        }
        for child in step["Plans"].as_array().into_iter().flatten() {
            self.walk(child, partial);
        }
    }
}

async fn partial_indexes(world: &World) -> BTreeSet<String> {
    let partial = "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indpred IS NOT NULL";
    let rows = world.platform.rows(partial).await;
    let name = |row: &Record| match &row["relname"] {
        lapsed_model::Value::Text(name) => name.clone(),
        other => panic!("{other:?} is no name"),
    };
    rows.iter().map(name).collect()
}
