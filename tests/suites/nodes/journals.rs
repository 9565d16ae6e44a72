//! Every machine's journal knows whom the others erased, so that any of them can tell that a backup was restored.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::node::{Node, state};
use crate::town::{PATIENCE, Town, several, soon, succeeds};

/// People who are there again, of those who were erased since.
fn back_again(town: &mut Town) -> u64 {
    town.eye
        .number("SELECT count(*) FROM customers WHERE number LIKE 'N-%' AND anonymised_at IS NULL")
}

/// A backup of the database, as its administrator makes one.
fn back_up(town: &Town) -> PathBuf {
    let file = town.folder().join("backup");
    succeeds(
        town.server
            .program("pg_dump")
            .args(["--format=custom", "--compress=0", "--file"])
            .arg(&file)
            .arg(&town.database),
    );
    file
}

/// Puts it in the database's place: made beside it, and renamed, so that nobody ever sees half of it. Whoever serves is cut off.
fn restore(town: &mut Town, backup: &Path) {
    town.eye.close();
    let (old, new) = (&town.database, format!("{}_new", town.database));
    let server = &town.server;
    succeeds(server.program("createdb").args(["-T", "template0", &new]));
    succeeds(
        server
            .program("pg_restore")
            .args(["--exit-on-error", "--dbname", &new])
            .arg(backup),
    );
    succeeds(
        server
            .program("psql")
            .args(["-v", "ON_ERROR_STOP=1", "-d", "postgres"])
            .args([
                "-c",
                &format!("DROP DATABASE {old} WITH (FORCE)"),
                "-c",
                &format!("ALTER DATABASE {new} RENAME TO {old}"),
            ]),
    );
}

/// A town in which `a` erased people behind a backup, and every journal knows of it.
fn erased_behind_a_backup() -> (Town, PathBuf) {
    let mut town = Town::open(&["a", "b"]);
    town.nodes[0].serve();
    town.people_lapse(3);
    let backup = back_up(&town);
    town.schedules_come_round();
    town.until_quiet();
    assert_eq!(back_again(&mut town), 0);
    town.nodes[1].serve();
    town.journals_know_everything();
    (town, backup)
}

/// Waits until everybody is erased again; the database may be away meanwhile.
fn until_nobody_is_back(town: &mut Town) {
    soon("everybody to be erased again", || {
        town.eye
            .try_text("SELECT count(*) FROM customers WHERE number LIKE 'N-%' AND anonymised_at IS NULL")
            .is_ok_and(|left| left == "0")
    });
}

/// What must be true after all were erased again.
fn everybody_is_gone_again(town: &mut Town) {
    assert_eq!(back_again(town), 0, "{}", town.describes_itself());
    let restored = town
        .eye
        .number("SELECT count(DISTINCT tenant) FROM lapsed_ledger WHERE kind = 'restored'");
    assert_eq!(
        restored, 2,
        "both tenants' ledgers say that a backup was restored"
    );
    for node in town.nodes.iter().filter(|node| node.runs()) {
        let verified = node.lapsed("ledger verify");
        assert_eq!(
            verified.code, 0,
            "{}: {}{}",
            node.name, verified.out, verified.err
        );
    }
    town.journals_know_everything();
}

#[test]
fn o4_whatever_one_machine_erases_stands_in_every_journal_within_seconds() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b", "c"]);
    town.all_serve();
    for _ in 0..3 {
        town.people_lapse(2);
        town.schedules_come_round();
        town.until_quiet();
        let began = std::time::Instant::now();
        town.journals_know_everything();
        let took = began.elapsed();
        assert!(
            took < Duration::from_secs(15),
            "the journals knew only after {took:?}"
        );
    }
    town.all_stop();
}

#[test]
fn o4_a_machine_that_was_away_or_is_new_catches_up() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b", "c"]);
    town.nodes[0].serve();
    town.nodes[1].serve();
    town.nodes[1].kill();
    town.people_lapse(3);
    town.schedules_come_round();
    town.until_quiet();
    town.nodes[0].kill();
    town.nodes[2].serve();
    town.nodes[1].serve();
    let journal = |town: &Town, node: usize| town.nodes[node].object("journal check");
    for node in [1, 2] {
        let checked = journal(&town, node);
        let unnoted = checked["journal"]["unnoted"].as_array().map_or(0, Vec::len);
        assert_eq!(unnoted, 0, "it caught up before it served: {checked:#}");
    }
    town.nodes[0].serve();
    town.all_is_well();
    town.all_stop();
}

#[test]
fn o4_after_a_restored_backup_whoever_starts_first_erases_everybody_again() {
    if !several() {
        return;
    }
    for first in [0, 1] {
        let (mut town, backup) = erased_behind_a_backup();
        town.all_stop();
        restore(&mut town, &backup);
        assert!(back_again(&mut town) > 0, "the backup brought them back");
        town.nodes[first].serve();
        everybody_is_gone_again(&mut town);
        town.all_serve();
        everybody_is_gone_again(&mut town);
        town.all_stop();
    }
}

#[test]
fn o4_a_restored_backup_is_seen_though_the_machine_that_erased_never_comes_back() {
    if !several() {
        return;
    }
    let (mut town, backup) = erased_behind_a_backup();
    town.nodes[0].kill();
    town.nodes.remove(0);
    town.all_stop();
    restore(&mut town, &backup);
    assert!(back_again(&mut town) > 0, "the backup brought them back");
    town.nodes[0].serve();
    everybody_is_gone_again(&mut town);
    town.all_stop();
}

#[test]
fn o4_a_backup_that_is_restored_under_running_daemons_is_seen_too() {
    if !several() {
        return;
    }
    let (mut town, backup) = erased_behind_a_backup();
    restore(&mut town, &backup);
    until_nobody_is_back(&mut town);
    let nodes = &town.nodes;
    soon("both to be back", || {
        nodes.iter().all(|node| node.said("back start=") > 0)
    });
    everybody_is_gone_again(&mut town);
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    let waiting = town
        .eye
        .number("SELECT count(*) FROM lapsed_approval WHERE approved_at IS NULL AND replaced_by IS NULL");
    assert_eq!(
        waiting, 5,
        "they work on; the first plans behind a restored backup wait for somebody to look"
    );
    town.all_stop();
}

#[test]
fn o4_machines_that_start_together_after_a_restored_backup_erase_everybody_once() {
    if !several() {
        return;
    }
    let (mut town, backup) = erased_behind_a_backup();
    town.all_stop();
    restore(&mut town, &backup);
    town.all_serve();
    everybody_is_gone_again(&mut town);
    let entries = town
        .eye
        .number("SELECT count(*) FROM lapsed_ledger WHERE kind = 'restored'");
    assert_eq!(entries, 2, "one for each tenant, though both machines saw it");
    town.all_stop();
}

#[test]
fn o4_a_machine_that_falls_asleep_in_the_middle_of_a_recovery_holds_nobody_up_for_ever() {
    if !several() {
        return;
    }
    let (mut town, backup) = erased_behind_a_backup();
    town.all_stop();
    restore(&mut town, &backup);
    town.nodes[0].start(Some("recover-batch:1:stop"));
    town.nodes[0].until_it_stands_still();
    town.nodes[1].start(None);
    let node = &mut town.nodes[1];
    let began = std::time::Instant::now();
    while node.said("ready start=") < 2 {
        assert!(
            !node.has_ended() && began.elapsed() < PATIENCE * 2,
            "{}",
            node.log()
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    everybody_is_gone_again(&mut town);
    town.nodes[0].go_on();
    town.nodes[0].until_ready();
    everybody_is_gone_again(&mut town);
    town.all_stop();
}

#[test]
fn o4_a_machine_that_caught_up_late_notices_a_restored_backup() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.nodes[0].serve();
    // More than a short look back would see, in whatever order they are copied.
    town.people_lapse(40);
    town.schedules_come_round();
    town.until_quiet();
    town.people_lapse(2);
    let backup = back_up(&town);
    town.schedules_come_round();
    town.until_quiet();
    town.nodes[1].serve();
    town.all_stop();
    restore(&mut town, &backup);
    assert_eq!(back_again(&mut town), 10, "the backup brought them back");
    town.nodes[1].serve();
    everybody_is_gone_again(&mut town);
    town.all_stop();
}

#[test]
fn o4_a_backup_that_is_restored_before_the_lease_was_ever_renewed_is_seen() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a"]);
    // The longest lease that there is: it is renewed for the first time after all that follows.
    town.nodes[0].edit("lapsed.toml", |text| {
        text.replace("lease_seconds = 2\n", "lease_seconds = 60\n")
    });
    town.nodes[0].serve();
    town.people_lapse(2);
    // The backup knows of the lease, which runs on in it.
    let backup = back_up(&town);
    town.schedules_come_round();
    town.until_quiet();
    restore(&mut town, &backup);
    assert_eq!(back_again(&mut town), 10, "the backup brought them back");
    until_nobody_is_back(&mut town);
    let node = &town.nodes[0];
    soon("it to be back", || node.said("back start=") > 0);
    everybody_is_gone_again(&mut town);
    town.all_stop();
}

#[test]
fn o4_two_commands_that_find_a_restored_backup_at_once_write_it_down_once() {
    if !several() {
        return;
    }
    let (mut town, backup) = erased_behind_a_backup();
    town.all_stop();
    restore(&mut town, &backup);
    // Who served when the backup was made is taken to be there until its lease ends.
    soon("the leases to end", || {
        let alive = "SELECT count(*) FROM lapsed_daemon WHERE lease_until > statement_timestamp()";
        town.eye.number(alive) == 0
    });
    let begins = |node: &Node, fault: &str| {
        let mut command = node.command("journal re-erase");
        let command = command.env("LAPSED_FAULT", fault);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        piped.spawn().expect("the program starts")
    };
    let first = begins(&town.nodes[0], "recover-batch:1:stop");
    soon("the first to stand still", || state(&first) == Some('T'));
    let second = begins(&town.nodes[1], "");
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    soon("the second to wait for the first", || town.eye.number(waits) == 1);
    kill_process(Pid::from_child(&first), Signal::CONT).expect("a signal");
    for one in [first, second] {
        let answer = one.wait_with_output().expect("it ends");
        assert!(
            answer.status.success(),
            "{}",
            String::from_utf8_lossy(&answer.stderr)
        );
    }
    everybody_is_gone_again(&mut town);
    let entries = town
        .eye
        .number("SELECT count(*) FROM lapsed_ledger WHERE kind = 'restored'");
    assert_eq!(entries, 2, "one for each tenant, though both commands saw it");
}
