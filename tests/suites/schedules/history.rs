//! O-2: whatever happens to schedules, no slot runs twice, none is lost, and every one that is left out is counted once
//! and for a reason that holds.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use lapsed_model::{Lease, Run, RunState, SkipReason, TenantName, Timetable};
use lapsed_store::{End, Finish, Pause};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestRunner};
use proptest::{prop_assert, prop_assert_eq};

use super::book::{Book, tenant, timetable};
use super::change::{Change, Ending, History, Stop, Which, Wish, history};
use super::reader::{Look, REASONS, Reader, Told};

/// How many random histories a run looks at; `LAPSED_TEST_HISTORIES` asks for more.
const HISTORIES: u32 = 400;

const WORKGROUPS: [&str; 2] = ["burgtheater/house", "salon/chair"];

/// A history on its way.
struct Telling<'a> {
    history: &'a History,
    book: Book,
    readers: Vec<Reader>,
    stops: BTreeSet<Stop>,
    held: Vec<Lease>,
    lost: Vec<Lease>,
    /// The highest fence that was ever seen of a run.
    fences: BTreeMap<i64, i64>,
}

#[test]
fn o2_no_slot_is_lost_or_done_twice_whatever_happens() {
    const SIDE_BY_SIDE: u32 = 4;
    let asked = std::env::var("LAPSED_TEST_HISTORIES").ok();
    let asked = asked.map_or(HISTORIES, |asked| asked.parse().expect("a number of histories"));
    let config = Config {
        cases: asked / SIDE_BY_SIDE + 1,
        failure_persistence: None,
        ..Config::default()
    };
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        TestRunner::new(config.clone())
            .run(&history(), |history| runtime.block_on(tell(&history)))
            .unwrap_or_else(|why| panic!("{why}"));
    };
    std::thread::scope(|threads| {
        for _ in 0..SIDE_BY_SIDE {
            threads.spawn(run);
        }
    });
    let reasons = REASONS.lock().expect("nobody panics while holding it");
    assert_eq!(
        *reasons,
        BTreeSet::from(SkipReason::ALL),
        "not everything was told of"
    );
}

async fn tell(history: &History) -> TestCaseResult {
    let mut telling = Telling::begin(history).await;
    for change in &history.changes {
        telling.happens(change).await?;
    }
    telling.comes_to_an_end().await
}

impl<'a> Telling<'a> {
    async fn begin(history: &'a History) -> Self {
        let mut telling = Self {
            history,
            book: Book::at(history.begins).await,
            readers: Vec::new(),
            stops: BTreeSet::new(),
            held: Vec::new(),
            lost: Vec::new(),
            fences: BTreeMap::new(),
        };
        for which in 0..2 {
            let wish = history.first[which];
            let id = telling.timetable(which, wish).id();
            telling
                .readers
                .push(Reader::begin(id, history, wish, history.begins));
            telling.write(which, wish).await;
        }
        telling
    }

    fn timetable(&self, which: Which, wish: Wish) -> Timetable {
        Timetable {
            if_missed: wish.if_missed,
            overlap: wish.overlap,
            catch_up: wish.catch_up,
            ..timetable(WORKGROUPS[which], &wish.pattern.cron(), self.history.zone)
        }
    }

    async fn write(&self, which: Which, wish: Wish) {
        let timetable = self.timetable(which, wish);
        self.book.write(tenant_of(which), vec![timetable]).await;
    }

    fn is_paused(&self, which: Which) -> bool {
        let stops = [Stop::Schedule(which), Stop::Tenant(which), Stop::Everything];
        stops.iter().any(|stop| self.stops.contains(stop))
    }

    async fn happens(&mut self, change: &Change) -> TestCaseResult {
        match change {
            Change::Clock(by) => self.book.clock.advance(*by),
            Change::Look => self.look().await?,
            Change::Write(which, wish) => self.edit(*which, *wish).await,
            Change::Pause(stop) => self.pause(*stop).await,
            Change::Resume(stop) => self.resume(*stop).await?,
            Change::Crash => self.crash().await?,
            Change::Claim(room) => self.claim(*room).await?,
            Change::End(which, ending) => self.end(which, *ending).await?,
            Change::EndLost(which, ending) => self.end_lost(which, *ending).await?,
        }
        Ok(())
    }

    async fn edit(&mut self, which: Which, wish: Wish) {
        let now = self.book.now();
        self.readers[which].reads(self.history, wish, now);
        self.write(which, wish).await;
    }

    async fn pause(&mut self, stop: Stop) {
        let (now, because) = (self.book.now(), "the box office asked for it");
        match stop {
            Stop::Schedule(which) => {
                let id = &self.readers[which].id;
                let paused = self.book.store.pause_schedule(id, "Anna", because, now).await;
                paused.expect("a store that answers");
            }
            Stop::Tenant(_) | Stop::Everything => {
                let pause = Pause {
                    tenant: stopped_tenant(stop),
                    at: now,
                    by: "Anna".to_owned(),
                    because: because.to_owned(),
                };
                self.book.store.pause(&pause).await.expect("a store that answers");
            }
        }
        self.stops.insert(stop);
    }

    async fn resume(&mut self, stop: Stop) -> TestCaseResult {
        let now = self.book.now();
        let resumed = match stop {
            Stop::Schedule(which) => {
                self.book
                    .store
                    .resume_schedule(&self.readers[which].id, now)
                    .await
            }
            Stop::Tenant(_) | Stop::Everything => {
                self.book.store.resume(stopped_tenant(stop).as_ref(), now).await
            }
        };
        let was_stopped = self.stops.remove(&stop);
        prop_assert_eq!(resumed.expect("a store that answers"), was_stopped);
        for (which, reader) in self.readers.iter_mut().enumerate() {
            let concerns = matches!(stop, Stop::Everything)
                || stop == Stop::Schedule(which)
                || stop == Stop::Tenant(which);
            if was_stopped && concerns {
                reader.counts_from = now;
            }
        }
        Ok(())
    }

    /// A kill changes nothing but whose the runs are.
    async fn crash(&mut self) -> TestCaseResult {
        let before = self.all_told().await;
        let old = self.book.crash().await;
        prop_assert!(
            self.all_told().await == before,
            "a kill changed what became of slots"
        );
        for run in self.book.runs().await {
            prop_assert!(run.state != RunState::Running, "nobody runs {:?}", run);
        }
        self.lost.append(&mut self.held);
        old.close().await;
        Ok(())
    }

    async fn claim(&mut self, room: u32) -> TestCaseResult {
        for (run, lease) in self.book.claim(room).await {
            let before = self.fences.insert(run.id, lease.fence);
            prop_assert!(
                before < Some(lease.fence),
                "a fence went from {:?} to {:?}",
                before,
                lease
            );
            let stopped = |which| {
                run.tenant == Some(tenant(tenant_of(which))) && self.stops.contains(&Stop::Tenant(which))
            };
            prop_assert!(!stopped(0) && !stopped(1) && !self.stops.contains(&Stop::Everything));
            self.held.push(lease);
        }
        Ok(())
    }

    async fn end(&mut self, which: &Index, ending: Ending) -> TestCaseResult {
        if self.held.is_empty() {
            return Ok(());
        }
        let lease = self.held.swap_remove(which.index(self.held.len()));
        prop_assert_eq!(self.finish(lease, ending).await, vec![]);
        // Nobody ends a run twice.
        prop_assert_eq!(self.finish(lease, Ending::Completed).await, vec![lease]);
        self.lost.push(lease);
        Ok(())
    }

    async fn end_lost(&mut self, which: &Index, ending: Ending) -> TestCaseResult {
        if self.lost.is_empty() {
            return Ok(());
        }
        let (lease, before) = (self.lost[which.index(self.lost.len())], self.book.runs().await);
        prop_assert_eq!(self.finish(lease, ending).await, vec![lease]);
        prop_assert_eq!(self.book.runs().await, before);
        Ok(())
    }

    /// Answers the leases that were lost.
    async fn finish(&self, lease: Lease, ending: Ending) -> Vec<Lease> {
        let now = self.book.now();
        let end = match ending {
            Ending::Completed => End::Completed(serde_json::json!({})),
            Ending::Retry => End::Retry {
                error: "the store was busy".to_owned(),
                at: now + TimeDelta::minutes(1),
            },
            Ending::Discarded => End::Discarded {
                error: "it will never do".to_owned(),
            },
            Ending::HandedBack => End::HandedBack(None),
        };
        let lost = self.book.store.finish(&[Finish { lease, end }], now).await;
        lost.expect("a store that answers")
    }

    async fn all_told(&self) -> Vec<Told> {
        let (mut ran, mut all) = (self.book.ran().await, Vec::new());
        for reader in &self.readers {
            all.push(Told {
                runs: ran.remove(&reader.id).into_iter().flatten().collect(),
                skipped: self.book.skipped(&reader.id).await,
            });
        }
        all
    }

    async fn look(&mut self) -> TestCaseResult {
        let before = self.book.runs().await;
        self.book.look().await;
        let now = self.book.now();
        for (which, told) in self.all_told().await.into_iter().enumerate() {
            let paused = self.is_paused(which);
            let look = Look {
                now,
                paused,
                unfinished: unfinished(&before, &self.readers[which].id),
                reader: &self.readers[which],
                told: &told,
            };
            look.is_right()
                .map_err(|why| TestCaseError::fail(format!("schedule {which} at {now}: {why}")))?;
            self.readers[which].takes_down(told, now);
        }
        Ok(())
    }

    /// Everybody lets go, and what is left to be done is done: each run by one claim.
    async fn comes_to_an_end(&mut self) -> TestCaseResult {
        for stop in self.stops.clone() {
            self.resume(stop).await?;
        }
        for lease in std::mem::take(&mut self.held) {
            prop_assert_eq!(self.finish(lease, Ending::Completed).await, vec![]);
        }
        self.book.clock.advance(TimeDelta::days(3));
        self.look().await?;
        for _ in 0..=self.book.runs().await.len() {
            self.claim(100).await?;
            for lease in std::mem::take(&mut self.held) {
                prop_assert_eq!(self.finish(lease, Ending::Completed).await, vec![]);
            }
        }
        let open: Vec<Run> = self
            .book
            .runs()
            .await
            .into_iter()
            .filter(|run| !run.state.is_finished())
            .collect();
        prop_assert_eq!(open, vec![]);
        Ok(())
    }
}

fn tenant_of(which: Which) -> &'static str {
    WORKGROUPS[which].split('/').next().expect("tenant/workgroup")
}

fn stopped_tenant(stop: Stop) -> Option<TenantName> {
    match stop {
        Stop::Tenant(which) => Some(tenant(tenant_of(which))),
        Stop::Schedule(_) | Stop::Everything => None,
    }
}

fn unfinished(runs: &[Run], schedule: &str) -> usize {
    let own = runs
        .iter()
        .filter(|run| run.schedule.as_deref() == Some(schedule));
    own.filter(|run| !run.state.is_finished()).count()
}
