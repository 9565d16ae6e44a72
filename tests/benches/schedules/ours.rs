//! Our side: the dispatcher on a real store, with work that does nothing but note when it began.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;
use lapsed_jobs::health::Health;
use lapsed_jobs::metrics::Metrics;
use lapsed_jobs::scheduler::{Dispatcher, Settings, Stop, Unfinished, Work};
use lapsed_model::{
    Clock as _, Digest, Entry, IfMissed, KeyRing, Lease, Overlap, Run, SystemChance, SystemClock, Timetable,
};
use lapsed_policy::{RETENTION, next_slot};
use lapsed_store::{NewPolicy, NewSchedule, Seal, Starting, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;

/// How many workgroups a tenant has.
const EACH: usize = 10;

/// When each job began.
#[derive(Default)]
pub(crate) struct Noted(Mutex<Vec<(usize, DateTime<Utc>)>>);

impl Noted {
    pub(crate) fn begins(&self, job: usize) {
        let now = SystemClock.now();
        self.0
            .lock()
            .expect("nobody panics while holding it")
            .push((job, now));
    }

    /// Every beginning, and how many jobs began at all.
    pub(crate) fn began(&self) -> (Vec<DateTime<Utc>>, usize) {
        let noted = self.0.lock().expect("nobody panics while holding it");
        let jobs: HashSet<usize> = noted.iter().map(|(job, _)| *job).collect();
        (noted.iter().map(|(_, at)| *at).collect(), jobs.len())
    }
}

/// Work that notes when it began.
struct Notes(Arc<Noted>);

impl Work for Notes {
    async fn work(self: Arc<Self>, run: Run, _lease: Lease, _stop: Stop) -> Result<Value, Unfinished> {
        let name = run.workgroup.expect("a run of a workgroup");
        self.0.begins(
            name.rsplit('-')
                .next()
                .and_then(|job| job.parse().ok())
                .expect("a number"),
        );
        Ok(json!({}))
    }
}

/// A dispatcher that runs, on a store in a folder of its own.
pub(crate) struct Ours {
    _folder: TempDir,
    _running: tokio::task::JoinHandle<lapsed_jobs::scheduler::Ended>,
}

impl Ours {
    /// Holds schedules that were put into the store by another process.
    pub(crate) async fn hold(many: usize, noted: &Arc<Noted>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let store = path.clone();
        let filled = tokio::task::spawn_blocking(move || crate::process::fill(&store, many));
        filled.await.expect("a filled store");
        Self::run(folder, Store::open(&path).await.expect("the store"), noted).await
    }

    /// Holds schedules that are all due at `slot`.
    pub(crate) async fn burst(many: usize, slot: DateTime<Utc>, noted: &Arc<Noted>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::create(&folder.path().join("store.db"))
            .await
            .expect("a store");
        fill(&store, many, slot).await;
        Self::run(folder, store, noted).await
    }

    /// As `lapsed run` does it: four workers, and a look twice a second.
    async fn run(folder: TempDir, store: Store, noted: &Arc<Noted>) -> Self {
        let starting = Starting {
            node: "bench",
            pid: std::process::id(),
            program: "bench",
            version: env!("CARGO_PKG_VERSION"),
            dataset: "none",
            lease: Duration::from_secs(30),
            at: SystemClock.now(),
            most_attempts: 5,
        };
        let taken = store.take(&starting).await.expect("a store that answers");
        let settings = Settings {
            // It never loses the store here.
            owner: tokio::sync::watch::channel(Some(taken.start)).1,
            workers: 4,
            look_every: Duration::from_millis(500),
            metrics: Metrics::new(SystemClock.now(), "bench", lapsed_policy::tz_database()),
            health: Health::new(),
            poke: Arc::new(Notify::new()),
            alive: Arc::new(|| {}),
        };
        let work = Arc::new(Notes(Arc::clone(noted)));
        let dispatcher = Dispatcher::new(store, Arc::new(SystemClock), work, settings);
        Self {
            _folder: folder,
            _running: tokio::spawn(dispatcher.run(Stop::new(), Stop::new())),
        }
    }
}

/// Fills a store with schedules that are not due before half a day has passed.
pub(crate) async fn fill_for_another(path: &Path, many: usize) {
    let store = Store::create(path).await.expect("a store");
    fill(&store, many, SystemClock.now() + TimeDelta::hours(12)).await;
    store.close().await;
}

/// Puts policies in force whose workgroups run every day at the minute of `slot`.
async fn fill(store: &Store, many: usize, slot: DateTime<Utc>) {
    store.migrate().await.expect("the daemon's tables");
    let keys = KeyRing::parse(&format!("first {}", "5a".repeat(32))).expect("a ring");
    let seal = Seal {
        key: keys.newest(),
        chance: &SystemChance,
    };
    let cron = format!("{} {} * * *", slot.minute(), slot.hour());
    let jobs: Vec<usize> = (0..many).collect();
    let policies: Vec<NewPolicy> = jobs.chunks(EACH).map(|jobs| policy(jobs, &cron)).collect();
    for policies in policies.chunks(500) {
        store
            .put_in_force(policies, &seal)
            .await
            .expect("policies that take effect");
    }
}

fn policy(jobs: &[usize], cron: &str) -> NewPolicy {
    let (now, text) = (SystemClock.now(), format!("{jobs:?} {cron}"));
    let tenant = format!("tenant-{}", jobs[0] / EACH);
    let timetable = |job: &usize| Timetable {
        workgroup: format!("{tenant}/house-{job}").parse().expect("a workgroup"),
        job: RETENTION.to_owned(),
        said: cron.to_owned(),
        cron: cron.to_owned(),
        zone: Tz::UTC,
        if_missed: IfMissed::CatchUp,
        overlap: Overlap::Skip,
        catch_up: TimeDelta::days(31),
        jitter: TimeDelta::zero(),
    };
    let schedule = |job| NewSchedule {
        timetable: timetable(job),
        next_slot_at: next_slot(cron, Tz::UTC, now),
    };
    NewPolicy {
        hash: Digest::sha256(&text),
        entry: Entry {
            tenant: tenant.parse().expect("a name"),
            at: now,
            kind: "policy".to_owned(),
            payload: "{}".to_owned(),
        },
        schedules: jobs.iter().map(schedule).collect(),
        text,
    }
}
