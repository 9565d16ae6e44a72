//! What a store can refuse, in words that say what to do next.

use std::path::PathBuf;

use lapsed_model::{Unusual, Workgroup};
use sqlx::postgres::PgDatabaseError;

use crate::postgres::untrusted;

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
    /// Somebody else keeps locked, rows perhaps, what was waited for long enough.
    #[error("another transaction keeps locked what lapsed needs: try again when it is done")]
    Busy,
    /// The database said yes, and the people are as they were.
    #[error(
        "the database did not do what erasing says: {erased} of {meant} people were changed, and nothing of this was kept; \
         see whether a trigger or a rule of the people's table keeps rows from being changed"
    )]
    NotErased {
        /// How many people the batch was about.
        meant: u64,
        /// How many the database says it changed.
        erased: u64,
    },
    /// A program that was silent for so long that another may do its work by now.
    #[error(
        "this program was silent for longer than its lease lasts, and others may do its work by now: run the command again"
    )]
    Silent,
    /// No room left on the disk.
    #[error("the disk of the store is full: make room, then run the command again (nothing was lost)")]
    Full,
    /// The disk refuses to read or write, for whatever reason of its own.
    #[error("the disk of the store does not do what it is told ({0}): look at the system's log")]
    Disk(String),
    /// The address cannot be read.
    #[error(
        "the store's address cannot be read ({0}): write `postgres://role@host/database` under `[store] url`"
    )]
    BadAddress(String),
    /// The server, or the way to it, is not there.
    #[error(
        "the database server is out of reach ({0}): see whether it runs, and whether `[store] url` leads to it"
    )]
    Unreachable(String),
    /// Nobody listens where the address leads.
    #[error(
        "the database server is out of reach (nobody listens at {place}, where `{named}` leads): see whether it runs, and listens there"
    )]
    NobodyThere {
        /// Host and port, or the socket.
        place: String,
        /// The setting that says so.
        named: &'static str,
    },
    /// The server wants a password, and there is none.
    #[error(
        "the database server does not let lapsed in ({0}): the credential `store-password` was not found; put the role's password into a \
         file of that name where `[credentials]` says, readable by nobody else"
    )]
    NoPassword(String),
    /// What was prepared on one connection was looked for on another.
    #[error(
        "`[store] url` leads through a pooler, which hands every transaction another connection: name the server itself under `direct_url`"
    )]
    Pooled,
    /// The server does not let this role in, or has no such database.
    #[error(
        "the database server does not let lapsed in ({0}): see the role, its password and the name of the database"
    )]
    NotLetIn(String),
    /// The role may not do something.
    #[error(
        "the role of the store lacks a right ({0}): `role.sql`, which `lapsed init` writes, says which ones it needs"
    )]
    NoRight(String),
    /// The server is older than what is served.
    #[error("the server is PostgreSQL {found}, and lapsed needs {oldest} or later")]
    OldServer {
        /// The server's version.
        found: i64,
        /// The oldest that will do.
        oldest: i64,
    },
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
    /// Another daemon works by another dataset.
    #[error(
        "`{node}` serves the store by another dataset: give every machine the same one, then start again (this one does nothing until then)"
    )]
    OtherDataset {
        /// The machine of the other one.
        node: String,
    },
    /// Records are copied into a store that has none.
    #[error(
        "the store has records of its own already ({0}), and the old ones are not mixed with them: begin with an empty schema"
    )]
    HasRecords(String),
    /// Nobody may serve a store while records are copied into it.
    #[error("a daemon on `{node}` serves the store: stop it first")]
    ServedBy {
        /// Its machine.
        node: String,
    },
    /// What was copied reads differently.
    #[error("the copy of `{0}` reads differently from the original: nothing was copied")]
    NotTheSame(&'static str),
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
                | StoreError::HasRecords(_)
                | StoreError::ServedBy { .. }
                | StoreError::NotTheSame(_)
                | StoreError::OtherDataset { .. }
        )
    }

    /// Sorts what the database said while `doing` something.
    pub(crate) fn of(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
        move |source| {
            let known = match &source {
                // Also what a connection says that is cut while it is made.
                sqlx::Error::Protocol(why) => Some(StoreError::Unreachable(why.clone())),
                sqlx::Error::Database(refusal) => match refusal.code() {
                    Some(code) if refusal.try_downcast_ref::<PgDatabaseError>().is_some() => {
                        of_postgres(&code, refusal.message())
                    }
                    Some(code) => of_sqlite(&code, &source),
                    None => None,
                },
                sqlx::Error::Io(why) => Some(StoreError::Unreachable(why.to_string())),
                sqlx::Error::Tls(why) => Some(StoreError::Unreachable(untrusted(&why.to_string()))),
                sqlx::Error::PoolTimedOut => Some(StoreError::Unreachable("it does not answer".to_owned())),
                _ => None,
            };
            known.unwrap_or(StoreError::Database { doing, source })
        }
    }
}

/// What SQLite says by number; the primary result code is the low byte of the extended one.
fn of_sqlite(code: &str, source: &sqlx::Error) -> Option<StoreError> {
    match code.parse::<u32>().ok()? & 0xff {
        5 | 6 => Some(StoreError::Locked),
        // A folder that takes no log beside the file shows as one that cannot be opened.
        8 | 14 => Some(StoreError::ReadOnly),
        10 => Some(StoreError::Disk(source.to_string())),
        11 => Some(StoreError::Damaged),
        13 => Some(StoreError::Full),
        _ => None,
    }
}

/// What PostgreSQL says by SQLSTATE (appendix A of its manual).
fn of_postgres(code: &str, message: &str) -> Option<StoreError> {
    match code {
        // A lock that was waited for too long, a deadlock that it was chosen to end, a serialization failure.
        "55P03" | "40P01" | "40001" => Some(StoreError::Busy),
        "53100" => Some(StoreError::Full),
        "58030" => Some(StoreError::Disk(message.to_owned())),
        "25006" => Some(StoreError::ReadOnly),
        // A statement's name that is taken already, or not known.
        "42P05" | "26000" => Some(StoreError::Pooled),
        "42501" => Some(StoreError::NoRight(message.to_owned())),
        "28000" | "28P01" | "3D000" => Some(StoreError::NotLetIn(message.to_owned())),
        // Connections that the server ended or does not take, the one that was idle too long among them.
        "53300" | "57P01" | "57P02" | "57P03" | "25P03" => Some(StoreError::Unreachable(message.to_owned())),
        code if code.starts_with("08") => Some(StoreError::Unreachable(message.to_owned())),
        _ => None,
    }
}

/// Why a plan waits, in one sentence.
fn reasons(because: &[Unusual]) -> String {
    let reasons: Vec<String> = because.iter().map(ToString::to_string).collect();
    reasons.join("; ")
}

/// What every verb returns.
pub(crate) type Result<T, E = StoreError> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_cut_while_it_is_made_is_no_refusal() {
        let cut = sqlx::Error::Protocol("unexpected response from SSLRequest: 0x00".to_owned());
        let why = StoreError::of("read a run's plan")(cut);
        assert!(matches!(why, StoreError::Unreachable(_)), "{why}");
    }
}
