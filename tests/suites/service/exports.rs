//! Files of workgroups: written by the daemon, and gone when somebody in them is anonymised.

use std::path::PathBuf;

use serde_json::Value;

use crate::daemon::{Daemon, installed, soon};
use crate::program::Installed;

const HOUSE: &str = "stadttheater/grosses-haus";

/// The daemon writes the files of the house now, as its schedule would have it do.
fn written(installed: &Installed) -> PathBuf {
    let outcome = installed.object(&format!("schedule now {HOUSE} --job export"));
    PathBuf::from(outcome["path"].as_str().expect("a path"))
}

/// What is known of the only file.
fn listed(installed: &Installed) -> Value {
    let listed = installed.json("export list stadttheater");
    assert_eq!(listed.len(), 1, "{listed:?}");
    listed[0].clone()
}

#[test]
fn x3_the_daemon_writes_the_files_and_removes_them_when_somebody_in_them_is_anonymised() {
    let installed = installed();
    // The demo's own.
    installed.sql("DELETE FROM lapsed_export_subject");
    installed.sql("DELETE FROM lapsed_export");
    let mut daemon = Daemon::serving(&installed);
    let schedules = installed.json("schedule list stadttheater");
    let scheduled = |job: &str| schedules.iter().any(|schedule| schedule["job"] == job);
    assert!(scheduled("export") && scheduled("retention"), "{schedules:?}");
    let file = written(&installed);
    assert!(file.is_file(), "{}", file.display());
    let there = listed(&installed);
    assert_eq!(
        (&there["state"], &there["asked_by"]),
        (&Value::from("finished"), &Value::from("the schedule"))
    );
    let history = installed.lapsed("schedule history").out;
    assert!(history.contains("people in "), "{history}");

    // The policy's files name only people who consent to something.
    let somebody =
        installed.sql("SELECT CAST(min(CAST(subject AS TEXT)) AS TEXT) FROM lapsed_export_subject");
    let anonymised = installed.lapsed(&format!(
        "anonymise {HOUSE} {somebody} --yes --despite-open-business"
    ));
    assert_eq!(anonymised.code, 0, "{}", anonymised.err);
    soon("the file to go", || (!file.exists()).then_some(()));
    let gone = soon("the store to know", || {
        Some(listed(&installed)).filter(|gone| gone["state"] == "removed")
    });
    assert_eq!(gone["because"], "somebody in it was anonymised");
    assert_eq!(daemon.stop().code(), Some(0));
}

#[test]
fn x3_who_is_paused_hands_nothing_out() {
    let installed = installed();
    let paused = installed.lapsed("pause stadttheater --by Anna --reason moving");
    assert_eq!(paused.code, 0, "{}", paused.err);
    let before = installed.json("export list stadttheater").len();
    for words in [
        format!("export workgroup {HOUSE}"),
        format!(
            "export customer {HOUSE} 1 --to {}",
            installed.path("one.zip").display()
        ),
    ] {
        let refused = installed.lapsed(&words);
        assert_eq!(refused.code, 1, "{words}: {}", refused.out);
        assert!(refused.err.contains("paused"), "{words}: {}", refused.err);
    }
    assert!(!installed.path("one.zip").exists());
    assert_eq!(installed.json("export list stadttheater").len(), before);
}
