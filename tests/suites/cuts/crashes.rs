//! The server loses its power, and comes back.

use std::time::{Duration, Instant};

use lapsed_tests::Server;

use crate::chance::{Moments, cuts};
use crate::program::now;
use crate::town::{Town, several};

/// So soon after the server's return the work goes on.
pub(crate) const GOES_ON_WITHIN: Duration = Duration::from_secs(10);

/// How long it takes from this moment until a run is done that came due behind it.
pub(crate) fn goes_on(town: &mut Town, when: &str) -> Duration {
    let (began, from) = (Instant::now(), now());
    town.people_lapse(1);
    town.schedules_come_round();
    let done = format!(
        "SELECT count(*) FROM lapsed_run WHERE state = 'completed' AND finished_at >= {from} AND claimed_at >= {from}"
    );
    while town.eye.number(&done) == 0 {
        for node in &mut town.nodes {
            assert!(
                node.is_paused() || !node.has_ended(),
                "{when}: {} ended:\n{}",
                node.name,
                node.log()
            );
        }
        if began.elapsed() > GOES_ON_WITHIN {
            panic!("{when}: nothing goes on:\n{}", town.describes_itself());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    town.holds_together(when);
    began.elapsed()
}

/// In the end everything is done, and nobody ended.
pub(crate) fn all_is_done(town: &mut Town) {
    town.until_quiet();
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.all_is_well();
    town.all_stop();
}

#[test]
fn o3_r9_a_server_that_crashes_at_any_moment_loses_nothing_and_nothing_is_done_twice() {
    if !several() {
        return;
    }
    let server = Server::own();
    let mut town = Town::on(&server, &["a", "b"]);
    town.all_serve();
    let (mut moments, mut slowest) = (Moments::of(1), Duration::ZERO);
    for round in 0..cuts() / 3 {
        town.people_lapse(3);
        town.schedules_come_round();
        let before = moments.pass(700);
        server.crash();
        let away = moments.pass(400);
        server.start();
        let when = format!("crash {round}, {before:?} after the schedules came round, for {away:?}");
        slowest = slowest.max(goes_on(&mut town, &when));
    }
    println!("work went on {slowest:?} after the server was back, at the latest");
    all_is_done(&mut town);
}

#[test]
fn o3_a_server_that_is_away_for_long_ends_no_daemon_and_the_work_goes_on() {
    if !several() {
        return;
    }
    let server = Server::own();
    let mut town = Town::on(&server, &["a", "b"]);
    town.all_serve();
    town.people_lapse(10);
    town.schedules_come_round();
    server.stop();
    // Longer than anybody waits for a connection, and long enough for pauses to have grown.
    std::thread::sleep(Duration::from_secs(35));
    server.start();
    goes_on(&mut town, "after an absence");
    all_is_done(&mut town);
}

#[test]
fn o3_a_server_that_crashes_between_two_steps_that_matter_loses_nothing() {
    if !several() {
        return;
    }
    let server = Server::own();
    let mut town = Town::on(&server, &["a"]);
    town.nodes[0].serve();
    assert_eq!(town.nodes[0].stop(), 0);
    for place in [
        "materialised",
        "claimed",
        "plan-stored",
        "batch-erased",
        "batch-recorded",
        "batch-intended",
        "batch-committed",
        "plan-applied",
        "finished",
    ] {
        town.people_lapse(2);
        town.nodes[0].start(Some(&format!("{place}:1:stop")));
        town.nodes[0].until_ready();
        town.schedules_come_round();
        town.nodes[0].until_it_stands_still();
        server.crash();
        server.start();
        town.holds_together(place);
        town.nodes[0].go_on();
        goes_on(&mut town, place);
        town.until_quiet();
        assert_eq!(town.nodes[0].stop(), 0, "{place}");
    }
    town.nodes[0].serve();
    all_is_done(&mut town);
}
