//! A book of schedules: a store, a daemon that serves it, and a clock that is moved by hand.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use lapsed_model::{
    Clock as _, Digest, Entry, IfMissed, KeyRing, Lease, Overlap, Run, SeededChance, SimulatedClock, Skipped,
    TenantName, Timetable,
};
use lapsed_policy::{RETENTION, due, next_slot};
use lapsed_store::{Materialised, NewPolicy, NewSchedule, RunFilter, Seal, Starting, Store};
use lapsed_tests::{Master, Place};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// A store with schedules, and the daemon that serves it. It needs no people: what runs do is not looked at here.
pub(crate) struct Book {
    pub(crate) store: Store,
    pub(crate) clock: SimulatedClock,
    keys: KeyRing,
    chance: SeededChance,
    place: Place,
    _folder: TempDir,
    /// The number of the daemon's start.
    pub(crate) start: i64,
}

/// A schedule of the workgroup that comes at `cron`.
pub(crate) fn timetable(workgroup: &str, cron: &str, zone: Tz) -> Timetable {
    Timetable {
        workgroup: workgroup.parse().expect("a workgroup"),
        job: RETENTION.to_owned(),
        said: cron.to_owned(),
        cron: cron.to_owned(),
        zone,
        if_missed: IfMissed::CatchUp,
        overlap: Overlap::Skip,
        catch_up: TimeDelta::days(31),
        jitter: TimeDelta::zero(),
    }
}

impl Book {
    /// An empty book at this moment.
    pub(crate) async fn at(now: DateTime<Utc>) -> Self {
        static EMPTY: OnceCell<Master> = OnceCell::const_new();
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::copy(EMPTY.get_or_init(empty).await, folder.path());
        let store = Store::open(place.address()).await.expect("the copy of a store");
        Self {
            start: take(&store, now).await,
            store,
            clock: SimulatedClock::at(now),
            keys: KeyRing::parse(&format!("first {}", "5a".repeat(32))).expect("a ring"),
            chance: SeededChance::new(7),
            place,
            _folder: folder,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Moves the clock to `now`, back too.
    pub(crate) fn turn_to(&self, now: DateTime<Utc>) {
        self.clock.advance(now - self.now());
    }

    /// A tenant's policy says from now on that these are its schedules.
    pub(crate) async fn write(&self, tenant: &str, timetables: Vec<Timetable>) {
        let (now, text) = (self.now(), format!("{timetables:?}"));
        let entry = Entry {
            tenant: tenant.parse().expect("a name"),
            at: now,
            kind: "policy".to_owned(),
            payload: "{}".to_owned(),
        };
        let schedule = |timetable: Timetable| NewSchedule {
            next_slot_at: next_slot(&timetable.cron, timetable.zone, now),
            timetable,
        };
        let policy = NewPolicy {
            hash: Digest::sha256(&text),
            text,
            entry,
            schedules: timetables.into_iter().map(schedule).collect(),
        };
        let seal = Seal {
            key: self.keys.newest(),
            chance: &self.chance,
        };
        let written = self.store.put_in_force(&[policy], &seal).await;
        written.expect("a policy that takes effect");
    }

    /// The daemon looks at the clock: schedules whose slot has come are moved on until none is left.
    pub(crate) async fn look(&self) -> Vec<Materialised> {
        let mut looks = Vec::new();
        loop {
            let now = self.now();
            let moved = self
                .store
                .materialise(now, 1_000, |schedule| due(schedule, now))
                .await;
            let moved = moved.expect("a store that answers");
            if moved.schedules == 0 {
                return looks;
            }
            looks.push(moved);
        }
    }

    /// The store, past the daemon.
    pub(crate) fn platform(&self) -> lapsed_tests::Platform {
        self.place.platform()
    }

    /// The daemon was killed, and another one takes the store. The store as the old one had it open is returned.
    pub(crate) async fn crash(&mut self) -> Store {
        let platform = self.platform();
        platform.leases_run_out().await;
        platform.close().await;
        let reopened = Store::open(self.place.address())
            .await
            .expect("the store is whole");
        self.start = take(&reopened, self.now()).await;
        std::mem::replace(&mut self.store, reopened)
    }

    /// Leases at most `room` runs.
    pub(crate) async fn claim(&self, room: u32) -> Vec<(Run, Lease)> {
        let claimed = self.store.claim(self.now(), self.start, room).await;
        claimed.expect("a store that answers")
    }

    /// Every run there is.
    pub(crate) async fn runs(&self) -> Vec<Run> {
        let all = RunFilter {
            most: u32::MAX,
            ..RunFilter::default()
        };
        self.store.runs(&all).await.expect("runs")
    }

    /// The slots that became runs, by schedule and in order.
    pub(crate) async fn ran(&self) -> BTreeMap<String, Vec<DateTime<Utc>>> {
        let mut ran: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
        for run in self.runs().await {
            if let (Some(schedule), Some(slot)) = (run.schedule, run.slot_at) {
                ran.entry(schedule).or_default().push(slot);
            }
        }
        ran.values_mut().for_each(|slots| slots.sort());
        ran
    }

    /// The stretches of slots that a schedule left out, in order.
    pub(crate) async fn skipped(&self, schedule: &str) -> Vec<Skipped> {
        let mut skipped = self.store.skipped(schedule, u32::MAX).await.expect("stretches");
        skipped.reverse();
        skipped
    }
}

/// A store with nothing in it.
async fn empty() -> Master {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::empty(folder.path()).await;
    let store = Store::create(place.address()).await.expect("an empty store");
    store.migrate().await.expect("the daemon's tables");
    store.close().await;
    place.into_master()
}

/// Takes the store for a daemon that has only just started.
async fn take(store: &Store, at: DateTime<Utc>) -> i64 {
    let starting = Starting {
        node: "box-office",
        pid: std::process::id(),
        program: "lapsed run",
        version: "0.1.0",
        dataset: "a dataset",
        lease: Duration::from_secs(3_600),
        at,
        most_attempts: 5,
    };
    store.take(&starting).await.expect("a store that answers").start
}

/// A tenant's name.
pub(crate) fn tenant(name: &str) -> TenantName {
    name.parse().expect("a name")
}
