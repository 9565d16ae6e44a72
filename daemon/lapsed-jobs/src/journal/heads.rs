//! The newest end of every tenant's ledger that the journal knows: entries that were cut off show against it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lapsed_model::{Head, TenantName};

use super::{Journal, JournalError, heal, line};

impl Journal {
    /// The newest heads, and the folders in which there is no journal to read them from.
    pub async fn heads(&self) -> Result<(Vec<Head>, Vec<PathBuf>), JournalError> {
        self.blocking(|files| {
            let mut missing = Vec::new();
            let mut newest: BTreeMap<TenantName, (chrono::DateTime<chrono::Utc>, Head)> = BTreeMap::new();
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
                    let known = newest.get(&head.tenant);
                    if known.is_none_or(|(at, _)| *at <= note.at()) {
                        newest.insert(head.tenant.clone(), (note.at(), head));
                    }
                }
            }
            Ok((newest.into_values().map(|(_, head)| head).collect(), missing))
        })
        .await
    }
}
