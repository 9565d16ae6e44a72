//! Why there is no archive.

use std::io;

/// Why an archive did not become whole. What was sent of it has no directory and opens nowhere.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Whoever takes the archive takes no more; the kind says whether a disk is full or a connection gone.
    #[error("the archive could not be written where it goes: {0}")]
    Output(#[source] io::Error),
    /// A name that is none of ours, or that some system cannot store.
    #[error(
        "`{0}` cannot be a file in an archive: a name begins with a letter or digit, has letters, digits, `.`, `_` and \
         `-` of ASCII, and at most 100 of them"
    )]
    Name(String),
    /// Two files of one name, or of names that differ in case only, or one called like the manifest.
    #[error("the archive has a file `{0}` already: every file needs a name of its own")]
    Twice(String),
    /// A file that grew past what its form of ZIP can say.
    #[error("`{0}` grew past 4 GiB, which this archive was not made for: begin one for large files")]
    TooLarge(String),
    /// Rows without a file that they belong to.
    #[error("rows came before the file that they belong to: begin one first")]
    NoFile,
    /// A step was given up in its middle, or failed, and what was sent ends where nobody knows.
    #[error("an earlier step of this archive was not finished: begin the archive anew")]
    Interrupted,
    /// What makes the archive does not work as it should.
    #[error("the archive could not be packed: {0}")]
    Packing(#[source] io::Error),
}

impl ArchiveError {
    /// What the thread ran into that packs.
    pub(crate) fn packing(error: impl Into<io::Error>) -> Self {
        Self::Packing(error.into())
    }
}

/// What every step returns.
pub(crate) type Result<T> = std::result::Result<T, ArchiveError>;
