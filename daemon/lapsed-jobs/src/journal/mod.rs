//! The erasure journal (O-4): who was erased, kept where no backup of the store reaches.
//!
//! A restored backup brings erased people back, and the store cannot know it: its ledger came back with them. So every
//! batch leaves two lines in files outside of it: *intended* before it is committed, with the pseudonyms of its people,
//! and *done* after. Held against the store they tell what happened:
//!
//! | *intended* | *done* | the store knows the batch | what it was                                              |
//! |------------|--------|---------------------------|----------------------------------------------------------|
//! | yes        | yes    | yes                       | a batch like any other                                   |
//! | yes        | no     | yes                       | a kill behind the commit: *done* is written now          |
//! | yes        | no     | no                        | a kill before the commit: the plan simply goes on        |
//! | yes        | yes    | no                        | a backup was restored: its people are erased once more   |
//!
//! A file per folder and store, only ever written at its end, locked and synced; several folders, at least one of which
//! should be out of reach of the machine's snapshots. A folder that cannot be written to stops the erasing: nobody is
//! erased without the journal. People stand in it as the ledger's pseudonyms.

mod again;
mod check;
mod emptied;
mod error;
mod folder;
mod heads;
mod heal;
mod line;
mod mend;
mod note;
mod others;
mod prune;
mod read_back;
mod recover;
mod settle;
mod tail;
mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use lapsed_model::{Head, KeyRing, TenantName, fault};

pub use check::{Checked, Doubtful, FolderChecked, LineOfFile, check};
pub use emptied::{Emptied, emptied};
pub use error::JournalError;
pub use heal::Healed;
pub use line::LineFault;
pub use note::{Done, HeadNote, Intended, Note, Restored};
pub use recover::{Recovered, RestoredTenant, recover};
pub(crate) use witness::BatchWitness;

use folder::{Folder, Locked};
use mend::Uneven;

/// The journal of one store, in all its folders.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Files>);

#[derive(Debug)]
struct Files {
    store: String,
    folders: Vec<Folder>,
    keys: KeyRing,
    uneven: Mutex<Uneven>,
    /// Batches that this program intended, since when, and of which it does not know whether they were committed.
    open: Mutex<BTreeMap<String, DateTime<Utc>>>,
    /// The batches that stand in it, once that was looked at.
    batches: Mutex<Option<BTreeSet<String>>>,
    /// How far each tenant's ledger was copied from other daemons.
    copied: Mutex<BTreeMap<TenantName, Head>>,
}

impl Journal {
    /// The journal of the store of this name, for looking at: nothing is made or healed.
    #[must_use]
    pub fn at(folders: &[PathBuf], store: &str, keys: &KeyRing) -> Self {
        Self(Arc::new(Files {
            store: store.to_owned(),
            folders: folders.iter().map(|folder| Folder::new(folder, store)).collect(),
            keys: keys.clone(),
            uneven: Mutex::default(),
            open: Mutex::default(),
            batches: Mutex::default(),
            copied: Mutex::default(),
        }))
    }

    /// Opens the journal for writing: files are made where there are none, and a folder that was away, or came back from
    /// a backup, gets the lines that it lacks.
    pub async fn open(
        folders: &[PathBuf],
        store: &str,
        keys: &KeyRing,
    ) -> Result<(Self, Healed), JournalError> {
        let journal = Self::at(folders, store, keys);
        let healed = journal.heal(false).await?;
        Ok((journal, healed))
    }

    /// Writes a note into every folder, and returns when it is on every disk. After a failure the folders are made even
    /// first.
    pub async fn append(&self, note: &Note) -> Result<(), JournalError> {
        let line = line::seal(note, &self.0.store, self.0.keys.newest());
        // What was committed is said later if it cannot be said now; what was only intended is undone.
        let is_owed = matches!(note, Note::Done(_));
        let note = note.clone();
        self.blocking(move |files| {
            files.append_evenly(&line, is_owed)?;
            files.remember(&note);
            Ok(())
        })
        .await
    }

    /// Looks whether every folder can be written, and writes what earlier failures left out. A daemon does so all the
    /// time: that a folder is away should be known before the night, and what is owed should not wait for the next batch.
    pub async fn mend(&self) -> Result<(), JournalError> {
        self.blocking(Files::mend_now).await
    }

    /// The folders.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.0.folders.iter().map(|folder| folder.folder.as_path())
    }

    /// The files, one in each folder.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.folders.iter().map(|folder| folder.file.as_path())
    }

    /// Gives every folder the lines that it lacks, wherever they are missing. It reads everything.
    pub async fn heal_thoroughly(&self) -> Result<Healed, JournalError> {
        self.heal(true).await
    }

    /// Gives every folder the lines that it lacks; `thorough`ly, where the ends of the files do not show it.
    pub(crate) async fn heal(&self, thorough: bool) -> Result<Healed, JournalError> {
        self.blocking(move |files| heal::heal(&files.folders, &files.store, &files.keys, thorough))
            .await
    }

    /// Files are waited for on a thread of their own: nothing else stands still meanwhile.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let files = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&files))
            .await
            .unwrap_or(Err(JournalError::Ended))
    }
}

impl Files {
    /// All folders are locked before one is written, so that whoever looks sees a line in all of them or in none.
    fn append(&self, files: &mut [Locked], line: &[u8]) -> Result<(), JournalError> {
        for file in files {
            file.append(line)?;
            fault::point("journal-folder");
        }
        Ok(())
    }

    fn lock(&self) -> Result<Vec<Locked>, JournalError> {
        self.folders.iter().map(Folder::lock).collect()
    }
}
