//! `lapsed run`: the daemon, from its first line to its last.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lapsed_jobs::health::Component;
use lapsed_jobs::journal;
use lapsed_jobs::metrics::Metrics;
use lapsed_jobs::scheduler::chores::Chores;
use lapsed_jobs::scheduler::{Dispatcher, Ended, Settings as DispatcherSettings};
use lapsed_jobs::survey;
use lapsed_model::{Clock, SystemChance, SystemClock};
use tokio::task::JoinHandle;

use crate::daemon::signals::{Signals, Steps};
use crate::daemon::{Daemon, chores, for_good};
use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::Output;
use crate::owner::Owner;
use crate::pages::Pages;
use crate::watch::report::Reports;
use crate::watch::{Watch, Wiring};
use crate::{logs, service};

/// How many runs are done at a time: one writes while others look.
const WORKERS: usize = 4;

/// How often it is looked whether somebody asked for something: what a command waits at most before it is heard.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long a statement under way is waited for, at the very end.
const CLOSING: Duration = Duration::from_secs(5);

/// Runs the daemon until it is told to stop.
pub(crate) async fn run(config: &Path, out: &Output) -> Result {
    logs::start(out.is_json())?;
    let signals = Signals::take()?;
    let installation = Installation::open(config, out).await?;
    let owner = match Owner::take(
        &installation.store,
        &installation.settings.store,
        "lapsed run",
        &SystemClock,
    )
    .await?
    {
        Ok(owner) => owner,
        Err(served) => return Err(Failure::because(served.to_string())),
    };
    let (daemon, store) = (open(installation, out).await?, owner.taken);
    if store.taken_over > 0 || store.discarded > 0 {
        let (taken_over, discarded) = (store.taken_over, store.discarded);
        tracing::warn!(taken_over, discarded, "an earlier start left runs unfinished");
    }
    recover(&daemon).await?;
    let steps = Steps::default();
    let pages = pages(&daemon).await?;
    let watch = watch(&daemon, config, &steps).await?;
    let clockwork = Chores::start(chores::all(&daemon))
        .await
        .map_err(|why| Failure::because(format!("the chores cannot be started: {why}")))?;
    let dispatcher = Dispatcher::new(
        daemon.store.clone(),
        Arc::new(SystemClock),
        Arc::clone(&daemon),
        settings(&daemon, owner.taken.start),
    );
    let dispatcher = tokio::spawn(dispatcher.run(steps.soft.clone(), steps.hard.clone()));
    let listening = tokio::spawn(signals.listen(Arc::clone(&daemon), steps.clone()));
    daemon.health.set(Component::Daemon, Ok(()));
    service::ready();
    service::status("serving");
    tracing::info!(start = owner.taken.start, "ready");
    let ended = until_stopped(dispatcher, watch, &steps).await;
    clockwork.stop().await;
    listening.abort();
    if let Some(pages) = pages {
        pages.abort();
    }
    leave(&daemon, owner, ended).await
}

/// Everything that the daemon works with.
async fn open(installation: Installation, out: &Output) -> Result<Arc<Daemon>> {
    let keys = installation.keys()?;
    installation.store.accept_keys(&keys).await?;
    installation.fit(out).await?;
    let Installation {
        settings,
        store,
        dataset,
        ..
    } = installation;
    let (fitted, _warnings) = survey::fit(&store, for_good(dataset)).await?;
    let fitted = fitted.ok_or_else(|| Failure::because("the dataset does not fit the store any more"))?;
    let metrics = Metrics::new(
        SystemClock.now(),
        env!("CARGO_PKG_VERSION"),
        lapsed_policy::tz_database(),
    );
    Ok(Arc::new(
        Daemon::new(Arc::new(settings), store, fitted, keys, metrics).await?,
    ))
}

/// O-4: before anything else, people whom a restored backup brought back are erased again.
async fn recover(daemon: &Daemon) -> Result {
    let desk = daemon.desk();
    let recovered = journal::recover(&desk.tools(), &std::collections::BTreeMap::new()).await?;
    for sentence in recovered.sentences() {
        tracing::warn!("{sentence}");
    }
    Ok(())
}

async fn pages(daemon: &Daemon) -> Result<Option<JoinHandle<()>>> {
    let Some(address) = daemon.settings.metrics else {
        return Ok(None);
    };
    let pages = Pages::bind(address, daemon.metrics.clone(), daemon.health.clone()).await?;
    Ok(Some(tokio::spawn(pages.serve())))
}

/// Reads the tenants' files, and goes on watching them.
async fn watch(daemon: &Arc<Daemon>, config: &Path, steps: &Steps) -> Result<JoinHandle<()>> {
    let wiring = Wiring {
        settings: Arc::clone(&daemon.settings),
        config: config.to_owned(),
        store: daemon.store.clone(),
        keys: {
            let daemon = Arc::clone(daemon);
            Box::new(move || daemon.desk().keys.clone())
        },
        clock: Arc::new(SystemClock),
        chance: Arc::new(SystemChance),
        schedules_changed: Arc::clone(&daemon.poke),
        health: daemon.health.clone(),
        metrics: daemon.metrics.clone(),
        reports: Reports::new(daemon),
        stop: steps.soft.clone(),
    };
    let (watch, first, task) = Watch::start(wiring).await?;
    tracing::info!(
        took_effect = first.put_in_force.len(),
        unchanged = first.unchanged,
        broken = first.broken.len(),
        "policies are read"
    );
    daemon.watch_with(watch);
    Ok(task)
}

fn settings(daemon: &Arc<Daemon>, owner: i64) -> DispatcherSettings {
    let health = daemon.health.clone();
    DispatcherSettings {
        owner,
        workers: WORKERS,
        look_every: LOOK_EVERY,
        metrics: daemon.metrics.clone(),
        health: daemon.health.clone(),
        poke: Arc::clone(&daemon.poke),
        alive: Arc::new(move || {
            health.beat();
            service::alive();
        }),
    }
}

/// Waits for the dispatcher. If the watch or the dispatcher ends by itself, something crashed, and the daemon stops in
/// order: the service manager starts a new one.
async fn until_stopped(
    mut dispatcher: JoinHandle<Ended>,
    mut watch: JoinHandle<()>,
    steps: &Steps,
) -> Option<Ended> {
    tokio::select! {
        ended = &mut dispatcher => return ended.ok(),
        watched = &mut watch => if !steps.soft.is_cancelled() {
            tracing::error!(crashed = watched.is_err(), "the watch ended by itself: the daemon stops");
            steps.soft.cancel();
            return dispatcher.await.ok().map(|ended| Ended { crashed: ended.crashed + 1, ..ended });
        }
    }
    dispatcher.await.ok()
}

/// Leaves the store in order, and says whether something crashed.
async fn leave(daemon: &Daemon, owner: Owner, ended: Option<Ended>) -> Result {
    owner.leave(&daemon.store, &SystemClock).await?;
    // A statement of a run that was dropped may still be under way: nothing of it will be committed.
    let closed = tokio::time::timeout(CLOSING, daemon.store.close()).await;
    if closed.is_err() {
        tracing::warn!("a statement is still under way: it ends with the program");
    }
    let Some(ended) = ended else {
        return Err(Failure::Crashed("the dispatcher crashed".to_owned()));
    };
    tracing::info!(
        handed_back = ended.handed_back,
        crashed = ended.crashed,
        "stopped"
    );
    if ended.crashed > 0 {
        return Err(Failure::Crashed(format!(
            "{} of the daemon's tasks crashed; the log says which",
            ended.crashed
        )));
    }
    Ok(())
}
