//! The daemon is killed: at random moments, and between every two steps that matter.
//!
//! Every round the platform gets people who lapsed and a schedule comes round; the real daemon starts, and dies. After
//! each death the store must be one that somebody could look at: nobody half anonymised, nobody without an entry in the
//! ledger. In the end every slot became one run or was left out and counted, and everybody who lapsed is anonymised.
//!
//! `LAPSED_KILLS=3000 tests/run crashes` kills more often.

#[path = "crashes/daemon.rs"]
mod daemon;
#[path = "crashes/disk.rs"]
mod disk;
#[path = "crashes/house.rs"]
mod house;
#[path = "crashes/kills.rs"]
mod kills;
#[path = "command/program.rs"]
#[expect(dead_code, reason = "the suites of the command line use more of it")]
mod program;
