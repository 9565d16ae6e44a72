//! The disk is full, and then it is not; it takes no writes, and then it does.

use std::path::PathBuf;
use std::process::Command;

use lapsed_model::Dialect;
use lapsed_tests::only_on;

use crate::daemon::Daemon;
use crate::house::House;

/// A disk of a few megabytes with the house's store on it, for as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Moves the store there; none where this machine lets nobody mount anything.
    fn under(house: &mut House) -> Option<SmallDisk> {
        let folder = house.installed.beside("disk");
        std::fs::create_dir(&folder).expect("a folder");
        if !run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
            .arg(&folder))
        {
            return None;
        }
        let disk = SmallDisk(folder);
        let (store, moved) = (house.installed.path("store.db"), disk.0.join("store.db"));
        house.text("PRAGMA wal_checkpoint(TRUNCATE)");
        std::fs::copy(&store, &moved).expect("room for the store");
        std::fs::remove_file(&store).expect("the old place");
        let settings = house.installed.path("lapsed.toml");
        let text = std::fs::read_to_string(&settings).expect("the settings are there");
        let named = text.replace("sqlite:store.db", &format!("sqlite://{}", moved.display()));
        assert_ne!(named, text, "the settings name the store");
        std::fs::write(settings, named).expect("written");
        std::os::unix::fs::symlink(&moved, &store).expect("a link for looking");
        house.store = house.installed.watch();
        Some(disk)
    }

    /// Takes every byte that is left; gives the file to remove again.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        std::fs::write(&ballast, vec![7; 32 << 20]).expect_err("more than the disk holds");
        ballast
    }

    fn remount(&self, how: &str) {
        assert!(run(Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(&self.0)));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The folder around it goes too; a disk that stays mounted would only be seen by whoever looks.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn run(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

/// How often the daemon said so.
fn said(house: &House, words: &str) -> usize {
    let log = std::fs::read_to_string(house.installed.beside("daemon.log")).unwrap_or_default();
    log.lines().filter(|line| line.contains(words)).count()
}

/// The disk of a server is its administrator's, who sees it fill up; a server of a test's own stands in `faults`.
const NOT_OUR_DISK: &str = "the disk there is the server's";

#[expect(
    clippy::print_stdout,
    reason = "a test that did not run must not look like one that did"
)]
fn cannot_run() {
    println!("not run: this machine lets nobody mount a small disk");
}

#[test]
fn r9_a_full_disk_stops_the_sweep_without_a_loop_and_it_goes_on_when_there_is_room() {
    if !only_on(Dialect::Sqlite, NOT_OUR_DISK) {
        return;
    }
    let mut house = House::open();
    let Some(disk) = SmallDisk::under(&mut house) else {
        return cannot_run();
    };
    house.people_lapse(400);
    let mut daemon = Daemon::start(&house.installed, None);
    daemon.ready().expect("a daemon that is ready");
    let before = house.number("SELECT count(*) FROM lapsed_erasure");
    house.schedule_comes_round();
    assert!(daemon.wait_until(|| house.number("SELECT count(*) FROM lapsed_erasure") > before + 3));
    let ballast = disk.fill();
    assert!(daemon.wait_until(|| said(&house, "nothing is begun until this is over") == 1));
    assert!(daemon.wait_until(|| said(&house, "handed back") >= 1));
    std::fs::remove_file(ballast).expect("room again");
    assert!(daemon.wait_until(|| House::is_quiet(&mut house.store)));
    assert_eq!(
        said(&house, "nothing is begun until this is over"),
        1,
        "said once, and not in a loop"
    );
    assert_eq!(daemon.stop(), 0);
    house.holds_together("after the disk was full");
    house.every_slot_is_accounted_for();
    assert_eq!(
        house.text("SELECT string_agg(state, ',') FROM (SELECT DISTINCT state FROM lapsed_run) states"),
        "completed"
    );
}

#[test]
fn r9_a_disk_that_takes_no_writes_stops_the_sweep_until_it_does() {
    if !only_on(Dialect::Sqlite, NOT_OUR_DISK) {
        return;
    }
    let mut house = House::open();
    let Some(disk) = SmallDisk::under(&mut house) else {
        return cannot_run();
    };
    house.people_lapse(20);
    house.schedule_comes_round();
    let mut daemon = Daemon::start(&house.installed, Some("claimed"));
    assert!(!daemon.wait_until(|| false), "it dies with a claimed run");
    daemon.kill();
    // Nobody may have the store open for writing; meanwhile we look at another one.
    let elsewhere = crate::program::Installed::demo();
    house.store = elsewhere.watch();
    disk.remount("ro");
    let refused = house.installed.lapsed("run");
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.err.contains("read-only"), "{}", refused.err);
    disk.remount("rw");
    house.store = house.installed.watch();
    let mut daemon = Daemon::start(&house.installed, None);
    daemon.ready().expect("a daemon that is ready");
    assert!(daemon.wait_until(|| House::is_quiet(&mut house.store)));
    assert_eq!(daemon.stop(), 0);
    house.holds_together("after the disk took writes again");
    house.every_slot_is_accounted_for();
}
