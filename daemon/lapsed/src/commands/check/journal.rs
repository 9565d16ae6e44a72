//! The erasure journal's folders, and how long the daemon keeps its own records.

use std::path::{Path, PathBuf};

use lapsed_config::{File, Finding};
use lapsed_model::{Clock, SystemClock};
use rustix::fs::{Access, access};

use super::Tally;
use crate::output::Output;
use crate::settings::Settings;

/// Whether a restored backup would be recognised, and by what.
pub(super) fn check(settings: &Settings, config: &Path, tally: &mut Tally, out: &Output) {
    let mut findings: Vec<Finding> = settings
        .journal
        .iter()
        .filter_map(|folder| unusable(folder, settings))
        .collect();
    if let [only] = settings.journal.as_slice() {
        findings.push(
            Finding::warning(format!(
                "the erasure journal is kept in {} alone",
                only.display()
            ))
            .help(
                "name a second folder under `[journal] folders`, on another disk, which no snapshot of this machine takes back: \
                 with that one a restored backup would bring erased people back unnoticed",
            ),
        );
    }
    if settings.records.is_journal_short(SystemClock.now()) {
        findings.push(
            Finding::warning(format!(
                "the erasure journal is kept for {}, and backups are often older",
                settings.records.journal
            ))
            .help("keep it longer than the oldest backup that you may ever restore: `[records] journal = \"2 years\"`"),
        );
    }
    tally.findings(&File::new(&config.display().to_string(), ""), &findings, out);
}

/// Why nothing can be written to a folder. A single one is made when it is needed.
fn unusable(folder: &PathBuf, settings: &Settings) -> Option<Finding> {
    let name = folder.display();
    let first_time = settings.journal.iter().all(|folder| !folder.exists());
    let parent = folder.parent().is_some_and(Path::is_dir);
    if !folder.exists() && first_time && parent {
        return None;
    }
    if !folder.is_dir() {
        return Some(
            Finding::error(format!("the erasure journal's folder {name} is not there"))
                .help("make it, or mount the disk that it lies on: nobody is erased without it"),
        );
    }
    access(folder, Access::WRITE_OK | Access::EXEC_OK)
        .is_err()
        .then(|| {
            Finding::error(format!(
                "the erasure journal's folder {name} cannot be written to"
            ))
            .help("let the user that runs `lapsed` write there: nobody is erased without it")
        })
}
