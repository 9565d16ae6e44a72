//! Machines that sleep past their leases.

use std::time::{Duration, Instant};

use crate::node::Node;
use crate::town::{PATIENCE, Town, several, soon};

/// What a run that was claimed says of itself.
const RUNS: &str = "SELECT string_agg(concat_ws(' ', id, state, attempt, fence, finished_at, outcome), E'\n' ORDER BY id) \
                    FROM lapsed_run WHERE slot_at IS NOT NULL";

/// A town in which `a` stands still at `fault` in the middle of its work, and `b` has done all of it.
fn taken_over_from(fault: &str) -> Town {
    let mut town = Town::open(&["a", "b"]);
    asleep_at(&mut town, fault);
    town.until_quiet();
    town.holds_together(&format!("taken over from one that stood still at {fault}"));
    town
}

/// Both machines serve, and work comes up until `a` stands still at `fault`.
fn asleep_at(town: &mut Town, fault: &str) {
    town.nodes[1].serve();
    town.nodes[0].start(Some(&format!("{fault}:stop")));
    town.nodes[0].until_ready();
    let began = Instant::now();
    while !town.nodes[0].stands_still() {
        assert!(
            began.elapsed() < PATIENCE,
            "a never came to {fault}:\n{}",
            town.describes_itself()
        );
        town.people_lapse(3);
        town.schedules_come_round();
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// Lets `a` go on: nothing changes by that, and it works again under another number.
fn comes_back(mut town: Town) {
    let start = |town: &mut Town| {
        town.eye
            .number("SELECT max(start) FROM lapsed_daemon WHERE node = 'a'")
    };
    let (runs, before) = (town.eye.text(RUNS), start(&mut town));
    town.nodes[0].go_on();
    soon("a to come back under a number of its own", || {
        start(&mut town) > before
    });
    let node = &town.nodes[0];
    let number = format!(
        "back start={}",
        town.eye
            .number("SELECT max(start) FROM lapsed_daemon WHERE node = 'a'")
    );
    soon("a to say so", || node.said(&number) > 0);
    assert_eq!(
        town.eye.text(RUNS),
        runs,
        "nothing was written of what it had in hand"
    );
    assert_eq!(town.nodes[1].stop(), 0);
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.nodes[1].serve();
    town.all_is_well();
    town.all_stop();
}

#[test]
fn o3_a_late_end_of_a_run_is_refused_and_its_daemon_goes_on_under_a_new_number() {
    if !several() {
        return;
    }
    let town = taken_over_from("run-ended:1");
    assert_eq!(town.nodes[0].said("before the run's end was written"), 0);
    comes_back(town);
}

#[test]
fn o3_a_late_batch_is_refused_and_its_daemon_goes_on_under_a_new_number() {
    if several() {
        comes_back(taken_over_from("batch-committed:2"));
    }
}

#[test]
fn o3_a_daemon_that_slept_between_claim_and_work_does_nothing_of_it() {
    if several() {
        comes_back(taken_over_from("run-begun:1"));
    }
}

/// With the lease that holds where nobody says anything.
fn taken_over_in_real_time(fault: &str) -> Duration {
    let mut town = Town::open(&["a", "b"]);
    for node in &town.nodes {
        node.edit("lapsed.toml", |text| text.replace("lease_seconds = 2\n", ""));
    }
    asleep_at(&mut town, fault);
    let began = Instant::now();
    let taken_over = |node: &Node| node.said("its runs are taken over") > 0;
    while !taken_over(&town.nodes[1]) || !town.is_quiet() {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "{}",
            town.describes_itself()
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    let took = began.elapsed();
    let before = town.nodes[0].said("back start=");
    town.nodes[0].go_on();
    let node = &town.nodes[0];
    soon("a to come back", || node.said("back start=") > before);
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.all_is_well();
    town.all_stop();
    took
}

#[test]
fn o3_a_daemon_that_stops_answering_is_replaced_within_75_seconds() {
    if !several() {
        return;
    }
    // Between two batches it holds nothing but its lease; in the middle of one it holds locks, which the server takes
    // back after a minute.
    let both = std::thread::scope(|threads| {
        let story = |fault| threads.spawn(move || taken_over_in_real_time(fault));
        ["batch-committed:2", "batch-erased:2"]
            .map(story)
            .map(|story| story.join().expect("a story"))
    });
    println!("taken over after {both:?}: between two batches, and in the middle of one");
    for took in both {
        assert!(took <= Duration::from_secs(75), "taken over only after {took:?}");
    }
}
