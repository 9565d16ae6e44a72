//! How far to lease ahead.

use std::time::Duration;

/// How many runs are leased ahead of the workers: as many as they finish in a tenth of a second, so that quick runs
/// share their transactions and slow ones stay with the store.
pub(super) struct Ahead {
    workers: usize,
    typical: Duration,
}

impl Ahead {
    const MOST: usize = 512;
    const STRETCH: Duration = Duration::from_millis(100);

    /// As many as there are workers, until more is known.
    pub(super) fn new(workers: usize) -> Self {
        Self {
            workers,
            typical: Self::STRETCH,
        }
    }

    /// A run took so long.
    pub(super) fn learn(&mut self, took: Duration) {
        self.typical = (self.typical * 7 + took) / 8;
    }

    /// How many leases to hold.
    pub(super) fn many(&self) -> usize {
        let each = Self::STRETCH.as_micros() / self.typical.as_micros().max(1);
        let many = self
            .workers
            .saturating_mul(usize::try_from(each).unwrap_or(Self::MOST));
        many.clamp(self.workers, Self::MOST.max(self.workers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_runs_are_leased_ahead_and_slow_ones_are_not() {
        let mut ahead = Ahead::new(4);
        assert_eq!(ahead.many(), 4);
        for _ in 0..100 {
            ahead.learn(Duration::from_micros(50));
        }
        assert_eq!(ahead.many(), Ahead::MOST);
        for _ in 0..10 {
            ahead.learn(Duration::from_secs(10));
        }
        assert_eq!(ahead.many(), 4);
    }
}
