//! Exports: what comes out of the store about people, and into whose hands.

#[path = "exports/filled.rs"]
mod filled;
#[path = "exports/pages.rs"]
mod pages;
#[path = "exports/statements.rs"]
mod statements;
