//! Leaving nothing behind.
//!
//! `secure_delete` zeroes what a statement frees, but an index page that was split or merged keeps bytes of its
//! old cells, `sqlite_stat4` keeps samples of old keys, and the write-ahead log keeps whole old pages. Measured
//! without this: dozens of values of ten thousand people stayed in the file.

use lapsed_model::Statement;
use sqlx::Row as _;

use super::Pools;
use super::rows::query;
use crate::error::{Result, StoreError};

const DOING: &str = "remove the remnants of what was erased";

impl Pools {
    /// Rebuilds the indexes, takes their samples anew if there are any, and empties the log into the file. Answers whether
    /// the log could be emptied.
    pub(crate) async fn scrub(&self, rebuild: &[Statement], resample: &[Statement]) -> Result<bool> {
        let sampled: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')",
        )
        .fetch_one(&self.readers)
        .await
        .map_err(StoreError::of(DOING))?;
        let resample = if sampled > 0 { resample } else { &[] };
        for statement in rebuild.iter().chain(resample) {
            query(&statement.sql, &statement.binds)
                .execute(&self.writer)
                .await
                .map_err(StoreError::of(DOING))?;
        }
        self.empty_the_log().await
    }

    async fn empty_the_log(&self) -> Result<bool> {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await
            .map_err(StoreError::of("empty the write-ahead log"))?;
        Ok(row.get::<i64, _>(0) == 0)
    }
}
