//! Whether the erasure journal can be written.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

/// The folders that cannot be written, each with why. A single one is made when it is needed.
pub(super) fn broken(folders: &[PathBuf]) -> Vec<String> {
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
