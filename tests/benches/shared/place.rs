//! Where a bench's store is: a file, or a database on its server.

use std::path::{Path, PathBuf};

use lapsed_store::{Address, Server};

/// A store, and the folder of its journal.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The store.
    pub(crate) address: Address,
    /// Where it is noted who was erased.
    pub(crate) journal: PathBuf,
}

impl Place {
    /// A file of SQLite's, with the journal beside it.
    pub(crate) fn file(path: &Path) -> Self {
        Self {
            address: Address::File(path.to_owned()),
            journal: path.with_extension("journal"),
        }
    }

    /// A database on a server, with the journal in a folder of ours.
    pub(crate) fn database(url: String, journal: PathBuf) -> Self {
        let server = Server {
            url,
            direct: None,
            password: None,
            schema: Server::SCHEMA.to_owned(),
        };
        Self {
            address: Address::Server(server),
            journal,
        }
    }

    /// As two words for another process.
    pub(crate) fn words(&self) -> [String; 2] {
        [self.address.to_string(), self.journal.display().to_string()]
    }

    /// Read there.
    pub(crate) fn read(words: &mut impl Iterator<Item = String>) -> Self {
        let (store, journal) = (words.next().expect("a store"), words.next().expect("a folder"));
        if store.starts_with("postgres:") {
            Self::database(store, PathBuf::from(journal))
        } else {
            Self::file(Path::new(&store))
        }
    }
}
