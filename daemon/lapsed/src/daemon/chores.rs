//! The daemon's own chores: each may come late, twice or not at all, and nothing but its hour changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use lapsed_jobs::export::files::LookedAfter;
use lapsed_jobs::health::Component;
use lapsed_jobs::metrics::Snapshot;
use lapsed_jobs::scheduler::Work as _;
use lapsed_jobs::scheduler::chores::Chore;
use lapsed_model::{Clock, Plan, RunState, SystemClock};
use lapsed_store::StoreError;

use super::{Daemon, tenure};
use crate::owner::DAEMON;
use crate::watch::Watch;

/// Every chore, in UTC, seconds first.
pub(crate) fn all(daemon: &Arc<Daemon>) -> Vec<Chore> {
    vec![
        chore(daemon, "gauges", "*/15 * * * * *", gauges),
        chore(daemon, "journal", "10,25,40,55 * * * * *", journal),
        chore(daemon, "others", "*/5 * * * * *", others),
        chore(daemon, "remnants", "35 * * * * *", remnants),
        chore(daemon, "holds", "5 * * * * *", holds),
        chore(daemon, "exports", "*/10 * * * * *", exports),
        chore(daemon, "records", "25 17 * * * *", records),
    ]
}

fn chore<F, T>(daemon: &Arc<Daemon>, name: &'static str, cron: &'static str, body: F) -> Chore
where
    F: Fn(Arc<Daemon>) -> T + Send + Sync + 'static,
    T: Future<Output = Result<(), String>> + Send + 'static,
{
    let daemon = Arc::clone(daemon);
    Chore::new(name, cron, move || {
        let done = body(Arc::clone(&daemon));
        async move {
            if let Err(why) = done.await {
                tracing::warn!(chore = name, why, "a chore was not done; it comes round again");
            }
        }
    })
}

/// What the metrics say of the store.
async fn gauges(daemon: Arc<Daemon>) -> Result<(), String> {
    daemon.watch_its_store();
    let snapshot = snapshot(&daemon).await.map_err(|why| why.to_string())?;
    daemon.metrics.set_gauges(&snapshot);
    daemon.metrics.set_healthy(daemon.health.report().healthy);
    Ok(())
}

async fn snapshot(daemon: &Daemon) -> Result<Snapshot, StoreError> {
    let (store, now) = (&daemon.store, SystemClock.now());
    let gauges = store.gauges(now - Plan::VALID_FOR).await?;
    let (requests_open, requests_overdue) = store.open_requests(now).await?;
    let mut runs: BTreeMap<RunState, u64> = RunState::ALL
        .into_iter()
        .filter(|state| !state.is_finished())
        .map(|state| (state, 0))
        .collect();
    for (_, state, many) in store.run_counts().await? {
        *runs.entry(state).or_default() += many;
    }
    let serving = store.all_serving().await?;
    let daemons = serving.iter().filter(|by| by.alive && by.program == DAEMON);
    Ok(Snapshot {
        daemons: daemons.count() as u64,
        runs,
        oldest_ready: store.oldest_available().await?.map(|due| now - due),
        policies_broken: daemon.watch().map_or(0, Watch::broken_count) as u64,
        approvals: gauges.approvals,
        requests_open,
        requests_overdue,
        paused: gauges.pauses,
        remnants: gauges.remnants,
        remnants_age: gauges.remnants_since.map(|since| now - since),
    })
}

/// Whether the journal can be kept.
async fn journal(daemon: Arc<Daemon>) -> Result<(), String> {
    let desk = daemon.desk();
    let settled = desk.journal.settle(&daemon.store, SystemClock.now()).await;
    if let Ok(settled @ 1..) = settled {
        tracing::warn!(
            settled,
            "batches were committed though the connection was cut: the journal says so now"
        );
    }
    let kept = desk.journal.mend().await;
    daemon
        .health
        .set(Component::Journal, kept.map_err(|why| why.to_string()));
    Ok(())
}

/// What other daemons erased stands in this one's journal too.
async fn others(daemon: Arc<Daemon>) -> Result<(), String> {
    tenure::copy_others(&daemon).await
}

/// What could not be removed behind a sweep, because another program held an old snapshot.
async fn remnants(daemon: Arc<Daemon>) -> Result<(), String> {
    let runs = daemon.store.run_counts().await.map_err(|why| why.to_string())?;
    let is_busy = runs.iter().any(|(_, state, _)| *state == RunState::Running);
    if !is_busy {
        daemon.idle().await;
    }
    Ok(())
}

/// Holds that came to their end: their people are judged again.
async fn holds(daemon: Arc<Daemon>) -> Result<(), String> {
    let ended = daemon.desk().end_holds().await.map_err(|why| why.to_string())?;
    if ended > 0 {
        tracing::info!(ended, "holds came to their end: their people are judged again");
        daemon.poke.notify_one();
    }
    Ok(())
}

/// Files of workgroups whose time is over, or in which somebody was anonymised.
async fn exports(daemon: Arc<Daemon>) -> Result<(), String> {
    let desk = daemon.desk();
    let looked_after = desk.look_after_exports().await.map_err(|why| why.to_string())?;
    if looked_after != LookedAfter::default() {
        tracing::info!(?looked_after, "exported files were looked after");
    }
    Ok(())
}

/// The daemon's own records that have outlived their periods (O-6).
async fn records(daemon: Arc<Daemon>) -> Result<(), String> {
    let desk = daemon.desk();
    let pruned = lapsed_jobs::records::prune(&desk.tools(), &daemon.settings.records)
        .await
        .map_err(|why| why.to_string())?;
    tracing::info!(?pruned, "records that outlived their periods are gone");
    Ok(())
}
