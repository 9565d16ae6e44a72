//! The kernel's word that something happened in the folder: a hint, and no more.
//!
//! Events arrive at once, and that is all they are good for. They do not come from network file systems, not for the
//! target of a link, not after the folder was put in the place of another; queues overflow, and watches are limited.
//! So an event makes the next look come sooner, and whatever is wrong with the events is logged once and changes
//! nothing: the look every two seconds is the truth.

use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fd::OwnedFd;
use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
use rustix::io::Errno;
use tokio::sync::Notify;
use tracing::warn;

use super::look::FolderId;

/// What is worth a look. That a file was opened or read is not.
const EVENTS: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ONLYDIR);

/// Events of one folder, whichever lies under its path at the moment. They are waited for on a thread of their own, which
/// sleeps in the kernel.
pub(crate) struct Hint {
    folder: PathBuf,
    events: Option<Arc<Events>>,
    watched: Option<(FolderId, i32)>,
    is_listening: bool,
    is_told: bool,
}

struct Events {
    queue: OwnedFd,
    came: Notify,
    is_over: AtomicBool,
}

impl Hint {
    /// Events of `folder`, as soon as a look has found it; none where the system hands out none.
    pub(crate) fn new(folder: &Path) -> Self {
        let queue = init(CreateFlags::CLOEXEC)
            .inspect_err(|why| warn!(%why, "no events of files here: every file is looked at all the same"));
        let events = queue.ok().map(|queue| {
            Arc::new(Events {
                queue,
                came: Notify::new(),
                is_over: AtomicBool::new(false),
            })
        });
        Self {
            folder: folder.to_owned(),
            events,
            watched: None,
            is_listening: false,
            is_told: false,
        }
    }

    /// A look found this folder: it is the one to watch.
    pub(crate) fn follow(&mut self, found: FolderId) {
        if self.watched.is_some_and(|(watched, _)| watched == found) {
            return;
        }
        let Some(events) = self.events.clone() else {
            return;
        };
        if let Some((_, watch)) = self.watched.take() {
            // The kernel ends the watch of a folder that is gone by itself.
            let _ = remove_watch(&events.queue, watch);
        }
        match add_watch(&events.queue, &self.folder, EVENTS) {
            Ok(watch) => {
                self.watched = Some((found, watch));
                self.listen(events);
            }
            Err(why) if !self.is_told => {
                self.is_told = true;
                warn!(folder = %self.folder.display(), %why, "its events cannot be had: every file is looked at all the same");
            }
            Err(_) => {}
        }
    }

    fn listen(&mut self, events: Arc<Events>) {
        if self.is_listening {
            return;
        }
        let thread = std::thread::Builder::new().name("file events".to_owned());
        match thread.spawn(move || events.listen()) {
            Ok(_detached) => self.is_listening = true,
            Err(why) => {
                warn!(%why, "nobody waits for events of files: every file is looked at all the same");
                self.events = None;
            }
        }
    }

    /// Returns when something happened that is worth a look; never, where there are no events.
    pub(crate) async fn came(&self) {
        match &self.events {
            Some(events) => events.came.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Hint {
    /// That the watch ends is an event too: the thread wakes up, and sees that it is over.
    fn drop(&mut self) {
        if let (Some(events), Some((_, watch))) = (&self.events, self.watched) {
            events.is_over.store(true, Ordering::Release);
            let _ = remove_watch(&events.queue, watch);
        }
    }
}

impl Events {
    fn listen(&self) {
        let mut room = [MaybeUninit::<u8>::uninit(); 8 * 1024];
        let mut reader = Reader::new(&self.queue, &mut room);
        loop {
            match reader.next() {
                Ok(event) => {
                    let policy = event.file_name().map(|name| name.to_bytes().ends_with(b".toml"));
                    let ended = event.events().contains(ReadFlags::IGNORED);
                    if policy.unwrap_or(!ended) {
                        self.came.notify_one();
                    }
                }
                Err(Errno::INTR) => {}
                Err(why) => {
                    return warn!(%why, "events of files have ended: every file is looked at all the same");
                }
            }
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
        }
    }
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
