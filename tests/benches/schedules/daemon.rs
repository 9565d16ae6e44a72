//! The real daemon with thousands of tenants.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

use crate::process::{idle, resident};

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long reports are waited for.
const REPORTS: Duration = Duration::from_secs(240);

/// What it took.
pub(crate) struct Served {
    pub(crate) first_start: f64,
    pub(crate) next_start: f64,
    pub(crate) edit: f64,
    pub(crate) mib: f64,
    /// Not measured where reports were still being written.
    pub(crate) idle: Option<f64>,
}

/// Serves `tenants` with `each` workgroups, twice, and edits files meanwhile.
pub(crate) fn serve(tenants: usize, each: usize) -> Served {
    let folder = tempfile::tempdir().expect("a folder");
    let program = build();
    let installation = install(&program, &folder, tenants, each);
    let (daemon, first_start) = Daemon::start(&program, &installation);
    daemon.stop();
    let (daemon, next_start) = Daemon::start(&program, &installation);
    let edit = (0..5)
        .map(|number| edit(&installation, number * tenants / 5, each))
        .fold(0.0, f64::max);
    let is_idle = wait_for_reports(&installation, tenants);
    let mib = resident(daemon.0.id());
    let idle = is_idle.then(|| idle(daemon.0.id(), Duration::from_secs(20)));
    daemon.stop();
    Served {
        first_start,
        next_start,
        edit,
        mib,
        idle,
    }
}

/// Behind a start every tenant's report is written, one after the other: that is work, and not what being idle costs.
fn wait_for_reports(demo: &Path, tenants: usize) -> bool {
    let began = Instant::now();
    let written = || {
        let files = std::fs::read_dir(demo.join("tenants")).expect("the folder");
        let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        names.filter(|name| name.ends_with(".report.txt")).count()
    };
    while written() < tenants && began.elapsed() < REPORTS {
        std::thread::sleep(Duration::from_secs(1));
    }
    // And the looks at what changed meanwhile.
    std::thread::sleep(Duration::from_secs(10));
    written() >= tenants
}

/// The program as it ships.
fn build() -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--package", "lapsed"])
        .status();
    assert!(built.expect("cargo").success(), "the program does not build");
    let bench = std::env::current_exe().expect("this program");
    let target = bench.ancestors().nth(2).expect("target/release/deps/schedules");
    target.join("lapsed")
}

/// A small demo, with many tenants more.
fn install(program: &Path, folder: &TempDir, tenants: usize, each: usize) -> PathBuf {
    let demo = folder.path().join("demo");
    let made = Command::new(program)
        .args(["demo", "--customers", "1000"])
        .arg(&demo)
        .output();
    let made = made.expect("the program runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for number in 0..tenants {
        std::fs::write(file(&demo, number), policy(number, each, "24 months")).expect("a tenant's file");
    }
    demo
}

fn file(demo: &Path, number: usize) -> PathBuf {
    demo.join(format!("tenants/house-{number}.toml"))
}

/// A policy whose schedules are not due while we look: at most once a month, and none in the next two days.
fn policy(number: usize, each: usize, period: &str) -> String {
    use chrono::{Datelike as _, TimeDelta};
    use lapsed_model::{Clock as _, SystemClock};
    let day = (SystemClock.now() + TimeDelta::days(14)).day().min(28);
    let groups: String = (0..each)
        .map(|group| format!("[workgroups.group-{group}]\n"))
        .collect();
    let (minute, hour) = (number % 60, number / 60 % 24);
    format!(
        "name = \"House {number}\"\nlanguage = \"en\"\ntime_zone = \"Europe/Vienna\"\n\
         privacy_contact = \"privacy-{number}@example.org\"\n\n[retention]\nanonymise_after = \"{period}\"\n\
         automatic = \"on\"\nschedule = \"{minute} {hour} {day} * *\"\n\n{groups}"
    )
}

/// Edits one tenant's file; answers after how many seconds it is in force.
fn edit(demo: &Path, number: usize, each: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let address = format!("sqlite://{}", demo.join("store.db").display());
    let mut store = runtime
        .block_on(SqliteConnection::connect(&address))
        .expect("the store opens");
    let mut hash = || -> Option<String> {
        let query = sqlx::query_scalar("SELECT hash FROM lapsed_policy_in_force WHERE tenant = $1");
        let query = query.bind(format!("house-{number}")).fetch_optional(&mut store);
        runtime.block_on(query).expect("the store answers")
    };
    let (before, began) = (hash(), Instant::now());
    assert!(before.is_some(), "house-{number} has no policy in force");
    std::fs::write(file(demo, number), policy(number, each, "30 months")).expect("a tenant's file");
    while hash() == before {
        assert!(began.elapsed() < PATIENCE, "the edit did not take effect");
        std::thread::sleep(Duration::from_millis(10));
    }
    began.elapsed().as_secs_f64()
}

struct Daemon(Child);

impl Daemon {
    /// Starts it; answers after how many seconds it said that it is ready.
    fn start(program: &Path, demo: &Path) -> (Self, f64) {
        let name = demo.join("notify");
        // The socket of the start before.
        let _ = std::fs::remove_file(&name);
        let socket = UnixDatagram::bind(&name).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let log = std::fs::File::create(demo.join("log")).expect("a log");
        let began = Instant::now();
        let child = Command::new(program)
            .arg("run")
            .env("LAPSED_CONFIG", demo.join("lapsed.toml"))
            .env("NOTIFY_SOCKET", &name)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let daemon = Self(child.expect("the program runs"));
        let mut message = [0; 4096];
        loop {
            let length = socket
                .recv(&mut message)
                .expect("the daemon says that it is ready");
            if String::from_utf8_lossy(&message[..length])
                .lines()
                .any(|line| line == "READY=1")
            {
                return (daemon, began.elapsed().as_secs_f64());
            }
        }
    }

    fn stop(mut self) {
        let process = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("SIGTERM");
        self.0.wait().expect("it is gone");
    }
}
