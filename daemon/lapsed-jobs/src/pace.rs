//! How much of a server's time goes into sweeps that nobody waits for.
//!
//! On a server whoever books a ticket shares processor and log with the sweep, and waits for neither lock nor row of it. What
//! they notice is how much of the time somebody erases at all. So scheduled sweeps take small batches, one at a time, and
//! behind each they rest for a multiple of what it took: where the platform is busy a batch takes longer, and the rest with
//! it. Daemons that serve one store share what there is. What somebody typed and waits for is not paced.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// The share of the time in which one of the daemons erases, and whose turn it is.
#[derive(Debug)]
pub struct Pace {
    percent: u8,
    daemons: AtomicU32,
    rests_until: Mutex<Instant>,
}

/// The right to erase a batch; nobody else of this daemon has it meanwhile.
#[derive(Debug)]
pub struct Turn<'p> {
    pace: &'p Pace,
    rests_until: MutexGuard<'p, Instant>,
}

impl Pace {
    /// Of a server's time.
    pub const SHARE: u8 = 10;

    /// So many per cent of the time, of 1 to 100.
    #[must_use]
    pub fn of(percent: u8) -> Self {
        Self {
            percent: percent.clamp(1, 100),
            daemons: AtomicU32::new(1),
            rests_until: Mutex::new(Instant::now()),
        }
    }

    /// A batch takes about so long: whatever meets it waits for no longer. A larger share takes larger batches too, since each costs a
    /// commit and a line of the journal.
    #[must_use]
    pub fn batch(&self) -> Duration {
        Duration::from_micros(800) * u32::from(self.percent)
    }

    /// And has so many people at least.
    #[must_use]
    pub fn fewest(&self) -> u32 {
        u32::from(self.percent.max(Self::SHARE))
    }

    /// So many daemons share it from now on.
    pub fn among(&self, daemons: u32) {
        self.daemons.store(daemons.max(1), Ordering::Relaxed);
    }

    /// Waits until nobody else of this daemon erases, and the rest behind the last batch is over; nothing where somebody asks to
    /// stop meanwhile.
    pub async fn turn(&self, stop: &CancellationToken) -> Option<Turn<'_>> {
        let waiting = async {
            let rests_until = self.rests_until.lock().await;
            sleep_until(*rests_until).await;
            Turn {
                pace: self,
                rests_until,
            }
        };
        stop.run_until_cancelled(waiting).await
    }

    /// How long nobody erases behind a batch that took so long.
    fn rest_behind(&self, took: Duration) -> Duration {
        let (percent, daemons) = (u32::from(self.percent), self.daemons.load(Ordering::Relaxed));
        (took * 100 * daemons / percent).saturating_sub(took)
    }
}

impl Turn<'_> {
    /// Ends it behind a batch that took so long.
    pub fn ends(mut self, took: Duration) {
        *self.rests_until = Instant::now() + self.pace.rest_behind(took);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_time_is_nine_times_as_much_rest() {
        let pace = Pace::of(10);
        assert_eq!(
            pace.rest_behind(Duration::from_millis(20)),
            Duration::from_millis(180)
        );
        pace.among(3);
        assert_eq!(
            pace.rest_behind(Duration::from_millis(20)),
            Duration::from_millis(580)
        );
    }

    #[test]
    fn all_of_the_time_is_no_rest() {
        assert_eq!(Pace::of(100).rest_behind(Duration::from_secs(1)), Duration::ZERO);
    }

    #[tokio::test]
    async fn whoever_comes_next_waits_for_the_rest_behind_the_batch_before() {
        let (pace, stop) = (Pace::of(10), CancellationToken::new());
        let turn = pace.turn(&stop).await.expect("nobody stops");
        let began = Instant::now();
        turn.ends(Duration::from_millis(10));
        pace.turn(&stop).await.expect("nobody stops");
        assert!(
            began.elapsed() >= Duration::from_millis(90),
            "{:?}",
            began.elapsed()
        );
    }

    #[tokio::test]
    async fn whoever_is_asked_to_stop_waits_no_longer() {
        let (pace, stop) = (Pace::of(1), CancellationToken::new());
        pace.turn(&stop)
            .await
            .expect("nobody stops")
            .ends(Duration::from_secs(3_600));
        stop.cancel();
        assert!(pace.turn(&stop).await.is_none());
    }
}
