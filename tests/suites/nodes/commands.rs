//! What people type beside several machines.

use std::process::Stdio;

use crate::town::{Town, several, soon};

#[test]
fn o5_the_status_names_every_machine() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.all_serve();
    for node in &town.nodes {
        let status = node.object("status");
        let all = status["daemon"]["all"].as_array().expect("a list");
        let mut names: Vec<&str> = all.iter().filter_map(|one| one["node"].as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "b"], "{status:#}");
        assert!(all.iter().all(|one| one["alive"] == true), "{status:#}");
        assert_eq!(status["daemon"]["serves"], true);
        let told = node.lapsed("status").out;
        for name in [" on a,", " on b,"] {
            assert!(told.contains(name), "{told}");
        }
    }
    town.nodes[0].kill();
    soon("the status to know that a is gone", || {
        let status = town.nodes[1].object("status");
        let all = status["daemon"]["all"].as_array().expect("a list");
        all.iter().all(|one| one["node"] != "a")
    });
    town.all_stop();
    let status = town.nodes[1].object("status");
    assert_eq!(status["daemon"]["serves"], false, "{status:#}");
    assert_eq!(
        status["daemon"]["last"]["node"], "b",
        "who served last: {status:#}"
    );
}

#[test]
fn o3_a_command_beside_the_daemons_asks_them_and_follows() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b", "desk"]);
    town.nodes[0].serve();
    town.nodes[1].serve();
    town.people_lapse(5);
    let desk = &town.nodes[2];
    let plan = desk.object("plan stadttheater/studio --save");
    let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
    let applied = desk.lapsed(&format!("apply {id}"));
    assert_eq!(applied.code, 0, "{}", applied.err);
    assert!(
        applied
            .err
            .contains("asked the daemon that serves the store: run"),
        "{}",
        applied.err
    );
    assert!(applied.out.contains("5 people anonymised"), "{}", applied.out);
    let swept = desk.lapsed("schedule now stadttheater/grosses-haus");
    assert_eq!(swept.code, 0, "{}{}", swept.out, swept.err);
    town.schedules_come_round();
    town.until_quiet();
    town.nodes.pop();
    town.all_is_well();
    town.all_stop();
}

#[test]
fn o3_a_command_follows_its_run_to_the_machine_that_takes_it_over() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.nodes[0].serve();
    town.people_lapse(5);
    let plan = town.nodes[0].object("plan stadttheater/studio --save");
    let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(town.nodes[0].stop(), 0);
    town.nodes[0].start(Some("batch-committed:1:stop"));
    town.nodes[0].until_ready();
    let mut command = town.nodes[1].command(&format!("apply {id}"));
    let typed = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    town.nodes[0].until_it_stands_still();
    town.nodes[1].serve();
    let answer = typed.wait_with_output().expect("it answers");
    let said = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(
        answer.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    assert!(said.contains("5 people anonymised"), "{said}");
    town.nodes[0].go_on();
    town.schedules_come_round();
    town.until_quiet();
    town.all_is_well();
    town.all_stop();
}
