//! Where a store is.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a store is, and by which database it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A file of SQLite's.
    File(PathBuf),
    /// A PostgreSQL server.
    Server(Server),
}

/// A database on a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// `postgres://user@host:port/database`, without a password; `sslmode` and `sslrootcert` as libpq knows them.
    pub url: String,
    /// The same without a pooler in between, for whatever needs a connection for longer; none where `url` has none either.
    pub direct: Option<String>,
    /// The role's password.
    pub password: Option<String>,
    /// Where the daemon's own tables live.
    pub schema: String,
}

impl Server {
    /// The schema that the daemon's tables live in where nobody says otherwise.
    pub const SCHEMA: &str = "lapsed";
}

impl fmt::Debug for Server {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url)
            .field("direct", &self.direct)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::File(path) => path.display().fmt(f),
            Address::Server(server) => f.write_str(&server.url),
        }
    }
}

impl From<&Address> for Address {
    fn from(address: &Address) -> Self {
        address.clone()
    }
}

impl From<&Path> for Address {
    fn from(path: &Path) -> Self {
        Address::File(path.to_owned())
    }
}

impl From<&PathBuf> for Address {
    fn from(path: &PathBuf) -> Self {
        Address::File(path.clone())
    }
}
