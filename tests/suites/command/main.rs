//! The program as people type it: the real binary, its exit codes, its words and its JSON.

mod anonymise;
mod approve;
mod check;
mod concept;
mod copy;
mod demo;
mod explain;
mod exports;
mod hold;
mod install;
mod kills;
mod ledger;
mod plan;
mod program;
mod request;
mod server;
