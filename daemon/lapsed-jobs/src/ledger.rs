//! Proving that the ledger is whole (O-4).

use chrono::{DateTime, Utc};
use lapsed_model::{ChainFault, ChainWalk, Head, KeyRing, TenantName};
use lapsed_store::{Store, StoreError};

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
    pub faults: Vec<ChainFault>,
}

/// Walks every chain of the store, against the store's own heads and against `recorded` ones that were written
/// down elsewhere. A chain on record of which nothing is left is a fault like any other.
pub async fn verify(store: &Store, keys: &KeyRing, recorded: &[Head]) -> Result<Vec<Verified>, StoreError> {
    const PIECE: u32 = 500;
    let heads = store.heads().await?;
    let mut tenants = store.tenants_in_ledger().await?;
    tenants.extend(recorded.iter().map(|head| head.tenant.clone()));
    tenants.sort();
    tenants.dedup();
    let mut verified = Vec::new();
    for tenant in tenants {
        let own = heads.iter().find(|head| head.tenant == tenant);
        let known: Vec<Head> = recorded
            .iter()
            .filter(|head| head.tenant == tenant)
            .chain(own)
            .cloned()
            .collect();
        let mut walk = ChainWalk::new(keys, &known, DateTime::<Utc>::MIN_UTC);
        let (mut faults, mut entries) = (Vec::new(), 0);
        loop {
            let piece = store.ledger(&tenant, walk.last(), PIECE).await?;
            if piece.is_empty() {
                break;
            }
            entries += piece.len() as u64;
            faults.extend(piece.iter().flat_map(|sealed| walk.step(sealed)));
        }
        let last = walk.last();
        faults.extend(walk.end());
        if own.is_none_or(|head| head.sequence < last) {
            faults.push(ChainFault::Headless(last));
        }
        verified.push(Verified {
            tenant,
            entries,
            head: own.cloned(),
            faults,
        });
    }
    Ok(verified)
}
