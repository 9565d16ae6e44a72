//! A PostgreSQL server of the bench's own, as durable as one in production: on a disk, with `fsync`.
//!
//! The tests' server lives in memory and forgets everything with its machine, which is right for tests and would be
//! a lie in a bench. This one lies under the build's folder and goes with the bench, however that ends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use super::place::Place;
use super::processor;

/// The role of the daemon, with what `config/postgres/role.sql` grants.
const DAEMON: &str = "lapsed";

/// Whom the platform's tables belong to.
const OWNER: &str = "postgres";

/// What an administrator would give a machine of this size, and what durability takes.
const SETTINGS: &str = "fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 1GB
max_wal_size = 4GB
checkpoint_timeout = 15min
random_page_cost = 1.1
max_connections = 50
";

/// The server.
#[derive(Debug)]
pub(crate) struct Server {
    folder: TempDir,
    port: u16,
    programs: PathBuf,
    process: Child,
    pipe: Option<ChildStdin>,
}

impl Server {
    /// Starts one; `settings` are lines of `postgresql.conf` that this bench wants besides.
    pub(crate) fn start(settings: &str) -> Self {
        let (folder, programs, port) = (folder(), programs(), 5499);
        let mut process = Command::new("sh")
            .args(["-c", include_str!("server.sh"), "server.sh"])
            .args([&programs, folder.path()])
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A signal to everybody at the terminal is not for it.
            .process_group(0)
            .spawn()
            .expect("a shell");
        let mut pipe = process.stdin.take().expect("it was piped");
        write!(pipe, "{SETTINGS}{settings}\n{}\n.\n", asked_for()).expect("a shell that listens");
        let mut answer = String::new();
        BufReader::new(process.stdout.take().expect("it was piped"))
            .read_line(&mut answer)
            .expect("a shell that answers");
        assert_eq!(answer.trim(), "ready", "PostgreSQL does not start");
        processor::count_server(first_process(folder.path()));
        Self {
            folder,
            port,
            programs,
            process,
            pipe: Some(pipe),
        }
    }

    /// Where the daemon finds a database.
    pub(crate) fn place(&self, database: &str) -> Place {
        let folder = self.folder.path().display().to_string();
        let url = format!(
            "postgres://{DAEMON}@{}:{}/{database}",
            folder.replace('/', "%2F"),
            self.port
        );
        Place::database(url, self.folder.path().join(format!("{database}.journal")))
    }

    /// A connection of the platform's.
    pub(crate) async fn platform(&self, database: &str) -> PgConnection {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(self.folder.path())
            .port(self.port)
            .username(OWNER)
            .database(database)
            .application_name("platform")
            .options([("search_path", "public, lapsed"), ("jit", "off")]);
        options.connect().await.expect("a server that answers")
    }

    /// Has the platform run statements.
    pub(crate) async fn run(&self, database: &str, sql: &str) {
        let mut platform = self.platform(database).await;
        run(&mut platform, sql).await;
        platform.close().await.expect("a closed connection");
    }

    /// Makes `name` a copy of `original`, to which nobody is connected, and has all of it on the disk. What was called so
    /// before goes.
    pub(crate) async fn copy(&self, original: &str, name: &str) {
        self.remove(name).await;
        // Before version 17, whoever is to vacuum tables of somebody else has to own the database.
        let copy = format!("CREATE DATABASE {name} TEMPLATE {original} STRATEGY FILE_COPY");
        let owner = match original {
            "template0" => String::new(),
            _ => format!(" OWNER {DAEMON}"),
        };
        self.run("postgres", &format!("{copy}{owner}")).await;
        self.run("postgres", "CHECKPOINT").await;
    }

    /// Makes room.
    pub(crate) async fn remove(&self, name: &str) {
        self.run(
            "postgres",
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await;
        // The journal of a store that is gone says nothing of the next one.
        let _ = std::fs::remove_dir_all(&self.place(name).journal);
    }

    /// One of PostgreSQL's own programs, ready to be started as the platform.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command
            .env("PGHOST", self.folder.path())
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", OWNER)
            .current_dir(self.folder.path());
        command
    }

    /// A folder for files of the bench's own, which goes with the server.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.pipe = None;
        // It tidies up, and nothing depends on how that goes.
        let _ = self.process.wait();
    }
}

/// Runs statements as they stand.
pub(crate) async fn run(on: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(on).await;
    done.unwrap_or_else(|refused| panic!("{refused} in {sql}"));
}

fn first_process(folder: &Path) -> u32 {
    let file = std::fs::read_to_string(folder.join("data/postmaster.pid")).expect("it runs");
    let first = file.lines().next().and_then(|line| line.parse().ok());
    first.expect("a number")
}

/// What whoever looks for the reason of a figure wants the server to log, as lines of `postgresql.conf`.
fn asked_for() -> String {
    std::env::var("LAPSED_BENCH_SERVER").unwrap_or_default()
}

/// A folder on the disk that the build is on: the usual place for temporary files may be in memory.
fn folder() -> TempDir {
    let bench = std::env::current_exe().expect("this program");
    let target = bench.ancestors().nth(3).expect("target/release/deps/bench");
    tempfile::Builder::new()
        .prefix("bench-postgres-")
        .tempdir_in(target)
        .expect("a folder beside the build")
}

/// Where PostgreSQL's programs are: the newest that the distribution has.
fn programs() -> PathBuf {
    let version = |path: &PathBuf| path.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    installed
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|programs| programs.join("initdb").exists())
        .max_by_key(version)
        .expect("PostgreSQL is installed")
}
