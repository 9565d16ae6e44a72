//! What the end of the journal says, held against the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use lapsed_store::Store;

use super::note::{Done, Intended, Note};
use super::tail::Tail;
use super::{Journal, JournalError, LineFault, line};
use crate::JobError;

/// So many batches in a row that were done and that the store knows, the newest that it knows among them, and what lies
/// before them is known too: a backup has no holes, and a recovery that was cut short leaves what lies nearest to the end.
const ENOUGH: usize = 64;

/// How many lines are read before the store is asked about them.
const PIECE: usize = 64;

/// What the end of the journal says.
#[derive(Debug, Default)]
pub(super) struct ReadBack {
    /// Committed, and the journal does not say so yet.
    pub(super) unfinished: Vec<Intended>,
    /// How many batches were never committed.
    pub(super) crashed: u64,
    /// Of whom nobody can tell: a damaged line behind *intended* may have said *done*.
    pub(super) doubtful: Vec<Intended>,
    /// Committed, and unknown to the store: as they stand in the file, what lies nearest to its end last.
    pub(super) lost: Vec<LostBatch>,
    /// How many lines could not be read.
    pub(super) damaged: u64,
}

/// A batch that was committed, and that the store does not know.
#[derive(Debug)]
pub(super) struct LostBatch {
    pub(super) done: Done,
    /// Whom it erased; none where that line is damaged.
    pub(super) intended: Option<Intended>,
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    known: BTreeSet<String>,
    done: BTreeSet<String>,
    /// Newest first.
    lost: Vec<Done>,
    waiting: BTreeSet<String>,
    intended: BTreeMap<String, Intended>,
    /// What was intended before a line that cannot be read, and is not known to have been done.
    doubtful: BTreeSet<String>,
    /// The newest batches that the store knows and that were not read yet.
    newest: BTreeSet<String>,
    horizon: Option<DateTime<Utc>>,
    in_a_row: usize,
    damaged: u64,
}

impl Journal {
    /// Reads the journal from its end backwards, until the store knows what it reads; `thorough`ly, or
    /// after healing, to its beginning.
    pub(super) async fn read_back(&self, store: &Store, thorough: bool) -> Result<ReadBack, JobError> {
        let thorough = thorough || self.0.out_of_order.load(Ordering::Relaxed);
        let mut reading = Reading {
            newest: store.newest_erasures().await?,
            ..Reading::default()
        };
        let Some(mut tail) = self.tail().await? else {
            return Ok(ReadBack::default());
        };
        loop {
            let (next, notes) = self.piece(tail).await?;
            tail = next;
            if notes.is_empty() {
                break;
            }
            let batches: Vec<String> = notes
                .iter()
                .flatten()
                .filter_map(Note::batch)
                .map(str::to_owned)
                .collect();
            reading.known.extend(store.known_erasures(&batches).await?);
            notes.into_iter().for_each(|note| reading.take(note));
            if !thorough && reading.has_enough() {
                break;
            }
        }
        Ok(reading.end())
    }

    async fn tail(&self) -> Result<Option<Tail>, JournalError> {
        self.blocking(|files| {
            let Some(folder) = files.folders.first() else {
                return Ok(None);
            };
            let file = folder.read()?;
            file.map(Tail::new)
                .transpose()
                .map_err(JournalError::of(&folder.folder))
        })
        .await
    }

    async fn piece(&self, mut tail: Tail) -> Result<(Tail, Vec<Result<Note, LineFault>>), JournalError> {
        self.blocking(move |files| {
            let folder = &files.folders[0];
            let lines = tail.next(PIECE).map_err(JournalError::of(&folder.folder))?;
            let mut notes = Vec::with_capacity(lines.len());
            for line in lines {
                match line::read(&line, &files.store, &files.keys) {
                    Err(LineFault::UnknownKey(key)) => {
                        let file = folder.file.clone();
                        return Err(JournalError::UnknownKey { file, key });
                    }
                    note => notes.push(note),
                }
            }
            Ok((tail, notes))
        })
        .await
    }
}

impl Reading {
    fn has_enough(&self) -> bool {
        self.in_a_row >= ENOUGH && self.waiting.is_empty() && self.newest.is_empty()
    }

    fn take(&mut self, note: Result<Note, LineFault>) {
        let Ok(note) = note else {
            self.damaged += 1;
            return;
        };
        // What a prune went past is known to neither side any more, and says nothing.
        if self.horizon.is_some_and(|horizon| note.at() < horizon) {
            return;
        }
        match note {
            Note::Done(done) => self.take_done(done),
            Note::Intended(intended) => {
                self.waiting.remove(&intended.batch);
                let is_settled = self.known.contains(&intended.batch) && self.done.contains(&intended.batch);
                if !is_settled {
                    if self.damaged > 0 {
                        self.doubtful.insert(intended.batch.clone());
                    }
                    self.intended.insert(intended.batch.clone(), intended);
                }
            }
            Note::Pruned { before } => self.horizon = self.horizon.max(Some(before)),
            Note::Restored(_) => {}
        }
    }

    fn take_done(&mut self, done: Done) {
        // A folder that was healed may hold a line twice as far apart as it was written.
        if !self.done.insert(done.batch.clone()) {
            return;
        }
        self.newest.remove(&done.batch);
        if self.known.contains(&done.batch) {
            self.in_a_row += 1;
            self.intended.remove(&done.batch);
            return;
        }
        self.in_a_row = 0;
        if !self.intended.contains_key(&done.batch) {
            self.waiting.insert(done.batch.clone());
        }
        self.lost.push(done);
    }

    fn end(mut self) -> ReadBack {
        // The line that says what was pruned stands first in the file, and is read last.
        if let Some(horizon) = self.horizon {
            self.lost.retain(|done| done.at >= horizon);
            self.intended.retain(|_, intended| intended.at >= horizon);
        }
        // Whoever erases them in this order and is cut short leaves what the next reading finds first.
        let lost: Vec<LostBatch> = self
            .lost
            .into_iter()
            .rev()
            .map(|done| LostBatch {
                intended: self.intended.remove(&done.batch),
                done,
            })
            .collect();
        let (unfinished, unknown): (Vec<_>, Vec<_>) = self
            .intended
            .into_values()
            .partition(|intended| self.known.contains(&intended.batch));
        let (doubtful, crashed): (Vec<_>, Vec<_>) = unknown
            .into_iter()
            .partition(|intended| self.doubtful.contains(&intended.batch));
        ReadBack {
            unfinished,
            crashed: crashed.len() as u64,
            doubtful,
            lost,
            damaged: self.damaged,
        }
    }
}
