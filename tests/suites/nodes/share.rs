//! Machines that share the work.

use crate::town::{Town, several};

/// Has work come up in small pieces until every machine had a part in it.
fn share_the_work(names: &[&str]) {
    let mut town = Town::open(names);
    town.all_serve();
    let mut rounds = 0;
    while rounds < 8 || town.nodes.iter().any(|node| node.said("job=\"retention\"") == 0) {
        rounds += 1;
        assert!(rounds < 60, "a machine never got anything to do:\n{}", town.describes_itself());
        town.people_lapse(4);
        town.schedules_come_round();
        town.holds_together(&format!("round {rounds}"));
        std::thread::sleep(std::time::Duration::from_millis(150));
    }
    town.until_quiet();
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.all_is_well();
    town.all_stop();
    assert!(town.slots() >= 2 * 5, "the schedules came round {} times", town.slots());
    for node in &town.nodes {
        assert_eq!(node.said("the lease"), 0, "nobody lost a lease:\n{}", node.log());
    }
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
