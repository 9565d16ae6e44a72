//! The rounds of the watch: a look every two seconds, sooner when something happened, and what follows from it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use lapsed_jobs::health::Component;
use lapsed_jobs::in_force::{policy_in_force, taking_effect};
use lapsed_model::{Digest, TenantName};
use lapsed_policy::Automatic;
use lapsed_store::StoreError;
use rustix::io::Errno;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{error, info, warn};

use super::hint::Hint;
use super::known::{Follows, QUIET, Table, Wanted};
use super::look::{FolderId, look};
use super::take::{Reader, Task};
use super::{BrokenFiles, Reloaded, Wiring};

/// How often everything is looked at. With the quiet period and the writing, an edit that no event told of is live
/// within three seconds.
const ROUND: Duration = Duration::from_secs(2);

/// Events come in bursts; so soon after one look there is no other.
const BREATH: Duration = Duration::from_millis(100);

/// How long a reload that somebody waits for waits for files to come to rest.
const PATIENCE: Duration = Duration::from_secs(5);

/// What took effect so shortly before a reload is told by it, too.
const LATELY: Duration = Duration::from_secs(60);
const MOST_LATELY: usize = 100;

/// How many policies in force are held against the operator's limits per round, after a start.
const ANEW_AT_ONCE: usize = 200;

/// Everything that the watch knows, and its task.
pub(super) struct Rounds {
    pub(super) wiring: Wiring,
    pub(super) table: Table,
    /// Tenants whom other machines put in force, and of whom this one never had a file: what is in force.
    pub(super) elsewhere: BTreeMap<TenantName, Digest>,
    pub(super) broken: BrokenFiles,
    pub(super) reader: Reader,
    hint: Hint,
    began: Instant,
    /// Files beside the tenants', as they were at the start.
    others: Vec<(PathBuf, Option<Digest>)>,
    /// Names that were complained about.
    strays: BTreeSet<String>,
    /// What is in force and was not held against the operator's limits since the start.
    unchecked: Vec<TenantName>,
    folder_is_wrong: Option<String>,
    /// What the store said when it took nothing from anybody.
    pub(super) store_is_wrong: Option<String>,
    /// Tenants whose policies it does not take.
    pub(super) not_stored: BTreeSet<TenantName>,
    /// What took effect lately, by the clock of the watch.
    lately: VecDeque<(Duration, TenantName)>,
}

impl Rounds {
    pub(super) async fn new(wiring: Wiring, broken: BrokenFiles) -> Result<Self, StoreError> {
        let mut table = Table::default();
        let settings = &wiring.settings;
        let mut elsewhere = BTreeMap::new();
        for file in wiring.store.policy_files(&settings.node).await? {
            if file.is_here {
                table.in_force(&file.tenant, file.said);
            } else {
                elsewhere.insert(file.tenant, file.said);
            }
        }
        let others = [Some(wiring.config.clone()), settings.dataset.clone()];
        let others = others.into_iter().flatten().map(|path| {
            let content = content(&path);
            (path, content)
        });
        Ok(Self {
            reader: Reader {
                folder: settings.tenants.clone(),
                limits: settings.limits,
            },
            hint: Hint::new(&settings.tenants),
            others: others.collect(),
            table,
            elsewhere,
            broken,
            began: Instant::now(),
            strays: BTreeSet::new(),
            unchecked: Vec::new(),
            folder_is_wrong: None,
            store_is_wrong: None,
            not_stored: BTreeSet::new(),
            lately: VecDeque::new(),
            wiring,
        })
    }

    /// The first look: everything that is not what the store has in force is read.
    pub(super) async fn first(&mut self) -> Reloaded {
        let mut done = Reloaded::default();
        self.schedule_what_is_in_force().await;
        if self.look().await.is_some() {
            if self.table.is_being_written(self.now_ms()) {
                sleep(QUIET).await;
                self.look().await;
            }
            let everything = self.table.everything(self.now_ms());
            self.take_up(everything, false, &mut done).await;
            let gone = self.table.missing_at_start();
            self.withdraw(gone, &mut done).await;
        }
        self.unchecked = self.table.with_content_in_force();
        let known = self.table.contents_in_force();
        self.note_files(&known).await;
        self.complete(&mut done);
        done
    }

    /// Watches until it is stopped.
    pub(super) async fn run(mut self, mut asked: mpsc::Receiver<oneshot::Sender<Reloaded>>) {
        let stop = self.wiring.stop.clone();
        let mut next_look = Instant::now() + BREATH;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                poke = asked.recv() => {
                    let Some(answer) = poke else { return };
                    let reloaded = self.reload().await;
                    // Whoever asked may have stopped waiting.
                    let _ = answer.send(reloaded);
                }
                () = self.hint.came() => {
                    next_look = next_look.min(Instant::now() + BREATH);
                    continue;
                }
                () = sleep_until(next_look) => {
                    let mut done = Reloaded::default();
                    let follows = self.round(&mut done).await;
                    self.remember(done.put_in_force);
                    next_look = self.next_look(follows.as_ref());
                }
            }
        }
    }

    /// One look, and everything that follows from it.
    async fn round(&mut self, done: &mut Reloaded) -> Option<Follows> {
        let mut follows = self.look().await?;
        self.take_up(std::mem::take(&mut follows.read), false, done).await;
        self.withdraw(std::mem::take(&mut follows.gone), done).await;
        self.look_anew().await;
        Some(follows)
    }

    fn next_look(&self, follows: Option<&Follows>) -> Instant {
        let now = Instant::now();
        let round = now + ROUND;
        match follows.and_then(|follows| follows.settles_at) {
            Some(settles_at) => round.min((self.began + settles_at).max(now + BREATH / 2)),
            None => round,
        }
    }

    /// Reads what changed and waits for what is changing, within reason.
    async fn reload(&mut self) -> Reloaded {
        let mut done = Reloaded::default();
        let until = Instant::now() + PATIENCE;
        loop {
            let follows = self.round(&mut done).await;
            let settles_at = follows.as_ref().and_then(|follows| follows.settles_at);
            done.missing = follows.map(|follows| follows.missing).unwrap_or_default();
            match settles_at.map(|settles_at| self.began + settles_at) {
                Some(settles_at) if settles_at < until => sleep_until(settles_at).await,
                _ => break,
            }
        }
        done.put_in_force
            .extend(self.lately.drain(..).map(|(_, tenant)| tenant));
        for told in [&mut done.put_in_force, &mut done.not_stored] {
            told.sort();
            told.dedup();
        }
        self.complete(&mut done);
        done
    }

    /// Whoever saves a file and then asks for a reload wants to hear of that file, and the watch was faster.
    fn remember(&mut self, put_in_force: Vec<TenantName>) {
        let now = self.began.elapsed();
        self.lately
            .extend(put_in_force.into_iter().map(|tenant| (now, tenant)));
        let is_old = |(then, _): &(Duration, TenantName)| now.saturating_sub(*then) > LATELY;
        while self.lately.len() > MOST_LATELY || self.lately.front().is_some_and(is_old) {
            self.lately.pop_front();
        }
    }

    /// What a reload tells besides what it did.
    fn complete(&self, done: &mut Reloaded) {
        let broken = self
            .broken
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        done.broken = broken.values().cloned().collect();
        drop(broken);
        let broken = done.broken.iter().map(|broken| &broken.tenant);
        let told: BTreeSet<&TenantName> = broken.chain(&done.put_in_force).chain(&done.not_stored).collect();
        done.unchanged = self.table.present().saturating_sub(told.len());
        done.restart_for = self.changed_since_the_start();
        done.folder.clone_from(&self.folder_is_wrong);
    }

    fn changed_since_the_start(&self) -> Vec<String> {
        let changed = self
            .others
            .iter()
            .filter(|(path, at_start)| content(path) != *at_start);
        changed.map(|(path, _)| path.display().to_string()).collect()
    }

    /// Looks at the folder, on a thread that may wait for a slow disk.
    async fn look(&mut self) -> Option<Follows> {
        let (folder, now) = (self.reader.folder.clone(), self.began.elapsed());
        let mut table = std::mem::take(&mut self.table);
        let looked = tokio::task::spawn_blocking(move || {
            let mut strays = Vec::new();
            table.begin();
            let found = look(&folder, |stem, stamp| {
                if !table.see(stem, stamp, now) {
                    strays.push(stem.to_owned());
                }
            });
            let found = match found {
                Ok(found) => Ok((found, table.end(now))),
                Err(why) => {
                    table.not_looked(now);
                    Err(why)
                }
            };
            (table, found, strays)
        });
        let (table, found, strays) = looked.await.expect("a look does not panic");
        self.table = table;
        self.complain_about(strays);
        self.found(found)
    }

    fn found(&mut self, found: Result<(FolderId, Follows), Errno>) -> Option<Follows> {
        let follows = match found {
            Ok((folder, follows)) => {
                self.hint.follow(folder);
                follows
            }
            Err(why) => {
                let why = std::io::Error::from(why);
                self.folder_tells_nothing(&format!("cannot be read, and everything stays as it is: {why}"));
                return None;
            }
        };
        if let Some(tenants) = follows.deserted_by {
            self.folder_tells_nothing(&format!(
                "has no tenant's file at all, and everything stays as it is: {tenants} tenants are in force, so perhaps its \
                 disk is not mounted (to let them all go, keep the file of the last one until the others are gone)"
            ));
            return None;
        }
        if self.folder_is_wrong.take().is_some() {
            info!(folder = %self.reader.folder.display(), "the tenants' folder can be read again");
            self.wiring.health.set(Component::Policies, Ok(()));
        }
        Some(follows)
    }

    /// Nothing follows from a look at the folder. It is told once.
    fn folder_tells_nothing(&mut self, why: &str) {
        let said = format!("the tenants' folder {} {why}", self.reader.folder.display());
        if self.folder_is_wrong.as_ref() != Some(&said) {
            error!("{said}");
            self.wiring.health.set(Component::Policies, Err(said.clone()));
        }
        self.folder_is_wrong = Some(said);
    }

    /// Files that belong to nobody, once each.
    fn complain_about(&mut self, strays: Vec<String>) {
        const MOST: usize = 1_000;
        for stray in strays {
            if self.strays.len() < MOST && !self.strays.contains(&stray) {
                // Quoted and escaped: anything may stand in a name.
                warn!(file = ?stray, "a file belongs to no tenant: its name is not one");
                self.strays.insert(stray);
            }
        }
    }

    /// What an older program put in force has no schedules. They follow from the text in force, not from the file, which
    /// may be broken by now.
    async fn schedule_what_is_in_force(&mut self) {
        let store = &self.wiring.store;
        let unscheduled = match store.tenants_without_schedules().await {
            Ok(tenants) => tenants,
            Err(why) => return error!(%why, "which policies have no schedules could not be read"),
        };
        for tenant in unscheduled {
            let now = self.wiring.clock.now();
            // What is refused here is refused and told when its file is read, and to whoever runs it.
            let Ok(policy) = policy_in_force(store, &tenant, &self.reader.limits, now).await else {
                continue;
            };
            if policy
                .workgroups
                .values()
                .all(|retention| retention.automatic == Automatic::Off)
            {
                continue;
            }
            if let Err(why) = self.store(&[taking_effect(&policy, now)]).await {
                error!(%tenant, %why, "the schedules of a policy in force could not be stored");
            }
        }
    }

    /// Holds some of what is in force against the operator's limits, which may have changed while nobody was there.
    async fn look_anew(&mut self) {
        if self.unchecked.is_empty() {
            return;
        }
        let rest = self.unchecked.len().saturating_sub(ANEW_AT_ONCE);
        let tenants = self.unchecked.split_off(rest);
        let wanted: Vec<Wanted> = tenants
            .iter()
            .filter(|tenant| self.table.of(tenant).is_some_and(|known| known.refused.is_none()))
            .filter_map(|tenant| self.table.wanted(tenant))
            .collect();
        self.take_up(wanted, true, &mut Reloaded::default()).await;
    }

    /// A file to read, with what is known of its tenant.
    pub(super) fn task(&self, wanted: Wanted) -> Task {
        let known = self.table.of(&wanted.tenant).copied().unwrap_or_default();
        Task {
            in_force: known.in_force,
            refused: known.refused,
            wanted,
        }
    }

    fn now_ms(&self) -> i64 {
        self.wiring.clock.now().timestamp_millis()
    }
}

/// What a file says; none where it cannot be read.
fn content(path: &std::path::Path) -> Option<Digest> {
    let bytes = std::fs::read(path).ok()?;
    Some(Digest::of(&[&bytes]))
}
