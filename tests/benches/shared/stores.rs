//! The store that is measured, and copies of it.

use std::path::Path;
use std::rc::Rc;

use lapsed_model::Dialect;
use tempfile::TempDir;

use super::place::Place;
use super::server::Server;
use super::theatres::Theatres;

/// Where the stores of a bench are.
#[derive(Clone)]
pub(crate) enum Home {
    /// Files in a folder.
    Folder(Rc<TempDir>),
    /// Databases on a server.
    Server(Rc<Server>),
}

/// One filled store; every measurement that changes something works on a copy.
pub(crate) struct Stores {
    home: Home,
    name: String,
    /// How many theatres it has.
    pub(crate) houses: usize,
}

impl Home {
    /// A place for stores. Vacuuming by itself would meet whichever side is measured at that moment, so a server does
    /// none unless the bench is about that.
    pub(crate) fn new(on: Dialect) -> Self {
        match on {
            Dialect::Sqlite => Self::Folder(Rc::new(tempfile::tempdir().expect("a folder for the stores"))),
            Dialect::Postgres => Self::Server(Rc::new(Server::start("autovacuum = off"))),
        }
    }

    /// The store of this name.
    pub(crate) fn place(&self, name: &str) -> Place {
        match self {
            Self::Folder(folder) => Place::file(&folder.path().join(format!("{name}.db"))),
            Self::Server(server) => server.place(name),
        }
    }

    /// The server, where there is one.
    pub(crate) fn server(&self) -> Option<&Server> {
        match self {
            Self::Folder(_) => None,
            Self::Server(server) => Some(server),
        }
    }

    /// Takes a store away that was closed.
    pub(crate) async fn remove(&self, name: &str) {
        match self {
            Self::Folder(folder) => {
                let path = folder.path().join(format!("{name}.db"));
                for ending in ["db", "db-wal", "db-shm"] {
                    // Whatever is not there needs no removing.
                    let _ = std::fs::remove_file(path.with_extension(ending));
                }
                let _ = std::fs::remove_dir_all(path.with_extension("journal"));
            }
            Self::Server(server) => server.remove(name).await,
        }
    }

    /// A copy of a store, on the disk before anybody is measured.
    async fn copy(&self, original: &str, name: &str) {
        match self {
            Self::Folder(folder) => {
                self.remove(name).await;
                let path = |name: &str| folder.path().join(format!("{name}.db"));
                copy_file(&path(original), &path(name));
            }
            Self::Server(server) => server.copy(original, name).await,
        }
    }
}

fn copy_file(original: &Path, copy: &Path) {
    std::fs::copy(original, copy).expect("room for a copy");
    std::fs::File::open(copy)
        .and_then(|file| file.sync_all())
        .expect("a copy on the disk");
}

impl Stores {
    /// Fills a store of this name.
    pub(crate) async fn fill(home: &Home, name: &str, people: usize, houses: usize) -> Self {
        Theatres::build(home, name, people, houses).await;
        Self {
            home: home.clone(),
            name: name.to_owned(),
            houses,
        }
    }

    /// Opens the filled store itself.
    pub(crate) async fn open(&self) -> Theatres {
        Theatres::open(self.home.place(&self.name), self.houses).await
    }

    /// A copy under this name, opened.
    pub(crate) async fn copy(&self, name: &str) -> Theatres {
        self.home.copy(&self.name, name).await;
        Theatres::open(self.home.place(name), self.houses).await
    }

    /// Where the stores are.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }
}
