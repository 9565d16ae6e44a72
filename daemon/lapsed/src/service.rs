//! What the daemon tells the service manager, and nobody where there is none.
//!
//! A thin wrapper, so that the rest of the program says what it does and not how systemd spells it. A message that
//! cannot be delivered changes nothing for the daemon: it is logged, and systemd draws its own conclusions from the
//! silence.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

/// The daemon does its work from now on, or does it again after a reload.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The policies are read again; [`ready`] ends it. The moment is told too: systemd 253 and later insist on it.
pub(crate) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(why) => {
            tracing::debug!(%why, "the system has no monotonic clock");
            tell(&[NotifyState::Reloading]);
        }
    }
}

/// The daemon was told to stop and does.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// What `systemctl status` shows: what the daemon does now, in one line.
pub(crate) fn status(text: &str) {
    // A message is lines of assignments: a second line would be another one.
    let line = text.replace(['\n', '\r'], " ");
    tell(&[NotifyState::Status(&line)]);
}

/// Asks for so much more time, counted from now, before the service manager loses patience with a start or a stop.
pub(crate) fn extend_timeout(by: Duration) {
    let microseconds = u32::try_from(by.as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::ExtendTimeoutUsec(microseconds)]);
}

/// How often [`ping`] is expected: half of what the service manager waits; none where it does not watch.
pub(crate) fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|patience| patience / 2)
}

/// The daemon did some work just now, or found that there is none. Whoever calls this must know one of the two: a ping
/// from a bare timer would keep a daemon alive that does nothing any more.
pub(crate) fn ping() {
    tell(&[NotifyState::Watchdog]);
}

/// [`ping`], as often as it is expected and no oftener.
pub(crate) fn alive() {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let Some(interval) = watchdog_interval() else {
        return;
    };
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if last.is_none_or(|last| last.elapsed() >= interval / 2) {
        *last = Some(Instant::now());
        ping();
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(why) = sd_notify::notify(states) {
        tracing::warn!(%why, "the service manager could not be told how the daemon is");
    }
}
