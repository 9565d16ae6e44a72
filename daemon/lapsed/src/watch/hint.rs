//! The system's word that something happened in the folder: a hint, and no more.
//!
//! Events arrive at once, and that is all they are good for. They do not come from network file systems, not for the
//! target of a link, not after the folder was put in the place of another; queues overflow, and watches are limited.
//! So an event makes the next look come sooner, and whatever is wrong with the events is logged once and changes
//! nothing: the look every two seconds is the truth.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tracing::warn;

use super::look::FolderId;

/// Events of one folder, whichever lies under its path at the moment.
pub(crate) struct Hint {
    folder: PathBuf,
    watcher: Option<RecommendedWatcher>,
    watched: Option<FolderId>,
    came: Arc<Notify>,
    is_told: bool,
}

impl Hint {
    /// Events of `folder`, as soon as a look has found it; none where the system hands out none.
    pub(crate) fn new(folder: &Path) -> Self {
        let came = Arc::new(Notify::new());
        let told = Arc::clone(&came);
        // An error of the watcher may stand for events that were lost.
        let heard = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| is_worth_a_look(&event)) {
                told.notify_one();
            }
        };
        let watcher = notify::recommended_watcher(heard)
            .inspect_err(|why| warn!(%why, "no events of files here: every file is looked at all the same"));
        Self {
            folder: folder.to_owned(),
            watcher: watcher.ok(),
            watched: None,
            came,
            is_told: false,
        }
    }

    /// A look found this folder: it is the one to watch.
    pub(crate) fn follow(&mut self, found: FolderId) {
        if self.watched == Some(found) {
            return;
        }
        let Some(watcher) = &mut self.watcher else { return };
        // The system ends the watch of a folder that is gone by itself; the watcher still knows its path.
        let _ = watcher.unwatch(&self.folder);
        match watcher.watch(&self.folder, RecursiveMode::NonRecursive) {
            Ok(()) => self.watched = Some(found),
            Err(why) if !self.is_told => {
                self.is_told = true;
                warn!(folder = %self.folder.display(), %why, "its events cannot be had: every file is looked at all the same");
            }
            Err(_) => {}
        }
    }

    /// Returns when something happened that is worth a look; never, where there are no events.
    pub(crate) async fn came(&self) {
        self.came.notified().await;
    }
}

/// A policy that was written, or the folder itself. That a file was opened or read is nothing, and neither is a report.
fn is_worth_a_look(event: &Event) -> bool {
    let is_change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    };
    let is_other_file = |path: &PathBuf| path.extension().is_some_and(|extension| extension != "toml");
    is_change && (event.paths.is_empty() || !event.paths.iter().all(is_other_file))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::look::look;
    use super::*;

    async fn comes(hint: &Hint) -> bool {
        tokio::time::timeout(Duration::from_secs(2), hint.came())
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn a_policy_is_worth_a_look_and_a_report_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut hint = Hint::new(folder.path());
        hint.follow(look(folder.path(), |_, _| {}).expect("a folder"));
        std::fs::write(folder.path().join("acme.report.txt"), "x").expect("written");
        let quiet = tokio::time::timeout(Duration::from_millis(50), hint.came()).await;
        assert!(quiet.is_err(), "a report");
        std::fs::write(folder.path().join("acme.toml"), "x").expect("written");
        assert!(comes(&hint).await);
    }

    #[tokio::test]
    async fn another_folder_in_its_place_is_watched_from_the_next_look() {
        let above = tempfile::tempdir().expect("a folder");
        let path = above.path().join("tenants");
        std::fs::create_dir(&path).expect("made");
        let mut hint = Hint::new(&path);
        hint.follow(look(&path, |_, _| {}).expect("a folder"));
        std::fs::rename(&path, above.path().join("old")).expect("renamed");
        std::fs::create_dir(&path).expect("made");
        assert!(comes(&hint).await, "that it was moved is an event");
        hint.follow(look(&path, |_, _| {}).expect("a folder"));
        std::fs::write(path.join("acme.toml"), "x").expect("written");
        assert!(comes(&hint).await);
    }
}
