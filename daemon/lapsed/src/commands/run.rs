//! `lapsed run`: the daemon, from its first line to its last.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lapsed_jobs::health::Component;
use lapsed_jobs::journal;
use lapsed_jobs::metrics::Metrics;
use lapsed_jobs::scheduler::chores::Chores;
use lapsed_jobs::scheduler::{Dispatcher, Ended, Settings as DispatcherSettings, move_on};
use lapsed_jobs::survey;
use lapsed_model::{Clock, Dialect, SystemChance, SystemClock};
use lapsed_store::{OtherCollation, Store};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::daemon::signals::{Signals, Steps};
use crate::daemon::tenure::{self, GettingReady, Tenure};
use crate::daemon::{Daemon, chores, for_good};
use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::Output;
use crate::owner::{self, Owner, Terms};
use crate::pages::Pages;
use crate::watch::report::Reports;
use crate::watch::{Watch, Wiring};
use crate::{logs, service, stores};

/// How many runs are done at a time: one writes while others look.
const WORKERS: usize = 4;

/// How often it is looked whether somebody asked for something: what a command waits at most before it is heard.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Runs the daemon until it is told to stop.
pub(crate) async fn run(config: &Path, out: &Output) -> Result {
    logs::start(out.is_json())?;
    let signals = Signals::take()?;
    let installation = Installation::open(config, out).await?;
    let store = installation.store.clone();
    let mut owner = take(&installation).await?;
    let ended = serve(config, installation, &mut owner, signals, out).await;
    if let Err(why) = owner.leave(&store, &SystemClock).await {
        tracing::warn!(
            why = why.sentence(),
            "that it stopped in order could not be written down"
        );
    }
    if !stores::close().await {
        tracing::warn!("a statement is still under way: it ends with the program");
    }
    ended
}

async fn take(installation: &Installation) -> Result<Owner> {
    let Installation {
        store,
        settings,
        dataset,
        ..
    } = installation;
    let dataset = dataset.hash.to_string();
    let terms = Terms {
        program: owner::DAEMON,
        dataset: &dataset,
    };
    let owner = Owner::take(store, settings, terms, &SystemClock).await?;
    owner.map_err(|served| Failure::because(served.to_string()))
}

/// Everything between taking the store and leaving it.
async fn serve(
    config: &Path,
    installation: Installation,
    owner: &mut Owner,
    signals: Signals,
    out: &Output,
) -> Result {
    let (start, rescued) = (owner.taken.start, owner.taken.rescued);
    let getting_ready = GettingReady::under(&installation.store, start, installation.settings.lease);
    let daemon = open(installation, out).await?;
    let steps = daemon.steps.clone();
    let (taken_over, discarded) = (rescued.taken_over, rescued.discarded);
    if taken_over > 0 || discarded > 0 {
        daemon.metrics.taken_over(taken_over);
        tracing::warn!(taken_over, discarded, "an earlier start left runs unfinished");
    }
    let server = recover(&daemon).await?;
    settle_the_past(&daemon, owner).await?;
    let pages = pages(&daemon).await?;
    let watch = watch(&daemon, config, &steps).await?;
    let clockwork = Chores::start(chores::all(&daemon))
        .await
        .map_err(|why| Failure::because(format!("the chores cannot be started: {why}")))?;
    let (mut tenure, reader) = Tenure::new(&daemon, start, server);
    let dispatcher = Dispatcher::new(
        daemon.store.clone(),
        Arc::new(SystemClock),
        Arc::clone(&daemon),
        settings(&daemon, reader),
    );
    let dispatcher = tokio::spawn(dispatcher.run(steps.soft.clone(), steps.hard.clone()));
    let listening = tokio::spawn(signals.listen(Arc::clone(&daemon), steps.clone()));
    daemon.health.set(Component::Daemon, Ok(()));
    service::ready();
    service::status("serving");
    tracing::info!(start, "ready");
    drop(getting_ready);
    let hints = tokio::spawn(tenure::listen(Arc::clone(&daemon)));
    let ended = if daemon.store.dialect() == Dialect::Postgres {
        tokio::select! {
            ended = until_stopped(dispatcher, watch, &steps) => ended,
            () = tenure.keep() => None,
        }
    } else {
        until_stopped(dispatcher, watch, &steps).await
    };
    owner.taken.start = tenure.start();
    hints.abort();
    clockwork.stop().await;
    listening.abort();
    if let Some(pages) = pages {
        pages.abort();
    }
    how_it_ended(&daemon, ended)
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
    metrics.serves(store.dialect(), &settings.node);
    Ok(Arc::new(
        Daemon::new(Arc::new(settings), store, fitted, keys, metrics).await?,
    ))
}

/// O-4: before anything else, people whom a restored backup brought back are erased again.
async fn recover(daemon: &Daemon) -> Result<String> {
    let settings = &daemon.settings;
    let from = settings.records.journal_from(SystemClock.now());
    // A machine that is new to a store of several gets from the ledger what its journal lacks.
    if daemon.store.dialect() == Dialect::Sqlite
        && let Some(emptied) = journal::emptied(&settings.journal, &daemon.store, from).await?
    {
        tracing::warn!("{emptied}");
    }
    if let Some(other) = daemon.store.other_collation().await? {
        tracing::warn!("{other}: {}", OtherCollation::HELP);
    }
    // Erasing a restored backup's people again takes its time, and the service manager must not think that it hangs.
    let patience = tokio::spawn(ask_for_time());
    let recovered = tenure::recover(daemon).await;
    patience.abort();
    recovered
}

async fn ask_for_time() {
    const EVERY: Duration = Duration::from_secs(20);
    loop {
        service::extend_timeout(EVERY * 3);
        tokio::time::sleep(EVERY).await;
    }
}

/// What came due while nobody was there is judged by the policies that were in force then, before files are read.
async fn settle_the_past(daemon: &Daemon, owner: &Owner) -> Result {
    if owner.taken.clock_went_back {
        tracing::error!("an earlier start saw a later time than this one: look at the machine's clock");
        bring_back(&daemon.store).await?;
    }
    Ok(move_on(&daemon.store, &SystemClock, &daemon.metrics).await?)
}

/// A clock that was wrong for a while leaves next slots years ahead, and every schedule silent until then. What lies
/// behind what the pattern says from now on is brought back; a slot that was a run already stays one.
async fn bring_back(store: &Store) -> Result {
    let now = SystemClock.now();
    let next = |schedule: &lapsed_model::Schedule| {
        let timetable = &schedule.timetable;
        lapsed_policy::next_slot(&timetable.cron, timetable.zone, now)
    };
    let (schedules, runs) = store.bring_back(now, next).await?;
    if schedules + runs > 0 {
        tracing::error!(
            schedules,
            runs,
            "a clock was wrong: slots and runs that lay far ahead were brought back"
        );
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

fn settings(daemon: &Arc<Daemon>, owner: watch::Receiver<Option<i64>>) -> DispatcherSettings {
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

/// Says whether something crashed, or the store went away under the daemon.
fn how_it_ended(daemon: &Daemon, ended: Option<Ended>) -> Result {
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
    if daemon.lost_its_store() {
        return Err(Failure::because(
            "the store's file was replaced under the daemon: start it again, so that it sees whether a backup was restored",
        ));
    }
    Ok(())
}
