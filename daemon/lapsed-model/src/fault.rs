//! Places where a debug build can be made to die, so that tests can kill the daemon between any two steps that
//! matter. A release build has none of it.
//!
//! `LAPSED_FAULT=after-intended:3` ends the process at the third passing of `after-intended`, as `kill -9` would:
//! nothing is unwound, flushed or told to anybody.

#[cfg(debug_assertions)]
use std::sync::OnceLock;
#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU64, Ordering};

/// The process ends here if this is the place and the passing that was asked for.
pub fn point(name: &str) {
    #[cfg(debug_assertions)]
    if let Some((asked, passing)) = asked_for()
        && asked == name
    {
        static PASSED: AtomicU64 = AtomicU64::new(0);
        if PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *passing {
            std::process::abort();
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}

#[cfg(debug_assertions)]
fn asked_for() -> Option<&'static (String, u64)> {
    static ASKED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    ASKED
        .get_or_init(|| {
            let asked = std::env::var("LAPSED_FAULT").ok()?;
            match asked.split_once(':') {
                Some((name, passing)) => Some((name.to_owned(), passing.parse().ok()?)),
                None => Some((asked, 1)),
            }
        })
        .as_ref()
}
