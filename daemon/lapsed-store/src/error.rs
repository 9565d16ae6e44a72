//! What a store can refuse, in words that say what to do next.

use std::path::PathBuf;

use lapsed_model::{Unusual, Workgroup};

/// Why the store could not do what a verb asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such file.
    #[error("there is no store at {}: `lapsed migrate` creates one there", .0.display())]
    Missing(PathBuf),
    /// The file is not a SQLite database.
    #[error("{} is not a SQLite database: check `[store] url`", .0.display())]
    NotADatabase(PathBuf),
    /// The file was one once, and pages of it are missing or make no sense.
    #[error("the database file is damaged: restore it from a backup, then run the command again")]
    Damaged,
    /// Nothing may be written to it.
    #[error("the store is read-only: lapsed needs to write to the database file and to its folder")]
    ReadOnly,
    /// Somebody else holds the write lock.
    #[error("another program keeps the store locked: try again when it is done with its transaction")]
    Locked,
    /// No room left on the disk.
    #[error("the disk of the store is full: make room, then run the command again (nothing was lost)")]
    Full,
    /// The disk refuses to read or write, for whatever reason of its own.
    #[error("the disk of the store does not do what it is told ({0}): look at the system's log")]
    Disk(String),
    /// Its tables come from a version that this one does not know.
    #[error(
        "the store was migrated by a newer lapsed (its schema is {found}, this program knows up to {known}): install that version"
    )]
    Newer {
        /// The store's schema.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// Its tables are missing or older.
    #[error("the store has not been migrated to this version: run `lapsed migrate`")]
    NotMigrated,
    /// A table of the daemon's name that the daemon did not make.
    #[error(
        "the store has a table `{0}` that lapsed did not create: names that begin with `lapsed_` are the daemon's"
    )]
    Foreign(String),
    /// The reference schema is meant for an empty store.
    #[error(
        "the store already has tables of its own ({0}): the reference schema is created in an empty store only"
    )]
    NotEmpty(String),
    /// The ring holds a key of this name with another secret.
    #[error("key `{0}` is not the one that this store was served with before: put the right key ring back")]
    WrongKey(String),
    /// A key that made entries is gone from the ring.
    #[error("key `{0}` is missing from the key ring: put it back, old entries cannot be read without it")]
    MissingKey(String),
    /// No plan of this id.
    #[error("there is no plan `{0}`: `lapsed plan TENANT/WORKGROUP --save` makes one")]
    NoPlan(String),
    /// No hold of this id.
    #[error("there is no hold `{0}`: `lapsed hold list --all` shows every one")]
    NoHold(String),
    /// No request of this id.
    #[error("there is no request `{0}`: `lapsed request list` shows them")]
    NoRequest(String),
    /// Somebody else has the run now, or nobody: whoever believed to hold it stops.
    #[error("run {0} is somebody else's now: its lease was lost, and nothing was written")]
    LeaseLost(i64),
    /// nobody approved the plan as yet.
    #[error(
        "plan {0} of {1} waits for an approval, because {because}: `lapsed approve {0} --by WHO --reason TEXT` lets it go",
        because = reasons(.2)
    )]
    Waits(String, Workgroup, Vec<Unusual>),
    /// another plan was made while this one waited.
    #[error("plan {0} was replaced by plan {1} while it waited for an approval: look at that one")]
    Replaced(String, String),
    /// Another policy is in force by now.
    #[error("plan {0} was made under another policy than the one that is in force by now for {1}")]
    OtherPolicy(String, Workgroup),
    /// The stop button was pressed.
    #[error("{0} is paused ({1}): `lapsed resume` lets it go on")]
    Paused(String, String),
    /// What is told of every batch before it is committed was not there to listen.
    #[error("{0}")]
    NotWitnessed(crate::Refused),
    /// A row that no version of lapsed writes.
    #[error("row {row} of `{table}` is damaged: its `{column}` is {found}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
        /// The column.
        column: &'static str,
        /// What stands there.
        found: String,
    },
    /// Whatever else the database says.
    #[error("the database refused to {doing}: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Whether the store is out of reach, as opposed to refusing what was asked.
    #[must_use]
    pub fn is_out_of_reach(&self) -> bool {
        !matches!(
            self,
            StoreError::NoPlan(_)
                | StoreError::NoHold(_)
                | StoreError::NoRequest(_)
                | StoreError::LeaseLost(_)
                | StoreError::Paused(..)
                | StoreError::OtherPolicy(..)
                | StoreError::Waits(..)
                | StoreError::Replaced(..)
                | StoreError::WrongKey(_)
                | StoreError::MissingKey(_)
                | StoreError::NotEmpty(_)
        )
    }

    /// Sorts what the database said while `doing` something.
    pub(crate) fn of(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
        move |source| {
            let code = match &source {
                sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<u32>().ok()),
                _ => None,
            };
            // SQLite's primary result code is the low byte of the extended one.
            match code.map(|code| code & 0xff) {
                Some(5 | 6) => StoreError::Locked,
                // A folder that takes no log beside the file shows as one that cannot be opened.
                Some(8 | 14) => StoreError::ReadOnly,
                Some(10) => StoreError::Disk(source.to_string()),
                Some(11) => StoreError::Damaged,
                Some(13) => StoreError::Full,
                _ => StoreError::Database { doing, source },
            }
        }
    }
}

/// Why a plan waits, in one sentence.
fn reasons(because: &[Unusual]) -> String {
    let reasons: Vec<String> = because.iter().map(ToString::to_string).collect();
    reasons.join("; ")
}

/// What every verb returns.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;
