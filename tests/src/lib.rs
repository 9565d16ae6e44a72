//! The harness: a world for a test to happen in.
//!
//! A test is a short story: a world, one act, what became of it. A [`World`] is a real store in a place of its
//! own, with a dataset that fits it, a tenant's policy read from TOML as in real life, a clock that stands still
//! until it is moved, and a key ring. The [`Platform`] beside it is the software that sells the tickets: it writes to
//! the same store on a connection of its own, whenever it likes. A [`Customer`] is told as a story and becomes rows
//! of the reference schema; a [`Picture`] is the whole store at one moment, to be held against another.
//!
//! No story says which database it is told on: `LAPSED_TEST_STORE` does. A [`Place`] is a file or a database on a
//! [`Server`] of this process's own; only it, the platform and the templates know the difference. A story that can be
//! true of one database only begins with [`only_on`].

mod customer;
mod database;
mod demo;
pub mod openers;
mod picture;
mod place;
mod platform;
mod pooler;
mod proxy;
mod server;
mod setting;
mod template;
mod time;
mod witness;
mod world;

pub use customer::Customer;
pub use database::{dialect, not_run, only_on, through_a_pooler};
pub use demo::{demo_inputs, demo_on_a_server, demo_script};
pub use picture::Picture;
pub use place::{Master, Place};
pub use platform::{Act, Locked, Platform, Record, Steps};
pub use pooler::Pooler;
pub use proxy::Proxy;
pub use server::{Database, Server};
pub use setting::Setting;
pub use time::{instant, milliseconds};
pub use witness::Forgetful;
pub use world::World;
