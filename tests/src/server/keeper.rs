//! The process that keeps a server: it starts it, and takes it away when the tests are gone, however they end.
//!
//! A test process may be killed, and a server that outlived it would hold its memory and its port for ever. So the
//! server hangs on a pipe: the keeper waits for the pipe to close, which is the kernel's part of a process's end.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// What a server in a folder in memory must find free there.
const ROOM: u64 = 1 << 30;

/// A keeper and the server that it keeps.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) programs: PathBuf,
    process: Child,
    talk: Mutex<Talk>,
}

#[derive(Debug)]
struct Talk {
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Keeper {
    /// Starts a server on a free port.
    ///
    /// # Panics
    ///
    /// If there is no PostgreSQL on this machine, or it does not start.
    pub(crate) fn start() -> Keeper {
        let programs = programs();
        // Between choosing a port and taking it somebody else may take it.
        let mut why = String::new();
        for _ in 0..5 {
            match Self::try_start(&programs, free_port()) {
                Ok(keeper) => return keeper,
                Err(answer) => why = answer,
            }
        }
        panic!("PostgreSQL does not start: {why}");
    }

    fn try_start(programs: &Path, port: u16) -> Result<Keeper, String> {
        let folder = tempfile::Builder::new()
            .prefix("lapsed-postgres-")
            .tempdir_in(room())
            .expect("a folder")
            .keep();
        let mut process = Command::new("sh")
            .args(["-c", include_str!("keeper.sh"), "keeper.sh"])
            .arg(programs)
            .arg(&folder)
            .arg(port.to_string())
            .arg(cache(programs))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A signal to everybody at the terminal is not for it.
            .process_group(0)
            .spawn()
            .expect("a shell");
        let answers = BufReader::new(process.stdout.take().expect("it was piped"));
        let talk = Talk {
            orders: process.stdin.take(),
            answers,
        };
        let keeper = Keeper {
            folder,
            port,
            programs: programs.to_owned(),
            process,
            talk: Mutex::new(talk),
        };
        let answer = keeper.talk.lock().expect("nobody else has it").answer();
        answer.map(|()| keeper)
    }

    /// Has it carry out an order.
    pub(crate) fn order(&self, order: &str) {
        let mut talk = self.talk.lock().expect("nobody panics while holding it");
        let orders = talk.orders.as_mut().expect("open as long as this lives");
        writeln!(orders, "{order}").expect("a keeper that listens");
        talk.answer().unwrap_or_else(|why| panic!("{order}: {why}"));
    }
}

impl Talk {
    fn answer(&mut self) -> Result<(), String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("a keeper that answers");
        match line.trim() {
            "ready" => Ok(()),
            other => Err(other.to_owned()),
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Ok(talk) = self.talk.get_mut() {
            talk.orders = None;
        }
        // It tidies up, and nothing depends on how that goes.
        let _ = self.process.wait();
    }
}

/// Where PostgreSQL's programs are: the newest that the distribution has, or those that `pg_config` names.
fn programs() -> PathBuf {
    let version = |path: &PathBuf| path.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = installed
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|programs| programs.join("initdb").exists())
        .max_by_key(version);
    let asked = || {
        let answer = Command::new("pg_config").arg("--bindir").output().ok()?;
        Some(PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim()))
    };
    newest
        .or_else(asked)
        .expect("PostgreSQL is installed: tests/run does it")
}

/// Where a cluster of this version is kept to be copied: beside the build, for each user that makes one.
fn cache(programs: &Path) -> PathBuf {
    let answer = Command::new(programs.join("postgres")).arg("--version").output();
    let answer = String::from_utf8(answer.expect("PostgreSQL's server").stdout).expect("UTF-8");
    let version = answer.split_whitespace().nth(2).expect("a version");
    let suite = std::env::current_exe().expect("a test has a path");
    let target = suite.ancestors().nth(3).expect("target/debug/deps/suite");
    let user = rustix::process::getuid().as_raw();
    target.join(format!("tools/postgres/{version}-{user}"))
}

/// Memory where there is enough of it, and the usual place otherwise.
fn room() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let free = rustix::fs::statvfs(&memory).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    if free >= ROOM {
        memory
    } else {
        std::env::temp_dir()
    }
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the system's choice");
    listener.local_addr().expect("it listens").port()
}
