//! The daemon: everything that `lapsed run` wires together.
//!
//! ```text
//!            signals ──► stop, in two steps
//!               │
//!   watch ──► schedules in the store ──► dispatcher ──► desk ──► jobs
//!     ▲                                     │  ▲
//!   files            chores (gauges, holds, pruning)      pages: /metrics, /health
//! ```
//!
//! [`Daemon`] is who does the runs: the desk does what concerns people, the rest is the roof's own (`reload`). Its parts
//! live as long as the program; what a reload replaces (keys, and with them desk and journal) is replaced whole.

pub(crate) mod chores;
pub(crate) mod signals;
pub(crate) mod tenure;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use lapsed_dataset::{Dataset, Fitted};
use lapsed_jobs::apply::remove_remnants;
use lapsed_jobs::desk::{Desk, ExportFolder};
use lapsed_jobs::health::{Component, Health};
use lapsed_jobs::in_force::PoliciesInForce;
use lapsed_jobs::journal::Journal;
use lapsed_jobs::metrics::Metrics;
use lapsed_jobs::scheduler::{Stop, Unfinished, Work};
use lapsed_model::{KeyRing, Lease, Run, SystemChance, SystemClock};
use lapsed_store::{Address, Store};
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify, OnceCell};

use self::signals::Steps;
use crate::credentials;
use crate::failure::Result;
use crate::installation::{batch_size, pace};
use crate::service;
use crate::settings::Settings;
use crate::watch::{Reloaded, Watch};

/// The run that reads files again.
pub(crate) const RELOAD: &str = "reload";

/// Who does the daemon's runs.
pub(crate) struct Daemon {
    /// What the operator wrote.
    pub(crate) settings: Arc<Settings>,
    /// The store.
    pub(crate) store: Store,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// How it is.
    pub(crate) health: Health,
    /// Wakes the dispatcher.
    pub(crate) poke: Arc<Notify>,
    /// The two steps of stopping.
    pub(crate) steps: Steps,
    file: Option<(u64, u64)>,
    is_without_store: AtomicBool,
    fitted: Fitted<'static>,
    desk: RwLock<Arc<Desk>>,
    watch: OnceCell<Watch>,
    scrubbing: Mutex<()>,
}

impl Daemon {
    /// A daemon with its desk, whose watch has not begun. The dataset is the program's for as long as it runs.
    pub(crate) async fn new(
        settings: Arc<Settings>,
        store: Store,
        fitted: Fitted<'static>,
        keys: KeyRing,
        metrics: Metrics,
    ) -> Result<Self> {
        let health = Health::new();
        let desk = desk(&settings, &store, &fitted, keys, &metrics).await?;
        Ok(Self {
            file: identity(&settings),
            desk: RwLock::new(Arc::new(desk)),
            settings,
            store,
            fitted,
            metrics,
            health,
            poke: Arc::default(),
            steps: Steps::default(),
            is_without_store: AtomicBool::new(false),
            watch: OnceCell::new(),
            scrubbing: Mutex::default(),
        })
    }

    /// The hash of the dataset.
    pub(crate) fn dataset(&self) -> String {
        self.fitted.dataset().hash.to_string()
    }

    /// The desk as it is now.
    pub(crate) fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hands over the running watch.
    pub(crate) fn watch_with(&self, watch: Watch) {
        // There is one watch, started once.
        let _ = self.watch.set(watch);
    }

    /// The running watch.
    pub(crate) fn watch(&self) -> Option<&Watch> {
        self.watch.get()
    }

    /// Stops the daemon if another file lies where its store was: a backup was restored under it, and what it writes on
    /// into the old file is lost.
    pub(crate) fn watch_its_store(&self) {
        if identity(&self.settings) != self.file && !self.is_without_store.swap(true, Ordering::Relaxed) {
            tracing::error!("the store's file was replaced under the daemon: it stops");
            self.steps.soft.cancel();
        }
    }

    /// Whether that happened.
    pub(crate) fn lost_its_store(&self) -> bool {
        self.is_without_store.load(Ordering::Relaxed)
    }

    /// Reads files again: tenants' policies, and the key ring.
    pub(crate) async fn reload(&self) -> std::result::Result<Reloaded, String> {
        service::reloading();
        let keys = self.take_new_keys().await;
        let reloaded = match self.watch.get() {
            Some(watch) => watch.poke().await,
            None => None,
        };
        service::ready();
        keys?;
        reloaded.ok_or_else(|| "the watch has ended".to_owned())
    }

    async fn take_new_keys(&self) -> std::result::Result<(), String> {
        let keys = credentials::key_ring(&self.settings).map_err(|why| format!("{why:#}"))?;
        if keys == self.desk().keys {
            return Ok(());
        }
        self.store
            .accept_keys(&keys)
            .await
            .map_err(|why| why.to_string())?;
        let newest = keys.newest().id.clone();
        let desk = desk(&self.settings, &self.store, &self.fitted, keys, &self.metrics)
            .await
            .map_err(|why| why.sentence())?;
        *self.desk.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(desk);
        tracing::info!(key = newest, "the key ring was read again");
        Ok(())
    }
}

/// Which file the store is, by device and inode; a server is known by other means (`tenure`).
fn identity(settings: &Settings) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let Address::File(path) = &settings.store else {
        return None;
    };
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// The dataset of a daemon lives as long as the program does.
pub(crate) fn for_good(dataset: Dataset) -> &'static Dataset {
    Box::leak(Box::new(dataset))
}

async fn desk(
    settings: &Arc<Settings>,
    store: &Store,
    fitted: &Fitted<'static>,
    keys: KeyRing,
    metrics: &Metrics,
) -> Result<Desk> {
    let identity = store.identity().await?;
    let (journal, healed) = Journal::open(&settings.journal, &identity, &keys)
        .await
        .map_err(lapsed_jobs::JobError::from)?;
    for sentence in healed.sentences() {
        tracing::warn!("{sentence}");
    }
    let whose = Arc::clone(settings);
    Ok(Desk {
        store: store.clone(),
        fitted: fitted.clone(),
        keys,
        journal,
        policies: PoliciesInForce::new(settings.limits),
        store_key: Box::new(move |workgroup| whose.store_key(workgroup).map_err(|why| why.to_string())),
        clock: Arc::new(SystemClock),
        chance: Arc::new(SystemChance),
        batch: batch_size(settings),
        pace: pace(settings, store.dialect()),
        exports: ExportFolder {
            folder: settings.exports.clone(),
            node: settings.node.clone(),
        },
        watch_only: settings.watch_only,
        metrics: metrics.clone(),
    })
}

impl Work for Daemon {
    async fn work(
        self: Arc<Self>,
        run: Run,
        lease: Lease,
        stop: Stop,
    ) -> std::result::Result<Value, Unfinished> {
        if run.job == RELOAD {
            return match self.reload().await {
                Ok(reloaded) => Ok(json!(reloaded)),
                Err(why) => Err(Unfinished::Cancelled(
                    json!({ "code": "not-reloaded", "refused": why }),
                )),
            };
        }
        let done = self.desk().work(&run, lease, &stop).await;
        if let (Some(watch), Some(tenant)) = (self.watch(), &run.tenant) {
            watch.refresh_report(tenant);
        }
        if let Err(Unfinished::NoJournal(why)) = &done {
            self.metrics.journalled(false);
            self.health.set(Component::Journal, Err(why.clone()));
        }
        done
    }

    /// What erasing left in indexes and the log is removed once, behind the last of many sweeps.
    async fn idle(self: Arc<Self>) {
        let Ok(_ours) = self.scrubbing.try_lock() else {
            return;
        };
        match remove_remnants(&self.store, &self.fitted).await {
            Ok(true) => {}
            Ok(false) => tracing::info!(
                "another program holds an old snapshot: the log keeps old pages until it is done"
            ),
            Err(why) => tracing::warn!(%why, "what erasing left behind could not be removed yet"),
        }
    }
}
