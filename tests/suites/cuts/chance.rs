//! Moments by chance, which a seed brings back.

use std::time::Duration;

/// How many cuts and crashes there are in all.
pub(crate) fn cuts() -> usize {
    asked("LAPSED_CUTS").unwrap_or(60)
}

fn asked<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|asked| asked.parse().ok())
}

/// A source of moments; it prints its seed where something came of them.
pub(crate) struct Moments {
    seed: u64,
    state: u64,
}

impl Moments {
    /// The moments of a story, of which every one has its own.
    pub(crate) fn of(story: u64) -> Moments {
        let seed = asked("LAPSED_CUTS_SEED").unwrap_or(0x1a95_ed00);
        Moments {
            seed,
            state: seed ^ story.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// A number below `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % most
    }

    /// Lets some time pass, less than `most` milliseconds; answers how much.
    pub(crate) fn pass(&mut self, most: u64) -> Duration {
        let time = Duration::from_millis(self.below(most));
        std::thread::sleep(time);
        time
    }
}

impl Drop for Moments {
    #[expect(clippy::print_stderr, reason = "whoever looks for the mistake needs the seed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("LAPSED_CUTS_SEED={}", self.seed);
        }
    }
}
