//! Files that people edit: spanned TOML in, values or findings out.
//!
//! Tenants run theatres and salons; they are not programmers. A mistake in a file must therefore be answered in
//! their words, at the right letter, with the next step, and together with every other mistake of the file. A
//! derived parser cannot do that: it stops at the first problem and speaks of structs. So this crate walks the
//! document by hand.
//!
//! How it moves: the bytes of a file become a [`File`]; [`read`] turns its text into a tree of [`Value`]s with
//! the place of each, mending what is broken in form so that the rest can still be judged ([`Finding`]s say what
//! was mended); then the tree is compared with a [`Shape`], the one description of what may stand in the file.
//! The same shape gives the [`schema()`] for editors. What remains in the tree after that is well formed, and the
//! getters of [`Table`] simply take it out.

mod check;
mod duplicates;
mod file;
mod finding;
mod forms;
mod habits;
mod near;
mod render;
mod repair;
mod scan;
mod schema;
mod shape;
mod syntax;
mod unknown;
mod value;
mod wrong;

pub use check::read;
pub use file::{File, Unreadable};
pub use finding::{Finding, Reported, Severity, clipped, limited};
pub use forms::{COUNT_OF_PEOPLE, DATE, PERCENT, PERIOD, parse_count_of_people, parse_date, parse_percent};
pub use near::{nearest, plain_name};
pub use render::{render, reported};
pub use schema::schema;
pub use shape::{Complaint, Form, Key, Kind, Shape};
pub use value::{Entry, Spanned, Table, Value};
