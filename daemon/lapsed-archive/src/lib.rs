//! What leaves the house as files: CSV, and ZIP that is made while it is sent.
//!
//! An export (X-1 to X-4) is rows of people's data on their way to somebody outside. This crate knows the formats, and
//! neither store nor dataset nor policy: whoever calls it has the rows and the words.
//!
//! How it moves: rows are written by a [`Format`] into a buffer; buffers go into an [`Archive`], which has them
//! compressed on a thread of its own and writes what comes out of it wherever it was told to. Nothing is kept: between
//! the two are bounded channels, so that a million rows take as much memory as ten thousand, and whoever reads slowly
//! slows down whoever writes.
//!
//! ```text
//! Format::record ─► Vec<u8> ─► Archive::rows ═bounded═► packer (deflate, AES, hashes)
//!                                  │                        ║
//!                 out: AsyncWrite ◄┘◄════════bounded════════╝
//! ```
//!
//! What can go wrong: the one who takes the archive takes no more (its disk is full, its connection gone), or the one
//! who makes it stops. Either ends the thread, and what was sent until then has no directory at its end, so that no
//! program takes it for an archive. [`Archive::finish`] is the only way to a whole one.

mod archive;
mod csv;
mod error;
mod manifest;
mod name;
mod options;
mod pack;
mod readme;
mod sink;

pub use archive::{Archive, Done};
pub use csv::{Cell, Format, Profile, Separator};
pub use error::ArchiveError;
pub use manifest::{About, FileEntry, Subject};
pub use options::{BadPassword, Level, Options, Password};
pub use readme::{Readme, ReadmeColumn, ReadmeFile};
