//! Taking out of the journal what its period has passed (O-6).
//!
//! The file is written anew beside itself, synced, and put in its own place; whoever waits for the lock meanwhile notices
//! that. The first line says what was taken out, so that a copy of the journal that was away does not bring it back, and
//! so that what the store forgets later is not taken for a restored backup.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;

use chrono::{DateTime, Utc};
use lapsed_model::{Head, TenantName, fault};

use super::folder::Locked;
use super::note::Note;
use super::{Files, Journal, JournalError, heal, line};

/// What of a file is kept.
struct Kept {
    before: DateTime<Utc>,
    batches: BTreeSet<String>,
    heads: BTreeMap<TenantName, Head>,
}

impl Journal {
    /// Takes out every batch that is older than `before`, and what else is. The newest end of each tenant's ledger stays: it
    /// names nobody. Answers how many lines went.
    pub async fn prune(&self, before: DateTime<Utc>) -> Result<u64, JournalError> {
        self.blocking(move |files| {
            let mut gone = 0;
            for mut file in files.lock()? {
                let folder = file.folder().folder.clone();
                file.cut_torn()?;
                gone += files
                    .prune(&mut file, before)
                    .map_err(JournalError::of(&folder))?;
            }
            Ok(gone)
        })
        .await
    }
}

impl Files {
    fn prune(&self, file: &mut Locked, before: DateTime<Utc>) -> io::Result<u64> {
        let kept = self.survey(&mut file.file, before)?;
        let mut gone = 0;
        self.sift(&mut file.file, &kept, |_, stays| {
            gone += u64::from(!stays);
            Ok(())
        })?;
        // The line that says what went is replaced, and does not count.
        if gone == 0 {
            return Ok(0);
        }
        let folder = file.folder().clone();
        let beside = folder.file.with_extension("journal.new");
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true).mode(0o600);
        let mut new = BufWriter::new(options.open(&beside)?);
        new.write_all(&line::seal(
            &Note::Pruned { before },
            &self.store,
            self.keys.newest(),
        ))?;
        self.sift(&mut file.file, &kept, |line, stays| match stays {
            true => new.write_all(line),
            false => Ok(()),
        })?;
        new.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        fault::point("prune-written");
        std::fs::rename(&beside, &folder.file)?;
        fault::point("prune-renamed");
        folder.sync()?;
        Ok(gone)
    }

    fn survey(&self, file: &mut File, before: DateTime<Utc>) -> io::Result<Kept> {
        let mut kept = Kept {
            before,
            batches: BTreeSet::new(),
            heads: BTreeMap::new(),
        };
        for line in heal::lines_of(file)? {
            let Some(note) = self.note(&line?) else { continue };
            if note.at() >= before {
                kept.batches.extend(note.batch().map(str::to_owned));
            }
            if let Some(head) = note.head() {
                kept.heads.insert(head.tenant.clone(), head);
            }
        }
        Ok(kept)
    }

    /// Goes through the lines, and says of each whether it stays. A damaged one goes with the line behind it.
    fn sift(
        &self,
        file: &mut File,
        kept: &Kept,
        mut each: impl FnMut(&[u8], bool) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut damaged: Vec<Vec<u8>> = Vec::new();
        for line in heal::lines_of(file)? {
            let line = line?;
            match self.note(&line) {
                None => damaged.push(line),
                Some(Note::Pruned { .. }) => {}
                Some(note) => {
                    let stays = kept.keeps(&note);
                    for line in damaged.drain(..) {
                        each(&line, stays)?;
                    }
                    each(&line, stays)?;
                }
            }
        }
        damaged.iter().try_for_each(|line| each(line, true))
    }

    fn note(&self, line: &[u8]) -> Option<Note> {
        line::read(line.strip_suffix(b"\n").unwrap_or(line), &self.store, &self.keys).ok()
    }
}

impl Kept {
    fn keeps(&self, note: &Note) -> bool {
        let is_end = note
            .head()
            .is_some_and(|head| self.heads.get(&head.tenant) == Some(&head));
        is_end
            || match note.batch() {
                Some(batch) => self.batches.contains(batch),
                None => note.at() >= self.before,
            }
    }
}
