//! What the journal says, held against the store.
//!
//! All of it is read. Where in a file a batch stands does not tell when it was committed: what a folder lacked is put behind
//! newer lines, and so is what other daemons erased while this one was away. A reading that stops where the store has known
//! everything for a while takes such a block for the past, and a restored backup goes unnoticed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use lapsed_store::{Committed, Store};

use super::note::{Done, Intended, Note};
use super::tail::Tail;
use super::{Journal, JournalError, LineFault, line};
use crate::JobError;

/// How many lines are read before the store is asked about them. A line may have the people of a large batch.
const PIECE: usize = 256;

/// What the journal says.
#[derive(Debug, Default)]
pub(super) struct ReadBack {
    /// Committed, and the journal does not say so yet.
    pub(super) unfinished: Vec<Intended>,
    /// How many batches were never committed.
    pub(super) crashed: u64,
    /// Of whom nobody can tell: a damaged line behind *intended* may have said *done*.
    pub(super) doubtful: Vec<Intended>,
    /// Committed, and unknown to the store: of every tenant in the order of its ledger.
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
    /// Of the piece that is read.
    known: BTreeSet<String>,
    done: BTreeSet<String>,
    /// Newest first.
    lost: Vec<Done>,
    /// What is not known to have been done, or was lost.
    intended: BTreeMap<String, Intent>,
    horizon: Option<DateTime<Utc>>,
    damaged: u64,
}

/// A batch that was intended.
struct Intent {
    intended: Intended,
    is_known: bool,
    /// Whether a line behind it cannot be read, which may have said *done*.
    is_doubtful: bool,
}

impl Journal {
    /// Reads the journal from its end to its beginning, a piece at a time.
    pub(super) async fn read_back(&self, store: &Store) -> Result<ReadBack, JobError> {
        let mut reading = Reading::default();
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
            reading.known = store.known_erasures(&batches).await?;
            notes.into_iter().for_each(|note| reading.take(note));
        }
        reading.forget(store).await?;
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
    /// Leaves out what the store has forgotten with its period: other daemons take out names that this machine, which may
    /// have been away, still has in its journal.
    async fn forget(&mut self, store: &Store) -> Result<(), JobError> {
        const PIECE: usize = 1_000;
        let mut forgotten = BTreeSet::new();
        for piece in self.lost.chunks(PIECE) {
            let committed: Vec<Committed> = piece.iter().map(Done::committed).collect();
            forgotten.extend(store.forgotten_erasures(&committed).await?);
        }
        self.lost.retain(|done| !forgotten.contains(&done.batch));
        self.intended.retain(|batch, _| !forgotten.contains(batch));
        Ok(())
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
            Note::Intended(intended) => self.take_intended(intended),
            Note::Pruned { before } => self.horizon = self.horizon.max(Some(before)),
            Note::Restored(_) => {}
        }
    }

    fn take_intended(&mut self, intended: Intended) {
        let is_known = self.known.contains(&intended.batch);
        if is_known && self.done.contains(&intended.batch) {
            return;
        }
        let is_doubtful = self.damaged > 0;
        let intent = Intent {
            is_known,
            is_doubtful,
            intended,
        };
        self.intended.insert(intent.intended.batch.clone(), intent);
    }

    fn take_done(&mut self, done: Done) {
        // A folder that was healed may hold a line twice as far apart as it was written.
        if !self.done.insert(done.batch.clone()) {
            return;
        }
        if self.known.contains(&done.batch) {
            self.intended.remove(&done.batch);
        } else {
            self.lost.push(done);
        }
    }

    fn end(mut self) -> ReadBack {
        // The line that says what was pruned stands first in the file, and is read last.
        if let Some(horizon) = self.horizon {
            self.lost.retain(|done| done.at >= horizon);
            self.intended.retain(|_, intent| intent.intended.at >= horizon);
        }
        // The newest of a tenant comes last: whoever is cut short leaves the head by which the next reading knows that this
        // backup was spoken of.
        self.lost.reverse();
        self.lost.sort_by_key(|done| done.head.sequence);
        let lost: Vec<LostBatch> = self
            .lost
            .into_iter()
            .map(|done| LostBatch {
                intended: self.intended.remove(&done.batch).map(|intent| intent.intended),
                done,
            })
            .collect();
        let mut read = ReadBack {
            lost,
            damaged: self.damaged,
            ..ReadBack::default()
        };
        for intent in self.intended.into_values() {
            match (intent.is_known, intent.is_doubtful) {
                (true, _) => read.unfinished.push(intent.intended),
                (false, true) => read.doubtful.push(intent.intended),
                (false, false) => read.crashed += 1,
            }
        }
        read
    }
}
