//! Commands beside a daemon.
//!
//! What is one transaction a command does itself, whoever serves the store. What erases or takes its time is a run: with
//! a daemon present the command asks it for one and follows it, so that two programs never do the same work; without one
//! it takes the store for itself.

use std::time::Duration;

use lapsed_model::{Run, RunState};
use lapsed_store::{NewRun, Store};
use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::Output;
use crate::owner;

/// How often a run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Asks the daemon that serves the store for a run, and waits for what becomes of it. `look` is called while it waits,
/// for showing how far it is.
pub(crate) async fn follow<F>(
    installation: &Installation,
    new: &NewRun,
    out: &Output,
    mut look: impl FnMut() -> F,
) -> Result<Value>
where
    F: Future<Output = ()>,
{
    let store = &installation.store;
    if let Some(tenant) = &new.tenant
        && let Some(pause) = store.paused(tenant).await?
    {
        return Err(Failure::because(format!(
            "{tenant} is paused by {} ({}): `lapsed resume{}` lets it go on",
            pause.by,
            pause.because,
            pause
                .tenant
                .map_or_else(String::new, |tenant| format!(" {tenant}"))
        )));
    }
    let id = store.enqueue(new).await?;
    out.note(&format!("asked the daemon that serves the store: run {id}"));
    let (mut unserved, mut waits_for) = (0, None);
    loop {
        let run = of(store, id).await?;
        if let Some(answer) = answer(&run) {
            return answer;
        }
        look().await;
        say_what_it_waits_for(store, &run, &mut waits_for, out).await?;
        unserved = if owner::is_served(installation).await? {
            0
        } else {
            unserved + 1
        };
        // A daemon that is being restarted is back before that.
        if unserved > 100 {
            return Err(Failure::because(format!(
                "the daemon ended before run {id} was done: its next start does it, and `lapsed schedule history` shows it"
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Whoever waits is told, once, why: somebody pressed the stop button meanwhile, or the daemon cannot do it yet.
async fn say_what_it_waits_for(
    store: &Store,
    run: &Run,
    waits_for: &mut Option<String>,
    out: &Output,
) -> Result {
    let pause = match &run.tenant {
        Some(tenant) => store.paused(tenant).await?,
        None => None,
    };
    let now = match pause {
        Some(pause) => Some(format!("it is paused by {} ({})", pause.by, pause.because)),
        None => run.error.clone(),
    };
    if now != *waits_for {
        match &now {
            Some(why) => out.note(&format!("run {} waits, and so does this command: {why}", run.id)),
            None => out.note(&format!("run {} goes on", run.id)),
        }
        *waits_for = now;
    }
    Ok(())
}

async fn of(store: &Store, id: i64) -> Result<Run> {
    store
        .run(id)
        .await?
        .ok_or_else(|| Failure::because(format!("run {id} is gone from the store")))
}

/// What became of the run, if it is known.
fn answer(run: &Run) -> Option<Result<Value>> {
    let outcome = || {
        let outcome = run.outcome.as_deref().unwrap_or("{}");
        serde_json::from_str(outcome).unwrap_or(Value::Null)
    };
    match run.state {
        RunState::Completed => Some(Ok(outcome())),
        RunState::Cancelled => {
            let outcome = outcome();
            let text = |key: &str| outcome[key].as_str().unwrap_or("refused").to_owned();
            Some(Err(Failure::Told {
                code: text("code"),
                message: text("refused"),
            }))
        }
        RunState::Retryable | RunState::Discarded => {
            let why = run.error.as_deref().unwrap_or("no reason was kept");
            let then = if run.state == RunState::Retryable {
                "the daemon tries it again"
            } else {
                "it was tried too often"
            };
            Some(Err(Failure::because(format!(
                "run {} failed: {why}; {then}",
                run.id
            ))))
        }
        RunState::Scheduled | RunState::Available | RunState::Running => None,
    }
}
