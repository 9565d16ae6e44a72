//! Places where a debug build can be made to die, so that tests can kill the daemon between any two steps that
//! matter. A release build has none of it.
//!
//! `LAPSED_FAULT=batch-intended:3` ends the process at the third passing of `batch-intended`, as `kill -9` would:
//! nothing is unwound, flushed or told to anybody. `LAPSED_FAULT=planned:1:panic` panics there instead.

#[cfg(debug_assertions)]
use std::sync::OnceLock;
#[cfg(debug_assertions)]
use std::sync::atomic::{AtomicU64, Ordering};

/// The process ends here if this is the place and the passing that was asked for.
pub fn point(name: &str) {
    #[cfg(debug_assertions)]
    if let Some(fault) = asked_for()
        && fault.place == name
    {
        static PASSED: AtomicU64 = AtomicU64::new(0);
        if PASSED.fetch_add(1, Ordering::SeqCst) + 1 == fault.passing {
            assert!(!fault.panics, "asked to panic at `{name}`");
            std::process::abort();
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}

#[cfg(debug_assertions)]
struct Fault {
    place: String,
    passing: u64,
    panics: bool,
}

#[cfg(debug_assertions)]
fn asked_for() -> Option<&'static Fault> {
    static ASKED: OnceLock<Option<Fault>> = OnceLock::new();
    ASKED
        .get_or_init(|| {
            let asked = std::env::var("LAPSED_FAULT").ok()?;
            let mut words = asked.split(':');
            Some(Fault {
                place: words.next()?.to_owned(),
                passing: words.next().map_or(Some(1), |passing| passing.parse().ok())?,
                panics: words.next() == Some("panic"),
            })
        })
        .as_ref()
}
