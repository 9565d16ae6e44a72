//! Where a test's store is kept: a file in a folder, or a database on the tests' server.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use lapsed_model::{Dialect, Value};
use lapsed_store::Address;

use crate::pooler::Pooler;
use crate::server::{Database, Server, address, rights};
use crate::{Platform, dialect, through_a_pooler};

/// A place for one store.
#[derive(Debug)]
pub enum Place {
    /// A file of SQLite's, which somebody else's folder holds.
    File(PathBuf),
    /// A database on a server.
    Database(Database),
}

/// A store to be copied, to which nobody is connected.
#[derive(Clone, Debug)]
pub enum Master {
    /// The bytes of its file.
    File(Arc<Vec<u8>>),
    /// The database.
    Database(Arc<Database>),
}

impl Place {
    /// A place with nothing in it, into which the daemon is let.
    pub async fn empty(folder: &Path) -> Place {
        let place = Self::bare(folder);
        if let Place::Database(_) = place {
            place.let_in(&rights::nobodys()).await;
        }
        place
    }

    /// A place with nothing in it. On a server only the platform is let in.
    pub(crate) fn bare(folder: &Path) -> Place {
        match dialect() {
            Dialect::Sqlite => Place::File(folder.join("store.db")),
            Dialect::Postgres => Place::Database(Server::shared().database()),
        }
    }

    /// Has the platform make the tables of the reference schema and let the daemon in.
    pub(crate) async fn with_the_reference_tables(&self, platform: &Platform) {
        let tables = include_str!("../../config/reference-schema/postgres.sql");
        platform.run(tables).await;
        rights::let_in(platform, &rights::reference()).await;
    }

    /// What the operator does once in a database: lets the daemon in.
    pub(crate) async fn let_in(&self, rights: &str) {
        let platform = self.platform();
        rights::let_in(&platform, rights).await;
        platform.close().await;
    }

    /// A copy of a store.
    #[must_use]
    pub fn copy(master: &Master, folder: &Path) -> Place {
        match master {
            Master::File(bytes) => {
                let path = folder.join("store.db");
                std::fs::write(&path, &**bytes).expect("a folder of the test's own can be written to");
                Place::File(path)
            }
            Master::Database(original) => Place::Database(original.server().copy(original)),
        }
    }

    /// The store as something to be copied. Whoever is still connected is disconnected.
    #[must_use]
    pub fn into_master(self) -> Master {
        match self {
            Place::File(path) => Master::File(Arc::new(std::fs::read(path).expect("the store's file"))),
            Place::Database(database) => {
                database.disconnect_everybody();
                Master::Database(Arc::new(database))
            }
        }
    }

    /// Where the daemon finds the store.
    #[must_use]
    pub fn address(&self) -> Address {
        match self {
            Place::File(path) => Address::File(path.clone()),
            Place::Database(database) if through_a_pooler() => {
                address(Pooler::shared().url(database.name()), Some(database.url()))
            }
            Place::Database(database) => address(database.url(), None),
        }
    }

    /// The same as it stands under `[store]` in settings that lie in the folder of a file.
    #[must_use]
    pub fn settings(&self) -> String {
        match self.address() {
            Address::File(path) => {
                let name = path.file_name().expect("a file has a name");
                format!("url = \"sqlite:{}\"", name.display())
            }
            Address::Server(server) => {
                let direct = server.direct.map(|direct| format!("\ndirect_url = \"{direct}\""));
                format!("url = \"{}\"{}", server.url, direct.unwrap_or_default())
            }
        }
    }

    /// The platform's side of the store.
    #[must_use]
    pub fn platform(&self) -> Platform {
        Platform::on(&self.address())
    }

    /// The store is gone.
    pub fn vanish(&self) {
        match self {
            Place::File(path) => std::fs::remove_file(path).expect("a store that is there"),
            Place::Database(database) => database.drop_it(),
        }
    }

    /// Whether nobody has made anything here as yet.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        match self {
            Place::File(path) => !path.exists(),
            Place::Database(_) => {
                let tables = "pg_tables WHERE schemaname IN ('public', 'lapsed')";
                self.looked_at(async |platform| platform.count(tables).await == 0)
            }
        }
    }

    /// The daemon may make the platform's tables here, as somebody wants it who has no platform as yet.
    pub fn let_make_tables(&self) {
        if let Place::Database(_) = self {
            self.looked_at(async |platform| platform.run("GRANT CREATE ON SCHEMA public TO lapsed").await);
        }
    }

    /// Something that the platform does or sees on a connection of its own.
    pub(crate) fn looked_at<T: Send>(&self, look: impl AsyncFnOnce(&Platform) -> T + Send) -> T {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let platform = self.platform();
                let seen = look(&platform).await;
                platform.close().await;
                seen
            })
        };
        std::thread::scope(|threads| threads.spawn(run).join().expect("nobody panicked"))
    }

    /// What the database finds wrong with its own pages and indexes; nothing where all is well.
    #[must_use]
    pub fn damage(&self) -> String {
        match self {
            Place::File(_) => {
                let check = "PRAGMA integrity_check";
                match self.looked_at(async |platform| platform.value(check).await) {
                    Value::Text(ok) if ok == "ok" => String::new(),
                    other => format!("{other:?}"),
                }
            }
            Place::Database(database) => {
                let mut check = database.server().program("pg_amcheck");
                let answer = check
                    .args(["--install-missing", "--heapallindexed", database.name()])
                    .output();
                let answer = answer.expect("a program of PostgreSQL's");
                String::from_utf8_lossy(&[answer.stdout, answer.stderr].concat()).into_owned()
            }
        }
    }

    /// Takes a backup of the store into a file, as its operator does: also while somebody writes.
    pub fn back_up(&self, to: &Path) {
        match self {
            Place::File(_) => {
                let sql = format!("VACUUM INTO '{}'", to.display());
                self.looked_at(async |platform| platform.run(&sql).await);
            }
            Place::Database(database) => succeeds(
                database
                    .server()
                    .program("pg_dump")
                    .args(["--format=custom", "--compress=0", "--file"])
                    .arg(to)
                    .arg(database.name()),
            ),
        }
    }

    /// Puts a backup in the store's place. Whoever has it open sees no store any more.
    pub fn restore(&self, from: &Path) {
        match self {
            Place::File(path) => {
                let new = path.with_extension("new");
                std::fs::copy(from, &new).expect("room for the store");
                for ending in ["-wal", "-shm"] {
                    // They are there only if somebody was killed, or has the store open.
                    let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
                }
                std::fs::rename(new, path).expect("a backup is put in its place");
            }
            Place::Database(database) => {
                database.drop_it();
                let server = database.server();
                succeeds(
                    server
                        .program("pg_restore")
                        .args(["--create", "--dbname=postgres", "--exit-on-error"])
                        .arg(from),
                );
            }
        }
    }
}

fn succeeds(command: &mut Command) {
    let answer = command.output().expect("a program of PostgreSQL's");
    assert!(
        answer.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&answer.stderr)
    );
}
