//! The other side: one statement to claim and one to finish, each committed by itself.

use sqlx::postgres::PgConnection;

use crate::shared::server::Server;

const CLAIM: &str = "UPDATE lapsed_run SET state = 'running', claimed_at = 1 \
    WHERE id = ANY (ARRAY(SELECT id FROM lapsed_run WHERE state = 'available' LIMIT $1 FOR UPDATE SKIP LOCKED)) \
    RETURNING id";

const FINISH: &str =
    "UPDATE lapsed_run SET state = 'completed', finished_at = 2, outcome = '{}' WHERE id = ANY ($1)";

/// So many connections claim and finish until nothing is left.
pub(crate) async fn work(server: &Server, connections: usize, group: usize, runs: usize) {
    let mut working = Vec::new();
    for _ in 0..connections {
        working.push(tokio::spawn(worker(server.platform("queue").await, group)));
    }
    let mut done = 0;
    for worker in working {
        done += worker.await.expect("nobody panicked");
    }
    assert_eq!(done, runs, "every run was done once");
}

async fn worker(mut on: PgConnection, group: usize) -> usize {
    let (group, mut done) = (i64::try_from(group).expect("not that many"), 0);
    loop {
        let claim = sqlx::query_scalar(CLAIM).bind(group);
        let claimed: Vec<i64> = claim.fetch_all(&mut on).await.expect("an answer");
        if claimed.is_empty() {
            return done;
        }
        let finish = sqlx::query(FINISH).bind(&claimed);
        finish.execute(&mut on).await.expect("an answer");
        done += claimed.len();
    }
}
