//! The connection dies exactly when a batch is committed, and nobody knows whether it was.

use crate::crashes::{all_is_done, goes_on};
use crate::town::{PATIENCE, Town, several, soon};
use crate::wire::{Moment, wired};

/// A machine whose batches die like that, and what its journal says in the end.
fn dies_at(moment: Moment, times: u64) -> Town {
    let (_server, mut town, wire) = wired();
    for time in 1..=times {
        town.people_lapse(2);
        wire.dies(moment);
        town.schedules_come_round();
        soon("a batch to die", || wire.died() == time);
        goes_on(&mut town, &format!("{moment:?}, {time}"));
        town.until_quiet();
    }
    town
}

/// How many batches the journal has as committed and not yet as done; and how many as cut short.
fn of_journal(town: &Town, list: &str) -> u64 {
    let checked = town.nodes[0].object("journal check");
    checked["journal"][list].as_u64().expect("a number")
}

#[test]
fn o4_a_batch_whose_commit_was_not_heard_of_is_done_in_the_journal_soon_after() {
    if !several() {
        return;
    }
    let mut town = dies_at(Moment::BehindCommit, 3);
    let began = std::time::Instant::now();
    while of_journal(&town, "unfinished") > 0 {
        assert!(began.elapsed() < PATIENCE, "{}", town.describes_itself());
    }
    assert_eq!(of_journal(&town, "crashed"), 0);
    let settled = town.nodes[0].said("were committed though the connection was cut");
    assert!(
        settled > 0,
        "while the daemon runs, and not at its next start: {}",
        town.nodes[0].log()
    );
    all_is_done(&mut town);
}

#[test]
fn o4_a_batch_whose_commit_never_arrived_is_not_done_and_its_people_come_next() {
    if !several() {
        return;
    }
    let mut town = dies_at(Moment::BeforeCommit, 3);
    assert_eq!(of_journal(&town, "crashed"), 3);
    assert_eq!(of_journal(&town, "unfinished"), 0);
    all_is_done(&mut town);
}
