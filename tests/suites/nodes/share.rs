//! Machines that share the work.

use std::time::Instant;

use crate::town::{PATIENCE, Town, several};

/// Has work come up in small pieces until every machine had a part in it.
fn share_the_work(names: &[&str]) {
    let mut town = Town::open(names);
    town.all_serve();
    let (mut rounds, began) = (0, Instant::now());
    while rounds < 8 || town.nodes.iter().any(|node| node.said("job=\"retention\"") == 0) {
        rounds += 1;
        assert!(
            began.elapsed() < PATIENCE,
            "a machine never got anything to do:\n{}",
            town.describes_itself()
        );
        town.people_lapse(4);
        town.schedules_come_round();
        town.holds_together(&format!("round {rounds}"));
        town.until_quiet();
    }
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.all_is_well();
    town.all_stop();
    assert!(
        town.slots() >= 2 * 5,
        "the schedules came round {} times",
        town.slots()
    );
}

#[test]
fn o3_two_daemons_share_the_runs_and_do_each_once() {
    if several() {
        share_the_work(&["a", "b"]);
    }
}

#[test]
fn o3_three_daemons_share_the_runs_and_do_each_once() {
    if several() {
        share_the_work(&["a", "b", "c"]);
    }
}
