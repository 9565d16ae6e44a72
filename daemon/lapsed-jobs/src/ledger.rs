//! Proving that the ledger is whole (O-4).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lapsed_model::{ChainFault, ChainWalk, Head, KeyRing, Sealed, TenantName};
use lapsed_store::{Store, StoreError};

/// What is wrong with what a tenant's ledger says, or with what it points at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A link of the chain.
    #[error(transparent)]
    Chain(#[from] ChainFault),
    /// Rows that are no part of the chain.
    #[error("{0} rows stand beside the chain: their numbers are none that lapsed gives")]
    Beside(u64),
    /// D-3: a kept policy is not the one that was in force.
    #[error("policy {0} was edited: its text does not fit its hash")]
    PolicyEdited(String),
    /// D-3: a policy that was in force is not kept any more.
    #[error("policy {0} is gone, and entry {1} says that it was in force")]
    PolicyGone(String, u64),
}

/// What the walk of one tenant's chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Whose chain.
    pub tenant: TenantName,
    /// How many entries were seen.
    pub entries: u64,
    /// The chain's end, as the store notes it.
    pub head: Option<Head>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// Walks every chain of the store, against the store's own heads and against `recorded` ones that were written
/// down elsewhere: in the erasure journal, or by hand. A chain on record of which nothing is left is a fault like any
/// other. The particulars of entries may be gone if they are older than `payloads_from`.
pub async fn verify(
    store: &Store,
    keys: &KeyRing,
    recorded: &[Head],
    payloads_from: DateTime<Utc>,
) -> Result<Vec<Verified>, StoreError> {
    let heads = store.heads().await?;
    let mut tenants = store.tenants_in_ledger().await?;
    tenants.extend(recorded.iter().map(|head| head.tenant.clone()));
    tenants.sort();
    tenants.dedup();
    let mut verified = Vec::new();
    for tenant in tenants {
        let own = heads.iter().find(|head| head.tenant == tenant).cloned();
        let lost = lost_with_a_backup(store, &tenant).await?;
        let of_tenant = recorded
            .iter()
            .filter(|head| head.tenant == tenant && !lost.contains(&head.hash.to_string()));
        let known: Vec<Head> = of_tenant.chain(&own).cloned().collect();
        verified.push(verify_one(store, keys, tenant, own, &known, payloads_from).await?);
    }
    Ok(verified)
}

/// The ends that the chain had and lost when a backup was restored, as entries of the chain itself say.
async fn lost_with_a_backup(store: &Store, tenant: &TenantName) -> Result<BTreeSet<String>, StoreError> {
    let entries = store.entries_of(tenant, "restored").await?;
    let lost = |payload: &str| {
        let payload: serde_json::Value = serde_json::from_str(payload).ok()?;
        Some(payload["lost"]["hash"].as_str()?.to_owned())
    };
    Ok(entries.iter().filter_map(|(_, payload)| lost(payload)).collect())
}

async fn verify_one(
    store: &Store,
    keys: &KeyRing,
    tenant: TenantName,
    head: Option<Head>,
    known: &[Head],
    payloads_from: DateTime<Utc>,
) -> Result<Verified, StoreError> {
    const PIECE: u32 = 500;
    let policies = store.policies(&tenant).await?;
    let edited = policies.iter().filter(|policy| !policy.is_genuine());
    let mut faults: Vec<Fault> = edited
        .map(|policy| Fault::PolicyEdited(policy.hash.clone()))
        .collect();
    let kept: BTreeSet<String> = policies.into_iter().map(|policy| policy.hash).collect();
    let mut walk = ChainWalk::new(keys, known, payloads_from);
    let mut entries = 0;
    loop {
        let piece = store.ledger(&tenant, walk.last(), PIECE).await?;
        if piece.is_empty() {
            break;
        }
        entries += piece.len() as u64;
        faults.extend(piece.iter().filter_map(|sealed| policy_gone(sealed, &kept)));
        faults.extend(
            piece
                .iter()
                .flat_map(|sealed| walk.step(sealed))
                .map(Fault::Chain),
        );
    }
    let last = walk.last();
    faults.extend(walk.end().into_iter().map(Fault::Chain));
    if head.as_ref().is_none_or(|head| head.sequence < last) {
        faults.push(ChainFault::Headless(last).into());
    }
    let beside = store.ledger_rows(&tenant).await?.saturating_sub(entries);
    if beside > 0 {
        faults.push(Fault::Beside(beside));
    }
    Ok(Verified {
        tenant,
        entries,
        head,
        faults,
    })
}

fn policy_gone(sealed: &Sealed, kept: &BTreeSet<String>) -> Option<Fault> {
    let payload = sealed.has_payload && sealed.entry.kind == "policy";
    let payload: serde_json::Value = payload.then(|| serde_json::from_str(&sealed.entry.payload).ok())??;
    let hash = payload["policy"].as_str()?;
    (!kept.contains(hash)).then(|| Fault::PolicyGone(hash.to_owned(), sealed.link.sequence))
}
