//! The files of workgroups: how they get their names, and when they go.
//!
//! A file is written under a temporary name, by a program that holds its lock. It gets its own name when it is whole, on the
//! disk, and entered in the ledger. Whatever kills the program in between, whoever looks after the folder next finds out by
//! the store and the lock what it was, and finishes or removes it. Names are ours: nothing of them comes from people's data.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use lapsed_model::{Workgroup, fault};
use lapsed_store::{Export, ExportState, Store};

use crate::JobError;

/// What a file is called that nobody may read yet.
const PART: &str = "part";

/// What stands in front of an id.
const ID: &str = "x-";

/// A writer notes its file before it makes it; after so long there would be one.
const MADE_WITHIN: TimeDelta = TimeDelta::minutes(1);

/// How much of an id says which store it is of: several may have their files in one folder, and each looks after its own.
const OF_STORE: usize = 6;

/// How long an id is, without what stands in front.
const LENGTH: usize = 16;

/// A new id, of what chance says, for a file of the store of this identity.
pub(super) fn id(identity: &str, token: &str) -> String {
    let chance = token.get(..LENGTH - OF_STORE).unwrap_or(token);
    format!("{}{chance}", of_store(identity))
}

/// How the ids of a store begin.
fn of_store(identity: &str) -> String {
    let digits = identity.chars().filter(char::is_ascii_hexdigit);
    format!("{ID}{}", digits.take(OF_STORE).collect::<String>())
}

/// The name of a workgroup's file.
pub(super) fn name(workgroup: &Workgroup, day: NaiveDate, id: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars()
            .map(|letter| match letter {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => letter,
                _ => '-',
            })
            .collect()
    };
    format!(
        "{}-{}-{}-{id}.zip",
        plain(workgroup.tenant.as_str()),
        plain(&workgroup.name),
        day.format("%Y-%m-%d")
    )
}

/// A file that is being written. Dropped before it was named, it is gone.
pub(super) struct Part {
    file: File,
    part: PathBuf,
    whole: PathBuf,
    is_named: bool,
}

impl Part {
    /// Makes it, for its owner alone; and the folder, if it is not there.
    pub(super) fn make(folder: &Path, name: &str) -> Result<Self, JobError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|why| failed("make the folder", folder, why))?;
        let (part, whole) = places(folder, name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .map_err(|why| failed("make the file", &part, why))?;
        let this = Self {
            file,
            part,
            whole,
            is_named: false,
        };
        this.file
            .try_lock()
            .map_err(|why| failed("lock the file", &this.part, why.into()))?;
        fault::point("export-made");
        Ok(this)
    }

    /// To write to.
    pub(super) fn writer(&self) -> Result<tokio::fs::File, JobError> {
        let file = self.file.try_clone();
        file.map(tokio::fs::File::from_std)
            .map_err(|why| failed("write the file", &self.part, why))
    }

    /// Waits until it is on the disk.
    pub(super) async fn sync(&self) -> Result<(), JobError> {
        let file = self.file.try_clone();
        let synced = tokio::task::spawn_blocking(move || file?.sync_all()).await;
        synced
            .unwrap_or_else(|lost| Err(io::Error::other(lost)))
            .map_err(|why| failed("write the file", &self.part, why))
    }

    /// Gives it its name; nothing where it is gone, because it was withdrawn in the last moment and somebody looked after the
    /// folder.
    pub(super) fn name(mut self) -> Result<Option<PathBuf>, JobError> {
        fault::point("export-synced");
        match give_name(&self.part, &self.whole) {
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(None),
            named => named.map_err(|why| failed("name the file", &self.whole, why))?,
        }
        self.is_named = true;
        fault::point("export-named");
        Ok(Some(self.whole.clone()))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_named {
            // Where it cannot be removed, whoever looks after the folder tries again.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// What became of the files of a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookedAfter {
    /// Somebody in them was anonymised.
    pub withdrawn: u64,
    /// Their time was over.
    pub over: u64,
    /// Their writer was killed.
    pub abandoned: u64,
    /// Whole, and without a name until now.
    pub named: u64,
    /// Somebody took them away.
    pub taken: u64,
    /// The store knows nothing of them, or that they were gone: it was restored from a backup, or somebody put them back.
    pub unknown: u64,
}

/// Removes what has to go, and finishes what was only to get its name. Files of this machine alone: other disks are not its to
/// look at. `folder` is where files lie that nobody wanted elsewhere.
pub async fn look_after(
    store: &Store,
    node: &str,
    folder: &Path,
    now: DateTime<Utc>,
) -> Result<LookedAfter, JobError> {
    let mut looked_after = LookedAfter::default();
    let mut unreachable = None;
    for export in store.exports_there(node).await? {
        // A folder that cannot be looked at keeps no other file from going.
        match settled(&export, now).await {
            Ok(fate) => look_to(store, &export.id, fate, now, &mut looked_after).await?,
            Err(why) => unreachable = unreachable.or(Some(why)),
        }
    }
    looked_after.unknown = remove_unknown(store, folder).await?;
    unreachable.map_or(Ok(looked_after), Err)
}

async fn settled(export: &Export, now: DateTime<Utc>) -> Result<Fate, JobError> {
    let own = export.clone();
    let fate = tokio::task::spawn_blocking(move || settle(&own, now)).await;
    let path = Path::new(&export.folder).join(&export.file);
    fate.unwrap_or_else(|lost| Err(io::Error::other(lost)))
        .map_err(|why| failed("look after the file", &path, why))
}

/// Counts what became of a file, and notes it where it is gone.
async fn look_to(
    store: &Store,
    id: &str,
    fate: Fate,
    now: DateTime<Utc>,
    looked_after: &mut LookedAfter,
) -> Result<(), JobError> {
    let (count, because) = match fate {
        Fate::Stays => return Ok(()),
        Fate::Named => {
            looked_after.named += 1;
            return Ok(());
        }
        Fate::Withdrawn => (&mut looked_after.withdrawn, "somebody in it was anonymised"),
        Fate::Over => (&mut looked_after.over, "its time was over"),
        Fate::Abandoned => (&mut looked_after.abandoned, "its writer did not finish it"),
        Fate::Taken => (&mut looked_after.taken, "somebody moved or deleted it"),
    };
    *count += 1;
    Ok(store.export_removed(id, now, because).await?)
}

/// What becomes of a file.
enum Fate {
    Stays,
    Named,
    Withdrawn,
    Over,
    Abandoned,
    Taken,
}

fn settle(export: &Export, now: DateTime<Utc>) -> io::Result<Fate> {
    let folder = Path::new(&export.folder);
    // The name is made anew: what a table says is data, and no path to remove.
    if !export.file.ends_with(&format!("-{}.zip", export.id)) || export.file.contains(['/', '\\']) {
        return Ok(Fate::Stays);
    }
    let (part, whole) = places(folder, &export.file);
    // A disk that is not mounted says nothing of its files, and takes no file away: they wait for it.
    let is_mounted = folder.try_exists()?;
    Ok(match export.state {
        _ if !is_mounted && export.state != ExportState::Writing => Fate::Stays,
        ExportState::Removed => Fate::Stays,
        ExportState::Withdrawn => {
            remove(&part)?;
            remove(&whole)?;
            Fate::Withdrawn
        }
        ExportState::Writing => {
            if !is_abandoned(&part, export.began_at, now)? {
                return Ok(Fate::Stays);
            }
            remove(&part)?;
            Fate::Abandoned
        }
        ExportState::Finished if export.delete_at.is_some_and(|at| at <= now) => {
            remove(&part)?;
            remove(&whole)?;
            Fate::Over
        }
        ExportState::Finished if part.try_exists()? => {
            if !is_abandoned(&part, export.began_at, now)? {
                return Ok(Fate::Stays);
            }
            give_name(&part, &whole)?;
            Fate::Named
        }
        ExportState::Finished if !whole.try_exists()? => Fate::Taken,
        ExportState::Finished => Fate::Stays,
    })
}

/// Whether nobody writes it any more: the kernel gives a lock back, however its program ended.
fn is_abandoned(part: &Path, began_at: DateTime<Utc>, now: DateTime<Utc>) -> io::Result<bool> {
    let file = match File::open(part) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(now - began_at > MADE_WITHIN),
        file => file?,
    };
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(why)) => Err(why),
    }
}

/// Files of ours that should not be there: the store was restored from a backup that is older than they are, or somebody took
/// them away and put them back. Who is in them may be anonymised without any file being withdrawn.
async fn remove_unknown(store: &Store, folder: &Path) -> Result<u64, JobError> {
    let found = match std::fs::read_dir(folder) {
        Err(why) if why.kind() == ErrorKind::NotFound => return Ok(0),
        found => found.map_err(|why| failed("look after the folder", folder, why))?,
    };
    let own = of_store(&store.identity().await?);
    let mut removed = 0;
    for path in found.flatten().map(|entry| entry.path()) {
        let Some(id) = id_of(&path).filter(|id| id.starts_with(&own)) else {
            continue;
        };
        if store.is_export_there(&id).await? {
            continue;
        }
        remove(&path).map_err(|why| failed("remove the file", &path, why))?;
        removed += 1;
    }
    Ok(removed)
}

/// The id in a name that can only be one of ours.
fn id_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stem = match name.strip_prefix('.') {
        Some(hidden) => hidden.strip_suffix(".zip.part")?,
        None => name.strip_suffix(".zip")?,
    };
    let token = stem.get(stem.len().checked_sub(LENGTH)?..)?;
    let is_id = token.bytes().all(|byte| byte.is_ascii_hexdigit())
        && stem.strip_suffix(token)?.ends_with(&format!("-{ID}"));
    is_id.then(|| format!("{ID}{token}"))
}

fn places(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    (folder.join(format!(".{name}.{PART}")), folder.join(name))
}

fn give_name(part: &Path, whole: &Path) -> io::Result<()> {
    std::fs::rename(part, whole)?;
    let folder = whole.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(why) if why.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn failed(doing: &'static str, path: &Path, why: io::Error) -> JobError {
    JobError::File {
        doing,
        path: path.to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_and_tell_whose_file_it_is() {
        let workgroup: Workgroup = "stadttheater/grosses-haus".parse().expect("a workgroup");
        let day = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day");
        let id = id("0011223344556677", "4455667788990011");
        let name = name(&workgroup, day, &id);
        assert_eq!(
            name,
            "stadttheater-grosses-haus-2026-11-01-x-0011224455667788.zip"
        );
        let (part, whole) = places(Path::new("exports"), &name);
        for path in [part, whole] {
            assert_eq!(id_of(&path).as_deref(), Some(id.as_str()), "{}", path.display());
        }
    }

    #[test]
    fn what_is_called_otherwise_is_not_ours() {
        for name in [
            "report.zip",
            "x-0011223344556677.zip",
            "a-x-001122334455667g.zip",
            "a-x-0011223344556677.csv",
            ".a-x-0011223344556677.zip",
            "a-x-0011223344556677.zip.part",
        ] {
            assert_eq!(id_of(Path::new(name)), None, "{name}");
        }
    }
}
