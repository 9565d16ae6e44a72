//! A daemon's life: one at a time, asked for work by commands, stopped in order, and honest about what crashed.

use serde_json::Value;

use crate::daemon::{Daemon, installed, soon};
use crate::program::Installed;

const STUDIO: &str = "stadttheater/studio";

/// A plan of the studio that somebody approved, not carried out yet.
fn approved_plan(installed: &Installed) -> String {
    let plan = installed.object(&format!("plan {STUDIO} --save"));
    let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
    let approved = installed.lapsed(&format!("approve {id} --by Anna --reason looked"));
    assert_eq!(approved.code, 0, "{}", approved.err);
    id
}

fn state_of(installed: &Installed, plan: &str) -> String {
    installed.sql(&format!("SELECT state FROM lapsed_plan WHERE id = '{plan}'"))
}

#[test]
fn o3_a_second_daemon_on_the_same_store_is_refused_by_name() {
    let installed = installed();
    let mut daemon = Daemon::serving(&installed);
    let second = installed.lapsed("run");
    assert_eq!(second.code, 1);
    assert!(
        second.err.contains("served already: by `lapsed run`, process "),
        "{}",
        second.err
    );
    let by_hand = installed.lapsed("keys list");
    assert_eq!(by_hand.code, 0, "looking is free: {}", by_hand.err);
    assert_eq!(daemon.stop().code(), Some(0));
    let mut next = Daemon::serving(&installed);
    assert_eq!(next.stop().code(), Some(0), "the place is free again");
}

#[test]
fn commands_beside_a_daemon_ask_it_and_say_what_became_of_it() {
    let installed = installed();
    let daemon = Daemon::serving(&installed);
    let plan = installed.object(&format!("plan {STUDIO} --save"));
    let due = plan["due"].as_u64().expect("a count");
    let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
    let refused = installed.lapsed(&format!("apply {id}"));
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("lapsed approve"),
        "what next: {}",
        refused.err
    );
    let somebody = installed.somebody_due("stadttheater/abonnement");
    let anonymised = installed.object(&format!(
        "anonymise stadttheater/abonnement {somebody} --yes --despite-open-business"
    ));
    assert_eq!(anonymised["done"]["anonymised"], 1);
    let approved = installed.lapsed(&format!("approve {id} --by Anna --reason looked"));
    assert_eq!(approved.code, 0, "{}", approved.err);
    soon("the plan that was approved", || {
        (state_of(&installed, &id) == "applied").then_some(())
    });
    let done = installed.object(&format!("apply {id}"));
    assert_eq!(done["done"]["anonymised"], due, "it is done, and said so");
    let now = installed.object(&format!("schedule now {STUDIO}"));
    assert_eq!(now["people"], 0, "nobody is left");
    let asked = installed.sql("SELECT group_concat(DISTINCT asked_by) FROM lapsed_run");
    assert!(
        asked.contains("lapsed anonymise") && asked.contains("lapsed apply"),
        "{asked}"
    );
    drop(daemon);
}

#[test]
fn a_pause_beside_a_daemon_stops_at_once_and_survives_a_restart() {
    let installed = installed();
    let mut daemon = Daemon::serving(&installed);
    let plan = approved_plan_while_paused(&installed);
    let refused = installed.lapsed(&format!("apply {plan}"));
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("paused by Anna (moving house)"),
        "{}",
        refused.err
    );
    assert_eq!(daemon.stop().code(), Some(0));
    let _daemon = Daemon::serving(&installed);
    assert_eq!(installed.object("status")["pauses"][0]["by"], "Anna");
    assert_eq!(state_of(&installed, &plan), "planned");
    assert_eq!(installed.lapsed("resume stadttheater").code, 0);
    soon("the plan that waited", || {
        (state_of(&installed, &plan) == "applied").then_some(())
    });
}

/// The stop button is pressed first: what is approved meanwhile waits.
fn approved_plan_while_paused(installed: &Installed) -> String {
    let paused = installed
        .command("pause stadttheater --by Anna")
        .args(["--reason", "moving house"])
        .output()
        .expect("the program runs");
    assert!(paused.status.success());
    approved_plan(installed)
}

#[test]
fn o2_a_stop_in_the_middle_hands_the_run_back_and_the_next_start_finishes_it() {
    let installed = installed();
    let settings = installed.path("lapsed.toml");
    let text = std::fs::read_to_string(&settings).expect("the settings are there");
    std::fs::write(&settings, format!("{text}\n[limits]\nerase_batch = 1\n")).expect("written");
    let mut daemon = Daemon::serving(&installed);
    let plan = approved_plan(&installed);
    let anonymised = format!("SELECT CAST(anonymised AS TEXT) FROM lapsed_plan WHERE id = '{plan}'");
    soon("some progress", || {
        installed
            .sql(&anonymised)
            .parse::<u64>()
            .ok()
            .filter(|people| *people > 2)
    });
    assert_eq!(daemon.stop().code(), Some(0));
    assert_eq!(state_of(&installed, &plan), "applying");
    let run = "SELECT state || ' ' || attempt FROM lapsed_run WHERE job = 'apply'";
    assert_eq!(
        installed.sql(run),
        "available 0",
        "handed back, and no attempt spent"
    );
    let mut next = Daemon::serving(&installed);
    soon("its end", || {
        (state_of(&installed, &plan) == "applied").then_some(())
    });
    assert_eq!(next.stop().code(), Some(0));
    assert_eq!(installed.lapsed("ledger verify").code, 0);
}

#[test]
fn o5_a_task_that_crashes_ends_its_run_and_not_the_daemon_and_the_exit_code_tells() {
    let installed = installed();
    let mut daemon = Daemon::serving_with(&installed, "LAPSED_FAULT", "planned:1:panic");
    let now = installed.lapsed(&format!("schedule now {STUDIO}"));
    assert_eq!(now.code, 1);
    assert!(now.err.contains("crashed"), "{}", now.err);
    let again: Value = installed.object(&format!("schedule now {STUDIO}"));
    assert_eq!(again["became"], "waits", "the daemon goes on");
    assert_eq!(daemon.stop().code(), Some(4));
}
