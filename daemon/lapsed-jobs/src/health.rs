//! Whether the daemon does what it is there for, in one place that everybody may write to and ask.
//!
//! A part of the daemon that cannot do its work says so with a sentence, and takes it back when it can again. The
//! health page, the service manager's status line and the watchdog read the same values, so that they cannot
//! contradict each other. That the dispatcher is stuck nobody can say but its silence: it gives a [`Health::beat`]
//! whenever it did some work or found that there is none.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// How long the dispatcher may be silent: it looks twice a second, and a platform that keeps the store locked makes it wait.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// A part of the daemon that can fail while the others go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// The program as a whole: it is starting, it is stopping.
    Daemon,
    /// The database: out of reach, full, read-only.
    Store,
    /// The loop that hands out runs.
    Dispatcher,
    /// The folders of the erasure journal.
    Journal,
    /// The folder of the tenants' files.
    Policies,
}

/// Whether the daemon does what it is there for. Clones share what they know.
#[derive(Clone)]
pub struct Health(Arc<Mutex<Known>>);

struct Known {
    wrong: BTreeMap<Component, String>,
    beat: Instant,
}

/// What is wrong at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether nothing is.
    pub healthy: bool,
    /// What is, by component.
    pub wrong: BTreeMap<Component, String>,
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Health {
    /// A daemon that is starting: healthy as soon as [`Component::Daemon`] is set to be.
    #[must_use]
    pub fn new() -> Self {
        let starting = (Component::Daemon, "the daemon is starting".to_owned());
        Self(Arc::new(Mutex::new(Known {
            wrong: BTreeMap::from([starting]),
            beat: Instant::now(),
        })))
    }

    /// How a component is. Answers whether that is news, so that it is logged once and not every time.
    pub fn set(&self, component: Component, how: Result<(), String>) -> bool {
        let mut known = self.known();
        match how {
            Ok(()) => known.wrong.remove(&component).is_some(),
            Err(why) => known.wrong.insert(component, why.clone()) != Some(why),
        }
    }

    /// The dispatcher did some work, or found that there is none.
    pub fn beat(&self) {
        self.known().beat = Instant::now();
    }

    /// For how long the dispatcher has been silent.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.known().beat.elapsed()
    }

    /// What is wrong now.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report_after(self.silence())
    }

    fn report_after(&self, silence: Duration) -> Report {
        let mut wrong = self.known().wrong.clone();
        if silence > STUCK_AFTER && !wrong.contains_key(&Component::Daemon) {
            let seconds = silence.as_secs();
            wrong
                .entry(Component::Dispatcher)
                .or_insert_with(|| format!("the dispatcher gave no sign of life for {seconds} seconds"));
        }
        Report {
            healthy: wrong.is_empty(),
            wrong,
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_is_healthy_when_it_has_started_and_nothing_is_wrong() {
        let health = Health::new();
        assert!(!health.report().healthy);
        assert!(health.set(Component::Daemon, Ok(())));
        assert!(health.report().healthy);
    }

    #[test]
    fn what_is_wrong_is_news_once_and_is_taken_back() {
        let health = Health::new();
        health.set(Component::Daemon, Ok(()));
        let full = || Err("the disk of the store is full".to_owned());
        assert!(health.set(Component::Store, full()));
        assert!(!health.set(Component::Store, full()));
        assert_eq!(
            health.report().wrong[&Component::Store],
            "the disk of the store is full"
        );
        assert!(health.set(Component::Store, Ok(())));
        assert!(health.report().healthy);
    }

    #[test]
    fn a_silent_dispatcher_is_stuck() {
        let health = Health::new();
        health.set(Component::Daemon, Ok(()));
        assert!(health.report_after(STUCK_AFTER).healthy);
        let report = health.report_after(STUCK_AFTER + Duration::from_secs(1));
        assert!(report.wrong[&Component::Dispatcher].contains("61 seconds"));
    }
}
