//! Runs that wait, and daemons that take them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lapsed_model::{Clock as _, Dialect, SystemClock};
use lapsed_store::{End, Finish, Starting, Store};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use crate::shared::place::Place;
use crate::shared::stores::Home;

/// A store with nothing in it but runs.
pub(crate) struct Queue {
    pub(crate) home: Home,
    place: Place,
    runs: usize,
    tenants: usize,
}

/// What the statements of a database look like.
const SERIES: [&str; 2] = [
    "(WITH RECURSIVE g (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM g WHERE n < $RUNS - 1) SELECT n FROM g) g",
    "generate_series(0, $RUNS - 1) AS g (n)",
];

/// Runs of all tenants in turn, as if each had been asked for; and every tenant waits.
const FILL: &str = "DELETE FROM lapsed_run;
INSERT INTO lapsed_run (tenant, workgroup, job, payload, created_at, due_at, state)
SELECT 'tenant-' || (g.n % $TENANTS), 'house', 'retention', '{}', $NOW + g.n, $NOW + g.n, 'available'
FROM $SERIES;
DELETE FROM lapsed_turn;
INSERT INTO lapsed_turn (tenant, waiting, vtime) SELECT DISTINCT tenant, 1, 0 FROM lapsed_run";

impl Queue {
    /// An empty one.
    pub(crate) async fn new(on: Dialect, runs: usize, tenants: usize) -> Self {
        let home = Home::new(on);
        if let Some(server) = home.server() {
            server.copy("template0", "queue").await;
            let role = include_str!("../../../config/postgres/role.sql");
            let tables = include_str!("../../../config/reference-schema/postgres.sql");
            server.run("queue", &format!("{tables};{role}")).await;
        }
        let place = home.place("queue");
        let store = Store::create(&place.address).await.expect("a store");
        store.migrate().await.expect("the daemon's tables");
        store.close().await;
        Self {
            home,
            place,
            runs,
            tenants,
        }
    }

    /// Has all runs wait again, in tables as autovacuum leaves them.
    pub(crate) async fn refill(&self) {
        let [series, delete, behind] = match self.home.server() {
            None => [SERIES[0], "DELETE FROM", ""],
            Some(_) => [
                SERIES[1],
                "TRUNCATE",
                ";VACUUM (ANALYZE) lapsed_run, lapsed_turn;CHECKPOINT",
            ],
        };
        let sql = FILL
            .replace("$SERIES", series)
            .replace("DELETE FROM", delete)
            .replace("$RUNS", &self.runs.to_string())
            .replace("$TENANTS", &self.tenants.to_string())
            .replace("$NOW", &SystemClock.now().timestamp_millis().to_string());
        match self.home.server() {
            Some(server) => {
                for sql in format!("{sql}{behind}").split(';') {
                    server.run("queue", sql).await;
                }
            }
            None => {
                let url = format!("sqlite://{}", self.place.address);
                let mut store = SqliteConnection::connect(&url).await.expect("the store opens");
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut store).await;
                done.expect("runs");
                store.close().await.expect("a closed connection");
            }
        }
    }

    /// So many daemons claim and finish until nothing is left.
    pub(crate) async fn work(&self, daemons: usize, group: usize) {
        let left = Arc::new(AtomicUsize::new(self.runs));
        let working: Vec<_> = (0..daemons)
            .map(|_| tokio::spawn(daemon(self.place.clone(), group, Arc::clone(&left))))
            .collect();
        for daemon in working {
            daemon.await.expect("nobody panicked");
        }
    }
}

/// Works until nothing is left. What another daemon is claiming at this moment is passed over, so finding nothing is no
/// end.
async fn daemon(place: Place, group: usize, left: Arc<AtomicUsize>) {
    let store = Store::open(&place.address).await.expect("a store");
    let owner = store.take(&starting()).await.expect("a store to take").start;
    let room = u32::try_from(group).expect("not that many");
    while left.load(Ordering::SeqCst) > 0 {
        let claimed = store
            .claim(SystemClock.now(), owner, room)
            .await
            .expect("an answer");
        if claimed.is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        }
        let ends: Vec<Finish> = claimed
            .into_iter()
            .map(|(_, lease)| Finish {
                lease,
                end: End::Completed(json!({})),
            })
            .collect();
        let lost = store.finish(&ends, SystemClock.now()).await.expect("an answer");
        assert!(lost.is_empty(), "nobody takes runs over");
        left.fetch_sub(ends.len(), Ordering::SeqCst);
    }
    store.close().await;
}

fn starting() -> Starting<'static> {
    Starting {
        node: "bench",
        pid: std::process::id(),
        program: "bench",
        version: env!("CARGO_PKG_VERSION"),
        dataset: "none",
        lease: Duration::from_secs(600),
        at: SystemClock.now(),
        most_attempts: 5,
    }
}
