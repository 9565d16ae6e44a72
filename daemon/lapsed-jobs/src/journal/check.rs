//! Looking through the whole journal: every line of every folder, and what the store says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use lapsed_store::Store;
use serde::Serialize;

use super::error::JournalError;
use super::note::Note;
use super::{Files, Journal, LineFault, heal, line};
use crate::JobError;

/// What a look through the whole journal found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Folder by folder.
    pub folders: Vec<FolderChecked>,
    /// Batches that were committed.
    pub done: u64,
    /// People in all batches.
    pub people: u64,
    /// The oldest line.
    pub oldest: Option<DateTime<Utc>>,
    /// The newest line.
    pub newest: Option<DateTime<Utc>>,
    /// Batches that a kill kept from being committed: nothing is wrong with them.
    pub crashed: u64,
    /// Batches of which nobody can tell whether they were committed, because a line behind them cannot be read.
    pub doubtful: Vec<Doubtful>,
    /// Batches that are committed and not yet said to be: the next start says so.
    pub unfinished: u64,
    /// Batches that the store does not know: a backup was restored, and its people were not erased again yet.
    pub lost: Vec<String>,
    /// Batches of the store that the journal does not know: no restored backup would be put right for them.
    pub unnoted: Vec<String>,
}

/// A batch that is said to be intended, and not to be done, where a line behind it is damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubtful {
    /// Its name.
    pub batch: String,
    /// How many people stand in it.
    pub people: u64,
}

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FolderChecked {
    /// The file.
    pub file: PathBuf,
    /// Good lines.
    pub lines: u64,
    /// Damaged ones.
    pub faults: Vec<LineOfFile>,
    /// How many bytes of a torn line stand at its end.
    pub torn: u64,
    /// How many lines of other folders it lacks.
    pub lacks: u64,
    /// Why it cannot be read.
    pub unreadable: Option<String>,
}

/// A damaged line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineOfFile {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong with it.
    #[serde(serialize_with = "in_words")]
    pub fault: LineFault,
}

fn in_words<S: serde::Serializer>(fault: &LineFault, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(fault)
}

impl Checked {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.folders.iter().all(FolderChecked::is_whole) && self.lost.is_empty() && self.unnoted.is_empty()
    }
}

impl FolderChecked {
    fn is_whole(&self) -> bool {
        self.faults.is_empty() && self.torn == 0 && self.lacks == 0 && self.unreadable.is_none()
    }
}

/// Everything that all folders together say, by batch.
#[derive(Default)]
struct Said {
    intended: BTreeMap<String, u64>,
    done: BTreeSet<String>,
    /// What a damaged line stands behind, in some folder.
    before_damage: BTreeSet<String>,
    horizon: Option<DateTime<Utc>>,
    oldest: Option<DateTime<Utc>>,
    newest: Option<DateTime<Utc>>,
}

/// What one folder says.
struct Contents {
    checked: FolderChecked,
    names: BTreeMap<Vec<u8>, DateTime<Utc>>,
}

/// Looks through the whole journal and holds it against the store.
pub async fn check(journal: &Journal, store: &Store) -> Result<Checked, JobError> {
    let (folders, said) = journal.blocking(Files::look_through).await?;
    let mut checked = Checked {
        folders,
        done: said.done.len() as u64,
        people: said.intended.values().sum(),
        oldest: said.oldest,
        newest: said.newest,
        ..Checked::default()
    };
    let mentioned: BTreeSet<&String> = said.intended.keys().chain(&said.done).collect();
    for piece in mentioned.iter().collect::<Vec<_>>().chunks(1_000) {
        let batches: Vec<String> = piece.iter().map(|batch| (**batch).clone()).collect();
        let known = store.known_erasures(&batches).await?;
        for batch in batches {
            match (said.done.contains(&batch), known.contains(&batch)) {
                (true, true) => {}
                (true, false) => checked.lost.push(batch),
                (false, true) => checked.unfinished += 1,
                (false, false) if said.before_damage.contains(&batch) => {
                    let people = said.intended.get(&batch).copied().unwrap_or_default();
                    checked.doubtful.push(Doubtful { batch, people });
                }
                (false, false) => checked.crashed += 1,
            }
        }
    }
    checked.unnoted = unnoted(store, &mentioned, said.horizon).await?;
    Ok(checked)
}

/// Batches of the store that the journal does not know, from where it was pruned on.
async fn unnoted(
    store: &Store,
    mentioned: &BTreeSet<&String>,
    horizon: Option<DateTime<Utc>>,
) -> Result<Vec<String>, JobError> {
    const PIECE: u32 = 1_000;
    let (mut unnoted, mut after) = (Vec::new(), String::new());
    loop {
        let piece = store
            .erasures(horizon.unwrap_or(DateTime::UNIX_EPOCH), &after, PIECE)
            .await?;
        let Some(last) = piece.last() else {
            return Ok(unnoted);
        };
        after.clone_from(last);
        unnoted.extend(piece.into_iter().filter(|batch| !mentioned.contains(batch)));
    }
}

impl Files {
    /// The batches that stand in any folder.
    pub(super) fn names(&self) -> Result<BTreeSet<String>, JournalError> {
        let (_, said) = self.look_through()?;
        Ok(said.intended.into_keys().chain(said.done).collect())
    }

    fn look_through(&self) -> Result<(Vec<FolderChecked>, Said), JournalError> {
        let ends = self.ends();
        let (mut said, mut contents) = (Said::default(), Vec::new());
        for (folder, end) in self.folders.iter().zip(ends) {
            let mut checked = FolderChecked {
                file: folder.file.clone(),
                lines: 0,
                faults: Vec::new(),
                torn: 0,
                lacks: 0,
                unreadable: None,
            };
            let mut names = BTreeMap::new();
            let read =
                end.and_then(|end| self.read_through(&folder.file, end, &mut checked, &mut names, &mut said));
            checked.unreadable = read.err().map(|why| why.to_string());
            contents.push(Contents { checked, names });
        }
        let horizon = said.horizon.unwrap_or(DateTime::<Utc>::MIN_UTC);
        let all: BTreeMap<Vec<u8>, DateTime<Utc>> =
            contents.iter().flat_map(|folder| folder.names.clone()).collect();
        let folders = contents.into_iter().map(|Contents { mut checked, names }| {
            if checked.unreadable.is_none() {
                let lacks = all
                    .iter()
                    .filter(|(name, at)| **at >= horizon && !names.contains_key(*name));
                checked.lacks = lacks.count() as u64;
            }
            checked
        });
        Ok((folders.collect(), said))
    }

    /// How long each file is at one moment: all are locked for it, because a line is written into one after the other.
    fn ends(&self) -> Vec<std::io::Result<u64>> {
        let locked: Vec<_> = self.folders.iter().map(super::Folder::lock).collect();
        let length = |locked: &Result<super::Locked, JournalError>| match locked {
            Ok(locked) => locked.file.metadata().map(|metadata| metadata.len()),
            Err(why) => Err(std::io::Error::other(why.to_string())),
        };
        locked.iter().map(length).collect()
    }

    fn read_through(
        &self,
        file: &std::path::Path,
        end: u64,
        checked: &mut FolderChecked,
        names: &mut BTreeMap<Vec<u8>, DateTime<Utc>>,
        said: &mut Said,
    ) -> std::io::Result<()> {
        let mut file = std::fs::File::open(file)?;
        let (mut read, mut number, mut open) = (0, 0, BTreeSet::new());
        for text in heal::lines_of(&mut file)? {
            let text = text?;
            read += text.len() as u64;
            if read > end {
                break;
            }
            number += 1;
            let Some(text) = text.strip_suffix(b"\n") else {
                checked.torn = text.len() as u64;
                break;
            };
            match line::read(text, &self.store, &self.keys) {
                Ok(note) => {
                    checked.lines += 1;
                    if !matches!(note, Note::Pruned { .. }) {
                        names.insert(line::name(text).to_vec(), note.at());
                    }
                    match &note {
                        Note::Intended(intended) => drop(open.insert(intended.batch.clone())),
                        Note::Done(done) => drop(open.remove(&done.batch)),
                        Note::Restored(_) | Note::Pruned { .. } => {}
                    }
                    said.take(&note);
                }
                Err(fault) => {
                    said.before_damage.append(&mut open);
                    checked.faults.push(LineOfFile { line: number, fault });
                }
            }
        }
        Ok(())
    }
}

impl Said {
    fn take(&mut self, note: &Note) {
        match note {
            // Kept for its head alone: the store forgot that batch with its period.
            Note::Done(done) if self.is_pruned(done.at) => return,
            Note::Intended(intended) if self.is_pruned(intended.at) => return,
            Note::Intended(intended) => {
                self.intended
                    .insert(intended.batch.clone(), intended.people.len() as u64);
            }
            Note::Done(done) => {
                self.done.insert(done.batch.clone());
            }
            Note::Pruned { before } => {
                self.horizon = self.horizon.max(Some(*before));
                return;
            }
            Note::Restored(_) => {}
        }
        self.oldest = self
            .oldest
            .map_or(Some(note.at()), |oldest| Some(oldest.min(note.at())));
        self.newest = self.newest.max(Some(note.at()));
    }

    fn is_pruned(&self, at: DateTime<Utc>) -> bool {
        self.horizon.is_some_and(|horizon| at < horizon)
    }
}
