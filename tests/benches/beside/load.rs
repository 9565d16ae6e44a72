//! The booking load: pgbench at a fixed rate, as a platform's software that does not wait for anybody.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::shared::server::Server;

/// What the box office does, and how often of ten times.
const SCRIPTS: [(&str, &str, u32); 3] = [
    ("sell", include_str!("sell.sql"), 3),
    ("change", include_str!("change.sql"), 2),
    ("look", include_str!("look.sql"), 5),
];

/// How much is done, and on how many people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) customers: usize,
    pub(crate) events: usize,
    pub(crate) rate: usize,
    pub(crate) seconds: usize,
}

/// The latencies of every transaction, in milliseconds, sorted.
pub(crate) struct Latencies(Vec<f64>);

/// A load that is running.
pub(crate) struct Running {
    process: Child,
    log: PathBuf,
}

impl Load {
    /// Starts it.
    pub(crate) fn start(self, server: &Server, database: &str) -> Running {
        let log = server.folder().join("load");
        remove_logs(&log);
        let mut command = server.program("pgbench");
        for (name, sql, weight) in SCRIPTS {
            let file = server.folder().join(format!("{name}.sql"));
            // pgbench takes a comment as the text of a statement.
            std::fs::write(&file, sql).expect("a folder of ours");
            command.arg(format!("--file={}@{weight}", file.display()));
        }
        let process = command
            .args([
                "--no-vacuum",
                "--client=8",
                "--jobs=1",
                "--protocol=prepared",
                "--log",
            ])
            .arg(format!("--log-prefix={}", log.display()))
            .arg(format!("--rate={}", self.rate))
            .arg(format!("--time={}", self.seconds))
            .arg(format!("--define=customers={}", self.customers))
            .arg(format!("--define=events={}", self.events))
            .arg(database)
            .stdout(Stdio::null())
            .spawn();
        Running {
            process: process.expect("PostgreSQL's pgbench"),
            log,
        }
    }
}

impl Running {
    /// Waits for its end.
    pub(crate) fn end(mut self) -> Latencies {
        let status = self.process.wait().expect("a process of ours");
        assert!(status.success(), "pgbench: {status}");
        let mut all: Vec<f64> = logs(&self.log)
            .iter()
            .flat_map(|log| latencies(&std::fs::read_to_string(log).expect("a log")))
            .collect();
        assert!(!all.is_empty(), "a load of nothing measures nothing");
        all.sort_by(f64::total_cmp);
        Latencies(all)
    }
}

impl Latencies {
    /// So many of a thousand are at most this.
    pub(crate) fn part(&self, of_thousand: usize) -> f64 {
        self.0[(self.0.len() - 1) * of_thousand / 1_000]
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// The third word of a line is how long a transaction took since it should have begun, in microseconds.
fn latencies(log: &str) -> Vec<f64> {
    let third = |line: &str| line.split(' ').nth(2)?.parse().ok();
    log.lines()
        .filter_map(third)
        .map(|took: f64| took / 1_000.0)
        .collect()
}

fn logs(prefix: &Path) -> Vec<PathBuf> {
    let (folder, name) = (
        prefix.parent().expect("a folder"),
        prefix.file_name().expect("a name"),
    );
    let start = format!("{}.", name.display());
    let files = std::fs::read_dir(folder).expect("a folder of ours").flatten();
    let logs = files.filter(|file| file.file_name().to_string_lossy().starts_with(&start));
    logs.map(|file| file.path()).collect()
}

fn remove_logs(prefix: &Path) {
    for log in logs(prefix) {
        std::fs::remove_file(log).expect("a log of ours");
    }
}
