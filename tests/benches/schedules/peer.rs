//! The other side: tokio-cron-scheduler, with its store in memory, as its documentation says.

use std::sync::Arc;

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use lapsed_model::{Clock as _, SystemClock};
use tokio_cron_scheduler::{Job, JobScheduler};

use crate::ours::Noted;

/// Every day at the second of `slot`: six fields, in UTC.
pub(crate) fn daily(slot: DateTime<Utc>) -> String {
    format!("{} {} {} * * *", slot.second(), slot.minute(), slot.hour())
}

/// Once a year, half a year from now.
pub(crate) fn in_half_a_year() -> String {
    let then = SystemClock.now() + TimeDelta::days(182);
    format!(
        "0 {} {} {} {} *",
        then.minute(),
        then.hour(),
        then.day().min(28),
        then.month()
    )
}

/// A scheduler with `many` jobs at the times of `cron`, each of which notes when it begins.
pub(crate) async fn start(many: usize, cron: &str, noted: &Arc<Noted>) -> JobScheduler {
    let scheduler = JobScheduler::new().await.expect("a scheduler");
    for number in 0..many {
        let noted = Arc::clone(noted);
        let job = Job::new_async(cron, move |_, _| {
            let noted = Arc::clone(&noted);
            Box::pin(async move { noted.begins(number) })
        });
        scheduler
            .add(job.expect("cron text"))
            .await
            .expect("a job that is added");
    }
    scheduler.start().await.expect("a scheduler that starts");
    scheduler
}
