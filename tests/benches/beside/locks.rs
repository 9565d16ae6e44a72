//! How long anybody of the platform waits for a lock, looked at every 20 ms.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnection;
use tokio::task::JoinHandle;

use crate::shared::server::Server;

const WAITS: &str = "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)) * 1000, 0)::float8 \
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
    WHERE NOT l.granted AND a.application_name = 'pgbench'";

/// Somebody who looks.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    looking: JoinHandle<f64>,
}

impl Watch {
    /// Begins to look.
    pub(crate) async fn begin(server: &Server, database: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let connection = server.platform(database).await;
        Self {
            looking: tokio::spawn(look(connection, Arc::clone(&stop))),
            stop,
        }
    }

    /// The longest wait that was seen, in milliseconds.
    pub(crate) async fn end(self) -> f64 {
        self.stop.store(true, Ordering::SeqCst);
        self.looking.await.expect("nobody panicked")
    }
}

async fn look(mut on: PgConnection, stop: Arc<AtomicBool>) -> f64 {
    let mut longest = 0.0;
    while !stop.load(Ordering::SeqCst) {
        let waits: f64 = sqlx::query_scalar(WAITS)
            .fetch_one(&mut on)
            .await
            .expect("an answer");
        longest = f64::max(longest, waits);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    longest
}
