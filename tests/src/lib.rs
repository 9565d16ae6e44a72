//! The harness: a world for a test to happen in.
//!
//! A test is a short story: a world, one act, what became of it. A [`World`] is a real store in a folder of its
//! own, with a dataset that fits it, a tenant's policy read from TOML as in real life, a clock that stands still
//! until it is moved, and a key ring. The [`Platform`] beside it is the software that sells the tickets: it writes to
//! the same store on a connection of its own, whenever it likes. A [`Customer`] is told as a story and becomes rows
//! of the reference schema; a [`Picture`] is the whole store at one moment, to be held against another.
//!
//! Only [`Platform`] and the templates know which database it is, so that a second one needs no second suite.

mod customer;
mod demo;
mod picture;
mod platform;
mod setting;
mod template;
mod time;
mod witness;
mod world;

pub use customer::Customer;
pub use demo::demo_inputs;
pub use picture::Picture;
pub use platform::{Platform, Record};
pub use setting::Setting;
pub use time::{instant, milliseconds};
pub use witness::Forgetful;
pub use world::World;
