//! Whether the erasure journal can be written, and is there.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use lapsed_jobs::journal;
use lapsed_store::Store;
use rustix::fs::{Access, access};

use crate::failure::Result;
use crate::settings::Settings;

/// What is wrong with the journal, as far as a look at its folders and at the store tells.
pub(super) async fn look(settings: &Settings, store: &Store, now: DateTime<Utc>) -> Result<Vec<String>> {
    let mut wrong = broken(&settings.journal);
    let from = settings.records.journal_from(now);
    let emptied = journal::emptied(&settings.journal, store, from).await?;
    wrong.extend(emptied.map(|emptied| emptied.to_string()));
    Ok(wrong)
}

/// The folders that cannot be written, each with why. A single one is made when it is needed.
fn broken(folders: &[PathBuf]) -> Vec<String> {
    folders
        .iter()
        .filter(|folder| folders.len() > 1 || folder.exists())
        .filter_map(|folder| why(folder).map(|why| format!("{}: {why}", folder.display())))
        .collect()
}

fn why(folder: &Path) -> Option<&'static str> {
    if !folder.exists() {
        Some("there is no such folder, or its disk is not mounted")
    } else if !folder.is_dir() {
        Some("this is a file, not a folder")
    } else if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        Some("whoever runs this command may not write there")
    } else {
        None
    }
}
