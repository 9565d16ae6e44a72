//! Tenants' files take effect while the daemon runs (O-1).
//!
//! ```text
//! a look every two seconds ─► what stands still and changed ─► read ─► whole:  in force, with its schedules, in the store
//!   ▲  (events: sooner)         missing for ten seconds         └──► broken: findings; the last good version stays
//!   └ SIGHUP, `lapsed reload`    └──► no longer in force
//! ```
//!
//! Each tenant is a unit of its own: a file that is broken, refused by the store or never comes to rest touches nobody
//! else. What is in force is the store's to know; here are kept a stamp and two hashes per tenant, whatever the number
//! of workgroups. A kill at any point is harmless: what was put in force is committed, and the rest is found again by
//! comparing hashes at the next start.
//!
//! Links are not followed: a file that is a link is refused with a finding, since whoever may write into the folder
//! could otherwise have somebody else's file quoted. The folder itself is the operator's to name, and may be a link.

mod effect;
mod hint;
mod known;
mod look;
pub(crate) mod report;
mod rounds;
mod take;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use lapsed_jobs::health::Health;
use lapsed_jobs::metrics::Metrics;
use lapsed_model::{Chance, Clock, KeyRing, TenantName};
use lapsed_store::{Store, StoreError};
use serde::Serialize;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::settings::Settings;
use report::Reports;
use rounds::Rounds;

pub(crate) use take::Broken;

/// What the watch works with.
pub(crate) struct Wiring {
    /// The operator's settings.
    pub(crate) settings: Arc<Settings>,
    /// Their file: whether it changed since the start is told by a reload.
    pub(crate) config: PathBuf,
    /// The store.
    pub(crate) store: Store,
    /// The seals of the ledger, as they are at the moment: a reload may bring new ones.
    pub(crate) keys: Box<dyn Fn() -> KeyRing + Send + Sync>,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Salts.
    pub(crate) chance: Arc<dyn Chance>,
    /// Told whenever schedules may have changed.
    pub(crate) schedules_changed: Arc<Notify>,
    /// Where it is said that nothing follows from a look at the folder.
    pub(crate) health: Health,
    /// What took effect, and what did not.
    pub(crate) metrics: Metrics,
    /// Who writes the tenants' reports.
    pub(crate) reports: Reports,
    /// Ends the watch.
    pub(crate) stop: CancellationToken,
}

/// What reading the files came to. It is the outcome of a `reload` run: the names of the fields are stable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Reloaded {
    /// These took effect by it, or in the minute before and were not told of yet.
    pub(crate) put_in_force: Vec<TenantName>,
    /// These have errors now, whenever they were saved.
    pub(crate) broken: Vec<Broken>,
    /// The files of these are gone, and nothing of them is in force any more.
    pub(crate) gone: Vec<TenantName>,
    /// The files of these are missing, and not yet for ten seconds.
    pub(crate) missing: Vec<TenantName>,
    /// These are whole, and the store did not take them; they are tried again.
    pub(crate) not_stored: Vec<TenantName>,
    /// How many tenants' files say what was in force already.
    pub(crate) unchanged: usize,
    /// Files that changed since the start and are read at the next one only.
    pub(crate) restart_for: Vec<String>,
    /// Why nothing follows from a look at the folder, if so: it cannot be read, or is not the one it should be.
    pub(crate) folder: Option<String>,
}

/// The running watch.
#[derive(Clone)]
pub(crate) struct Watch {
    pokes: mpsc::Sender<oneshot::Sender<Reloaded>>,
    broken: BrokenFiles,
    reports: Reports,
}

/// The tenants whose files have errors, shared with whoever shows them.
type BrokenFiles = Arc<Mutex<BTreeMap<TenantName, Broken>>>;

impl Watch {
    /// Reads everything, puts in force what changed since the last start, and goes on watching in a task of its own. A
    /// broken file keeps nothing from starting; a store out of reach does.
    pub(crate) async fn start(wiring: Wiring) -> Result<(Watch, Reloaded, JoinHandle<()>), StoreError> {
        let (broken, reports) = (BrokenFiles::default(), wiring.reports.clone());
        let mut rounds = Rounds::new(wiring, Arc::clone(&broken)).await?;
        let first = rounds.first().await;
        let (pokes, asked) = mpsc::channel(16);
        let task = tokio::spawn(rounds.run(asked));
        reports.begin();
        let watch = Watch {
            pokes,
            broken,
            reports,
        };
        Ok((watch, first, task))
    }

    /// Reads now what changed, and says what came of it: SIGHUP, or a run of `lapsed reload`. Waits until files that were
    /// saved just now stand still. Nothing, where the watch has ended.
    pub(crate) async fn poke(&self) -> Option<Reloaded> {
        let (answer, answered) = oneshot::channel();
        self.pokes.send(answer).await.ok()?;
        answered.await.ok()
    }

    /// Something changed for a tenant that stands in its report: a run ended, somebody approved.
    pub(crate) fn refresh_report(&self, tenant: &TenantName) {
        self.reports.refresh(tenant);
    }

    /// The tenants whose files do not take effect. The daemon itself only counts them.
    #[cfg(test)]
    pub(crate) fn broken(&self) -> Vec<Broken> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        broken.values().cloned().collect()
    }

    /// How many there are.
    pub(crate) fn broken_count(&self) -> usize {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
