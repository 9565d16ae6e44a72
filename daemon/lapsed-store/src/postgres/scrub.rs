//! Leaving nothing behind that a query can see.
//!
//! An UPDATE leaves the old row in the heap until VACUUM, where no query returns it; the statistics keep samples of old values
//! until ANALYZE, and give them back through plain SQL: before it, `pg_stats` told hundreds of erased values. VACUUM
//! frees the room; it does not zero it, nor does it reach the write-ahead log, replicas and backups. What lives on there, and
//! for how long, the README and `lapsed concept` say, since nothing here can change it.
//!
//! Only whoever owns a table may vacuum it. Where the role does not, it analyses by a function that the operator's
//! script gave it, and leaves dead rows to autovacuum. Where it has neither, there are remnants until the statistics
//! say that somebody has been there since.

use chrono::{DateTime, Utc};
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Postgres, Row as _};

use super::{Pool, rows};
use crate::error::{Result, StoreError};

const DOING: &str = "remove the remnants of what was erased";

/// As gently as the server's own autovacuum does it: the platform works on beside it.
const GENTLY: &str = "SELECT set_config('vacuum_cost_delay', setting, false) FROM pg_settings \
                      WHERE name = 'autovacuum_vacuum_cost_delay' AND setting <> '-1'";

/// Tables of the daemon's own that may have had something of people in them.
const OWN: [&str; 6] = [
    "lapsed_consent",
    "lapsed_hold",
    "lapsed_plan_subject",
    "lapsed_request",
    "lapsed_run",
    "lapsed_warning",
];

/// What can be done about a table.
enum How {
    Vacuum,
    Analyse,
    /// Nothing; and whether somebody else did it.
    Wait(bool),
}

impl Pool {
    /// Vacuums and analyses the tables, whose names are quoted, after people were erased `since`. Answers whether no query
    /// over any of them, or over their statistics, returns an old value.
    pub(crate) async fn scrub(&self, tables: &[String], since: DateTime<Utc>) -> Result<bool> {
        let mut connection = self.direct(DOING).await?;
        sqlx::raw_sql(GENTLY)
            .execute(&mut *connection)
            .await
            .map_err(StoreError::of(DOING))?;
        let mut all = true;
        for table in tables.iter().map(String::as_str).chain(OWN) {
            // Names come from the store's own catalogue and are quoted.
            let statement = match how(&mut connection, table, since).await? {
                How::Wait(done) => {
                    all &= done;
                    continue;
                }
                // Cutting a file short would lock the table against everybody, if only for a moment.
                How::Vacuum => format!("VACUUM (ANALYZE, TRUNCATE FALSE) {table}"),
                How::Analyse => format!("SELECT lapsed_analyse('{}')", table.replace('\'', "''")),
            };
            sqlx::raw_sql(AssertSqlSafe(statement))
                .execute(&mut *connection)
                .await
                .map_err(StoreError::of(DOING))?;
        }
        Ok(all)
    }
}

/// A table that is gone has nothing left in it.
async fn how(connection: &mut PoolConnection<Postgres>, table: &str, since: DateTime<Utc>) -> Result<How> {
    let values = [table.into(), since.timestamp_millis().into()];
    let row = rows::query(include_str!("../../sql/postgres/scrub_how.sql"), &values)
        .fetch_optional(&mut **connection)
        .await
        .map_err(StoreError::of(DOING))?;
    Ok(match row {
        Some(row) if row.get("may_vacuum") => How::Vacuum,
        Some(row) if row.get("may_analyse") => How::Analyse,
        row => How::Wait(row.is_none_or(|row| row.get("done"))),
    })
}
