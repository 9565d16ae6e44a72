//! The daemon's own clockwork, driven by tokio-cron-scheduler.
//!
//! A handful of fixed jobs in UTC that are registered once: gauges, leases, pruning. That crate may lose a tick of many
//! thousands, or run one twice, and nothing of it survives a restart; so nothing here is a tenant's, and every chore
//! is such that doing it late, twice or not at all changes nothing but when. A chore that still runs is not begun again.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tracing::debug;

type Body = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Something that is done again and again.
pub struct Chore {
    name: &'static str,
    cron: &'static str,
    body: Body,
}

impl Chore {
    /// A chore at the times of `cron`: six fields, seconds first, in UTC.
    pub fn new<F, T>(name: &'static str, cron: &'static str, body: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        Self {
            name,
            cron,
            body: Arc::new(move || Box::pin(body())),
        }
    }
}

/// The running clockwork. Dropping it does not stop it: [`Chores::stop`] does.
pub struct Chores {
    scheduler: JobScheduler,
}

impl Chores {
    /// Starts the clockwork.
    pub async fn start(chores: Vec<Chore>) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        for chore in chores {
            let (name, body, busy) = (chore.name, chore.body, Arc::new(Mutex::new(())));
            let job = Job::new_async(chore.cron, move |_, _| {
                let (body, busy) = (Arc::clone(&body), Arc::clone(&busy));
                Box::pin(async move {
                    match busy.try_lock() {
                        Ok(_ours) => body().await,
                        Err(_running) => debug!(chore = name, "still running"),
                    }
                })
            })?;
            scheduler.add(job).await?;
        }
        scheduler.start().await?;
        Ok(Self { scheduler })
    }

    /// Stops it; chores that are under way are not waited for.
    pub async fn stop(mut self) {
        if let Err(why) = self.scheduler.shutdown().await {
            debug!(%why, "the clockwork did not stop in order");
        }
    }
}
