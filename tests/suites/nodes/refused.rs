//! Machines that must not serve beside the others, and say why.

use crate::town::{Town, several, soon};

#[test]
fn o3_a_machine_with_another_dataset_does_nothing_and_says_so() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.nodes[0].serve();
    let shipped = include_str!("../../../config/dataset.toml");
    std::fs::write(
        town.nodes[1].path("dataset.toml"),
        format!("{shipped}\n# of its own\n"),
    )
    .expect("written");
    town.nodes[1].edit("lapsed.toml", |text| {
        text.replace(
            "lease_seconds = 2\n",
            "lease_seconds = 2\ndataset = \"dataset.toml\"\n",
        )
    });
    let refused = town.nodes[1].lapsed("run");
    assert_eq!(refused.code, 1, "{}", refused.err);
    let says = "`a` serves the store by another dataset: give every machine the same one, then start again";
    assert!(refused.err.contains(says), "{}", refused.err);
    assert_eq!(
        town.eye
            .number("SELECT count(*) FROM lapsed_daemon WHERE node = 'b'"),
        0
    );
    town.nodes[1].edit("lapsed.toml", |text| {
        text.replace("dataset = \"dataset.toml\"\n", "")
    });
    town.nodes[1].serve();
    town.all_stop();
}

#[test]
fn o3_a_dataset_can_be_changed_when_nobody_serves_by_the_old_one() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.nodes[0].serve();
    town.nodes[0].kill();
    let shipped = include_str!("../../../config/dataset.toml");
    std::fs::write(
        town.nodes[1].path("dataset.toml"),
        format!("{shipped}\n# of its own\n"),
    )
    .expect("written");
    town.nodes[1].edit("lapsed.toml", |text| {
        text.replace(
            "lease_seconds = 2\n",
            "lease_seconds = 2\ndataset = \"dataset.toml\"\n",
        )
    });
    // Who was killed is taken to be there until its lease ends.
    soon("the lease to end", || {
        let alive = "SELECT count(*) FROM lapsed_daemon WHERE lease_until > statement_timestamp()";
        town.eye.number(alive) == 0
    });
    town.nodes[1].serve();
    town.all_stop();
}

#[test]
fn o3_a_machine_whose_key_ring_lacks_a_key_does_nothing_and_says_which() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    let ring = std::fs::read_to_string(town.nodes[0].path("credentials/pseudonym-keys")).expect("a key ring");
    let key = ring.lines().find(|line| !line.starts_with('#')).expect("a key");
    let id = key.split(' ').next().expect("an id").to_owned();
    town.nodes[0].serve();
    town.nodes[1].edit("credentials/pseudonym-keys", |_| {
        format!("other {}\n", "7".repeat(64))
    });
    let refused = town.nodes[1].lapsed("run");
    assert_eq!(refused.code, 1, "{}", refused.err);
    let says = format!("key `{id}` is missing from the key ring: put it back");
    assert!(refused.err.contains(&says), "{}", refused.err);
    town.nodes[1].edit("credentials/pseudonym-keys", |_| {
        format!("{id} {}\n", "7".repeat(64))
    });
    let refused = town.nodes[1].lapsed("run");
    assert_eq!(refused.code, 1, "{}", refused.err);
    let says = format!("key `{id}` is not the one that this store was served with before");
    assert!(refused.err.contains(&says), "{}", refused.err);
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.nodes[1].edit("credentials/pseudonym-keys", |_| ring.clone());
    town.nodes[1].serve();
    town.all_is_well();
    town.all_stop();
}

#[test]
fn o3_a_machine_under_the_name_of_another_one_says_so() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.nodes[1].edit("lapsed.toml", |text| text.replace("node = \"b\"", "node = \"a\""));
    town.all_serve();
    let node = &town.nodes[1];
    soon("b to say so", || {
        node.said("another daemon serves the store under the name of this machine") > 0
    });
    town.all_stop();
}
