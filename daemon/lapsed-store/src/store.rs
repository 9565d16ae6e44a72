//! The store: opening it, and the two kinds of transaction.

use std::time::Duration;

use lapsed_model::{Dialect, Statement};

use crate::address::Address;
use crate::error::Result;
use crate::row::{Record, Row};
use crate::session::{Beside, Session};
use crate::{postgres, sqlite};

/// A store, kept by whichever database.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) kept: Kept,
}

/// By which database, and the connections to it.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    Sqlite(sqlite::Pools),
    Postgres(postgres::Pool),
}

/// How long a transaction waits for another program's before it gives up.
const PATIENCE: Duration = Duration::from_secs(10);

impl Store {
    /// Opens the store at `address`, whatever state its tables are in.
    pub async fn open(address: impl Into<Address>) -> Result<Store> {
        Self::open_patiently(address, PATIENCE).await
    }

    /// The same, and gives up after `patience` where another program holds a lock that is wanted.
    pub async fn open_patiently(address: impl Into<Address>, patience: Duration) -> Result<Store> {
        let kept = match address.into() {
            Address::File(path) => Kept::Sqlite(sqlite::Pools::open(&path, false, patience).await?),
            Address::Server(server) => Kept::Postgres(postgres::Pool::open(&server, patience).await?),
        };
        Ok(Store { kept })
    }

    /// Opens the store at `address` and makes an empty one where there is none; a database on a server is its
    /// administrator's to make.
    pub async fn create(address: impl Into<Address>) -> Result<Store> {
        match address.into() {
            Address::File(path) => {
                let pools = sqlite::Pools::open(&path, true, PATIENCE).await?;
                Ok(Store {
                    kept: Kept::Sqlite(pools),
                })
            }
            server => Self::open(server).await,
        }
    }

    /// By which database it is kept.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &self.kept {
            Kept::Sqlite(_) => Dialect::Sqlite,
            Kept::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Closes every connection; what was committed is on the disk already.
    pub async fn close(&self) {
        match &self.kept {
            Kept::Sqlite(pools) => pools.close().await,
            Kept::Postgres(pool) => pool.close().await,
        }
    }

    /// Where hints arrive that there is something to do; none on SQLite.
    pub async fn wakes(&self) -> Result<Option<postgres::Wakes>> {
        match &self.kept {
            Kept::Sqlite(_) => Ok(None),
            Kept::Postgres(pool) => pool.listen().await.map(Some),
        }
    }

    /// The rows that a statement of the dataset returns. It runs in a transaction that cannot write.
    pub async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        let rows = self.read("read").await?.rows_of(statement).await?;
        Ok(rows.into_iter().map(|record: Record| record.values).collect())
    }

    /// A transaction that may write, beside whom it can bear.
    pub(crate) async fn write(&self, doing: &'static str, beside: Beside<'_>) -> Result<Session> {
        match &self.kept {
            Kept::Sqlite(pools) => pools.write(doing).await,
            Kept::Postgres(pool) => {
                let mut session = pool.write(doing).await?;
                session.beside(beside).await?;
                Ok(session)
            }
        }
    }

    /// A transaction that only reads, and sees the store as it was when it began.
    pub(crate) async fn read(&self, doing: &'static str) -> Result<Session> {
        match &self.kept {
            Kept::Sqlite(pools) => pools.read(doing).await,
            Kept::Postgres(pool) => pool.read(doing).await,
        }
    }
}
