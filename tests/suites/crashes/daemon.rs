//! The real daemon as a child, and its sign of readiness.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::program::Installed;

/// How long a daemon may take before something is wrong with it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A daemon that was started.
pub(crate) struct Daemon {
    child: Child,
    socket: UnixDatagram,
    started: Instant,
}

impl Daemon {
    /// Starts `lapsed run`, told to die at `fault` if there is one.
    pub(crate) fn start(installed: &Installed, fault: Option<&str>) -> Daemon {
        let name = installed.beside("notify");
        // A socket of the round before: the name may be taken again.
        let _ = std::fs::remove_file(&name);
        let socket = UnixDatagram::bind(&name).expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_millis(5)))
            .expect("a timeout");
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(installed.beside("daemon.log"))
            .expect("a log");
        let mut command = installed.command("run");
        command
            .env("NOTIFY_SOCKET", &name)
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(fault) = fault {
            command.env("LAPSED_FAULT", fault);
        }
        Daemon {
            child: command.spawn().expect("the program starts"),
            socket,
            started: Instant::now(),
        }
    }

    /// Waits until it says that it is ready; none where it died before.
    pub(crate) fn ready(&mut self) -> Option<Duration> {
        let mut message = [0; 4096];
        while self.started.elapsed() < PATIENCE {
            if let Ok(length) = self.socket.recv(&mut message)
                && String::from_utf8_lossy(&message[..length])
                    .lines()
                    .any(|line| line == "READY=1")
            {
                return Some(self.started.elapsed());
            }
            if self.has_ended() {
                return None;
            }
        }
        panic!("the daemon was not ready after {PATIENCE:?}");
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Waits until `done`, or until it has ended; answers whether it was done.
    pub(crate) fn wait_until(&mut self, mut done: impl FnMut() -> bool) -> bool {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if done() {
                return true;
            }
            if self.has_ended() {
                return false;
            }
            // Looking all the time would take the processor from the one who is looked at.
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the daemon came to no end in {PATIENCE:?}");
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("it is gone");
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn stop(mut self) -> i32 {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("SIGTERM");
        self.child.wait().expect("it is gone").code().unwrap_or(-1)
    }
}
