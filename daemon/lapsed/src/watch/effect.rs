//! What became of files: in force, broken, gone. Every step is a transaction of the store for many tenants at once.

use std::sync::PoisonError;

use lapsed_jobs::health::Component;
use lapsed_jobs::in_force::withdrawal;
use lapsed_jobs::metrics::Reload;
use lapsed_model::{Digest, Entry, TenantName};
use lapsed_store::{NewPolicy, Seal, StoreError};
use tracing::{error, info, warn};

use super::known::Wanted;
use super::rounds::Rounds;
use super::take::{Broken, Came, Task, read_all};
use super::{Reloaded, Wiring};

/// How many tenants one transaction takes: a commit costs more than what stands in it, and nobody else writes
/// meanwhile.
const TOGETHER: usize = 100;

impl Rounds {
    /// Reads files and does what they ask for. `anew`: those that say what is in force are read all the same.
    pub(super) async fn take_up(&mut self, wanted: Vec<Wanted>, anew: bool, done: &mut Reloaded) {
        let mut tasks = wanted
            .into_iter()
            .map(|wanted| self.task(wanted))
            .collect::<Vec<Task>>()
            .into_iter();
        loop {
            let together: Vec<Task> = tasks.by_ref().take(TOGETHER).collect();
            if together.is_empty() {
                return;
            }
            let now = self.wiring.clock.now();
            let (mut whole, mut left) = (Vec::new(), Vec::new());
            for (task, came) in read_all(&self.reader, together, now, anew).await {
                match came {
                    Came::Moved => {}
                    Came::InForce(hash) => self.says_what_is_in_force(&task, hash),
                    Came::RefusedBefore(content) => self.table.refused(&task.wanted, content),
                    Came::Whole(policy) => match self.elsewhere.remove(&task.wanted.tenant) {
                        Some(in_force) => {
                            self.leaves_to_others(&task, policy.hash, in_force);
                            left.push((task.wanted.tenant, policy.hash));
                        }
                        None => whole.push((task.wanted, *policy)),
                    },
                    Came::Refused(content, broken) => self.refuse(&task, content, broken),
                }
            }
            self.note_files(&left).await;
            self.put_in_force(whole, done).await;
        }
    }

    fn says_what_is_in_force(&mut self, task: &Task, hash: Digest) {
        self.table.took_effect(&task.wanted, hash);
        if self.no_longer_broken(&task.wanted.tenant) {
            info!(tenant = %task.wanted.tenant, "the file is whole again and says what is in force");
            self.wiring.reports.refresh(&task.wanted.tenant);
        }
    }

    /// A machine that is new to a tenant does not decide for those that are not: what its file says counts once it is edited.
    fn leaves_to_others(&mut self, task: &Task, hash: Digest, in_force: Digest) {
        if hash != in_force {
            warn!(
                tenant = %task.wanted.tenant,
                file = %hash.short(),
                in_force = %in_force.short(),
                "another machine's file is in force; the one here says something else, and takes effect when it is edited"
            );
        }
        self.table.took_effect(&task.wanted, hash);
    }

    /// So that the next start knows which files changed while nobody was there. What cannot be noted is read once more then.
    pub(super) async fn note_files(&self, files: &[(TenantName, Digest)]) {
        let Wiring { store, settings, .. } = &self.wiring;
        if let Err(why) = store.note_policy_files(&settings.node, files).await {
            warn!(%why, "what the tenants' files say could not be noted");
        }
    }

    fn refuse(&mut self, task: &Task, content: Digest, broken: Broken) {
        let tenant = &task.wanted.tenant;
        warn!(
            %tenant,
            findings = broken.findings.len() + broken.more,
            in_force = broken.in_force.as_deref().unwrap_or("nothing"),
            "a file does not take effect"
        );
        for finding in &broken.findings {
            warn!(%tenant, file = %finding.file, line = finding.line, column = finding.column, "{}", finding.title);
        }
        self.wiring.metrics.reloaded(Reload::Refused);
        self.table.refused(&task.wanted, content);
        self.lock_broken().insert(tenant.clone(), broken);
        self.wiring.reports.refresh(tenant);
    }

    async fn put_in_force(&mut self, whole: Vec<(Wanted, NewPolicy)>, done: &mut Reloaded) {
        if whole.is_empty() {
            return;
        }
        lapsed_model::fault::point("policies-read");
        let (wanted, policies): (Vec<Wanted>, Vec<NewPolicy>) = whole.into_iter().unzip();
        match self.store(&policies).await {
            Ok(()) => {
                self.store_answers();
                let both = wanted.iter().zip(&policies);
                both.for_each(|(wanted, policy)| self.took_effect(wanted, policy, done));
                let files: Vec<(TenantName, Digest)> = policies
                    .iter()
                    .map(|policy| (policy.entry.tenant.clone(), policy.hash))
                    .collect();
                self.note_files(&files).await;
            }
            Err(why) if concerns_everybody(&why) => {
                self.store_refuses(&why);
                done.not_stored
                    .extend(wanted.into_iter().map(|wanted| wanted.tenant));
            }
            // Whatever the store holds against one of them must not touch the others.
            Err(_) => {
                for (wanted, policy) in wanted.iter().zip(&policies) {
                    match self.store(std::slice::from_ref(policy)).await {
                        Ok(()) => self.took_effect(wanted, policy, done),
                        Err(why) => self.not_stored(&wanted.tenant, &why, done),
                    }
                }
            }
        }
        self.wiring.schedules_changed.notify_one();
    }

    pub(super) async fn store(&self, policies: &[NewPolicy]) -> Result<(), StoreError> {
        let keys = (self.wiring.keys)();
        let seal = Seal {
            key: keys.newest(),
            chance: &*self.wiring.chance,
        };
        self.move_on().await?;
        self.wiring.store.put_in_force(policies, &seal).await
    }

    /// What came due is judged by what was in force then, before that changes.
    async fn move_on(&self) -> Result<(), StoreError> {
        let Wiring {
            store,
            clock,
            metrics,
            ..
        } = &self.wiring;
        lapsed_jobs::scheduler::move_on(store, &**clock, metrics).await
    }

    fn took_effect(&mut self, wanted: &Wanted, policy: &NewPolicy, done: &mut Reloaded) {
        let tenant = &wanted.tenant;
        self.table.took_effect(wanted, policy.hash);
        self.not_stored.remove(tenant);
        self.no_longer_broken(tenant);
        info!(%tenant, policy = %policy.hash.short(), schedules = policy.schedules.len(), "a policy took effect");
        self.wiring.metrics.reloaded(Reload::TookEffect);
        self.wiring.reports.refresh(tenant);
        done.put_in_force.push(tenant.clone());
    }

    /// The stamp of the file stays unjudged, so that the next look tries it again. It is told once.
    fn not_stored(&mut self, tenant: &TenantName, why: &StoreError, done: &mut Reloaded) {
        if self.not_stored.insert(tenant.clone()) {
            error!(%tenant, %why, "a policy is whole, and the store did not take it: it is tried again");
            self.wiring.metrics.reloaded(Reload::Failed);
        }
        done.not_stored.push(tenant.clone());
    }

    /// The store takes nothing at the moment. It is told once; the files stay unjudged, and the next look tries them again.
    fn store_refuses(&mut self, why: &StoreError) {
        let said =
            format!("what changed in the tenants' files is not in force yet, and is tried again: {why}");
        if self.store_is_wrong.as_ref() != Some(&said) {
            error!("{said}");
            self.wiring.metrics.reloaded(Reload::Failed);
            self.wiring.health.set(Component::Policies, Err(said.clone()));
        }
        self.store_is_wrong = Some(said);
    }

    fn store_answers(&mut self) {
        if self.store_is_wrong.take().is_some() {
            info!("the store takes policies again");
            self.wiring.health.set(Component::Policies, Ok(()));
        }
    }

    /// The files of these tenants are gone: nothing of them is in force any more, and their schedules sleep.
    pub(super) async fn withdraw(&mut self, gone: Vec<TenantName>, done: &mut Reloaded) {
        if gone.is_empty() {
            return;
        }
        let now = self.wiring.clock.now();
        for together in gone.chunks(TOGETHER) {
            let entries = together.iter().map(|tenant| withdrawal(tenant, now)).collect();
            let keys = (self.wiring.keys)();
            let seal = Seal {
                key: keys.newest(),
                chance: &*self.wiring.chance,
            };
            let withdrawn = match self.move_on().await {
                Ok(()) => self.withdraw_from_store(entries, together, &seal).await,
                Err(why) => Err(why),
            };
            match withdrawn {
                Ok(()) => {
                    self.store_answers();
                    together.iter().for_each(|tenant| self.is_gone(tenant, done));
                }
                Err(why) => self.store_refuses(&why),
            }
        }
        self.wiring.schedules_changed.notify_one();
    }

    async fn withdraw_from_store(
        &self,
        entries: Vec<Entry>,
        tenants: &[TenantName],
        seal: &Seal<'_>,
    ) -> Result<(), StoreError> {
        let Wiring { store, settings, .. } = &self.wiring;
        store.withdraw(entries, seal).await?;
        store.forget_policy_files(&settings.node, tenants).await
    }

    fn is_gone(&mut self, tenant: &TenantName, done: &mut Reloaded) {
        self.table.forget(tenant);
        self.no_longer_broken(tenant);
        warn!(%tenant, "the file is gone, and nothing of the tenant is in force any more");
        self.wiring.metrics.reloaded(Reload::Gone);
        self.wiring.reports.refresh(tenant);
        done.gone.push(tenant.clone());
    }

    fn no_longer_broken(&self, tenant: &TenantName) -> bool {
        self.lock_broken().remove(tenant).is_some()
    }

    fn lock_broken(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeMap<TenantName, Broken>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the store would say the same to every tenant: then nobody has to be asked for by name, which takes as long as
/// the store's patience each time.
fn concerns_everybody(why: &StoreError) -> bool {
    !matches!(why, StoreError::Inconsistent { .. } | StoreError::Database { .. })
}
