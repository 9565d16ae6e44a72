//! Places where a debug build can be made to die, so that tests can kill the daemon between any two steps that
//! matter. A release build has none of it.
//!
//! `LAPSED_FAULT=batch-intended:3` ends the process at the third passing of `batch-intended`, as `kill -9` would:
//! nothing is unwound, flushed or told to anybody. `LAPSED_FAULT=planned:1:panic` panics there instead, and
//! `LAPSED_FAULT=planned:1:stop` has the process stand still there until it gets SIGCONT, like a machine that sleeps.

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
            match fault.then {
                Then::End => std::process::abort(),
                Then::Panic => panic!("asked to panic at `{name}`"),
                Then::StandStill => stand_still(),
            }
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}

#[cfg(debug_assertions)]
struct Fault {
    place: String,
    passing: u64,
    then: Then,
}

#[cfg(debug_assertions)]
enum Then {
    End,
    Panic,
    StandStill,
}

/// By way of a shell: signals are not the standard library's.
#[cfg(debug_assertions)]
fn stand_still() {
    let told = std::process::Command::new("sh")
        .args(["-c", "kill -STOP $PPID"])
        .status();
    assert!(
        told.is_ok_and(|told| told.success()),
        "asked to stand still, and cannot"
    );
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
                then: match words.next() {
                    Some("panic") => Then::Panic,
                    Some("stop") => Then::StandStill,
                    _ => Then::End,
                },
            })
        })
        .as_ref()
}
