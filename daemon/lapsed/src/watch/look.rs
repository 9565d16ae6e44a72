//! One look at the folder: what every tenant's entry says of itself, without opening a file.
//!
//! A look is made every two seconds for as long as the daemon runs, so it must cost next to nothing: one `getdents` per
//! few hundred names, one `fstatat` per file, and no memory per file that is known already. The folder is opened by its
//! path each time: a link that was pointed somewhere else, or a folder that was put in the place of another, is
//! thereby seen by the next look at the latest.

use std::ffi::CStr;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;

/// What tells one state of an entry from another. An edit in place changes the times; a file that was put in the
/// place of another has an inode of its own. A link is not followed: its stamp is the link's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: i64,
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Which folder it was: another one under the same path has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FolderId {
    device: u64,
    inode: u64,
}

/// Room for the names that the kernel hands out at once.
const NAMES_AT_ONCE: usize = 64 * 1024;

/// Looks at every `*.toml` of a folder: `each` is told the name without its ending, and the stamp.
pub(crate) fn look(folder: &Path, mut each: impl FnMut(&str, Stamp)) -> Result<FolderId, Errno> {
    let folder = open(folder)?;
    let id = rustix::fs::fstat(&folder)?;
    let mut room: Vec<u8> = Vec::with_capacity(NAMES_AT_ONCE);
    let mut entries = RawDir::new(&folder, room.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let Some(stem) = stem(entry.file_name()) else {
            continue;
        };
        match rustix::fs::statat(&folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => each(stem, Stamp::of(&stat)),
            // Between the name and the look at it, it went.
            Err(Errno::NOENT) => {}
            Err(why) => return Err(why),
        }
    }
    Ok(FolderId {
        device: id.st_dev,
        inode: id.st_ino,
    })
}

/// The stamp of one file as it stands at this moment.
pub(crate) fn stamp(folder: &Path, name: &Path) -> Option<Stamp> {
    let folder = open(folder).ok()?;
    let stat = rustix::fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(Stamp::of(&stat))
}

fn open(folder: &Path) -> Result<rustix::fd::OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::empty())
}

/// `acme` of `acme.toml`. What has another ending is no policy, and a name that is no text names nobody.
fn stem(name: &CStr) -> Option<&str> {
    name.to_str().ok()?.strip_suffix(".toml")
}

impl Stamp {
    fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            size: stat.st_size,
            modified: (stat.st_mtime, nanoseconds(stat.st_mtime_nsec)),
            changed: (stat.st_ctime, nanoseconds(stat.st_ctime_nsec)),
        }
    }

    /// When the file's text was written, in milliseconds since 1970.
    pub(crate) fn written_at_ms(&self) -> i64 {
        let (seconds, nanoseconds) = self.modified;
        seconds
            .saturating_mul(1_000)
            .saturating_add(nanoseconds / 1_000_000)
    }
}

/// The field has another type on every platform, and less than a billion in it on all of them.
fn nanoseconds(field: impl TryInto<i64>) -> i64 {
    field.try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(folder: &Path) -> Vec<(String, Stamp)> {
        let mut seen = Vec::new();
        look(folder, |stem, stamp| seen.push((stem.to_owned(), stamp))).expect("a folder");
        seen.sort_by(|one, other| one.0.cmp(&other.0));
        seen
    }

    #[test]
    fn only_policies_are_looked_at() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in [
            "acme.toml",
            "acme.report.txt",
            ".acme.toml.swp",
            "acme.toml~",
            "4913",
        ] {
            std::fs::write(folder.path().join(name), "x").expect("written");
        }
        let names: Vec<String> = seen(folder.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["acme"]);
    }

    #[test]
    fn every_way_of_saving_changes_the_stamp() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("acme.toml");
        std::fs::write(&path, "one").expect("written");
        let first = seen(folder.path());
        assert_eq!(first, seen(folder.path()), "nothing happened");
        let beside = folder.path().join("acme.new");
        std::fs::write(&beside, "one").expect("written");
        std::fs::rename(&beside, &path).expect("renamed");
        let second = seen(folder.path());
        assert_ne!(first, second, "the same text in another file");
        std::fs::write(&path, "longer").expect("written");
        assert_ne!(second, seen(folder.path()), "written in place");
    }

    #[test]
    fn a_thousand_names_are_all_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..1_000 {
            let name = format!("a-rather-long-name-of-a-tenant-{number}.toml");
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        assert_eq!(seen(folder.path()).len(), 1_000);
    }
}
