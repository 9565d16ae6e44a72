//! `lapsed status`: how everything stands, for people and for machines.

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Value, json};

use crate::daemon::{Daemon, installed, soon};

fn status(installed: &crate::program::Installed, tenant: &str) -> Value {
    installed.object(&format!("status {tenant}"))
}

#[test]
fn a_store_that_nobody_ever_served_says_so_and_how() {
    let installed = installed();
    let answer = installed.lapsed("status");
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.contains("no daemon"), "{}", answer.out);
    assert!(answer.out.contains("lapsed run"), "{}", answer.out);
    let object = status(&installed, "");
    assert_eq!(object["daemon"]["serves"], json!(false));
    assert_eq!(object["broken"]["policies"], json!(0));
}

#[test]
fn status_tells_who_serves_what_comes_next_and_what_is_in_force() {
    let installed = installed();
    let mut daemon = Daemon::serving(&installed);
    let object = status(&installed, "");
    assert_eq!(object["daemon"]["serves"], json!(true));
    assert_eq!(object["daemon"]["last"]["program"], json!("lapsed run"));
    let next = object["next"].as_array().expect("a list");
    assert_eq!(next.len(), 5, "the next five slots overall");
    let slots: Vec<&str> = next.iter().filter_map(|next| next["slots"][0].as_str()).collect();
    assert!(slots.is_sorted(), "{slots:?}");
    let policies = object["policies"].as_array().expect("a list");
    assert_eq!(policies.len(), 2);
    assert!(
        policies.iter().all(|policy| policy["file"] == json!("in-force")),
        "{policies:?}"
    );
    let shown = installed.lapsed("status").out;
    assert!(shown.starts_with("`lapsed run` "), "{shown}");
    assert!(
        shown.contains("Due next") && shown.contains("Europe/Vienna"),
        "{shown}"
    );
    daemon.stop();
    let shown = installed.lapsed("status").out;
    assert!(
        shown.contains("no daemon serves the store") && shown.contains("stopped at"),
        "{shown}"
    );
}

#[test]
fn a_tenant_in_detail_has_five_slots_of_each_schedule_by_its_own_clocks() {
    let installed = installed();
    installed.edit("stadttheater", "\"at night\"\n", "\"every day at 03:15\"\n");
    let _daemon = Daemon::serving(&installed);
    let object = status(&installed, "stadttheater");
    let next = object["next"].as_array().expect("a list");
    assert!(!next.is_empty());
    let retention = next.iter().filter(|schedule| schedule["job"] == "retention");
    for schedule in retention {
        assert!(
            schedule["workgroup"]
                .as_str()
                .is_some_and(|name| name.starts_with("stadttheater/"))
        );
        let slots = schedule["slots"].as_array().expect("a list");
        assert_eq!(slots.len(), 5, "{schedule}");
        for slot in slots {
            let slot: DateTime<Utc> = slot
                .as_str()
                .and_then(|slot| slot.parse().ok())
                .expect("an instant");
            let there = slot.with_timezone(&chrono_tz::Europe::Vienna).time();
            assert_eq!(
                there,
                NaiveTime::from_hms_opt(3, 15, 0).expect("a time"),
                "{schedule}"
            );
        }
    }
    let shown = installed.lapsed("status stadttheater").out;
    assert!(
        shown.contains(", 03:15") && !shown.contains("salon-lumiere"),
        "{shown}"
    );
}

#[test]
fn what_is_broken_is_shown_and_is_no_alarm() {
    let installed = installed();
    let daemon = Daemon::serving(&installed);
    installed.edit("stadttheater", "3 years", "3 yars");
    soon("the refusal", || {
        (daemon.metric(r#"lapsed_policy_reloads_total{result="refused"}"#) > 0.0).then_some(())
    });
    let answer = installed.lapsed("status");
    assert_eq!(answer.code, 0);
    assert!(
        answer.out.contains("stadttheater: 1 error in its file"),
        "{}",
        answer.out
    );
    assert!(
        answer.out.contains("this version stays in force"),
        "{}",
        answer.out
    );
    let object = status(&installed, "");
    assert_eq!(object["broken"]["policies"], json!(1));
    let file = object["policies"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|policy| policy["file"] == json!("broken"));
    assert!(
        file.is_some_and(|file| file["version"].is_string() && file["errors"][0]["line"].is_u64()),
        "{object}"
    );
}

#[test]
fn pauses_and_waiting_plans_are_shown_with_who_and_why() {
    let installed = installed();
    let _daemon = Daemon::serving(&installed);
    installed.lapsed("schedule now stadttheater/studio");
    let mut pause = installed.command("pause salon-lumiere --by Anna --reason");
    let paused = pause.arg("the new till is being tried").status();
    assert!(paused.expect("the program runs").success());
    let object = status(&installed, "");
    assert_eq!(object["pauses"][0]["by"], json!("Anna"));
    assert_eq!(object["waiting"]["plans"], json!(1));
    assert_eq!(
        object["waiting"]["oldest"][0]["workgroup"],
        json!("stadttheater/studio")
    );
    let next = object["next"].as_array().expect("a list");
    let paused = |next: &&Value| {
        next["workgroup"]
            .as_str()
            .is_some_and(|name| name.starts_with("salon"))
    };
    assert_eq!(next.iter().find(paused), None, "a paused tenant has nothing due");
    let shown = installed.lapsed("status").out;
    assert!(shown.contains("PAUSED: salon-lumiere, since"), "{shown}");
    assert!(shown.contains("by Anna: the new till is being tried"), "{shown}");
    assert!(shown.contains("1 plan waits for approval"), "{shown}");
    let theirs = installed.lapsed("status salon-lumiere").out;
    assert!(
        theirs.contains("paused") && !theirs.contains("plan waits"),
        "{theirs}"
    );
}

#[test]
fn a_tenant_that_is_none_is_refused_by_whatever_lists_something_of_one() {
    let installed = installed();
    for words in ["status", "schedule list", "hold list"] {
        let answer = installed.lapsed(&format!("{words} stadtheater"));
        assert_eq!(answer.code, 1, "{words}: {}", answer.out);
        assert!(
            answer.err.contains("there is no tenant `stadtheater`"),
            "{words}: {}",
            answer.err
        );
        assert_eq!(
            installed.lapsed(&format!("{words} stadttheater")).code,
            0,
            "{words}"
        );
    }
}

#[test]
fn the_history_is_objects_for_programs_and_sentences_for_people() {
    let installed = installed();
    let _daemon = Daemon::serving(&installed);
    let now = installed.object("schedule now stadttheater/studio");
    let runs = installed.json("schedule history");
    let run = &runs[0];
    assert_eq!(run["outcome"], now, "{run}");
    assert!(run["payload"].is_object(), "{run}");
    let shown = installed.lapsed("schedule history").out;
    let says = format!("{} people, waits for approval", now["people"]);
    assert!(shown.contains(&says), "{shown}");
    let plan = now["plan"].as_str().expect("an id");
    assert_eq!(
        installed
            .lapsed(&format!("approve {plan} --by Anna --reason looked"))
            .code,
        0
    );
    let says = format!("carried out: {} anonymised", now["people"]);
    soon("its end in the history", || {
        let shown = installed.lapsed("schedule history").out;
        shown.contains(&says).then_some(())
    });
}
