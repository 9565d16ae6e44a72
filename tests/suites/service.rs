//! The daemon as its operator sees it from outside: metrics, health, log, and `lapsed status` (O-5).
//!
//! Every test runs the real program on a demo of its own, with pages at a port that the system chooses.

#[path = "command/program.rs"]
#[expect(dead_code, reason = "the suite of the commands needs more of it")]
mod program;

#[path = "service/daemon.rs"]
mod daemon;
#[path = "service/exports.rs"]
mod exports;
#[path = "service/life.rs"]
mod life;
#[path = "service/pages.rs"]
mod pages;
#[path = "service/silence.rs"]
mod silence;
#[path = "service/status.rs"]
mod status;
