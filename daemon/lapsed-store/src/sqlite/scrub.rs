//! Leaving nothing behind.
//!
//! `secure_delete` zeroes what a statement frees, but an index page that was split or merged keeps bytes of its
//! old cells, `sqlite_stat4` keeps samples of old keys, and the write-ahead log keeps whole old pages. Measured
//! without this: dozens of values of ten thousand people stayed in the file.

use chrono::{DateTime, Utc};
use lapsed_model::Statement;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::rows::query;
use crate::error::{Result, StoreError};

const DOING: &str = "remove the remnants of what was erased";

/// Notes, in the transaction that erases, that there will be remnants: a kill before the scrub forgets nothing.
pub(super) async fn note_remnants(connection: &mut SqliteConnection, since: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO lapsed_remnants (only_one, since, batches) VALUES (1, $1, 1) \
         ON CONFLICT DO UPDATE SET batches = batches + 1",
    )
    .bind(since.timestamp_millis())
    .execute(connection)
    .await
    .map(|_| ())
    .map_err(StoreError::of(DOING))
}

impl Store {
    /// Since when the store's own files may hold what was erased; `None` where nothing is left to scrub.
    pub async fn remnants_since(&self) -> Result<Option<DateTime<Utc>>> {
        let since: Option<i64> = sqlx::query_scalar("SELECT since FROM lapsed_remnants")
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::of("look for remnants"))?;
        Ok(since.and_then(DateTime::from_timestamp_millis))
    }

    /// Rebuilds the indexes, takes their samples anew if there are any, and empties the log into the file.
    ///
    /// Answers whether the log could be emptied: another program that reads an old snapshot keeps it, and the
    /// store remembers that there are remnants.
    pub async fn scrub(&self, rebuild: &[Statement], resample: &[Statement]) -> Result<bool> {
        let batches: Option<i64> = sqlx::query_scalar("SELECT batches FROM lapsed_remnants")
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::of(DOING))?;
        let sampled: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('sqlite_stat1', 'sqlite_stat4')",
        )
        .fetch_one(&self.readers)
        .await
        .map_err(StoreError::of(DOING))?;
        let resample = if sampled > 0 { resample } else { &[] };
        for statement in rebuild.iter().chain(resample) {
            query(statement)
                .execute(&self.writer)
                .await
                .map_err(StoreError::of(DOING))?;
        }
        let emptied = self.empty_the_log().await?;
        if emptied {
            // A batch that another program committed meanwhile has remnants of its own.
            sqlx::query("DELETE FROM lapsed_remnants WHERE batches = $1")
                .bind(batches)
                .execute(&self.writer)
                .await
                .map_err(StoreError::of(DOING))?;
        }
        Ok(emptied && self.remnants_since().await?.is_none())
    }

    async fn empty_the_log(&self) -> Result<bool> {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&self.writer)
            .await
            .map_err(StoreError::of("empty the write-ahead log"))?;
        Ok(row.get::<i64, _>(0) == 0)
    }
}
