//! Staying one of several.
//!
//! On PostgreSQL a daemon holds its runs under a lease by the database's clock, which it renews in one statement. If it did
//! not (it was stopped, the network was cut, the machine slept) its runs are somebody else's by now. Then it gives up what it
//! has in hand, does once more what every start does first, and takes the store under a new number. The same where the
//! server is another than before: it may be one that a backup was restored on.

use std::sync::Arc;
use std::time::Duration;

use lapsed_model::{Clock, Dialect, SystemClock};
use lapsed_store::{Renewed, Serving, Store, StoreError};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior};

use super::Daemon;
use crate::failure::{Failure, Result};
use crate::owner::{self, MOST_ATTEMPTS, Terms};

/// A lease is renewed so many times before it would end. Each try has the time until the next one is due: a connection that
/// fell silent costs a try, and not the lease.
const TIMES: u32 = 5;

/// However long a lease is, it is looked so often whether the server is still the same: what stood in for it may lack the last
/// holds and erasures.
const LOOK: Duration = Duration::from_secs(3);

/// How long a daemon that could not take the store again waits before it tries once more.
const AGAIN: Duration = Duration::from_secs(1);

/// The number under which a daemon holds its leases.
pub(crate) struct Tenure {
    daemon: Arc<Daemon>,
    owner: watch::Sender<Option<i64>>,
    start: i64,
    /// The one on which it was last looked whether a backup was restored.
    server: String,
}

/// Renews a lease while its program gets ready, which may take longer than the lease lasts; until it is dropped.
pub(crate) struct GettingReady(AbortHandle);

impl GettingReady {
    /// Begins at once. On SQLite no lease runs out, and nothing is renewed for nobody.
    pub(crate) fn under(store: &Store, start: i64, lease: Duration) -> Self {
        let store = store.clone();
        let renewing = tokio::spawn(async move {
            while store.dialect() == Dialect::Postgres {
                tokio::time::sleep(lease / TIMES).await;
                if let Err(why) = renew(&store, start, lease).await {
                    tracing::debug!(%why, "the lease could not be renewed");
                }
            }
        });
        Self(renewing.abort_handle())
    }
}

impl Drop for GettingReady {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tenure {
    /// What `start` gave on a `server` that was recovered, and where the dispatcher reads it.
    pub(crate) fn new(
        daemon: &Arc<Daemon>,
        start: i64,
        server: String,
    ) -> (Self, watch::Receiver<Option<i64>>) {
        let (owner, reader) = watch::channel(Some(start));
        let tenure = Self {
            daemon: Arc::clone(daemon),
            owner,
            start,
            server,
        };
        (tenure, reader)
    }

    /// The number of the latest start.
    pub(crate) fn start(&self) -> i64 {
        self.start
    }

    /// Renews the lease for ever, and takes over what daemons left that are gone.
    pub(crate) async fn keep(&mut self) {
        let lease = self.daemon.settings.lease;
        let every = (lease / TIMES).min(LOOK);
        // Whoever was killed under this name is not taken to be there any more.
        let gone_after = lease.as_millis() / every.as_millis().max(1) + 1;
        let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut renewed = 0;
        loop {
            ticks.tick().await;
            match renew(&self.daemon.store, self.start, self.daemon.settings.lease).await {
                Ok(Some(Renewed { server, programs })) if server == self.server => {
                    if let Some(pace) = &self.daemon.desk().pace {
                        pace.among(programs);
                    }
                    self.rescue().await;
                    renewed += 1;
                    if renewed == gone_after {
                        self.look_for_namesakes().await;
                    }
                }
                Ok(Some(_)) => {
                    tracing::warn!(
                        "the database server was started anew: it is looked whether a backup was restored"
                    );
                    self.come_back().await;
                }
                Ok(None) => {
                    tracing::warn!(
                        start = self.start,
                        "the lease ended before it was renewed: what was in hand is somebody else's"
                    );
                    self.come_back().await;
                }
                // The dispatcher says that the store is out of reach, once.
                Err(why) => tracing::debug!(%why, "the lease could not be renewed"),
            }
        }
    }

    /// Gives up what is in hand, and takes the store again as a new start does.
    async fn come_back(&mut self) {
        self.owner.send_replace(None);
        self.daemon.poke.notify_one();
        loop {
            match self.begin_again().await {
                Ok(start) => {
                    self.start = start;
                    self.owner.send_replace(Some(start));
                    self.daemon.poke.notify_one();
                    self.daemon.metrics.came_back();
                    tracing::info!(start, "back");
                    return;
                }
                Err(why) => tracing::warn!(why = why.sentence(), "the store could not be taken again yet"),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn begin_again(&mut self) -> Result<i64> {
        let (store, settings) = (&self.daemon.store, &self.daemon.settings);
        // What is still under way here must not commit beside what follows.
        store.leave(self.start, SystemClock.now()).await?;
        let server = recover(&self.daemon).await?;
        let dataset = self.daemon.dataset();
        let terms = Terms {
            program: owner::DAEMON,
            dataset: &dataset,
        };
        let start = owner::register(store, settings, terms, &SystemClock).await?.start;
        self.server = server;
        Ok(start)
    }

    /// Two machines of one name are told apart by nobody who reads the list, and two programs in one folder share a journal and
    /// the memory of which files were read.
    async fn look_for_namesakes(&self) {
        let Ok(serving) = self.daemon.store.all_serving().await else {
            return;
        };
        let node = &self.daemon.settings.node;
        let is_namesake = |by: &&Serving| {
            by.alive && by.program == owner::DAEMON && by.node == *node && by.start != self.start
        };
        for other in serving.iter().filter(is_namesake) {
            tracing::warn!(
                node,
                pid = other.pid,
                start = other.start,
                "another daemon serves the store under the name of this machine: give each a name of its own, and a folder"
            );
        }
    }

    async fn rescue(&self) {
        match self.daemon.store.rescue(SystemClock.now(), MOST_ATTEMPTS).await {
            Ok(rescued) if rescued.taken_over + rescued.discarded > 0 => {
                let (taken_over, discarded) = (rescued.taken_over, rescued.discarded);
                self.daemon.metrics.taken_over(taken_over);
                tracing::warn!(taken_over, discarded, "a daemon is gone: its runs are taken over");
                self.daemon.poke.notify_one();
            }
            Ok(_) => {}
            Err(why) => tracing::debug!(%why, "nothing could be taken over"),
        }
    }
}

/// A connection that fell silent must not keep the others from being tried while there is time.
async fn renew(
    store: &Store,
    start: i64,
    lease: Duration,
) -> std::result::Result<Option<Renewed>, StoreError> {
    let renewed = tokio::time::timeout(lease / TIMES, store.renew(start, lease)).await;
    renewed.unwrap_or_else(|_| Err(StoreError::Unreachable("it does not answer".to_owned())))
}

/// O-4: before anything else, people whom a restored backup brought back are erased again, by one daemon at a time. Answers which
/// server that was done on: another one, also one that came meanwhile, is looked at anew.
pub(crate) async fn recover(daemon: &Daemon) -> Result<String> {
    let server = daemon.store.server().await?;
    let desk = daemon.desk();
    copy_others(daemon).await.map_err(Failure::because)?;
    let recovered = lapsed_jobs::journal::recover(&desk.tools(), &std::collections::BTreeMap::new()).await?;
    for sentence in recovered.sentences() {
        tracing::warn!("{sentence}");
    }
    Ok(server)
}

/// What other daemons erased stands in this one's journal too, so that any of them can tell that a backup was restored.
pub(crate) async fn copy_others(daemon: &Daemon) -> std::result::Result<(), String> {
    let from = daemon.settings.records.journal_from(SystemClock.now());
    let copied = daemon.desk().journal.copy_others(&daemon.store, from).await;
    match copied.map_err(|why| why.to_string())? {
        0 => {}
        copied => {
            daemon.metrics.journal_copied(copied);
            tracing::info!(copied, "batches of other daemons were copied into the journal");
        }
    }
    Ok(())
}

/// Pokes the dispatcher whenever somebody says that there is something to do. A hint that is lost costs half a second.
pub(crate) async fn listen(daemon: Arc<Daemon>) {
    const AGAIN: Duration = Duration::from_secs(5);
    loop {
        match daemon.store.wakes().await {
            Ok(None) => return,
            Ok(Some(mut wakes)) => {
                while wakes.next().await.is_ok() {
                    daemon.poke.notify_one();
                }
            }
            Err(why) => tracing::debug!(%why, "no hints are heard"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}
