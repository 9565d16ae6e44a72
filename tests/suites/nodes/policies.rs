//! Every machine has a folder of tenants' files of its own: an edit counts wherever it is made, and an old file undoes
//! nothing.

use crate::node::Node;
use crate::town::{Town, several, soon};

const FILE: &str = "tenants/stadttheater.toml";

/// What is in force says so.
fn in_force_says(town: &mut Town, words: &str) -> bool {
    let text = town.eye.text(
        "SELECT p.text FROM lapsed_policy_in_force f JOIN lapsed_policy p USING (tenant, hash) \
         WHERE f.tenant = 'stadttheater'",
    );
    text.contains(words)
}

fn until_in_force(town: &mut Town, words: &str) {
    soon(&format!("`{words}` to be in force"), || {
        in_force_says(town, words)
    });
}

/// Has `node` keep people for so long.
fn keeps_people_for(town: &Town, node: usize, period: &str) {
    town.nodes[node].edit(FILE, |text| {
        let kept = |line: &str| match line.starts_with("anonymise_after") {
            true => format!("anonymise_after = \"{period}\"\n"),
            false => format!("{line}\n"),
        };
        text.lines().map(kept).collect()
    });
}

/// Every machine that serves looks at its files, whatever it makes of them.
fn looks_pass(town: &mut Town) {
    let serving = town.nodes.iter_mut().filter(|node| node.runs());
    serving.for_each(Node::looks_at_its_files);
}

/// How many versions of the tenant's policy stand in the ledger.
fn versions(town: &mut Town) -> u64 {
    town.eye
        .number("SELECT count(*) FROM lapsed_ledger WHERE tenant = 'stadttheater' AND kind = 'policy'")
}

#[test]
fn o1_machines_that_say_the_same_put_it_in_force_once() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b", "c"]);
    let before = versions(&mut town);
    (0..3).for_each(|node| keeps_people_for(&town, node, "4 years"));
    town.all_serve();
    until_in_force(&mut town, "4 years");
    looks_pass(&mut town);
    assert_eq!(
        versions(&mut town),
        before + 1,
        "one machine put it in force, and the others saw that it is"
    );
    town.all_stop();
}

#[test]
fn o1_an_edit_on_any_machine_takes_effect_and_no_old_file_undoes_it() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.all_serve();
    keeps_people_for(&town, 0, "4 years");
    until_in_force(&mut town, "4 years");
    looks_pass(&mut town);
    assert!(
        in_force_says(&mut town, "4 years"),
        "b has looked at its old file meanwhile"
    );
    assert_eq!(town.nodes[1].stop(), 0);
    town.nodes[1].serve();
    looks_pass(&mut town);
    assert!(
        in_force_says(&mut town, "4 years"),
        "b was started with its old file"
    );
    town.nodes[1].kill();
    town.nodes[1].serve();
    assert!(in_force_says(&mut town, "4 years"), "b was killed and started");
    keeps_people_for(&town, 1, "5 years");
    until_in_force(&mut town, "5 years");
    looks_pass(&mut town);
    assert!(
        in_force_says(&mut town, "5 years"),
        "a has looked at its own file meanwhile"
    );
    town.all_stop();
    town.all_serve();
    assert!(in_force_says(&mut town, "5 years"), "everybody was started anew");
    town.all_stop();
}

#[test]
fn o1_an_edit_on_a_machine_that_is_off_takes_effect_when_it_starts() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.all_serve();
    assert_eq!(town.nodes[1].stop(), 0);
    keeps_people_for(&town, 0, "4 years");
    until_in_force(&mut town, "4 years");
    keeps_people_for(&town, 1, "6 years");
    town.nodes[1].serve();
    until_in_force(&mut town, "6 years");
    looks_pass(&mut town);
    assert!(
        in_force_says(&mut town, "6 years"),
        "a has looked at its own file meanwhile"
    );
    town.all_stop();
}

#[test]
fn o1_a_machine_that_is_new_does_not_decide_and_its_first_edit_does() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.nodes[0].serve();
    keeps_people_for(&town, 0, "4 years");
    until_in_force(&mut town, "4 years");
    town.nodes[1].serve();
    looks_pass(&mut town);
    assert!(in_force_says(&mut town, "4 years"), "b came with an old file");
    assert!(
        town.nodes[1].said("another machine's file is in force") > 0,
        "{}",
        town.nodes[1].log()
    );
    keeps_people_for(&town, 1, "5 years");
    until_in_force(&mut town, "5 years");
    town.all_stop();
}

#[test]
fn o1_a_file_that_comes_to_a_running_machine_does_not_decide_and_its_first_edit_does() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    let away = town.folder().join("away.toml");
    std::fs::rename(town.nodes[1].path(FILE), &away).expect("b has no such file yet");
    town.nodes[0].serve();
    town.nodes[1].serve();
    keeps_people_for(&town, 0, "4 years");
    until_in_force(&mut town, "4 years");
    std::fs::copy(&away, town.nodes[1].path(FILE)).expect("now it has");
    looks_pass(&mut town);
    assert!(
        in_force_says(&mut town, "4 years"),
        "b has looked at it meanwhile"
    );
    assert_eq!(town.nodes[1].stop(), 0);
    keeps_people_for(&town, 1, "5 years");
    town.nodes[1].serve();
    until_in_force(&mut town, "5 years");
    town.all_stop();
}

#[test]
fn o1_a_file_that_goes_takes_the_policy_out_of_force_and_the_others_unchanged_files_do_not_bring_it_back() {
    if !several() {
        return;
    }
    let mut town = Town::open(&["a", "b"]);
    town.all_serve();
    let is_in_force = |town: &mut Town| {
        town.eye
            .number("SELECT count(*) FROM lapsed_policy_in_force WHERE tenant = 'stadttheater'")
            == 1
    };
    assert!(is_in_force(&mut town));
    std::fs::remove_file(town.nodes[0].path(FILE)).expect("it was there");
    soon("the policy to be out of force", || !is_in_force(&mut town));
    looks_pass(&mut town);
    assert!(!is_in_force(&mut town), "b has looked at its own file meanwhile");
    assert_eq!(town.nodes[1].stop(), 0);
    town.nodes[1].serve();
    looks_pass(&mut town);
    assert!(!is_in_force(&mut town), "b was started with its own file");
    keeps_people_for(&town, 1, "5 years");
    until_in_force(&mut town, "5 years");
    looks_pass(&mut town);
    assert!(in_force_says(&mut town, "5 years"), "a has no file, and had one");
    town.all_stop();
}
