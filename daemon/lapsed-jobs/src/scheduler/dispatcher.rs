//! The loop.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lapsed_model::{Clock, Lease, Run};
use lapsed_store::{Finish, Store, StoreError, Wake};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tracing::{error, info, warn};

use super::ahead::Ahead;
use super::slots::move_on;
use super::tell::{count, report};
use super::trouble::{Of, Troubles};
use super::work::{self, Stop, Unfinished, Work};
use crate::health::{Component, Health};
use crate::metrics::Metrics;

/// What the dispatcher is told once.
#[derive(Clone)]
pub struct Settings {
    /// The number of this start, the owner of its leases: another one after the daemon lost its own, and none until then.
    pub owner: watch::Receiver<Option<i64>>,
    /// How many runs are done at a time.
    pub workers: usize,
    /// Looked at for due schedules and runs at least so often.
    pub look_every: Duration,
    /// Counted into.
    pub metrics: Metrics,
    /// Told whether the store takes writes.
    pub health: Health,
    /// Wakes the loop before its time.
    pub poke: Arc<Notify>,
    /// Called after every turn that did something or proved that there is nothing to do: the proof of life that a
    /// service manager is shown.
    pub alive: Arc<dyn Fn() + Send + Sync>,
}

/// How the dispatcher ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Runs that were handed back.
    pub handed_back: u64,
    /// Workers that panicked.
    pub crashed: u64,
}

/// Moves schedules on, leases runs, has them done, and writes down their ends.
pub struct Dispatcher<W> {
    store: Store,
    clock: Arc<dyn Clock>,
    work: Arc<W>,
    settings: Settings,
    hands: HashMap<Lease, InHand>,
    tasks: JoinSet<()>,
    room: Arc<Semaphore>,
    ends: (mpsc::UnboundedSender<Ending>, mpsc::UnboundedReceiver<Ending>),
    unwritten: Vec<Finish>,
    ahead: Ahead,
    trouble: Troubles,
    was_busy: bool,
    looked_after: Instant,
    crashed: u64,
}

/// A run whose lease is held here. It is known by its lease: a daemon that lost one and claimed the same run again has both
/// in hand until the first has stopped.
struct InHand {
    run: Run,
    stop: Stop,
}

/// What a worker reports.
struct Ending {
    lease: Lease,
    result: Result<serde_json::Value, Unfinished>,
    took: Duration,
    crashed: bool,
}

impl<W: Work> Dispatcher<W> {
    /// A dispatcher that has not begun.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>, work: Arc<W>, settings: Settings) -> Self {
        Self {
            trouble: Troubles::with(store.dialect()),
            store,
            clock,
            work,
            room: Arc::new(Semaphore::new(settings.workers)),
            ahead: Ahead::new(settings.workers),
            settings,
            hands: HashMap::new(),
            tasks: JoinSet::new(),
            ends: mpsc::unbounded_channel(),
            unwritten: Vec::new(),
            // What an earlier start left behind is looked at once.
            was_busy: true,
            looked_after: Instant::now(),
            crashed: 0,
        }
    }

    /// Goes round until `soft` is cancelled; then what runs is asked to stop at its next whole step and handed back.
    /// `hard` ends the waiting for that: whatever still runs is dropped, and its lease ends with this start.
    pub async fn run(mut self, soft: Stop, hard: Stop) -> Ended {
        while !soft.is_cancelled() {
            let pause = self.turn().await;
            (self.settings.alive)();
            tokio::select! {
                () = soft.cancelled() => {}
                () = self.settings.poke.notified() => {}
                Some(ending) = self.ends.1.recv() => self.end(ending),
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.wind_down(hard).await
    }

    /// One turn, and how long to sleep behind it. What the store refuses is remembered as trouble and tried again later;
    /// while it is the journal's, ends are written and schedules moved on, and nothing is begun.
    async fn turn(&mut self) -> Duration {
        if self.trouble.left().is_none() || !self.trouble.is(Of::Store) {
            let mut owner = self.settings.owner.clone();
            owner.mark_unchanged();
            let turn = tokio::select! {
                turn = self.try_turn() => turn,
                // What is asked under a number that counts for nothing is not waited for: its connection may have fallen silent.
                Ok(()) = owner.changed() => return Duration::ZERO,
            };
            match turn {
                Ok(wake) => {
                    self.recovered(Of::Store);
                    return self.until(&wake);
                }
                Err(refusal) => self.troubled(Of::Store, &refusal.to_string()),
            }
        }
        let left = self.trouble.left().unwrap_or_default();
        left.clamp(Duration::from_millis(50), self.settings.look_every)
    }

    async fn try_turn(&mut self) -> Result<Wake, StoreError> {
        self.collect();
        self.write_ends().await?;
        let mut wake = self.store.wake().await?;
        if self.is_due(&wake) {
            move_on(&self.store, &*self.clock, &self.settings.metrics).await?;
            wake = self.store.wake().await?;
        }
        // What ended just now may have said that there is no use in beginning anything.
        if wake.waiting && self.trouble.left().is_none() {
            self.claim().await?;
        }
        self.look_after_leases().await?;
        if self.hands.is_empty() && self.was_busy {
            self.was_busy = false;
            let work = Arc::clone(&self.work);
            self.tasks.spawn(work.idle());
        }
        while self.tasks.try_join_next().is_some() {}
        Ok(wake)
    }

    fn is_due(&self, wake: &Wake) -> bool {
        wake.at().is_some_and(|at| at <= self.clock.now())
    }

    /// How long nothing needs to be looked at.
    fn until(&self, wake: &Wake) -> Duration {
        let left = wake
            .at()
            .map(|at| (at - self.clock.now()).to_std().unwrap_or_default());
        let left = left.unwrap_or(self.settings.look_every);
        left.clamp(Duration::from_millis(1), self.settings.look_every)
    }

    /// Everything that ended meanwhile.
    fn collect(&mut self) {
        while let Ok(ending) = self.ends.1.try_recv() {
            self.end(ending);
        }
    }

    fn end(&mut self, ending: Ending) {
        let lease = ending.lease;
        let Some(InHand { run, .. }) = self.hands.remove(&lease) else {
            return;
        };
        self.ahead.learn(ending.took);
        self.crashed += u64::from(ending.crashed);
        report(&run, &ending.result);
        match &ending.result {
            Err(Unfinished::OutOfReach(why)) => self.troubled(Of::Store, why),
            Err(Unfinished::NoJournal(why)) => self.troubled(Of::Journal, why),
            _ => self.recovered(Of::Journal),
        }
        match work::end(&run, ending.result, self.clock.now()) {
            Some(end) => {
                count(&self.settings.metrics, &run, &end);
                self.unwritten.push(Finish { lease, end });
            }
            None => self.settings.metrics.lease_lost(),
        }
    }

    /// Ends are written many at a time; what the store does not take stays here until it does.
    async fn write_ends(&mut self) -> Result<(), StoreError> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        lapsed_model::fault::point("run-ended");
        let lost = self.store.finish(&self.unwritten, self.clock.now()).await?;
        self.unwritten.clear();
        for lease in lost {
            self.settings.metrics.lease_lost();
            warn!(
                run = lease.run,
                "the lease was lost before the run's end was written: it counts for nothing"
            );
        }
        Ok(())
    }

    async fn claim(&mut self) -> Result<(), StoreError> {
        let room = self.ahead.many().saturating_sub(self.hands.len());
        let owner = *self.settings.owner.borrow();
        let Some(owner) = owner.filter(|_| room > 0) else {
            return Ok(());
        };
        let now = self.clock.now();
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        for (run, lease) in self.store.claim(now, owner, room).await? {
            let late = (now - run.due_at).to_std().unwrap_or_default();
            self.settings.metrics.lateness(&run.job, late);
            self.start(run, lease);
        }
        Ok(())
    }

    fn start(&mut self, run: Run, lease: Lease) {
        self.was_busy = true;
        let stop = Stop::new();
        let (work, room, ends) = (
            Arc::clone(&self.work),
            Arc::clone(&self.room),
            self.ends.0.clone(),
        );
        let owner = self.settings.owner.clone();
        let (done, token) = (run.clone(), stop.clone());
        self.hands.insert(lease, InHand { run, stop });
        self.tasks.spawn(async move {
            let Ok(_place) = room.acquire().await else { return };
            let began = Instant::now();
            lapsed_model::fault::point("run-begun");
            let (result, crashed) = if token.is_cancelled() {
                (Err(Unfinished::HandedBack), false)
            } else {
                // A task of its own: a panic ends the run and not the daemon.
                let mut working = tokio::spawn(work.work(done, lease, token));
                tokio::select! {
                    result = &mut working => match result {
                        Ok(result) => (result, false),
                        Err(crash) => (
                            Err(Unfinished::Failed(format!("the worker crashed: {crash}"))),
                            true,
                        ),
                    },
                    () = too_late(owner, lease) => {
                        working.abort();
                        (Err(Unfinished::LeaseLost), false)
                    }
                }
            };
            // Nobody is left to be told when the dispatcher is gone.
            let _ = ends.send(Ending {
                lease,
                result,
                took: began.elapsed(),
                crashed,
            });
        });
    }

    /// Stops what somebody else has now.
    async fn look_after_leases(&mut self) -> Result<(), StoreError> {
        const EVERY: Duration = Duration::from_secs(10);
        let owner = *self.settings.owner.borrow();
        for (_, hand) in self.hands.iter().filter(|(lease, _)| Some(lease.owner) != owner) {
            hand.stop.cancel();
        }
        if self.hands.is_empty() || self.looked_after.elapsed() < EVERY {
            return Ok(());
        }
        self.looked_after = Instant::now();
        let leases: Vec<Lease> = self.hands.keys().copied().collect();
        for lost in self.store.lost(&leases).await? {
            if let Some(hand) = self.hands.get(&lost) {
                warn!(run = lost.run, "the lease was lost: the run is stopped");
                hand.stop.cancel();
            }
        }
        Ok(())
    }

    fn troubled(&mut self, of: Of, why: &str) {
        if self.trouble.begins(of, why) {
            error!(why, "nothing is begun until this is over");
        }
        if of == Of::Store {
            self.settings.health.set(Component::Store, Err(why.to_owned()));
        }
    }

    /// The store took a turn, or a run came to an end that was not the journal's fault.
    fn recovered(&mut self, of: Of) {
        if self.trouble.ends(of) {
            info!("it is over: runs are begun again");
        }
        if of == Of::Store && !self.trouble.is(Of::Store) {
            self.settings.health.set(Component::Store, Ok(()));
        }
    }

    /// Asks what runs to stop, and writes down what became of it.
    async fn wind_down(mut self, hard: Stop) -> Ended {
        for hand in self.hands.values() {
            hand.stop.cancel();
        }
        while !self.hands.is_empty() {
            tokio::select! {
                () = hard.cancelled() => break,
                Some(ending) = self.ends.1.recv() => self.end(ending),
            }
        }
        self.collect();
        let handed_back = |finish: &&Finish| matches!(finish.end, lapsed_store::End::HandedBack(_));
        let handed_back = self.unwritten.iter().filter(handed_back).count() as u64;
        if let Err(refusal) = self.write_ends().await {
            warn!(%refusal, "the last runs' ends could not be written: the next start takes them over");
        }
        self.tasks.shutdown().await;
        Ended {
            handed_back,
            crashed: self.crashed,
        }
    }
}

/// Comes to an end when the daemon no longer has the number of this lease, and a worker had the time to come to its next
/// whole step: what does not stop by then waits for a connection that fell silent, and nothing of it would be kept.
async fn too_late(mut owner: watch::Receiver<Option<i64>>, lease: Lease) {
    const GRACE: Duration = Duration::from_secs(10);
    let lost = owner.wait_for(|owner| *owner != Some(lease.owner)).await.is_ok();
    if !lost {
        // The daemon is ending, and whoever ends it says how long that may take.
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(GRACE).await;
}
