//! One machine: a folder with settings, policies, keys and journal of its own, and its daemon.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{Answer, PROGRAM};
use crate::town::soon;

/// A machine of several.
pub(crate) struct Node {
    pub(crate) name: String,
    folder: PathBuf,
    child: Option<Child>,
    /// How often its present life said that it is ready: once when it serves, and once for every reload.
    ready: Arc<AtomicU64>,
    is_paused: bool,
}

impl Node {
    /// The machine whose folder this is.
    pub(crate) fn at(name: &str, folder: PathBuf) -> Node {
        Node {
            name: name.to_owned(),
            folder,
            child: None,
            ready: Arc::default(),
            is_paused: false,
        }
    }

    /// A path in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts `lapsed run` and waits until it serves.
    pub(crate) fn serve(&mut self) {
        self.start(None);
        self.until_ready();
    }

    /// Starts `lapsed run`, told to end or to stand still at `fault` if there is one.
    pub(crate) fn start(&mut self, fault: Option<&str>) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let socket = self.path("notify");
        // Of an earlier start: the name may be taken again.
        let _ = std::fs::remove_file(&socket);
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("daemon.log"))
            .expect("a log");
        let mut command = self.command("run");
        command
            .env("NOTIFY_SOCKET", &socket)
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(fault) = fault {
            command.env("LAPSED_FAULT", fault);
        }
        let socket = UnixDatagram::bind(&socket).expect("a socket");
        self.child = Some(command.spawn().expect("the program starts"));
        self.is_paused = false;
        self.ready = Arc::default();
        listen(socket, Arc::clone(&self.ready));
    }

    /// Waits until it serves.
    pub(crate) fn until_ready(&mut self) {
        self.until_ready_again(0);
    }

    /// Whether it said that it serves.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst) > 0
    }

    /// Has it look at its files now, and once more, because what is missing at the first look may be on its way.
    pub(crate) fn looks_at_its_files(&mut self) {
        for _ in 0..2 {
            let before = self.ready.load(Ordering::SeqCst);
            self.signal(Signal::HUP);
            self.until_ready_again(before);
        }
    }

    fn until_ready_again(&mut self, before: u64) {
        let name = self.name.clone();
        soon(&format!("{name} to be ready"), || {
            assert!(!self.has_ended(), "{name} ended:\n{}", self.log());
            self.ready.load(Ordering::SeqCst) > before
        });
    }

    /// Whether it serves, or did when it was last heard of.
    pub(crate) fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// Whether it ever served.
    pub(crate) fn has_a_journal(&self) -> bool {
        self.path("journal").exists()
    }

    /// Whether it stands still.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        let child = self.child.as_mut();
        child.is_none_or(|child| child.try_wait().expect("a child").is_some())
    }

    /// The code that it ended with by itself; none while it runs, and where it was never started.
    pub(crate) fn code(&mut self) -> Option<i32> {
        let ended = self.child.as_mut()?.try_wait().expect("a child")?;
        Some(ended.code().unwrap_or(-1))
    }

    /// SIGKILL: the machine loses its power.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("SIGKILL");
            child.wait().expect("it is gone");
        }
        self.is_paused = false;
    }

    /// SIGSTOP: the machine sleeps.
    pub(crate) fn pause(&mut self) {
        self.signal(Signal::STOP);
        self.is_paused = true;
    }

    /// SIGCONT: it wakes up, and has not noticed anything.
    pub(crate) fn go_on(&mut self) {
        self.signal(Signal::CONT);
        self.is_paused = false;
    }

    /// Whether it stands still at the fault that it was started with.
    pub(crate) fn stands_still(&mut self) -> bool {
        assert!(!self.has_ended(), "{} ended:\n{}", self.name, self.log());
        self.is_paused = self.state() == Some('T');
        self.is_paused
    }

    /// Waits until it does.
    pub(crate) fn until_it_stands_still(&mut self) {
        soon(&format!("{} to stand still", self.name.clone()), || {
            self.stands_still()
        });
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn stop(&mut self) -> i32 {
        self.signal(Signal::TERM);
        let mut child = self.child.take().expect("it runs");
        child.wait().expect("it is gone").code().unwrap_or(-1)
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        kill_process(Pid::from_child(child), signal).expect("a signal");
    }

    fn state(&self) -> Option<char> {
        state(self.child.as_ref()?)
    }

    /// What it said so far, in all of its lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// How often it said so.
    pub(crate) fn said(&self, words: &str) -> usize {
        self.log().lines().filter(|line| line.contains(words)).count()
    }

    /// The command `words` on this machine, ready to be started.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(&*PROGRAM);
        command
            .args(words.split_whitespace())
            .env("LAPSED_CONFIG", self.path("lapsed.toml"))
            .env_remove("CREDENTIALS_DIRECTORY")
            .env_remove("LAPSED_FAULT")
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        command
    }

    /// Types `lapsed words` on this machine.
    pub(crate) fn lapsed(&self, words: &str) -> Answer {
        self.command(words).output().expect("the program runs").into()
    }

    /// The object that `lapsed words --json` answers, whether or not it succeeds.
    pub(crate) fn object(&self, words: &str) -> Value {
        let answer = self.lapsed(&format!("{words} --json"));
        let object = answer
            .out
            .lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok());
        object.unwrap_or_else(|| panic!("{words} on {}: {}{}", self.name, answer.out, answer.err))
    }

    /// Changes a file of this machine.
    pub(crate) fn edit(&self, file: &str, change: impl FnOnce(String) -> String) {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).expect("the file is there");
        // As a careful editor does: nobody ever sees half of it.
        let new = path.with_extension("new");
        std::fs::write(&new, change(text)).expect("written");
        let permissions = std::fs::metadata(&path).expect("the file is there").permissions();
        std::fs::set_permissions(&new, permissions).expect("our own file");
        std::fs::rename(new, path).expect("in its place");
    }
}

/// What a program does: `T` where it stands still.
pub(crate) fn state(program: &Child) -> Option<char> {
    let line = std::fs::read_to_string(format!("/proc/{}/stat", program.id())).ok()?;
    line.rsplit_once(") ")?.1.chars().next()
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Hears how often the daemon is ready, on a thread that ends when nobody asks any more.
fn listen(socket: UnixDatagram, ready: Arc<AtomicU64>) {
    socket
        .set_read_timeout(Some(Duration::from_millis(200)))
        .expect("a timeout");
    std::thread::spawn(move || {
        let mut message = [0; 4096];
        // Nobody else knows of it any more where the machine was started anew.
        while Arc::strong_count(&ready) > 1 {
            let Ok(length) = socket.recv(&mut message) else {
                continue;
            };
            let said = String::from_utf8_lossy(&message[..length]);
            if said.lines().any(|line| line == "READY=1") {
                ready.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
}
