//! The network between a machine and the server fails: with a word, or silently.

use std::time::{Duration, Instant};

use lapsed_tests::{Proxy, Server};

use crate::chance::{Moments, cuts};
use crate::crashes::{all_is_done, goes_on};
use crate::town::{PATIENCE, Town, several, soon};
use crate::wire::wired;

/// A town whose machines have a network each.
fn town_with_networks(server: &std::sync::Arc<Server>) -> (Town, Vec<Proxy>) {
    let mut town = Town::on(server, &[]);
    let networks: Vec<Proxy> = [(); 2].map(|()| Proxy::before(server)).into();
    for (name, network) in ["a", "b"].into_iter().zip(&networks) {
        let url = network.url(&town.database);
        town.settles(name, &format!("url = \"{url}\"\nlease_seconds = 2"));
    }
    town.all_serve();
    (town, networks)
}

#[test]
fn o3_r9_connections_that_are_cut_at_any_moment_lose_nothing_and_nothing_is_done_twice() {
    if !several() {
        return;
    }
    let server = Server::own();
    let (mut town, networks) = town_with_networks(&server);
    let (mut moments, mut slowest) = (Moments::of(2), Duration::ZERO);
    for round in 0..cuts() * 2 / 3 {
        town.people_lapse(2);
        town.schedules_come_round();
        let before = moments.pass(500);
        // One of them, the other, or both.
        let which = moments.below(3);
        let hit = |node: u64| which == 2 || which == node;
        let (those, away) = (
            networks.iter().zip(0..).filter(|(_, node)| hit(*node)),
            moments.below(300),
        );
        for (network, _) in those.clone() {
            network.cut();
        }
        std::thread::sleep(Duration::from_millis(away));
        those.for_each(|(network, _)| network.go_on());
        let when =
            format!("cut {round} of {which}, {before:?} after the schedules came round, for {away} ms");
        slowest = slowest.max(goes_on(&mut town, &when));
    }
    println!("work went on {slowest:?} after the network was back, at the latest");
    all_is_done(&mut town);
}

#[test]
fn o3_a_machine_behind_a_silent_network_is_fenced_off_and_comes_back() {
    if !several() {
        return;
    }
    let server = Server::own();
    let (mut town, networks) = town_with_networks(&server);
    for round in 0..3 {
        town.people_lapse(4);
        town.schedules_come_round();
        std::thread::sleep(Duration::from_millis(80 * round));
        networks[0].hold();
        // Past the lease, and past what a's transaction may have locked.
        std::thread::sleep(Duration::from_secs(3));
        let before = town.nodes[0].said("back start=");
        networks[0].go_on();
        let node = &town.nodes[0];
        soon("a to come back", || node.said("back start=") > before);
        goes_on(&mut town, &format!("silence {round}"));
        town.until_quiet();
    }
    all_is_done(&mut town);
}

#[test]
fn o3_the_other_machine_works_on_while_one_is_behind_a_silent_network() {
    if !several() {
        return;
    }
    let server = Server::own();
    let (mut town, networks) = town_with_networks(&server);
    town.until_quiet();
    networks[0].hold();
    goes_on(&mut town, "with a silent machine");
    town.until_quiet();
    networks[0].go_on();
    all_is_done(&mut town);
}

#[test]
fn o3_connections_that_go_silent_for_ever_are_given_up_and_made_anew() {
    if !several() {
        return;
    }
    // A router forgot them: nothing arrives, nobody is told, and new ones are as good as ever. Between two transactions; where
    // runs are taken up; in the middle of a batch.
    for words in [
        None,
        Some(&b"SET state = 'running'"[..]),
        Some(b"INSERT INTO lapsed_erasure"),
    ] {
        let (_server, mut town, wire) = wired();
        town.people_lapse(2);
        town.schedules_come_round();
        town.until_quiet();
        match words {
            None => wire.forgets_what_is_open(),
            Some(words) => wire.forgets_what_is_open_at(words),
        }
        town.people_lapse(2);
        town.schedules_come_round();
        soon("the connections to fall silent", || !wire.is_to_forget());
        let began = Instant::now();
        while !town.is_quiet() {
            assert!(began.elapsed() < PATIENCE, "{}", town.describes_itself());
            std::thread::sleep(Duration::from_millis(50));
        }
        println!("it went on after {:?}", began.elapsed());
        all_is_done(&mut town);
    }
}

#[test]
fn o3_one_connection_that_goes_silent_over_a_renewal_costs_no_lease() {
    if !several() {
        return;
    }
    let (_server, mut town, wire) = wired();
    let mut lease = || {
        town.eye
            .number("SELECT (extract(epoch FROM max(lease_until)) * 1000)::bigint FROM lapsed_daemon")
    };
    for _ in 0..3 {
        wire.silences_a_renewal();
        soon("a renewal to fall silent", || !wire.is_to_silence_a_renewal());
        let before = lease();
        // Long behind the end of the lease that could not be renewed so.
        soon("the lease to go on", || lease() > before + 3_000);
    }
    let node = &town.nodes[0];
    assert_eq!(node.said("back start="), 0, "{}", node.log());
    all_is_done(&mut town);
}
