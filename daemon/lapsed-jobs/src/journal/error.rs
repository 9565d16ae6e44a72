//! What keeps the journal from being written or read.

use std::io;
use std::path::PathBuf;

/// Why the journal is of no use. Nobody is erased without it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A folder that cannot be written to, or read.
    #[error(
        "the erasure journal cannot be kept in {}: {source}; nobody is erased without it, so make the folder writable or mount what it lies on",
        .folder.display()
    )]
    Folder {
        /// Which.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file was there when the journal was opened.
    #[error(
        "{} is gone, and nobody is erased without it: bring it back, or start the command again, which makes it anew from the other folders",
        .0.display()
    )]
    Gone(PathBuf),
    /// Another program writes, and does not come to an end.
    #[error("another program keeps {} locked: try again when it is done", .0.display())]
    Locked(PathBuf),
    /// A folder that hangs, or a file that somebody keeps locked: the people of a batch stay locked meanwhile.
    #[error("the erasure journal took no line for {} s: see what keeps its folders busy; nothing of the batch was kept", .0.as_secs())]
    Slow(std::time::Duration),
    /// A line whose key is not in the ring: whether a backup was restored cannot be told without it.
    #[error(
        "a line of {} was sealed with key `{key}`, which is not in the key ring: put it back, the journal cannot be read without it",
        .file.display()
    )]
    UnknownKey {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
    },
    /// The program ends while somebody waits for the journal.
    #[error("the program ended while the erasure journal was being written")]
    Ended,
}

impl JournalError {
    /// Says which folder it is about.
    pub(super) fn of(folder: &std::path::Path) -> impl FnOnce(io::Error) -> JournalError {
        let folder = folder.to_owned();
        move |source| JournalError::Folder { folder, source }
    }
}
