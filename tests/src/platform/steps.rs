//! How a database would run a statement of the daemon's.

use lapsed_model::Statement;
use lapsed_store::Address;

use super::{On, Platform};

/// The steps in which a database would run a statement.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// All of them, in its own words.
    pub all: Vec<String>,
    /// Those of them that read a table from end to end.
    pub end_to_end: Vec<String>,
    /// How many of them look something up by an index.
    pub lookups: usize,
}

/// Whoever carries out a batch may walk through it, and through who was found due just before; whoever exports, through a page of
/// people (`p`) and through what was found of them (`q`, then `r`). How that was found stands beside it.
const OURS: [&str; 7] = ["lapsed_batch", "b", "due", "page", "p", "q", "r"];

/// An index over what is still open of these may be walked: it is short, and often only asked whether there is anything in it.
const OPEN: [&str; 2] = ["lapsed_hold", "lapsed_request"];

impl Platform {
    /// A connection such as the daemon's own in the middle of a batch, on which statements may be thought through.
    pub async fn in_a_batch(&self) -> Platform {
        let daemon = Platform::on(&self.address);
        daemon.run(&self.begin_batch()).await;
        daemon
    }

    fn begin_batch(&self) -> String {
        match &self.address {
            // No index is made up for one statement.
            Address::File(_) => format!(
                "PRAGMA automatic_index = OFF; {}",
                include_str!("../../../daemon/lapsed-store/sql/sqlite/batch.sql")
            ),
            Address::Server(server) => format!(
                "SET search_path TO {}, public; SET jit TO off; \
                 CREATE TEMPORARY TABLE lapsed_batch (subject jsonb PRIMARY KEY, rule bigint); \
                 INSERT INTO lapsed_batch SELECT to_jsonb(id), 1 FROM customers \
                 WHERE workgroup = 'theatre/house' ORDER BY id LIMIT 100; ANALYZE lapsed_batch",
                server.schema
            ),
        }
    }

    /// How a statement would be run.
    pub async fn steps(&self, statement: &Statement) -> Steps {
        let steps = match &self.on {
            On::Sqlite(on) => on.steps(statement).await.map(of_sqlite),
            On::Postgres(on) => on.plan(statement).await.map(|plan| of_postgres(&plan)),
        };
        steps.unwrap_or_else(|why| panic!("{}: {why}", statement.sql))
    }
}

/// An automatic index is one that SQLite makes for the statement, out of the whole table.
fn of_sqlite(all: Vec<String>) -> Steps {
    let is_ours = |scanned: &str| {
        let name = scanned.split_whitespace().next().unwrap_or_default();
        OURS.contains(&name) || name.starts_with('(') || scanned.starts_with("r VIRTUAL TABLE")
    };
    let is_whole = |step: &&String| {
        step.contains("AUTOMATIC")
            || step
                .strip_prefix("SCAN ")
                .is_some_and(|scanned| !is_ours(scanned))
    };
    Steps {
        end_to_end: all.iter().filter(is_whole).cloned().collect(),
        lookups: all.iter().filter(|step| step.starts_with("SEARCH ")).count(),
        all,
    }
}

fn of_postgres(plan: &str) -> Steps {
    let plan: serde_json::Value = serde_json::from_str(plan).expect("a plan is JSON");
    let mut steps = Steps::default();
    walk(&plan[0]["Plan"], &mut steps);
    steps
}

fn walk(node: &serde_json::Value, steps: &mut Steps) {
    let says = |key: &str| node[key].as_str().unwrap_or_default();
    let kind = says("Node Type");
    let table = says("Relation Name");
    let step = format!("{kind} {table} {} {}", says("Index Name"), says("Index Cond"));
    let by_index = kind.contains("Index");
    if by_index && node["Index Cond"].is_string() {
        steps.lookups += 1;
    } else if (by_index && !OPEN.contains(&table) || kind == "Seq Scan") && !OURS.contains(&table) {
        steps.end_to_end.push(step.clone());
    }
    steps.all.push(step);
    for child in node["Plans"].as_array().into_iter().flatten() {
        walk(child, steps);
    }
}
