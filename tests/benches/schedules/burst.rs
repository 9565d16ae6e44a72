//! Many slots that are due in one second.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use lapsed_model::{Clock as _, SystemClock};

use crate::ours::{Noted, Ours};
use crate::peer;

/// How long everything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers how many were lost, how many ran twice, and the lateness of those that ran, in ms.
pub(crate) async fn measure(side: &str, many: usize) -> Option<Vec<String>> {
    let (slot, noted) = (next_minute(), Arc::new(Noted::default()));
    let _running: Box<dyn std::any::Any> = match side {
        "lapsed" => Box::new(Ours::burst(many, slot, &noted).await),
        _ => Box::new(peer::start(many, &peer::daily(slot), &noted).await),
    };
    assert!(
        SystemClock.now() < slot,
        "so many schedules are not there within a minute"
    );
    let until_slot = (slot - SystemClock.now()).to_std().unwrap_or_default();
    tokio::time::sleep(until_slot + PATIENCE).await;
    let (mut began, ran) = noted.began();
    began.retain(|at| *at >= slot - TimeDelta::seconds(1));
    let mut late: Vec<i64> = began
        .iter()
        .map(|at| (*at - slot).num_milliseconds().max(0))
        .collect();
    late.sort_unstable();
    let part = |percent: usize| {
        late.get(late.len().saturating_sub(1) * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    let (lost, doubled) = (many - ran, began.len() - ran);
    let figures = [
        lost.to_string(),
        doubled.to_string(),
        part(50).to_string(),
        part(99).to_string(),
    ];
    Some(figures.to_vec())
}

/// A whole minute that leaves time to prepare.
fn next_minute() -> DateTime<Utc> {
    let soonest = SystemClock.now() + TimeDelta::seconds(25);
    let minute = soonest
        .duration_trunc(TimeDelta::minutes(1))
        .expect("minutes divide");
    minute + TimeDelta::minutes(1)
}
