//! The program as people type it: the real binary, its exit codes, its words and its JSON.

mod anonymise;
mod check;
mod demo;
mod explain;
mod install;
mod kills;
mod ledger;
mod plan;
mod program;
