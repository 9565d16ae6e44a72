//! A journal that was there and is not any more: nobody would notice a restored backup by it.

use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use lapsed_store::Store;

use super::folder::Folder;
use crate::JobError;

/// No folder has a line of the journal, and the store knows that there were some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emptied {
    /// How many batches the store knows that the journal should have.
    pub batches: u64,
}

impl fmt::Display for Emptied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the erasure journal is empty, and the store knows {} batches that should stand in it: a backup restored from now on \
             brings their people back unnoticed",
            self.batches
        )
    }
}

/// Whether the journal is empty though the store erased people from `from` on. That is said loudly and keeps nobody from
/// starting: what is erased from now on is noted again. A first start has neither, and nothing is wrong with it.
pub async fn emptied(
    folders: &[PathBuf],
    store: &Store,
    from: DateTime<Utc>,
) -> Result<Option<Emptied>, JobError> {
    let identity = store.identity().await?;
    if !folders
        .iter()
        .all(|folder| Folder::new(folder, &identity).is_empty())
    {
        return Ok(None);
    }
    let batches = store.erasures_since(from).await?;
    Ok((batches > 0).then_some(Emptied { batches }))
}

impl Folder {
    /// Whether there is nothing in it. What may not be looked at is not taken for nothing.
    fn is_empty(&self) -> bool {
        match std::fs::metadata(&self.file) {
            Ok(metadata) => metadata.len() == 0,
            Err(why) => why.kind() == std::io::ErrorKind::NotFound,
        }
    }
}
