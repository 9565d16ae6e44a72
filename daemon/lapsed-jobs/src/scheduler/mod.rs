//! The scheduler: what turns slots into runs and runs into work.
//!
//! One loop, the [`Dispatcher`], does everything that has to happen in order. It moves schedules on, leases runs, hands
//! them to workers, and writes down how they ended, many at a time. Between two turns it sleeps until the next slot, a
//! poke, or an end; never longer than a moment, because other programs ask for runs too, and clocks are set.
//!
//! ```text
//!   schedules ──materialise──► runs ──claim──► leases ──► workers ──► ends ──finish──► store
//!       ▲                        ▲                                        │
//!   policies                 commands                              (grouped, fenced)
//! ```
//!
//! What can go wrong, and what then happens:
//!
//! - *The process is killed.* Leases belong to a start; the next start takes every run over, one attempt spent.
//! - *A run fails.* It is tried again, each time later; too often, and it is discarded and shown.
//! - *A worker panics.* Its run fails; the daemon goes on and says so when it ends.
//! - *The store is out of reach, read-only or full.* Runs are handed back unspent, nothing is claimed, and the loop
//!   looks again, less and less often, until the store takes writes.
//! - *A connection falls silent for ever.* The lease ends over it; then neither the loop nor a worker waits for it any longer.
//! - *It is told to stop.* Nothing more is claimed; what runs stops at its next whole step and is handed back.
//!
//! The daemon's own clockwork (looking after leases, pruning, gauges) is [`chores`]: fixed, in UTC, and such that a lost
//! or doubled tick does not matter.

mod ahead;
pub mod chores;
mod dispatcher;
mod slots;
mod tell;
mod trouble;
mod work;

pub use dispatcher::{Dispatcher, Ended, Settings};
pub use slots::move_on;
pub use work::{Stop, Unfinished, Work};
