//! One folder's file.
//!
//! Nothing is held between two lines: the file is opened, locked, looked at, written and let go, so that a file that was
//! put in its place meanwhile, or a disk that is gone, is noticed by the very next batch.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::JournalError;

/// A folder, and the file in it that belongs to one store.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) folder: PathBuf,
    pub(super) file: PathBuf,
}

/// The file, locked until this is dropped.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) file: File,
    of: Folder,
}

/// How often a lock is tried, and how long in between: as patient as the store is with its own.
const TRIES: u32 = 1_000;
const BETWEEN: Duration = Duration::from_millis(10);

impl Folder {
    pub(super) fn new(folder: &Path, store: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            file: folder.join(format!("lapsed-{store}.journal")),
        }
    }

    /// Makes the folder, if what it lies in is there.
    pub(super) fn make(&self) -> Result<(), JournalError> {
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(why) if why.kind() != io::ErrorKind::AlreadyExists => {
                Err(JournalError::of(&self.folder)(why))
            }
            _ => Ok(()),
        }
    }

    /// Locks the file that must be there.
    pub(super) fn lock(&self) -> Result<Locked, JournalError> {
        self.locked(OpenOptions::new().read(true).append(true))
    }

    /// Locks the file, and makes an empty one where there is none.
    pub(super) fn lock_or_make(&self) -> Result<Locked, JournalError> {
        if !self.file.exists() {
            OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(&self.file)
                .and_then(|file| file.sync_all())
                .and_then(|()| self.sync())
                .map_err(JournalError::of(&self.folder))?;
        }
        self.lock()
    }

    /// The file to read from, if there is one.
    pub(super) fn read(&self) -> Result<Option<File>, JournalError> {
        match File::open(&self.file) {
            Ok(file) => Ok(Some(file)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(JournalError::of(&self.folder)(why)),
        }
    }

    fn locked(&self, options: &OpenOptions) -> Result<Locked, JournalError> {
        for _ in 0..TRIES {
            let file = options.open(&self.file).map_err(|why| self.not_there(why))?;
            match file.try_lock() {
                // The file may have been put in another one's place while we waited for the lock.
                Ok(()) if self.is_still(&file) => {
                    return Ok(Locked {
                        file,
                        of: self.clone(),
                    });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN),
                Err(TryLockError::Error(why)) => return Err(JournalError::of(&self.folder)(why)),
            }
        }
        Err(JournalError::Locked(self.file.clone()))
    }

    fn not_there(&self, why: io::Error) -> JournalError {
        if why.kind() == io::ErrorKind::NotFound && self.folder.exists() {
            JournalError::Gone(self.file.clone())
        } else {
            JournalError::of(&self.folder)(why)
        }
    }

    fn is_still(&self, file: &File) -> bool {
        let (Ok(ours), Ok(theirs)) = (file.metadata(), std::fs::metadata(&self.file)) else {
            return false;
        };
        (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino())
    }

    /// Makes a new name in the folder, or a replaced one, outlive a power failure.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

impl Locked {
    /// Cuts off what a crash left of a line that was being written; answers how many bytes.
    pub(super) fn cut_torn(&mut self) -> Result<u64, JournalError> {
        let length = self.length()?;
        let whole = whole_lines(&mut self.file, length).map_err(JournalError::of(&self.of.folder))?;
        if whole < length {
            self.file
                .set_len(whole)
                .and_then(|()| self.file.sync_all())
                .map_err(JournalError::of(&self.of.folder))?;
        }
        Ok(length - whole)
    }

    /// Writes lines behind the last one, and returns when they are on the disk.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), JournalError> {
        self.cut_torn()?;
        let before = self.length()?;
        let written = self.file.write_all(lines).and_then(|()| self.file.sync_data());
        if written.is_err() {
            // What fits of a line on a full disk is no line. If it cannot be taken back now, the next append does.
            let _ = self.file.set_len(before);
        }
        written.map_err(JournalError::of(&self.of.folder))
    }

    pub(super) fn length(&self) -> Result<u64, JournalError> {
        self.file
            .metadata()
            .map(|metadata| metadata.len())
            .map_err(JournalError::of(&self.of.folder))
    }

    /// The last bytes of the file, at most `most`.
    pub(super) fn end(&mut self, most: u64) -> Result<Vec<u8>, JournalError> {
        let from = self.length()?.saturating_sub(most);
        let mut end = Vec::new();
        self.file
            .seek(SeekFrom::Start(from))
            .and_then(|_| self.file.read_to_end(&mut end))
            .map_err(JournalError::of(&self.of.folder))?;
        Ok(end)
    }

    pub(super) fn folder(&self) -> &Folder {
        &self.of
    }
}

/// How many bytes of a file of `length` bytes are whole lines.
pub(super) fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    const PIECE: u64 = 4_096;
    let mut end = length;
    while end > 0 {
        let from = end.saturating_sub(PIECE);
        let mut piece = vec![0; usize::try_from(end - from).unwrap_or_default()];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut piece)?;
        if let Some(newline) = piece.iter().rposition(|byte| *byte == b'\n') {
            return Ok(from + newline as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}
