//! The tenants' reports: `TENANT.report.txt`, kept up to date one after the other.
//!
//! Nobody waits for a report. One is written at a time, with a pause behind it that grows with what it cost, so that ten
//! thousand of them after a start take a share of the day and not of the night's work. What was asked for goes first: a
//! file that changed, a run that ended.
//!
//! A report is put in its place whole: a new file, named by us, then renamed over the old one. Neither a link nor
//! anything else that a tenant laid under its name is followed or written to. It has mode 0644, whatever the service's
//! mask says, because the tenant who reads it is neither the daemon's user nor in its group; it holds counts and no
//! personal data, and who may enter the folder is the operator's to say.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapsed_config::Unreadable;
use lapsed_jobs::report::{FileNow, Sources, report};
use lapsed_model::{Clock, SystemClock, TenantName, Workgroup};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use crate::daemon::Daemon;
use crate::files;
use crate::settings::ReportFolder;

/// Every report is made anew at least so often: it speaks of dates.
const ALL_ANEW: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause behind a report, as a multiple of what it took: of one that was asked for, and of the others.
const PAUSE: (u32, u32) = (1, 9);
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);

/// A report that somebody put there and that is longer than any of ours is not read for comparison.
const LONGEST: u64 = 1024 * 1024;

/// Who is asked for reports. Clones ask the same one.
#[derive(Clone)]
pub(crate) struct Reports(Arc<Wanted>);

#[derive(Default)]
struct Wanted {
    soon: Mutex<BTreeSet<TenantName>>,
    came: Notify,
    may_begin: Notify,
}

impl Reports {
    /// Reports of a daemon, once [`Reports::begin`] was called; none, where the operator wants none.
    pub(crate) fn new(daemon: &Arc<Daemon>) -> Self {
        let reports = Self::nowhere();
        if let ReportFolder::In(folder) = &daemon.settings.reports {
            let writer = Writer {
                daemon: Arc::clone(daemon),
                folder: folder.clone(),
                is_told: false,
            };
            tokio::spawn(keep_up_to_date(writer, Arc::clone(&reports.0)));
        }
        reports
    }

    /// Nobody writes any.
    pub(crate) fn nowhere() -> Self {
        Self(Arc::default())
    }

    /// The files were read for the first time: now there is something to report.
    pub(crate) fn begin(&self) {
        self.0.may_begin.notify_one();
    }

    /// Something changed for this tenant.
    pub(crate) fn refresh(&self, tenant: &TenantName) {
        let mut soon = self.0.soon.lock().unwrap_or_else(PoisonError::into_inner);
        soon.insert(tenant.clone());
        drop(soon);
        self.0.came.notify_one();
    }
}

impl Wanted {
    fn take(&self) -> Option<TenantName> {
        self.soon
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_first()
    }
}

async fn keep_up_to_date(mut writer: Writer, wanted: Arc<Wanted>) {
    wanted.may_begin.notified().await;
    let mut all: VecDeque<TenantName> = VecDeque::new();
    let mut all_anew_at = Instant::now();
    loop {
        if Instant::now() >= all_anew_at {
            all_anew_at = Instant::now() + ALL_ANEW;
            all = writer.everybody().await;
        }
        let asked = wanted.take();
        let factor = if asked.is_some() { PAUSE.0 } else { PAUSE.1 };
        let Some(tenant) = asked.or_else(|| all.pop_front()) else {
            // Asked in the meantime or not: both are looked at again.
            let _ = timeout(all_anew_at - Instant::now(), wanted.came.notified()).await;
            continue;
        };
        let began = Instant::now();
        writer.write(&tenant).await;
        sleep((began.elapsed() * factor).max(SHORTEST_PAUSE)).await;
    }
}

/// Makes reports and puts them in their place.
struct Writer {
    daemon: Arc<Daemon>,
    folder: PathBuf,
    /// That they cannot be written was said.
    is_told: bool,
}

impl Writer {
    /// Everybody with a policy in force; whose file is broken and has none is reported when it is read.
    async fn everybody(&self) -> VecDeque<TenantName> {
        match self.daemon.store.in_force().await {
            Ok(in_force) => in_force.into_iter().map(|in_force| in_force.tenant).collect(),
            Err(why) => {
                warn!(%why, "whose reports there are to write could not be read");
                VecDeque::new()
            }
        }
    }

    async fn write(&mut self, tenant: &TenantName) {
        let text = match self.text(tenant).await {
            Ok(text) => text,
            Err(why) => return warn!(%tenant, %why, "a report could not be made"),
        };
        let (folder, name) = (self.folder.clone(), format!("{tenant}.report.txt"));
        let written = tokio::task::spawn_blocking(move || put(&folder, &name, &text));
        match written.await {
            Ok(Ok(())) => {
                if self.is_told {
                    info!(folder = %self.folder.display(), "reports can be written again");
                }
                self.is_told = false;
            }
            Ok(Err(why)) if !self.is_told => {
                self.is_told = true;
                warn!(
                    folder = %self.folder.display(), %why,
                    "reports cannot be written: let the daemon write there, or set `reports` under `[tenants]`"
                );
            }
            Ok(Err(_)) => {}
            Err(why) => warn!(%tenant, %why, "a report could not be written"),
        }
    }

    async fn text(&self, tenant: &TenantName) -> Result<String, lapsed_store::StoreError> {
        let (desk, settings) = (self.daemon.desk(), &self.daemon.settings);
        let name = PathBuf::from(format!("{tenant}.toml"));
        let file = files::open_beneath(&settings.tenants, &name);
        let store_key = |workgroup: &Workgroup| settings.store_key(workgroup).ok();
        let sources = Sources {
            store: &desk.store,
            dataset: desk.fitted.dataset(),
            fitted: Some(&desk.fitted),
            policies: &desk.policies,
            limits: &settings.limits,
            store_key: &store_key,
            now: SystemClock.now(),
        };
        report(sources, tenant, file_now(&settings.tenants.join(&name), &file)).await
    }
}

fn file_now<'f>(path: &Path, file: &'f Result<lapsed_config::File, Box<Unreadable>>) -> FileNow<'f> {
    match file {
        Ok(file) => FileNow::Text(file),
        Err(_)
            if std::fs::symlink_metadata(path)
                .is_err_and(|why| why.kind() == std::io::ErrorKind::NotFound) =>
        {
            FileNow::Gone
        }
        Err(unreadable) => FileNow::Unreadable(unreadable),
    }
}

/// Puts a report in its place, unless it is there word for word.
fn put(folder: &Path, name: &str, text: &str) -> Result<(), std::io::Error> {
    let directory = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(CWD, folder, directory, Mode::empty())?;
    if says(&folder, name, text) {
        return Ok(());
    }
    let new = format!(".{name}.new");
    let written = write_new(&folder, &new, text)
        .and_then(|()| Ok(rustix::fs::renameat(&folder, &new, &folder, name)?))
        .and_then(|()| Ok(rustix::fs::fsync(&folder)?));
    if written.is_err() {
        // Nothing of ours stays behind; what cannot be removed is removed before the next one.
        let _ = rustix::fs::unlinkat(&folder, &new, AtFlags::empty());
    }
    written
}

fn write_new(folder: &OwnedFd, new: &str, text: &str) -> Result<(), std::io::Error> {
    match rustix::fs::unlinkat(folder, new, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(why) => return Err(why.into()),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, new, flags, Mode::RUSR | Mode::WUSR)?;
    let mut file = std::fs::File::from(file);
    file.write_all(text.as_bytes())?;
    rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH)?;
    file.sync_all()
}

/// Whether the report that is there says the same.
fn says(folder: &OwnedFd, name: &str, text: &str) -> bool {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let Ok(file) = rustix::fs::openat(folder, name, flags, Mode::empty()) else {
        return false;
    };
    let file = std::fs::File::from(file);
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    let mut there = Vec::new();
    is_file && file.take(LONGEST).read_to_end(&mut there).is_ok() && there == text.as_bytes()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_report_is_written_when_it_changed_and_only_then() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("acme.report.txt");
        put(folder.path(), "acme.report.txt", "one").expect("written");
        let first = std::fs::metadata(&path).expect("there");
        assert_eq!(first.permissions().mode() & 0o777, 0o644);
        put(folder.path(), "acme.report.txt", "one").expect("the same");
        assert_eq!(std::fs::metadata(&path).expect("there").ino(), first.ino());
        put(folder.path(), "acme.report.txt", "two").expect("written");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "two");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_link_under_the_name_of_a_report_leads_nowhere() {
        let (folder, other) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("another"),
        );
        let target = other.path().join("somebody-elses");
        std::fs::write(&target, "untouched").expect("written");
        for name in ["acme.report.txt", ".acme.report.txt.new"] {
            symlink(&target, folder.path().join(name)).expect("linked");
        }
        put(folder.path(), "acme.report.txt", "text").expect("written");
        assert_eq!(std::fs::read_to_string(&target).expect("there"), "untouched");
        let report = folder.path().join("acme.report.txt");
        assert!(std::fs::symlink_metadata(&report).expect("there").is_file());
        assert_eq!(std::fs::read_to_string(report).expect("there"), "text");
    }

    #[test]
    fn what_cannot_be_replaced_is_left_and_nothing_of_ours_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("acme.report.txt")).expect("made");
        assert!(put(folder.path(), "acme.report.txt", "text").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
