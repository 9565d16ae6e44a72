//! The policy in force: what the store says of it, read the way the operator allows today.
//!
//! Runs never look at a tenant's file. The version in force stands in the store, word for word, so that a restart with a
//! broken file goes on with the last good one (O-1). It is read again whenever somebody works by it, and by the limits
//! that hold *now*: an operator who raised `shortest_anonymise_after` must not be overruled by what was allowed last
//! year. What was read is kept for the next run, the 256 that were used last.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use lapsed_config::{File, Finding};
use lapsed_model::{Digest, Entry, TenantName};
use lapsed_policy::{Limits, Policy, export_timetable, next_slot, timetable};
use lapsed_store::{NewPolicy, NewSchedule, PolicyVersion, Store};

use crate::{JobError, Refusal};

/// How many policies are kept read.
const KEPT: usize = 256;

/// What the ledger calls a policy that takes effect, or ends.
const KIND: &str = "policy";

/// The policies in force, as they were read last. One per process, shared by everybody who works by them.
#[derive(Debug)]
pub struct PoliciesInForce {
    limits: Limits,
    /// The most recently used last.
    kept: Mutex<Vec<(Digest, Arc<Policy>)>>,
}

impl PoliciesInForce {
    /// Policies that the operator limits like this.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            kept: Mutex::default(),
        }
    }

    /// The tenant's policy in force. Refused where there is none, where its text was edited in the store, and where the
    /// operator's limits no longer allow it: then nobody is judged by it until the tenant's file is put right.
    pub async fn policy(
        &self,
        store: &Store,
        tenant: &TenantName,
        now: DateTime<Utc>,
    ) -> Result<Arc<Policy>, JobError> {
        let version = version(store, tenant).await?;
        // The tenant is part of the key: two tenants with the same text have different nights.
        let key = Digest::of(&[tenant.as_str().as_bytes(), version.hash.as_bytes()]);
        if let Some(policy) = self.look_up(key) {
            return Ok(policy);
        }
        let policy = Arc::new(read(tenant, &version, &self.limits, now)?);
        self.keep(key, &policy);
        Ok(policy)
    }

    fn look_up(&self, key: Digest) -> Option<Arc<Policy>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| *known == key)?;
        let found = kept.remove(place);
        let policy = Arc::clone(&found.1);
        kept.push(found);
        Some(policy)
    }

    fn keep(&self, key: Digest, policy: &Arc<Policy>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((key, Arc::clone(policy)));
    }
}

/// The tenant's policy in force, for whoever asks once.
pub async fn policy_in_force(
    store: &Store,
    tenant: &TenantName,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Policy, JobError> {
    let (policy, _) = version_in_force(store, tenant, limits, now).await?;
    Ok(policy)
}

/// The same, with the instant since which it is in force.
pub async fn version_in_force(
    store: &Store,
    tenant: &TenantName,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<(Policy, DateTime<Utc>), JobError> {
    let version = version(store, tenant).await?;
    let policy = read(tenant, &version, limits, now)?;
    Ok((policy, version.in_force_from))
}

/// What makes a policy take effect, with its schedules. The hash is that of the file, as `sha256sum` gives it.
#[must_use]
pub fn taking_effect(policy: &Policy, now: DateTime<Utc>) -> NewPolicy {
    let hash = Digest::sha256(&policy.text);
    NewPolicy {
        hash,
        text: policy.text.clone(),
        entry: entry(&policy.tenant, now, &serde_json::json!({ "policy": hash })),
        schedules: schedules(policy, now),
    }
}

/// The ledger's entry for a tenant whose file is gone.
#[must_use]
pub fn withdrawal(tenant: &TenantName, now: DateTime<Utc>) -> Entry {
    entry(tenant, now, &serde_json::json!({ "policy": null }))
}

fn entry(tenant: &TenantName, at: DateTime<Utc>, payload: &serde_json::Value) -> Entry {
    Entry {
        tenant: tenant.clone(),
        at,
        kind: KIND.to_owned(),
        payload: payload.to_string(),
    }
}

fn schedules(policy: &Policy, now: DateTime<Utc>) -> Vec<NewSchedule> {
    let of = |workgroup: lapsed_model::Workgroup| {
        let retention = policy.workgroups.get(&workgroup.name);
        let retention = retention.and_then(|retention| timetable(&workgroup, policy, retention));
        retention.into_iter().chain(export_timetable(&workgroup, policy))
    };
    let timetables = policy.all_workgroups().flat_map(of);
    let schedule = |timetable: lapsed_model::Timetable| NewSchedule {
        next_slot_at: next_slot(&timetable.cron, timetable.zone, now),
        timetable,
    };
    timetables.map(schedule).collect()
}

async fn version(store: &Store, tenant: &TenantName) -> Result<PolicyVersion, JobError> {
    let version = store.policy_in_force(tenant).await?;
    Ok(version.ok_or_else(|| Refusal::NoPolicy(tenant.clone()))?)
}

fn read(
    tenant: &TenantName,
    version: &PolicyVersion,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Policy, Refusal> {
    if !version.is_genuine() {
        return Err(Refusal::PolicyTextEdited(tenant.clone()));
    }
    let file = File::new(&format!("{tenant}.toml, as it is in force"), &version.text);
    let (policy, findings) = lapsed_policy::read(tenant, &file, limits, now);
    policy.ok_or_else(|| {
        let error = findings.into_iter().find(Finding::is_error);
        let title = error.map(|finding| finding.title).unwrap_or_default();
        Refusal::PolicyNoLongerAllowed(tenant.clone(), title)
    })
}
