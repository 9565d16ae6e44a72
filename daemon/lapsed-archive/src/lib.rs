//! x
mod csv;
pub use csv::{Cell, Format, Profile, Separator};
