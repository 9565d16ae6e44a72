//! A daemon's life: one at a time, asked for work by commands, stopped in order, and honest about what crashed.

use lapsed_model::Dialect;
use lapsed_tests::only_on;
use serde_json::Value;

use crate::daemon::{Daemon, installed, soon};
use crate::program::{Installed, now};

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
    if !only_on(
        Dialect::Sqlite,
        "several daemons serve a store there, as `nodes` tells",
    ) {
        return;
    }
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
    let again = installed.lapsed(&format!("apply {id}"));
    assert_eq!(again.code, 1);
    assert!(again.err.contains("carried out already"), "{}", again.err);
    let anonymised = installed.sql(&format!(
        "SELECT CAST(anonymised AS TEXT) FROM lapsed_plan WHERE id = '{id}'"
    ));
    assert_eq!(anonymised, due.to_string());
    let now = installed.object(&format!("schedule now {STUDIO}"));
    assert_eq!(now["people"], 0, "nobody is left");
    let asked = installed
        .sql("SELECT string_agg(asked_by, ',') FROM (SELECT DISTINCT asked_by FROM lapsed_run) asked");
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
    std::fs::write(
        &settings,
        format!("{text}\n[limits]\nerase_batch = 1\nerase_share = \"100 %\"\n"),
    )
    .expect("written");
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

#[test]
fn r5_a_sweep_stops_at_the_batch_at_which_its_policy_is_no_longer_in_force() {
    let installed = installed();
    let settings = installed.path("lapsed.toml");
    let text = std::fs::read_to_string(&settings).expect("the settings are there");
    std::fs::write(
        &settings,
        format!("{text}\n[limits]\nerase_batch = 1\nerase_share = \"100 %\"\n"),
    )
    .expect("written");
    let _daemon = Daemon::serving(&installed);
    let plan = approved_plan(&installed);
    let anonymised = format!("SELECT CAST(anonymised AS TEXT) FROM lapsed_plan WHERE id = '{plan}'");
    soon("some progress", || {
        installed
            .sql(&anonymised)
            .parse::<u64>()
            .ok()
            .filter(|people| *people > 2)
    });
    installed.edit("stadttheater", "automatic = \"on\"", "automatic = \"off\"");
    let run = "SELECT coalesce(outcome, '') FROM lapsed_run WHERE job = 'apply' AND state = 'cancelled'";
    soon("the refusal", || {
        installed.sql(run).contains("other-policy").then_some(())
    });
    assert_eq!(state_of(&installed, &plan), "applying", "the rest stays as it is");
}

#[test]
fn o4_without_one_of_the_journals_folders_nobody_is_erased_until_it_is_back() {
    let installed = installed();
    let daemon = Daemon::serving(&installed);
    let journal = installed.path("journal");
    let away = installed.beside("away");
    std::fs::rename(&journal, &away).expect("moved");
    std::fs::write(&journal, "").expect("something in its place");
    let plan = approved_plan(&installed);
    soon("the health page's word", || {
        let (status, page) = daemon.get("/health");
        (status == 503 && page.contains("journal")).then_some(())
    });
    assert_eq!(
        installed.sql("SELECT CAST(count(*) AS TEXT) FROM lapsed_erasure WHERE people > 100"),
        before_today(&installed)
    );
    let run = "SELECT attempt || ' ' || coalesce(error, '') FROM lapsed_run WHERE job = 'apply' AND state = 'available'";
    let waits = soon("why it waits", || {
        Some(installed.sql(run)).filter(|why| why.contains("journal"))
    });
    assert!(waits.starts_with('0'), "no attempt is spent: {waits}");
    std::fs::remove_file(&journal).expect("out of the way");
    std::fs::rename(&away, &journal).expect("brought back");
    soon("the plan", || {
        (state_of(&installed, &plan) == "applied").then_some(())
    });
    soon("health", || (daemon.get("/health").0 == 200).then_some(()));
}

/// The demo's own erasures.
fn before_today(installed: &Installed) -> String {
    installed.sql(
        "SELECT CAST(count(*) AS TEXT) FROM lapsed_erasure WHERE people > 100 \
         AND at < (SELECT max(started_at) FROM lapsed_daemon)",
    )
}

#[test]
fn o2_slots_that_a_wrong_clock_put_years_ahead_are_brought_back_at_the_next_start() {
    let installed = installed();
    assert_eq!(Daemon::serving(&installed).stop().code(), Some(0));
    installed.sql("UPDATE lapsed_schedule SET next_slot_at = next_slot_at + 315360000000 RETURNING id");
    installed.sql("UPDATE lapsed_daemon SET started_at = started_at + 315360000000 RETURNING pid");
    let _daemon = Daemon::serving(&installed);
    let furthest = installed
        .watch()
        .number("SELECT max(next_slot_at) FROM lapsed_schedule");
    assert!(furthest < now().unsigned_abs() + 8 * 86_400_000, "weekly at most");
}

#[test]
fn the_stop_button_takes_no_name_that_is_no_tenants() {
    let installed = installed();
    let refused = installed.lapsed("pause stadtheater --by Anna --reason moving");
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("there is no tenant `stadtheater`"),
        "{}",
        refused.err
    );
    assert_eq!(
        installed
            .lapsed("pause stadttheater --by Anna --reason moving")
            .code,
        0
    );
}

#[test]
fn a_store_that_is_replaced_under_the_daemon_stops_it() {
    if !only_on(
        Dialect::Sqlite,
        "a server does not let anybody write to what was replaced",
    ) {
        return;
    }
    let installed = installed();
    let mut daemon = Daemon::serving(&installed);
    let backup = installed.beside("backup");
    installed.place().back_up(&backup);
    installed.place().restore(&backup);
    assert_eq!(daemon.ended().code(), Some(1));
    assert!(
        daemon.log().contains("replaced under the daemon"),
        "{}",
        daemon.log()
    );
}

#[test]
fn what_a_command_wrote_is_in_the_file_when_it_ends() {
    if !only_on(Dialect::Sqlite, "nobody copies the files of a server that runs") {
        return;
    }
    let installed = installed();
    let somebody = installed.somebody_due(STUDIO);
    let held = installed
        .command(&format!("hold add person {STUDIO} {somebody} --by Anna"))
        .args(["--reason", "claim pending"])
        .output()
        .expect("the program runs");
    assert!(held.status.success());
    let log = installed.path("store.db-wal");
    let left = std::fs::metadata(&log).map_or(0, |log| log.len());
    assert_eq!(
        left, 0,
        "a copy of the file alone is a backup while no daemon runs"
    );
}
