//! What erasing leaves behind in a database's own files, and when that is removed.
//!
//! The transaction that erases notes that there are remnants, so that a kill before they are removed forgets nothing. How they
//! are removed is each database's own: `sqlite/scrub.rs` and `postgres/scrub.rs`.

use chrono::{DateTime, Utc};
use lapsed_model::Statement;

use super::schedules::instant;
use crate::Store;
use crate::error::Result;
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};
use crate::store::Kept;

/// Notes, in the transaction that erases, that there will be remnants.
pub(super) async fn note_remnants(session: &mut Session, since: DateTime<Utc>) -> Result<()> {
    session
        .doing("note that there are remnants")
        .run(side_by_side!("remnants_note"), &values![since.timestamp_millis()])
        .await?;
    Ok(())
}

impl Store {
    /// Since when the store's own files may hold what was erased; `None` where nothing is left to scrub.
    pub async fn remnants_since(&self) -> Result<Option<DateTime<Utc>>> {
        Ok(self.remnants().await?.map(|(_, since)| since))
    }

    /// Removes what erasing left behind: on SQLite it rebuilds indexes, takes their samples anew if there are any, and empties
    /// the log into the file; on PostgreSQL it vacuums and analyses `tables`, so that no query and no statistics return it.
    ///
    /// Answers whether all of it is gone: another program that reads an old snapshot may keep some, and the store remembers
    /// that there are remnants.
    pub async fn scrub(
        &self,
        rebuild: &[Statement],
        resample: &[Statement],
        tables: &[String],
    ) -> Result<bool> {
        let Some((seen, since)) = self.remnants().await? else {
            return Ok(true);
        };
        let gone = match &self.kept {
            Kept::Sqlite(pools) => pools.scrub(rebuild, resample).await?,
            Kept::Postgres(pool) => pool.scrub(tables, since).await?,
        };
        if gone {
            self.forget_remnants(&seen).await?;
        }
        Ok(gone && self.remnants_since().await?.is_none())
    }

    /// Which batches left any, and since when.
    async fn remnants(&self) -> Result<Option<(String, DateTime<Utc>)>> {
        let mut session = self.read("look for remnants").await?;
        let row = session.first(side_by_side!("remnants_seen"), &[]).await?;
        Ok(row.map(|row| (row.get("seen"), instant(row.get("since")))))
    }

    /// A batch that another program committed meanwhile has remnants of its own.
    async fn forget_remnants(&self, seen: &str) -> Result<()> {
        let mut session = self.write("note that remnants are gone", Beside::Anybody).await?;
        session
            .run(side_by_side!("remnants_forget"), &values![seen])
            .await?;
        session.commit().await
    }
}
