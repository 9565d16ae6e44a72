//! What the daemon counts about itself, for whoever watches it from outside (O-5).
//!
//! Names follow the conventions of Prometheus and are listed with their meaning in `daemon/lapsed/METRICS.md`. No label
//! ever holds anything of a person. A label whose values come from outside is bounded: a monitoring system keeps a time
//! series for every value that it ever saw, so that ten thousand tenants would cost the operator more than the daemon
//! does. The first [`MOST_TENANTS`] get series of their own, the others share one.
//!
//! [`Metrics`] is cheap to clone and never blocks for longer than a counter takes. What can be counted as it happens is
//! counted where it happens; what has to be looked up comes once per interval as a [`Snapshot`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{Dialect, RunState, SkipReason, TenantName};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// How many tenants have series of their own.
pub const MOST_TENANTS: usize = 200;
/// How many jobs have: there are a dozen, and a store may hold runs of a later version.
const MOST_JOBS: usize = 40;
/// Where the series of all others are counted.
const OTHER: &str = "other";

/// From a millisecond to an hour: a run is late by milliseconds, or the machine was off.
const LATENESS: [f64; 12] = [
    0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0,
];
/// A batch is meant to hold the store for a fifth of a second.
const BATCH: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// A gauge of seconds or of instants, which are no whole numbers.
type Seconds = Gauge<f64, AtomicU64>;

/// What the daemon counts about itself.
#[derive(Clone)]
pub struct Metrics(Arc<Counts>);

struct Counts {
    registry: Registry,
    tenants: Bounded,
    jobs: Bounded,
    lateness: Family<OfJob, Histogram>,
    finished: Family<Finished, Counter>,
    runs: Family<OfState, Gauge>,
    oldest_ready: Seconds,
    leases_lost: Counter,
    skipped: Family<OfReason, Counter>,
    reloads: Family<OfResult, Counter>,
    policies_broken: Gauge,
    swept: Family<OfResult, Counter>,
    batches: Histogram,
    approvals: Gauge,
    requests_open: Gauge,
    requests_overdue: Gauge,
    paused: Gauge,
    journal_writes: Counter,
    journal_failures: Counter,
    journal_copied: Counter,
    daemons: Gauge,
    taken_over: Counter,
    comebacks: Counter,
    store: Family<OfStore, Gauge>,
    remnants: Gauge,
    remnants_age: Seconds,
    healthy: Gauge,
}

/// How taking up a policy's file went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reload {
    /// Another version is in force now.
    TookEffect,
    /// The file has errors; the version before stays in force.
    Refused,
    /// The file is gone; the tenant's schedules rest.
    Gone,
    /// The file was whole, and the store could not keep it.
    Failed,
}

impl Reload {
    const ALL: [Reload; 4] = [Reload::TookEffect, Reload::Refused, Reload::Gone, Reload::Failed];

    fn words(self) -> &'static str {
        match self {
            Reload::TookEffect => "took effect",
            Reload::Refused => "refused",
            Reload::Gone => "gone",
            Reload::Failed => "failed",
        }
    }
}

/// What stands in the store and in the folders at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// How many runs are in each state; finished ones may be left out.
    pub runs: BTreeMap<RunState, u64>,
    /// How long the run that waits longest has been ready; none where nothing waits.
    pub oldest_ready: Option<TimeDelta>,
    /// How many daemons serve the store.
    pub daemons: u64,
    /// How many policy files have errors.
    pub policies_broken: u64,
    /// How many plans wait for approval.
    pub approvals: u64,
    /// How many requests are not answered.
    pub requests_open: u64,
    /// How many of them should have been.
    pub requests_overdue: u64,
    /// How many tenants are paused; the pause of everything counts as one.
    pub paused: u64,
    /// How many batches may have left remnants that are not scrubbed yet.
    pub remnants: u64,
    /// For how long they have been there.
    pub remnants_age: Option<TimeDelta>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfJob {
    job: Arc<str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Finished {
    job: Arc<str>,
    tenant: Arc<str>,
    state: Words,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    state: Words,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReason {
    reason: Words,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfResult {
    result: Words,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStore {
    database: Words,
    node: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: String,
    tz_database: String,
}

/// A word of ours as a label's value, with strokes for spaces, so that nobody has to quote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Words(&'static str);

impl EncodeLabelValue for Words {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.replace(' ', "_").as_str().encode(encoder)
    }
}

/// The values of a label, of which only the first few are kept apart.
struct Bounded {
    most: usize,
    seen: Mutex<BTreeSet<Arc<str>>>,
    other: Arc<str>,
}

impl Bounded {
    fn new(most: usize) -> Self {
        Self {
            most,
            seen: Mutex::default(),
            other: OTHER.into(),
        }
    }

    fn value(&self, text: &str) -> Arc<str> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = seen.get(text) {
            return Arc::clone(known);
        }
        if seen.len() >= self.most {
            return Arc::clone(&self.other);
        }
        let new: Arc<str> = text.into();
        seen.insert(Arc::clone(&new));
        new
    }
}

impl Metrics {
    /// Nothing counted yet, by a daemon of `version` that came up at `started_at` with the time zones of `tz_database`.
    #[must_use]
    pub fn new(started_at: DateTime<Utc>, version: &str, tz_database: &str) -> Self {
        let mut counts = Counts::zero();
        counts.register();
        let (start, build) = (Seconds::default(), Family::<Build, Gauge>::default());
        start.set(seconds(started_at.signed_duration_since(DateTime::UNIX_EPOCH)));
        build
            .get_or_create(&Build {
                version: version.to_owned(),
                tz_database: tz_database.to_owned(),
            })
            .set(1);
        let registry = &mut counts.registry;
        registry.register(
            "start_time_seconds",
            "When the daemon came up, in Unix time",
            start,
        );
        registry.register(
            "build_info",
            "Always 1; its labels say which program this is",
            build,
        );
        counts.begin_at_zero();
        Self(Arc::new(counts))
    }

    /// The store that is served, and what this machine is called among several that serve it.
    pub fn serves(&self, dialect: Dialect, node: &str) {
        let labels = OfStore {
            database: Words(match dialect {
                Dialect::Sqlite => "sqlite",
                Dialect::Postgres => "postgresql",
            }),
            node: node.to_owned(),
        };
        self.0.store.get_or_create(&labels).set(1);
    }

    /// A run began `late` after it was due.
    pub fn lateness(&self, job: &str, late: Duration) {
        let job = self.0.jobs.value(job);
        self.0
            .lateness
            .get_or_create(&OfJob { job })
            .observe(late.as_secs_f64());
    }

    /// Nothing more becomes of a run.
    pub fn finished(&self, job: &str, tenant: &TenantName, state: RunState) {
        let labels = Finished {
            job: self.0.jobs.value(job),
            tenant: self.0.tenants.value(tenant.as_str()),
            state: Words(state.words()),
        };
        self.0.finished.get_or_create(&labels).inc();
    }

    /// A run was no longer ours when it was to be renewed or finished.
    pub fn lease_lost(&self) {
        self.0.leases_lost.inc();
    }

    /// Slots were left out.
    pub fn skipped(&self, reason: SkipReason, slots: u64) {
        let reason = Words(reason.words());
        self.0.skipped.get_or_create(&OfReason { reason }).inc_by(slots);
    }

    /// A policy's file was taken up, or was not.
    pub fn reloaded(&self, result: Reload) {
        let result = Words(result.words());
        self.0.reloads.get_or_create(&OfResult { result }).inc();
    }

    /// What became of people whom a plan named: dropped ones became active, came under a hold, or are gone.
    pub fn swept(&self, anonymised: u64, dropped: u64) {
        for (result, people) in [("anonymised", anonymised), ("dropped", dropped)] {
            let result = Words(result);
            self.0.swept.get_or_create(&OfResult { result }).inc_by(people);
        }
    }

    /// A batch was committed, and took so long.
    pub fn batch(&self, took: Duration) {
        self.0.batches.observe(took.as_secs_f64());
    }

    /// A batch was written to every folder of the journal, or could not be written to one.
    pub fn journalled(&self, written: bool) {
        if written {
            self.0.journal_writes.inc();
        } else {
            self.0.journal_failures.inc();
        }
    }

    /// Batches of other daemons were copied into this one's journal.
    pub fn journal_copied(&self, batches: u64) {
        self.0.journal_copied.inc_by(batches);
    }

    /// Runs of a daemon that is gone were taken over.
    pub fn taken_over(&self, runs: u64) {
        self.0.taken_over.inc_by(runs);
    }

    /// This daemon's own lease had ended, or its server was another: it began anew.
    pub fn came_back(&self) {
        self.0.comebacks.inc();
    }

    /// What stands in the store and in the folders now.
    pub fn set_gauges(&self, snapshot: &Snapshot) {
        let counts = &self.0;
        for state in RunState::ALL.into_iter().filter(|state| !state.is_finished()) {
            let runs = snapshot.runs.get(&state).copied().unwrap_or_default();
            let state = Words(state.words());
            counts.runs.get_or_create(&OfState { state }).set(whole(runs));
        }
        counts
            .oldest_ready
            .set(snapshot.oldest_ready.map_or(0.0, seconds));
        counts.daemons.set(whole(snapshot.daemons));
        counts.policies_broken.set(whole(snapshot.policies_broken));
        counts.approvals.set(whole(snapshot.approvals));
        counts.requests_open.set(whole(snapshot.requests_open));
        counts.requests_overdue.set(whole(snapshot.requests_overdue));
        counts.paused.set(whole(snapshot.paused));
        counts.remnants.set(whole(snapshot.remnants));
        counts
            .remnants_age
            .set(snapshot.remnants_age.map_or(0.0, seconds));
    }

    /// Whether the health page answers 200.
    pub fn set_healthy(&self, healthy: bool) {
        self.0.healthy.set(i64::from(healthy));
    }

    /// Everything, in the text format of OpenMetrics.
    #[must_use]
    pub fn open_metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.0.registry).expect("a text takes whatever is written to it");
        text
    }

    /// Everything, in the older text format of Prometheus (0.0.4), which names a counter by the name of its sample.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let text = self.open_metrics();
        let counter = |line: &str| Some(line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?.to_owned());
        let counters: BTreeSet<String> = text.lines().filter_map(counter).collect();
        let mut older = String::with_capacity(text.len());
        for line in text.lines() {
            let mut words = line.splitn(4, ' ');
            let words = [(); 4].map(|()| words.next().unwrap_or_default());
            match words {
                ["#", "EOF" | "UNIT", ..] => continue,
                ["#", what, name, rest] if counters.contains(name) => {
                    older.push_str(&format!("# {what} {name}_total {rest}"));
                }
                _ => older.push_str(line),
            }
            older.push('\n');
        }
        older
    }
}

impl Counts {
    fn zero() -> Self {
        Self {
            registry: Registry::with_prefix("lapsed"),
            tenants: Bounded::new(MOST_TENANTS),
            jobs: Bounded::new(MOST_JOBS),
            lateness: Family::new_with_constructor(|| Histogram::new(LATENESS)),
            finished: Family::default(),
            runs: Family::default(),
            oldest_ready: Seconds::default(),
            leases_lost: Counter::default(),
            skipped: Family::default(),
            reloads: Family::default(),
            policies_broken: Gauge::default(),
            swept: Family::default(),
            batches: Histogram::new(BATCH),
            approvals: Gauge::default(),
            requests_open: Gauge::default(),
            requests_overdue: Gauge::default(),
            paused: Gauge::default(),
            journal_writes: Counter::default(),
            journal_failures: Counter::default(),
            journal_copied: Counter::default(),
            daemons: Gauge::default(),
            taken_over: Counter::default(),
            comebacks: Counter::default(),
            store: Family::default(),
            remnants: Gauge::default(),
            remnants_age: Seconds::default(),
            healthy: Gauge::default(),
        }
    }

    /// Gives every series its name and the sentence that a monitoring system shows beside it.
    fn register(&mut self) {
        let registry = &mut self.registry;
        let late = "How long after it was due a run began";
        registry.register_with_unit("run_lateness", late, Unit::Seconds, self.lateness.clone());
        let finished = "Runs that nothing more becomes of";
        registry.register("runs_finished", finished, self.finished.clone());
        registry.register("runs", "Unfinished runs", self.runs.clone());
        let oldest = "How long the run that waits longest has been ready";
        registry.register_with_unit(
            "oldest_ready_run_age",
            oldest,
            Unit::Seconds,
            self.oldest_ready.clone(),
        );
        let lost = "Runs that were no longer ours when they were to be renewed or finished";
        registry.register("leases_lost", lost, self.leases_lost.clone());
        registry.register(
            "slots_skipped",
            "Slots of schedules that were left out",
            self.skipped.clone(),
        );
        registry.register(
            "policy_reloads",
            "Policy files that were taken up",
            self.reloads.clone(),
        );
        let broken = "Policy files with errors, whose tenants' last good version stays in force";
        registry.register("policy_files_broken", broken, self.policies_broken.clone());
        registry.register(
            "people_swept",
            "What became of people whom a plan named",
            self.swept.clone(),
        );
        let batch = "How long the transaction of a batch took";
        registry.register_with_unit("batch", batch, Unit::Seconds, self.batches.clone());
        registry.register(
            "approvals_waiting",
            "Plans that wait for approval",
            self.approvals.clone(),
        );
        registry.register(
            "requests_open",
            "Requests that are not answered",
            self.requests_open.clone(),
        );
        let overdue = "Requests that should have been answered";
        registry.register("requests_overdue", overdue, self.requests_overdue.clone());
        registry.register(
            "paused",
            "Pauses that hold, of a tenant or of everything",
            self.paused.clone(),
        );
        let writes = "Batches that were written to the journal";
        registry.register("journal_writes", writes, self.journal_writes.clone());
        let failures = "Batches that could not be written to a folder of the journal";
        registry.register("journal_failures", failures, self.journal_failures.clone());
        self.register_company();
        let registry = &mut self.registry;
        let remnants = "Batches that may have left remnants which are not scrubbed yet";
        registry.register("remnant_batches", remnants, self.remnants.clone());
        let age = "For how long remnants have waited to be scrubbed";
        registry.register_with_unit("remnants_age", age, Unit::Seconds, self.remnants_age.clone());
        registry.register(
            "healthy",
            "1 while the daemon does its work, 0 while /health says why not",
            self.healthy.clone(),
        );
    }

    /// What there is to say where several daemons serve one store.
    fn register_company(&mut self) {
        let registry = &mut self.registry;
        let daemons = "Daemons that serve the store, this one among them";
        registry.register("daemons", daemons, self.daemons.clone());
        let taken_over = "Runs of daemons that are gone, which this one made available again";
        registry.register("runs_taken_over", taken_over, self.taken_over.clone());
        let comebacks =
            "How often this daemon began anew, because its lease had ended or its server was another";
        registry.register("comebacks", comebacks, self.comebacks.clone());
        let copied = "Batches of other daemons that were copied into this one's journal";
        registry.register("journal_copied", copied, self.journal_copied.clone());
        let store =
            "Always 1; its labels say which database keeps the store, and what this machine is called";
        registry.register("store_info", store, self.store.clone());
    }

    /// A series that appears with its first event hides that event from whoever asks how much it grew.
    fn begin_at_zero(&self) {
        for reason in SkipReason::ALL {
            let reason = Words(reason.words());
            drop(self.skipped.get_or_create(&OfReason { reason }));
        }
        for result in Reload::ALL {
            let result = Words(result.words());
            drop(self.reloads.get_or_create(&OfResult { result }));
        }
        for result in ["anonymised", "dropped"].map(Words) {
            drop(self.swept.get_or_create(&OfResult { result }));
        }
        for state in RunState::ALL.into_iter().filter(|state| !state.is_finished()) {
            let state = Words(state.words());
            drop(self.runs.get_or_create(&OfState { state }));
        }
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn seconds(span: TimeDelta) -> f64 {
    span.as_seconds_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new(DateTime::UNIX_EPOCH + TimeDelta::seconds(90), "0.1.0", "2026b")
    }

    #[test]
    fn what_happened_is_counted_under_the_names_that_are_documented() {
        let metrics = metrics();
        let tenant: TenantName = "stadttheater".parse().expect("a name");
        metrics.finished("retention", &tenant, RunState::Completed);
        metrics.skipped(SkipReason::TooOld, 3);
        metrics.swept(1_000, 2);
        metrics.lateness("retention", Duration::from_millis(20));
        metrics.serves(Dialect::Postgres, "box-office-1");
        let text = metrics.prometheus();
        for line in [
            r#"lapsed_runs_finished_total{job="retention",tenant="stadttheater",state="completed"} 1"#,
            r#"lapsed_slots_skipped_total{reason="too_old"} 3"#,
            r#"lapsed_people_swept_total{result="anonymised"} 1000"#,
            r#"lapsed_run_lateness_seconds_count{job="retention"} 1"#,
            "# TYPE lapsed_runs_finished_total counter",
            "lapsed_start_time_seconds 90.0",
            r#"lapsed_build_info{version="0.1.0",tz_database="2026b"} 1"#,
            r#"lapsed_policy_reloads_total{result="took_effect"} 0"#,
            r#"lapsed_store_info{database="postgresql",node="box-office-1"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn ten_thousand_tenants_cost_two_hundred_series() {
        let metrics = metrics();
        for number in 0..10_000 {
            let tenant = format!("house-{number}").parse().expect("a name");
            metrics.finished("retention", &tenant, RunState::Completed);
        }
        let text = metrics.prometheus();
        let series = |line: &&str| line.starts_with("lapsed_runs_finished_total{");
        assert_eq!(text.lines().filter(series).count(), MOST_TENANTS + 1);
        assert!(text.contains(r#"tenant="other",state="completed"} 9800"#));
    }

    #[test]
    fn every_series_is_documented() {
        let documented = include_str!("../../lapsed/METRICS.md");
        for line in metrics().prometheus().lines() {
            if let Some(name) = line
                .strip_prefix("# TYPE ")
                .and_then(|rest| rest.split(' ').next())
            {
                assert!(documented.contains(&format!("`{name}`")), "{name}");
            }
        }
    }
}
