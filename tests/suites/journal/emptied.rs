//! A journal that is not there any more.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use lapsed_model::Dialect;
use lapsed_tests::only_on;

use crate::program::Installed;

const SAID: &str = "the erasure journal is empty";

/// Every folder is gone.
fn lose_the_journal(demo: &Installed) {
    for folder in ["journal", "journal-elsewhere"] {
        std::fs::remove_dir_all(demo.path(folder)).expect("a journal");
    }
}

/// What the daemon says until it is ready.
fn log_of_a_start(demo: &Installed) -> String {
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("settings");
    let listening = format!("{settings}\n[listen]\nmetrics = \"127.0.0.1:0\"\n");
    std::fs::write(demo.path("lapsed.toml"), listening).expect("written");
    let mut daemon = demo
        .command("run")
        .env("LAPSED_LOG", "info")
        .env_remove("JOURNAL_STREAM")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut log = String::new();
    let lines = BufReader::new(daemon.stderr.take().expect("it was piped")).lines();
    for line in lines.map_while(Result::ok) {
        log.push_str(&line);
        log.push('\n');
        if line.contains("ready") {
            break;
        }
    }
    daemon.kill().expect("it is our child");
    daemon.wait().expect("it ends");
    assert!(log.contains("ready"), "{log}");
    log
}

#[test]
fn o4_a_journal_that_was_emptied_is_noticed_by_everybody_who_looks() {
    if !only_on(
        Dialect::Sqlite,
        "a machine of several gets it back from the ledger",
    ) {
        return;
    }
    let demo = Installed::demo();
    for said in [demo.lapsed("check"), demo.lapsed("status")] {
        assert!(
            !said.out.contains(SAID) && !said.err.contains(SAID),
            "{}{}",
            said.out,
            said.err
        );
    }
    lose_the_journal(&demo);
    let before = demo.lapsed("check");
    assert!(format!("{}{}", before.out, before.err).contains(SAID));
    assert_eq!(before.code, 0, "a warning");
    let log = log_of_a_start(&demo);
    assert!(log.contains(SAID) && log.contains("WARN"), "{log}");
    let status = demo.lapsed("status");
    assert!(status.out.contains(SAID), "{}", status.out);
    let after = demo.lapsed("check");
    assert!(
        format!("{}{}", after.out, after.err).contains(SAID),
        "an empty file is no journal"
    );
}

#[test]
fn o4_a_machine_of_several_gets_back_from_the_ledger_what_its_journal_lost() {
    if !only_on(
        Dialect::Postgres,
        "there is one machine, and nobody to get it from",
    ) {
        return;
    }
    let demo = Installed::demo();
    lose_the_journal(&demo);
    assert!(demo.lapsed("status").out.contains(SAID));
    let log = log_of_a_start(&demo);
    assert!(log.contains("copied into the journal"), "{log}");
    assert!(!demo.lapsed("status").out.contains(SAID));
    assert_eq!(demo.lapsed("journal check").code, 0);
}

#[test]
fn a_store_that_erased_nobody_yet_has_no_journal_and_nothing_is_wrong() {
    let demo = Installed::demo();
    demo.sql("DELETE FROM lapsed_erasure RETURNING batch");
    lose_the_journal(&demo);
    assert!(!demo.lapsed("status").out.contains(SAID));
}
