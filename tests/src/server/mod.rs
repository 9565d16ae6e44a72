//! A real PostgreSQL of the tests' own: nothing on the machine has to run, and nothing stays behind.
//!
//! A test process starts one server when the first test wants one, in a folder of its own, and every world gets a database
//! there. The daemon comes in as `lapsed`, which may do what `config/postgres/role.sql` grants and no more; the platform is
//! the owner of its tables. A test about the server itself (one that crashes, or cannot be reached) has one of its own.

mod clerk;
mod keeper;
pub(crate) mod rights;

use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use lapsed_store::Address;
use sqlx::postgres::PgConnectOptions;

use clerk::Clerk;
use keeper::Keeper;
pub(crate) use keeper::free_port;

/// The role of the daemon.
pub(crate) const ROLE: &str = "lapsed";

/// The role of the platform, to which everything belongs.
pub(crate) const OWNER: &str = "postgres";

/// A server.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order: the clerks' connections first.
    maker: Clerk,
    cleaner: Clerk,
    keeper: Keeper,
    made: AtomicU64,
}

/// A database on a server; it goes when this does.
#[derive(Debug)]
pub struct Database {
    server: Arc<Server>,
    name: String,
}

impl Server {
    /// The server of this test process, started when it is first wanted.
    #[must_use]
    pub fn shared() -> Arc<Server> {
        static SHARED: OnceLock<Arc<Server>> = OnceLock::new();
        SHARED.get_or_init(Server::own).clone()
    }

    /// A server of a test's own.
    #[must_use]
    pub fn own() -> Arc<Server> {
        let keeper = Keeper::start();
        let connection = options(&url(&keeper, OWNER, "postgres"));
        Arc::new(Server {
            maker: Clerk::new(connection.clone()),
            cleaner: Clerk::new(connection),
            keeper,
            made: AtomicU64::new(0),
        })
    }

    /// A database with nothing in it, into which only the platform is let.
    #[must_use]
    pub fn database(self: &Arc<Self>) -> Database {
        self.make("TEMPLATE template0")
    }

    /// A copy of a database to which nobody is connected.
    #[must_use]
    pub fn copy(self: &Arc<Self>, original: &Database) -> Database {
        let copy = self.make(&format!("TEMPLATE {}", original.name));
        // Rights in a database are copied with it, those on the database itself are not.
        self.maker.run(&format!(
            "UPDATE pg_database SET datacl = (SELECT datacl FROM pg_database WHERE datname = '{}') WHERE datname = '{}'",
            original.name, copy.name
        ));
        copy
    }

    fn make(self: &Arc<Self>, how: &str) -> Database {
        let name = format!("w_{}", self.made.fetch_add(1, Ordering::SeqCst));
        // Copying files is quicker here than writing every page into the log.
        self.maker
            .run(&format!("CREATE DATABASE {name} {how} STRATEGY FILE_COPY"));
        Database {
            server: Arc::clone(self),
            name,
        }
    }

    /// Pulls the plug: every connection dies, and nothing is written any more.
    pub fn crash(&self) {
        self.keeper.order("crash");
    }

    /// Stops it as its administrator would; every connection is ended.
    pub fn stop(&self) {
        self.keeper.order("stop");
    }

    /// Starts it again, on the same port and with the same databases.
    pub fn start(&self) {
        self.keeper.order("start");
    }

    /// The port on which it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.keeper.port
    }

    /// The folder of its socket.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.keeper.folder.clone()
    }

    /// What it wrote into its log so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.keeper.folder.join("log")).unwrap_or_default()
    }

    /// Where a role finds a database through the socket.
    #[must_use]
    pub fn url(&self, role: &str, database: &str) -> String {
        url(&self.keeper, role, database)
    }

    /// One of PostgreSQL's own programs, ready to be started as the owner of everything.
    #[must_use]
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.keeper.programs.join(name));
        command
            .env("PGHOST", &self.keeper.folder)
            .env("PGPORT", self.keeper.port.to_string())
            .env("PGUSER", OWNER);
        command
    }
}

impl Database {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that it is on.
    #[must_use]
    pub fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Where the daemon finds it.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(ROLE, &self.name)
    }

    /// Ends every connection to it.
    pub fn disconnect_everybody(&self) {
        self.server.maker.run(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        ));
    }

    /// Throws away what is in it. Whoever is connected is disconnected.
    pub(crate) fn drop_it(&self) {
        self.server
            .maker
            .run(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server
            .cleaner
            .run_later(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// How to connect as whoever an address names.
pub(crate) fn options(url: &str) -> PgConnectOptions {
    PgConnectOptions::from_str(url).expect("an address of ours can be read")
}

/// How the platform connects to the store at an address: as the owner of its tables, past a pooler.
pub(crate) fn options_of_platform(address: &lapsed_store::Server) -> PgConnectOptions {
    let direct = address.direct.as_ref().unwrap_or(&address.url);
    options(direct).username(OWNER).options([
        // A story may look at the daemon's tables beside its own.
        ("search_path", format!("public, {}", address.schema)),
        ("timezone", "UTC".to_owned()),
        ("datestyle", "iso".to_owned()),
    ])
}

/// The address of a database that is reached by `url`.
pub(crate) fn address(url: String, direct: Option<String>) -> Address {
    Address::Server(lapsed_store::Server {
        url,
        direct,
        password: None,
        schema: lapsed_store::Server::SCHEMA.to_owned(),
    })
}

fn url(keeper: &Keeper, role: &str, database: &str) -> String {
    let folder = keeper.folder.display().to_string().replace('/', "%2F");
    format!("postgres://{role}@{folder}:{}/{database}", keeper.port)
}
