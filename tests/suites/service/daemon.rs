//! A daemon that a test started, with what it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::program::Installed;

/// What a test waits for a thing that must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A daemon; it is killed when the test ends.
pub(crate) struct Daemon {
    child: Child,
    log: Arc<Mutex<String>>,
}

/// A demo whose daemon answers at a port that the system chooses.
pub(crate) fn installed() -> Installed {
    let installed = Installed::demo();
    listen(&installed, "127.0.0.1:0");
    installed
}

/// Has the daemon of an installation listen at `address`.
pub(crate) fn listen(installed: &Installed, address: &str) {
    let path = installed.path("lapsed.toml");
    let settings = std::fs::read_to_string(&path).expect("the settings are there");
    let settings = format!("{settings}\n[listen]\nmetrics = \"{address}\"\n");
    std::fs::write(path, settings).expect("the settings can be written");
}

/// Waits until `what` is there.
pub(crate) fn soon<T>(waiting_for: &str, mut what: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(there) = what() {
            return there;
        }
        assert!(began.elapsed() < PATIENCE, "{waiting_for} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Daemon {
    /// Starts a daemon and does not wait for it.
    pub(crate) fn start(installed: &Installed, level: &str) -> Self {
        Self::start_with(installed, "LAPSED_LOG", level)
    }

    /// Starts a daemon with a word in its environment and waits until it serves.
    pub(crate) fn serving_with(installed: &Installed, name: &str, value: &str) -> Self {
        let daemon = Self::start_with(installed, name, value);
        daemon.until_ready();
        daemon
    }

    fn start_with(installed: &Installed, name: &str, value: &str) -> Self {
        let mut child = installed
            .command("run")
            .env(name, value)
            .env_remove("JOURNAL_STREAM")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().expect("it was piped");
        let written = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = written.lock().expect("nobody panics with it");
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self { child, log }
    }

    /// Starts a daemon and waits until it serves.
    pub(crate) fn serving(installed: &Installed) -> Self {
        let daemon = Self::start(installed, "info");
        daemon.until_ready();
        daemon
    }

    /// Waits until it serves.
    pub(crate) fn until_ready(&self) {
        soon("a healthy daemon", || {
            let (status, _) = self.try_get("/health")?;
            (status == 200).then_some(())
        });
    }

    /// What it said so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("nobody panics with it").clone()
    }

    fn address(&self) -> Option<SocketAddr> {
        let log = self.log();
        let line = log
            .lines()
            .find(|line| line.contains("metrics and health are at"))?;
        let behind = line.split("http://").nth(1)?;
        behind.split('/').next()?.parse().ok()
    }

    fn try_get(&self, path: &str) -> Option<(u16, String)> {
        let mut client = TcpStream::connect(self.address()?).ok()?;
        write!(client, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    /// A page: its status and what stands on it.
    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        soon(path, || self.try_get(path))
    }

    /// The value of a series.
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let (_, text) = self.get("/metrics");
        let line = text.lines().find_map(|line| line.strip_prefix(series));
        let value = line.unwrap_or_else(|| panic!("{series} is not there:\n{text}"));
        value.trim().parse().expect("a number")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) {
        let (signal, id) = (format!("-{name}"), self.child.id().to_string());
        let told = std::process::Command::new("kill").args([signal, id]).status();
        assert!(told.expect("kill is everywhere").success());
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        soon("its end", || self.child.try_wait().expect("it is our child"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
