//! A file without a name until it is whole: whatever kills the program before, nothing of it stays.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};

use crate::failure::{Failure, Result};

/// The file, and the name that it will get.
pub(super) struct Unnamed {
    file: File,
    folder: PathBuf,
    path: PathBuf,
}

impl Unnamed {
    /// In the folder of `path`, where nothing of that name may be.
    pub(super) fn beside(path: &Path) -> Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(Failure::because(format!(
                "{} is there already: name another file with `--to`, or remove it first",
                path.display()
            )));
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(CWD, &folder, flags, Mode::RUSR | Mode::WUSR)
            .with_context(|| format!("cannot write to the folder {}", folder.display()))?;
        Ok(Self {
            file: File::from(file),
            folder,
            path: path.to_owned(),
        })
    }

    /// To write to.
    pub(super) fn writer(&self) -> Result<tokio::fs::File> {
        let file = self.file.try_clone().context("the file cannot be written")?;
        Ok(tokio::fs::File::from_std(file))
    }

    /// Gives it its name, once it is on the disk.
    pub(super) async fn name(self) -> Result {
        let path = self.path.display().to_string();
        let named = tokio::task::spawn_blocking(move || {
            self.file.sync_all()?;
            let unnamed = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            rustix::fs::linkat(CWD, unnamed, CWD, &self.path, AtFlags::SYMLINK_FOLLOW)?;
            File::open(&self.folder)?.sync_all()
        });
        named
            .await
            .map_err(anyhow::Error::from)?
            .with_context(|| format!("{path} cannot be written"))?;
        Ok(())
    }
}
