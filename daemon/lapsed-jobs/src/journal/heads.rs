//! The newest end of every tenant's ledger that the journal knows: entries that were cut off show against it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use lapsed_model::{Head, TenantName};

use super::{Journal, JournalError, Note, heal, line};

impl Journal {
    /// The newest heads, and the folders in which there is no journal to read them from.
    pub async fn heads(&self) -> Result<(Vec<Head>, Vec<PathBuf>), JournalError> {
        self.blocking(|files| {
            let mut missing = Vec::new();
            let mut known: Vec<(DateTime<Utc>, Head)> = Vec::new();
            let mut restored: BTreeMap<TenantName, DateTime<Utc>> = BTreeMap::new();
            for folder in &files.folders {
                let Some(mut file) = folder.read()? else {
                    missing.push(folder.folder.clone());
                    continue;
                };
                let lines = heal::lines_of(&mut file).map_err(JournalError::of(&folder.folder))?;
                for text in lines {
                    let text = text.map_err(JournalError::of(&folder.folder))?;
                    let text = text.strip_suffix(b"\n").unwrap_or(&text);
                    let Ok(note) = line::read(text, &files.store, &files.keys) else {
                        continue;
                    };
                    let Some(head) = note.head() else { continue };
                    if matches!(note, Note::Restored(_)) {
                        let last = restored.entry(head.tenant.clone()).or_insert(note.at());
                        *last = note.at().max(*last);
                    }
                    known.push((note.at(), head));
                }
            }
            Ok((newest(known, &restored), missing))
        })
        .await
    }
}

/// The furthest end of every tenant since a backup was last restored. The time that a batch bears is that of its beginning, and
/// one that began later may have been committed first.
fn newest(known: Vec<(DateTime<Utc>, Head)>, restored: &BTreeMap<TenantName, DateTime<Utc>>) -> Vec<Head> {
    let mut newest: BTreeMap<TenantName, Head> = BTreeMap::new();
    for (at, head) in known {
        let is_lost = restored.get(&head.tenant).is_some_and(|restored| at < *restored);
        let is_behind = newest
            .get(&head.tenant)
            .is_some_and(|other| other.sequence > head.sequence);
        if !is_lost && !is_behind {
            newest.insert(head.tenant.clone(), head);
        }
    }
    newest.into_values().collect()
}
