//! Healing: a folder that was away, or came back from a backup, lacks lines that another one has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use lapsed_model::{KeyRing, fault};
use serde::Serialize;

use super::error::JournalError;
use super::folder::{Folder, Locked};
use super::line;
use super::note::Note;

/// What was put right when the journal was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Healed {
    /// How many lines each folder got that lacked some.
    pub lines: BTreeMap<PathBuf, u64>,
    /// In which folders the last line had been torn by a crash.
    pub torn: Vec<PathBuf>,
}

impl Healed {
    /// Whether nothing had to be put right.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        *self == Self::default()
    }

    /// What there is to tell, a sentence each.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let torn = self.torn.iter().map(|folder| {
            format!(
                "{}: the last line had been torn by a crash and was cut off",
                folder.display()
            )
        });
        let healed = self.lines.iter().map(|(folder, lines)| {
            format!(
                "{}: {lines} lines were missing that another folder has",
                folder.display()
            )
        });
        torn.chain(healed).collect()
    }
}

/// Where a line stands.
struct Place {
    file: usize,
    from: u64,
    bytes: usize,
}

/// Opens every file, cuts torn ends off and gives each folder the lines that it lacks. Unless it is to be `thorough`,
/// files of the same length and the same end are taken for the same.
pub(super) fn heal(
    folders: &[Folder],
    store: &str,
    keys: &KeyRing,
    thorough: bool,
) -> Result<Healed, JournalError> {
    // A folder that is missing beside one that has a journal is on a disk that is away: what is written without it
    // would be missing there.
    if folders.iter().all(|folder| !folder.file.exists()) {
        folders.iter().try_for_each(Folder::make)?;
    }
    let mut files: Vec<Locked> = folders
        .iter()
        .map(Folder::lock_or_make)
        .collect::<Result<_, _>>()?;
    even_out(&mut files, store, keys, thorough)
}

/// The same with files that are open and locked.
pub(super) fn even_out(
    files: &mut [Locked],
    store: &str,
    keys: &KeyRing,
    thorough: bool,
) -> Result<Healed, JournalError> {
    let mut healed = Healed::default();
    for file in files.iter_mut() {
        if file.cut_torn()? > 0 {
            healed.torn.push(file.folder().folder.clone());
        }
    }
    if files.len() < 2 || (!thorough && are_alike(files)?) {
        return Ok(healed);
    }
    let (order, has) = survey(files, store, keys)?;
    for (index, has) in has.iter().enumerate() {
        let missing = order.iter().filter(|(name, _)| !has.contains(name));
        let given = give(files, index, missing.map(|(_, place)| place))?;
        if given > 0 {
            healed.lines.insert(files[index].folder().folder.clone(), given);
        }
    }
    Ok(healed)
}

fn are_alike(files: &mut [Locked]) -> Result<bool, JournalError> {
    const END: u64 = 65_536;
    let mut ends = Vec::new();
    for file in files {
        ends.push((file.length()?, file.end(END)?));
    }
    Ok(ends.windows(2).all(|pair| pair[0] == pair[1]))
}

type Name = Vec<u8>;

/// Every good line once, and by file what it has.
type Survey = (Vec<(Name, Place)>, Vec<BTreeSet<Name>>);

/// Every good line once, in the order of the first file that has it, and what each file has. What one folder pruned, the
/// others do not bring back.
fn survey(files: &mut [Locked], store: &str, keys: &KeyRing) -> Result<Survey, JournalError> {
    let mut lines: Vec<(Name, Place, DateTime<Utc>)> = Vec::new();
    let (mut has, mut known) = (vec![BTreeSet::new(); files.len()], BTreeSet::new());
    let mut horizon = DateTime::<Utc>::MIN_UTC;
    for (index, locked) in files.iter_mut().enumerate() {
        let folder = locked.folder().folder.clone();
        let mut from = 0;
        for line in lines_of(&mut locked.file).map_err(JournalError::of(&folder))? {
            let line = line.map_err(JournalError::of(&folder))?;
            let place = Place {
                file: index,
                from,
                bytes: line.len(),
            };
            from += line.len() as u64;
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            let Ok(note) = line::read(line, store, keys) else {
                continue;
            };
            if let Note::Pruned { before } = note {
                horizon = horizon.max(before);
                continue;
            }
            let name = line::name(line).to_vec();
            has[index].insert(name.clone());
            if known.insert(name.clone()) {
                lines.push((name, place, note.at()));
            }
        }
    }
    let order = lines
        .into_iter()
        .filter(|(.., at)| *at >= horizon)
        .map(|(name, place, _)| (name, place));
    Ok((order.collect(), has))
}

/// The lines of a file from its beginning, each with its end.
pub(super) fn lines_of(file: &mut File) -> std::io::Result<impl Iterator<Item = std::io::Result<Vec<u8>>>> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(1 << 16, file);
    Ok(std::iter::from_fn(move || {
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => Some(Ok(line)),
            Err(why) => Some(Err(why)),
        }
    }))
}

fn give<'p>(
    files: &mut [Locked],
    to: usize,
    missing: impl Iterator<Item = &'p Place>,
) -> Result<u64, JournalError> {
    let mut given = 0;
    for place in missing {
        let source = &mut files[place.file];
        let mut line = vec![0; place.bytes];
        source
            .file
            .seek(SeekFrom::Start(place.from))
            .and_then(|_| source.file.read_exact(&mut line))
            .map_err(JournalError::of(&source.folder().folder.clone()))?;
        let target = &mut files[to];
        let folder = target.folder().folder.clone();
        target.file.write_all(&line).map_err(JournalError::of(&folder))?;
        given += 1;
    }
    if given > 0 {
        fault::point("journal-healing");
        let target = &files[to];
        target
            .file
            .sync_data()
            .map_err(JournalError::of(&target.folder().folder))?;
    }
    Ok(given)
}
