//! `lapsed demo`: what a newcomer sees first.

use std::collections::BTreeSet;

use lapsed_config::File;
use lapsed_dataset::Dataset;
use serde_json::Value;

use crate::program::Installed;

const WORKGROUPS: [&str; 5] = [
    "stadttheater/grosses-haus",
    "stadttheater/studio",
    "stadttheater/abonnement",
    "salon-lumiere/bellecour",
    "salon-lumiere/croix-rousse",
];

fn names(counts: &Value) -> BTreeSet<String> {
    counts
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn r2_r3_the_demo_reaches_every_rule_of_the_shipped_dataset() {
    let demo = Installed::demo();
    let (mut due, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for workgroup in WORKGROUPS {
        let plan = demo.object(&format!("plan {workgroup}"));
        due.extend(names(&plan["due_by_rule"]));
        kept.extend(names(&plan["kept_by_rule"]));
    }
    for tenant in ["stadttheater", "salon-lumiere"] {
        for entry in demo.json(&format!("ledger show {tenant} --last 1000")) {
            due.extend(names(&entry["payload"]["by_rule"]));
        }
    }
    let file = File::new("dataset.toml", include_str!("../../../config/dataset.toml"));
    let rules = Dataset::read(&file)
        .0
        .expect("the shipped dataset is whole")
        .rules;
    assert_eq!(due, rules.candidates.into_iter().map(|rule| rule.name).collect());
    assert_eq!(kept, rules.keeps.into_iter().map(|rule| rule.name).collect());
}

#[test]
fn the_same_seed_invents_the_same_people() {
    let folder = Installed::empty();
    let fingerprint = |dir: &str, seed: u32| {
        let made = folder.lapsed(&format!("demo {dir} --customers 1000 --seed {seed}"));
        assert_eq!(made.code, 0, "{}", made.err);
        let mut demo = folder.command("find stadttheater gruber --json");
        demo.env("LAPSED_CONFIG", folder.beside(&format!("{dir}/lapsed.toml")));
        String::from_utf8(demo.output().expect("the program runs").stdout).expect("UTF-8")
    };
    let one = fingerprint("one", 1);
    assert!(one.lines().count() > 5);
    assert_eq!(one, fingerprint("another", 1));
    assert_ne!(one, fingerprint("a-third", 2));
}

#[test]
fn a_folder_of_somebody_elses_is_left_alone() {
    let folder = Installed::empty();
    std::fs::create_dir(folder.beside("mine")).expect("a folder");
    std::fs::write(folder.beside("mine/thesis.txt"), "ten years").expect("a file");
    let refused = folder.lapsed("demo mine");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("not empty"), "{}", refused.err);
    assert_eq!(
        std::fs::read_to_string(folder.beside("mine/thesis.txt")).expect("still there"),
        "ten years"
    );
}
