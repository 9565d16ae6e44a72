//! Going on after a line could not be written everywhere.
//!
//! Folders are written one after the other: a disk that is full when the first one has its line leaves the second without.
//! The daemon lives on and tries again, so that the folders have to be made even before the next line, and not only when a
//! program opens the journal. A *done* that could not be written is owed until it is: its batch is committed.

use std::sync::PoisonError;

use super::folder::Locked;
use super::{Files, JournalError, heal};

/// What failures left behind.
#[derive(Debug, Default)]
pub(super) struct Uneven {
    /// Whether a line may be missing in some folder.
    may_lack: bool,
    /// Lines that say what is true and that no folder may have.
    owed: Vec<Vec<u8>>,
}

impl Files {
    /// Writes a line into every folder, behind what an earlier failure left out. One that `is_owed` is remembered where
    /// it cannot be written.
    pub(super) fn append_evenly(&self, line: &[u8], is_owed: bool) -> Result<(), JournalError> {
        let mut uneven = self.uneven.lock().unwrap_or_else(PoisonError::into_inner);
        let written = self.lock().and_then(|mut files| {
            self.mend(&mut files, &mut uneven)?;
            self.append(&mut files, line)
        });
        if written.is_err() {
            uneven.may_lack = true;
            if is_owed {
                uneven.owed.push(line.to_owned());
            }
        }
        written
    }

    /// The same with no line to write.
    pub(super) fn mend_now(&self) -> Result<(), JournalError> {
        let mut uneven = self.uneven.lock().unwrap_or_else(PoisonError::into_inner);
        self.lock()
            .and_then(|mut files| self.mend(&mut files, &mut uneven))
    }

    /// Gives every folder what it lacks, and writes what is owed. Files that are gone are not made: somebody has to look.
    fn mend(&self, files: &mut [Locked], uneven: &mut Uneven) -> Result<(), JournalError> {
        if !uneven.may_lack {
            return Ok(());
        }
        heal::even_out(files, &self.store, &self.keys, false)?;
        while let Some(line) = uneven.owed.first() {
            // One folder had it before the next one failed: all have it now.
            if !has_at_its_end(files, line)? {
                self.append(files, line)?;
            }
            uneven.owed.remove(0);
        }
        uneven.may_lack = false;
        Ok(())
    }
}

/// Whether the line stands near the end of the first file, where it was written a moment ago.
fn has_at_its_end(files: &mut [Locked], line: &[u8]) -> Result<bool, JournalError> {
    const END: u64 = 1 << 20;
    let Some(file) = files.first_mut() else {
        return Ok(true);
    };
    let end = file.end(END)?;
    Ok(end.windows(line.len()).any(|window| window == line))
}
