//! Machines that are upgraded one after the other.

use crate::town::{Town, several};

#[test]
fn o3_a_store_that_a_newer_version_migrated_is_refused_by_name_and_served_on_by_who_knows_it() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.nodes[0].serve();
    town.eye.text(
        "INSERT INTO lapsed_migration (version, description, success, checksum, execution_time) \
         VALUES (99, 'of a later version', TRUE, '', 0)",
    );
    for command in ["run", "status", "migrate", "ledger verify"] {
        let refused = town.nodes[1].lapsed(command);
        assert_eq!(refused.code, 3, "{command}: {}", refused.err);
        let says = "the store was migrated by a newer lapsed (its schema is 99, this program knows up to";
        assert!(refused.err.contains(says), "{command}: {}", refused.err);
    }
    // Who serves already goes on: the newer tables have room for it, or nobody may migrate beside it.
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.eye.text("DELETE FROM lapsed_migration WHERE version = 99");
    town.all_is_well();
    town.all_stop();
}

/// As the version before this one left the store.
fn step_back(town: &mut Town) {
    town.eye
        .text("DROP INDEX lapsed.lapsed_approval_waiting, lapsed.lapsed_erasure_of_entry");
    town.eye.text("DELETE FROM lapsed_migration WHERE version = 4");
}

#[test]
fn o3_an_older_store_that_it_knows_is_served_and_migrated_under_running_daemons_where_somebody_means_it() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    step_back(&mut town);
    town.all_serve();
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    let refused = town.nodes[0].lapsed("migrate");
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(
        refused
            .err
            .contains("a daemon serves the store: stop it, migrate"),
        "{}",
        refused.err
    );
    assert!(refused.err.contains("`--beside-daemons`"), "{}", refused.err);
    let migrated = town.nodes[0].lapsed("migrate --beside-daemons");
    assert_eq!(migrated.code, 0, "{}", migrated.err);
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.all_is_well();
    town.all_stop();
    step_back(&mut town);
    let alone = town.nodes[0].lapsed("migrate");
    assert_eq!(
        alone.code, 0,
        "nobody is asked where nobody serves: {}",
        alone.err
    );
}
