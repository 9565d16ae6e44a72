//! Leaving nothing behind that a query can see.
//!
//! An UPDATE leaves the old row in the heap until VACUUM, and the statistics keep samples of old values until ANALYZE: before
//! it, `pg_stats` gave hundreds of erased values back through plain SQL. VACUUM frees the room; it does not zero it, nor does
//! it reach the write-ahead log, replicas and backups. What lives on there, and for how long, the README and `lapsed concept`
//! say, since nothing here can change it.
//!
//! Only whoever owns a table may vacuum it. Where the role does not, autovacuum will: then there are remnants until the
//! statistics say that it has been there since.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row as _};

use super::Pool;
use super::rows;
use crate::error::{Result, StoreError};

const DOING: &str = "remove the remnants of what was erased";

/// Tables of the daemon's own that may have had something of people in them.
const OWN: [&str; 6] = [
    "lapsed_consent",
    "lapsed_hold",
    "lapsed_plan_subject",
    "lapsed_request",
    "lapsed_run",
    "lapsed_warning",
];

/// Whether the role may vacuum the table $1, and whether somebody has vacuumed and analysed it since $2.
const STANDS: &str = "SELECT pg_has_role(c.relowner, 'USAGE') AS may, \
    coalesce(least(greatest(s.last_vacuum, s.last_autovacuum), greatest(s.last_analyze, s.last_autoanalyze)) \
        > to_timestamp($2 / 1000.0), FALSE) AS done \
    FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid WHERE c.oid = to_regclass($1)";

impl Pool {
    /// Vacuums and analyses the tables, whose names are quoted, after people were erased `since`. Answers whether it is done
    /// for every one of them.
    pub(crate) async fn scrub(&self, tables: &[String], since: DateTime<Utc>) -> Result<bool> {
        let mut connection = self.direct(DOING).await?;
        let mut all = true;
        for table in tables.iter().map(String::as_str).chain(OWN) {
            let values = [table.into(), since.timestamp_millis().into()];
            let row = rows::query(STANDS, &values)
                .fetch_optional(&mut *connection)
                .await
                .map_err(StoreError::of(DOING))?;
            let Some(row) = row else { continue };
            if row.get::<bool, _>("may") {
                // Names come from the store's own catalogue and are quoted.
                sqlx::raw_sql(AssertSqlSafe(format!("VACUUM (ANALYZE) {table}")))
                    .execute(&mut *connection)
                    .await
                    .map_err(StoreError::of(DOING))?;
            } else {
                all &= row.get::<bool, _>("done");
            }
        }
        Ok(all)
    }
}
