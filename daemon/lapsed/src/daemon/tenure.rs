//! Staying one of several.
//!
//! On PostgreSQL a daemon holds its runs under a lease by the database's clock, which it renews in one statement. If it did
//! not (it was stopped, the network was cut, the machine slept) its runs are somebody else's by now. Then it gives up what it
//! has in hand, does once more what every start does first, and takes the store under a new number. The same where the
//! server is another than before: it may be one that a backup was restored on.

use std::sync::Arc;
use std::time::Duration;

use lapsed_jobs::journal::Recovered;
use lapsed_model::{Clock, Dialect, SystemClock};
use lapsed_store::{Store, StoreError};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::Daemon;
use crate::failure::{Failure, Result};
use crate::owner::{self, MOST_ATTEMPTS, Terms};

/// A lease is renewed so many times before it would end.
const TIMES: u32 = 5;

/// How long a daemon that could not take the store again waits before it tries once more.
const AGAIN: Duration = Duration::from_secs(1);

/// The number under which a daemon holds its leases.
pub(crate) struct Tenure {
    daemon: Arc<Daemon>,
    owner: watch::Sender<Option<i64>>,
    start: i64,
    server: Option<String>,
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
                if let Err(why) = store.renew(start, lease).await {
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
    /// What `start` gave, and where the dispatcher reads it.
    pub(crate) fn new(daemon: &Arc<Daemon>, start: i64) -> (Self, watch::Receiver<Option<i64>>) {
        let (owner, reader) = watch::channel(Some(start));
        let tenure = Self {
            daemon: Arc::clone(daemon),
            owner,
            start,
            server: None,
        };
        (tenure, reader)
    }

    /// The number of the latest start.
    pub(crate) fn start(&self) -> i64 {
        self.start
    }

    /// Renews the lease for ever, and takes over what daemons left that are gone.
    pub(crate) async fn keep(&mut self) {
        let every = self.daemon.settings.lease / TIMES;
        loop {
            tokio::time::sleep(every).await;
            match self.renew().await {
                Ok(Some(server)) if self.server.get_or_insert_with(|| server.clone()) == &server => {
                    self.rescue().await;
                }
                Ok(Some(server)) => {
                    tracing::warn!(
                        "the database server was started anew: it is looked whether a backup was restored"
                    );
                    self.server = Some(server);
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

    /// A connection that fell silent must not keep the others from being tried.
    async fn renew(&self) -> std::result::Result<Option<String>, StoreError> {
        let lease = self.daemon.settings.lease;
        let renewed = tokio::time::timeout(lease, self.daemon.store.renew(self.start, lease)).await;
        renewed.unwrap_or_else(|_| Err(StoreError::Unreachable("it does not answer".to_owned())))
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

    async fn begin_again(&self) -> Result<i64> {
        let (store, settings) = (&self.daemon.store, &self.daemon.settings);
        // What is still under way here must not commit beside what follows.
        store.leave(self.start, SystemClock.now()).await?;
        recover(&self.daemon).await?;
        let dataset = self.daemon.dataset();
        let terms = Terms {
            program: owner::DAEMON,
            dataset: &dataset,
        };
        Ok(owner::register(store, settings, terms, &SystemClock).await?.start)
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

/// O-4: before anything else, people whom a restored backup brought back are erased again, by one daemon at a time.
pub(crate) async fn recover(daemon: &Daemon) -> Result<Recovered> {
    let desk = daemon.desk();
    copy_others(daemon).await.map_err(Failure::because)?;
    let recovered = lapsed_jobs::journal::recover(&desk.tools(), &std::collections::BTreeMap::new()).await?;
    for sentence in recovered.sentences() {
        tracing::warn!("{sentence}");
    }
    Ok(recovered)
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
