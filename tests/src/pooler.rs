//! A pooler in front of the tests' server: PgBouncer, which hands every transaction whichever connection is free.
//!
//! It keeps three connections to a database, fewer than a store has transactions under way, so that what belongs to a
//! session and not to a transaction is soon somebody else's.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::server::{ROLE, Server, free_port};

/// A pooler; it goes when the test process does.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    /// Its input is the pipe whose end it waits for.
    _process: Child,
}

impl Pooler {
    /// The pooler in front of the server of this test process, started when it is first wanted.
    #[must_use]
    pub fn shared() -> &'static Pooler {
        static SHARED: OnceLock<Pooler> = OnceLock::new();
        SHARED.get_or_init(|| Self::before(&Server::shared()))
    }

    /// A pooler in front of a server.
    ///
    /// # Panics
    ///
    /// If there is no PgBouncer on this machine, or it does not start.
    #[must_use]
    pub fn before(server: &Server) -> Pooler {
        // Between choosing a port and taking it somebody else may take it.
        let mut why = String::new();
        for _ in 0..5 {
            match Self::try_before(server, free_port()) {
                Ok(pooler) => return pooler,
                Err(answer) => why = answer,
            }
        }
        panic!("PgBouncer does not start, which tests/run installs: {why}");
    }

    fn try_before(server: &Server, port: u16) -> Result<Pooler, String> {
        let own = server.folder().join(format!("pooler-{port}"));
        let settings = settings(port, server, &own);
        let mut process = Command::new("sh")
            .args(["-c", include_str!("pooler.sh"), "pooler.sh"])
            .arg(own)
            .args([settings, port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("a shell");
        let mut answer = String::new();
        let mut answers = BufReader::new(process.stdout.take().expect("it was piped"));
        answers.read_line(&mut answer).expect("a pooler that answers");
        match answer.trim() {
            "ready" => Ok(Pooler {
                port,
                _process: process,
            }),
            other => {
                // It gave up, and nothing depends on how it ends.
                let _ = process.wait();
                Err(other.to_owned())
            }
        }
    }

    /// Where the daemon finds a database through it.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/{database}", self.port)
    }
}

fn settings(port: u16, server: &Server, own: &Path) -> String {
    let folder = server.folder();
    format!(
        "[databases]\n* = host={} port={}\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = trust\nauth_file = {}/users\nlogfile = {}/log\npool_mode = transaction\n\
         default_pool_size = 3\nmax_client_conn = 500\nmax_db_connections = 3\nserver_idle_timeout = 5\n",
        folder.display(),
        server.port(),
        own.display(),
        own.display(),
    )
}
