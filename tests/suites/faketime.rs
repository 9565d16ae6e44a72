//! O-2: the real daemon, for a year whose clocks are changed twice.
//!
//! Nothing is simulated but the machine's clock, which `libfaketime` puts to a moment and lets run fast: the daemon is
//! started before the slot, does what it does, and is told to stop. Between the starts it is away for a day, or for the
//! whole summer. What became of every slot stands in its store.

#[path = "command/program.rs"]
#[expect(dead_code, reason = "the suite of the commands needs more of it")]
mod program;

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDateTime, Utc};
use program::{Installed, Watch};

/// What is waited for one slot, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// The house has its clock changed over its time of day; the studio runs when the night of a change is over.
const POLICY: &str = r#"
name            = "Stadttheater"
language        = "de"
time_zone       = "Europe/Vienna"
privacy_contact = "datenschutz@stadttheater.example"

[retention]
anonymise_after = "3 years"
automatic       = "plan only"
schedule        = "every day at 02:30"

[workgroups.grosses-haus]
[workgroups.abonnement]
[workgroups.studio.retention]
schedule = "every day at 03:15"
"#;

/// An installation whose daemon is started now and then.
struct Year {
    installed: Installed,
    watch: Watch,
}

impl Year {
    fn begin() -> Self {
        let installed = Installed::demo();
        std::fs::write(installed.path("tenants/stadttheater.toml"), POLICY).expect("a policy");
        let watch = installed.watch();
        Self { installed, watch }
    }

    /// The daemon is started at `from` and serves, the clock running at `speed`, until the workgroup's run for `slot` is
    /// finished. Instants are UTC.
    fn serves(&mut self, from: &str, speed: u32, workgroup: &str, slot: &str) {
        let child = self
            .installed
            .command("run")
            .env("LD_PRELOAD", libfaketime())
            .env("TZ", "UTC")
            .env("FAKETIME", format!("@{from} x{speed}"))
            // Timers and timeouts take as long as they take, and files were written when they were written.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("NO_FAKE_STAT", "1")
            .env_remove("JOURNAL_STREAM")
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.installed.beside("log")).expect("a log"))
            .spawn()
            .expect("the program runs");
        let mut daemon = Daemon(child);
        let finished = format!(
            "SELECT count(*) FROM lapsed_run r JOIN lapsed_schedule s ON s.id = r.schedule \
             WHERE s.workgroup = '{workgroup}' AND r.finished_at IS NOT NULL \
             AND r.slot_at = {}",
            utc(slot).timestamp_millis()
        );
        let began = Instant::now();
        while self.watch.number(&finished) == 0 {
            let log = || std::fs::read_to_string(self.installed.beside("log")).unwrap_or_default();
            assert!(
                began.elapsed() < PATIENCE,
                "{workgroup} did not run for {slot}:\n{}",
                log()
            );
            assert!(!daemon.has_ended(), "the daemon ended before {slot}:\n{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(daemon.stop(), Some(0));
    }

    /// The slots for which the workgroup ran.
    fn ran(&mut self, workgroup: &str) -> Vec<String> {
        let slots = self.watch.text(&format!(
            "SELECT string_agg(CAST(slot_at AS TEXT), ',' ORDER BY slot_at) \
             FROM lapsed_run r JOIN lapsed_schedule s ON s.id = r.schedule WHERE s.workgroup = '{workgroup}'"
        ));
        slots.split(',').map(shown).collect()
    }

    /// How many of the workgroup's slots were left out.
    fn left_out(&mut self, workgroup: &str) -> u64 {
        self.watch.number(&format!(
            "SELECT coalesce(sum(slots), 0) FROM lapsed_skipped k JOIN lapsed_schedule s ON s.id = k.schedule \
             WHERE s.workgroup = '{workgroup}'"
        ))
    }
}

/// The instant that a test writes as `2026-03-29 01:00:00`.
fn utc(text: &str) -> DateTime<Utc> {
    let read = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S");
    read.expect("an instant").and_utc()
}

/// A slot as the store keeps it, in short.
fn shown(milliseconds: &str) -> String {
    let slot = milliseconds
        .parse()
        .ok()
        .and_then(DateTime::from_timestamp_millis);
    slot.expect("an instant").format("%m-%d %H:%M").to_string()
}

/// A daemon; it is killed where a test ends before its time.
struct Daemon(Child);

impl Daemon {
    fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("a child").is_some()
    }

    /// SIGTERM, and the exit code.
    fn stop(&mut self) -> Option<i32> {
        let process = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).expect("SIGTERM");
        self.0.wait().expect("it is gone").code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The library, where Debian's package `libfaketime` has it.
fn libfaketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("/usr/lib").flatten();
    let mut found = folders.map(|folder| folder.path().join("faketime/libfaketime.so.1"));
    found
        .find(|path| path.exists())
        .expect("the package `libfaketime` is installed: tests/run does it")
}

#[test]
fn o2_the_real_daemon_keeps_its_word_on_29_march_and_25_october_2026() {
    let (mut year, house) = (Year::begin(), "grosses-haus");
    // At 02:30 as on any day.
    year.serves("2026-03-28 01:29:30", 20, house, "2026-03-28 01:30:00");
    // 02:30 never comes: at 03:00 of the summer's clocks, the first instant after the gap.
    year.serves("2026-03-29 00:58:30", 20, house, "2026-03-29 01:00:00");
    year.serves("2026-03-30 00:29:30", 20, house, "2026-03-30 00:30:00");
    assert_eq!(year.ran(house), ["03-28 01:30", "03-29 01:00", "03-30 00:30"]);
    assert_eq!(year.left_out(house), 0);
    // The summer without a daemon is made up for by one run. What ran in spring has outlived its period by then.
    year.serves("2026-10-23 20:00:00", 1, house, "2026-10-23 00:30:00");
    let summer = 1 + 30 + 31 + 30 + 31 + 31 + 30 + 23;
    assert_eq!(
        year.left_out(house),
        summer - 1,
        "every other day of the summer is counted"
    );
    year.serves("2026-10-24 00:29:30", 20, house, "2026-10-24 00:30:00");
    // 02:30 comes twice, at 00:30 and at 01:30 UTC; the studio's 03:15 is behind both.
    year.serves("2026-10-25 00:28:00", 600, "studio", "2026-10-25 02:15:00");
    year.serves("2026-10-26 01:29:30", 20, house, "2026-10-26 01:30:00");
    let autumn = ["10-23 00:30", "10-24 00:30", "10-25 00:30", "10-26 01:30"];
    let ran = year.ran(house);
    assert_eq!(ran[ran.len() - autumn.len()..], autumn);
    assert_eq!(year.left_out(house), summer - 1);
}
