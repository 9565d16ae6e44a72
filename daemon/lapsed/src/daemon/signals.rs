//! What the daemon is told from outside: to read files again, and to stop, in two steps.
//!
//! The first SIGTERM or SIGINT asks: nothing more is begun, and what runs stops at its next whole step. The second one
//! insists, and so does the time: whatever still runs is dropped, and its run is taken over by the next start.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use lapsed_jobs::health::Component;
use lapsed_jobs::scheduler::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Daemon;
use crate::service;

/// How long what runs may take to come to its next whole step: a batch takes a fraction of a second, and the unit waits
/// longer than this.
const PATIENCE: Duration = Duration::from_secs(45);

/// The two steps of stopping.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    /// Asked to.
    pub(crate) soft: Stop,
    /// Made to.
    pub(crate) hard: Stop,
}

/// The signals, taken before anything else is begun: one that comes too early is not lost.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Takes the signals over from the system's defaults.
    pub(crate) fn take() -> anyhow::Result<Self> {
        let taken = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self {
            terminate: taken(SignalKind::terminate())?,
            interrupt: taken(SignalKind::interrupt())?,
            hang_up: taken(SignalKind::hangup())?,
        })
    }

    /// Listens until the daemon has stopped.
    pub(crate) async fn listen(mut self, daemon: Arc<Daemon>, steps: Steps) {
        while !steps.soft.is_cancelled() {
            tokio::select! {
                _ = self.terminate.recv() => soft("SIGTERM", &daemon, &steps),
                _ = self.interrupt.recv() => soft("SIGINT", &daemon, &steps),
                () = steps.soft.cancelled() => {}
                _ = self.hang_up.recv() => {
                    // On its own: a stop must be heard while files are waited for.
                    tokio::spawn(reload(Arc::clone(&daemon)));
                }
            }
        }
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
        tracing::warn!("what still runs is dropped: the next start takes it over");
        steps.hard.cancel();
    }
}

async fn reload(daemon: Arc<Daemon>) {
    if let Err(why) = daemon.reload().await {
        tracing::error!(why, "files were not read again");
    }
}

fn soft(signal: &str, daemon: &Daemon, steps: &Steps) {
    let stopping = Err("the daemon is stopping".to_owned());
    daemon.health.set(Component::Daemon, stopping);
    tracing::info!(
        signal,
        "stopping: what runs comes to its next whole step and is handed back"
    );
    service::stopping();
    service::extend_timeout(PATIENCE + Duration::from_secs(15));
    steps.soft.cancel();
}
