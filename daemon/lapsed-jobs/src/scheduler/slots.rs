//! Slots that came due become runs, or are left out.

use lapsed_model::{Clock, Schedule};
use lapsed_store::{Store, StoreError};
use tracing::{error, warn};

use crate::metrics::Metrics;

/// At most so many schedules are moved on in one transaction: the platform's own writes wait for that long.
const AT_ONCE: u32 = 1_000;

/// Moves schedules on until none is due. The dispatcher does so all the time; a start and a policy that takes effect do it
/// before anything else, so that what came due is judged by what was in force then.
pub async fn move_on(store: &Store, clock: &dyn Clock, metrics: &Metrics) -> Result<(), StoreError> {
    loop {
        let now = clock.now();
        if store.wake().await?.at().is_none_or(|at| at > now) {
            return Ok(());
        }
        let judge = |schedule: &Schedule| lapsed_policy::due(schedule, now);
        let moved = store.materialise(now, AT_ONCE, judge).await?;
        for why in &moved.damaged {
            error!(%why, "a schedule cannot be read: it sleeps until its tenant's policy is saved again");
        }
        for (reason, slots) in &moved.skipped {
            metrics.skipped(*reason, *slots);
            warn!(reason = reason.words(), slots, "slots were left out");
        }
        if moved.schedules < u64::from(AT_ONCE) {
            return Ok(());
        }
    }
}
