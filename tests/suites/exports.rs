//! Exports: what comes out of the store about people, and into whose hands.
//!
//! Archives are read by somebody else's programs, and held against what the platform's own connection sees in the store.

#[path = "exports/customer.rs"]
mod customer;
#[path = "exports/filled.rs"]
mod filled;
#[path = "exports/folder.rs"]
mod folder;
#[path = "exports/gone.rs"]
mod gone;
#[path = "exports/handed_out.rs"]
mod handed_out;
#[path = "exports/opened.rs"]
mod opened;
#[path = "exports/pages.rs"]
mod pages;
#[path = "exports/round_trip.rs"]
mod round_trip;
#[path = "exports/statements.rs"]
mod statements;
#[path = "exports/withdrawn.rs"]
mod withdrawn;
#[path = "exports/workgroup.rs"]
mod workgroup;
