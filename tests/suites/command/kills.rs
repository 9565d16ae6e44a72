//! A kill at any point of `apply` leaves nobody half anonymised, and the next `apply` goes on where it stopped.

use std::collections::BTreeSet;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Installed, Watch};

const STUDIO: &str = "stadttheater/studio";

/// Waits until the plan has gone `further` by so many people or the program has ended.
fn wait_for_progress(watch: &mut Watch, child: &mut Child, before: u64, further: u64) -> bool {
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience {
        if child.try_wait().expect("a child").is_some() {
            return false;
        }
        if watch.number("SELECT anonymised FROM lapsed_plan WHERE workgroup = 'studio'") >= before + further {
            return true;
        }
    }
    panic!("apply made no progress in a minute");
}

/// Everybody of the plan is either as before or erased in every table, and the ledger knows the erased.
fn nobody_is_half_anonymised(demo: &Installed) {
    let half = demo.sql(
        "SELECT string_agg(CAST(c.id AS TEXT), ',') FROM customers c WHERE \
         (c.anonymised_at IS NULL AND (c.last_name = 'DSGVO' OR c.email IS NULL AND c.first_name IS NULL)) \
         OR (c.anonymised_at IS NOT NULL AND (c.first_name IS NOT NULL OR c.email IS NOT NULL OR c.phone IS NOT NULL)) \
         OR (c.anonymised_at IS NOT NULL AND CAST(c.id AS TEXT) IN (SELECT CAST(k.subject AS TEXT) FROM lapsed_consent k)) \
         OR (c.anonymised_at IS NOT NULL AND EXISTS (SELECT 1 FROM web_users w WHERE w.customer_id = c.id)) \
         OR (c.anonymised_at IS NOT NULL AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.note IS NOT NULL))",
    );
    assert_eq!(half, "", "half anonymised");
}

/// The pseudonyms of everybody whom the plan's entries name.
fn in_the_ledger(demo: &Installed, plan: &str) -> Vec<String> {
    let entries = demo.json("ledger show stadttheater --last 100000");
    let of_plan = entries.iter().filter(|entry| entry["payload"]["plan"] == plan);
    of_plan
        .flat_map(|entry| entry["payload"]["by_rule"].as_object().into_iter().flatten())
        .flat_map(|(_, people)| people.as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// How many people the plan has anonymised, and how many stand in the ledger, at one moment: what the program committed right
/// before it was killed may become visible between two looks.
fn plan_and_ledger(demo: &Installed, plan: &str) -> (String, usize) {
    let sql = format!("SELECT CAST(anonymised AS TEXT) FROM lapsed_plan WHERE id = '{plan}'");
    let mut before = demo.sql(&sql);
    loop {
        let in_the_ledger = in_the_ledger(demo, plan).len();
        let after = demo.sql(&sql);
        if before == after {
            return (after, in_the_ledger);
        }
        before = after;
    }
}

#[test]
fn r9_a_kill_at_any_point_loses_nothing_and_repeats_nothing() {
    let demo = Installed::demo();
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("the settings are there");
    // Small batches: more places to be killed at.
    std::fs::write(
        demo.path("lapsed.toml"),
        format!("{settings}\n[limits]\nerase_batch = 1\nerase_share = \"100 %\"\n"),
    )
    .expect("written");
    let plan = demo.approved_plan(STUDIO);
    let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
    let due = plan["due"].as_u64().expect("a count");
    let (mut kills, mut watch) = (0, demo.watch());
    loop {
        let before = watch.number("SELECT anonymised FROM lapsed_plan WHERE workgroup = 'studio'");
        let mut apply = demo.command(&format!("apply {id}"));
        let mut child = apply
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let alive = wait_for_progress(&mut watch, &mut child, before, 1 + kills % 3);
        child.kill().expect("SIGKILL");
        child.wait().expect("it is gone");
        if !alive {
            break;
        }
        kills += 1;
        nobody_is_half_anonymised(&demo);
        let (anonymised, in_the_ledger) = plan_and_ledger(&demo, &id);
        assert_eq!(in_the_ledger.to_string(), anonymised);
        if kills == 30 {
            break;
        }
    }
    assert!(kills >= 10, "only {kills} kills hit a running apply");
    let last = demo.lapsed(&format!("apply {id}"));
    assert!(
        last.code == 0 || last.err.contains("carried out already"),
        "{}",
        last.err
    );
    nobody_is_half_anonymised(&demo);
    let people = in_the_ledger(&demo, &id);
    assert_eq!(people.len() as u64, due);
    assert_eq!(
        people.iter().collect::<BTreeSet<_>>().len() as u64,
        due,
        "somebody stands in the ledger twice"
    );
    assert_eq!(demo.lapsed("ledger verify").code, 0);
    assert_eq!(demo.object(&format!("plan {STUDIO}"))["due"], 0);
    assert_eq!(
        demo.sql("SELECT CAST(count(*) AS TEXT) FROM lapsed_remnants"),
        "0"
    );
}
