//! `lapsed ledger`: what was done, and the proof that nobody edited the record (O-4).

use crate::program::Installed;

#[test]
fn o4_an_untouched_ledger_is_whole() {
    let demo = Installed::demo();
    let chains = demo.json("ledger verify");
    assert_eq!(chains.len(), 2);
    assert!(
        chains
            .iter()
            .all(|chain| chain["faults"].as_array().is_some_and(Vec::is_empty)),
        "{chains:?}"
    );
}

#[test]
fn o4_an_edited_entry_is_named() {
    let demo = Installed::demo();
    demo.sql("UPDATE lapsed_ledger SET payload = replace(payload, 'erased', 'spared'), at = at + 1 WHERE tenant = 'stadttheater' AND sequence = 2");
    let answer = demo.lapsed("ledger verify");
    assert_eq!(answer.code, 1);
    assert!(
        answer.out.contains("stadttheater:") && answer.out.contains("NOT whole"),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("entry 2 was edited"), "{}", answer.out);
    assert!(
        answer.out.contains("salon-lumiere: ") && !answer.out.contains("salon-lumiere: 0"),
        "{}",
        answer.out
    );
}

#[test]
fn o4_what_was_cut_off_shows_against_heads_that_were_kept_elsewhere() {
    let demo = Installed::demo();
    let heads = demo.lapsed("ledger heads").out;
    std::fs::write(demo.path("heads.txt"), &heads).expect("written");
    let against = format!("ledger verify --against {}", demo.path("heads.txt").display());
    assert_eq!(demo.lapsed(&against).code, 0);
    demo.sql("DELETE FROM lapsed_ledger WHERE tenant = 'stadttheater' AND sequence > 1");
    demo.sql(
        "UPDATE lapsed_ledger_head SET sequence = 1, hash = (SELECT hash FROM lapsed_ledger \
         WHERE tenant = 'stadttheater' AND sequence = 1) WHERE tenant = 'stadttheater'",
    );
    // The erasure journal would tell too; here it is gone.
    for folder in ["journal", "journal-elsewhere"] {
        std::fs::remove_dir_all(demo.path(folder)).expect("a folder");
    }
    let verified = demo.lapsed("ledger verify");
    assert_eq!(verified.code, 0, "a chain that was cut off is whole in itself");
    assert!(
        verified.err.contains("there is no erasure journal"),
        "{}",
        verified.err
    );
    let answer = demo.lapsed(&against);
    assert_eq!(answer.code, 1);
    assert!(answer.out.contains("entries were cut off"), "{}", answer.out);
}

#[test]
fn o4_the_ledger_names_nobody() {
    let demo = Installed::demo();
    let plan = demo.object("plan stadttheater/studio --save");
    let people = demo.json("find stadttheater example --most 2000");
    let id = plan["plan"]["id"].as_str().expect("an id");
    demo.lapsed(&format!("approve {id} --by test --reason tested"));
    demo.object(&format!("apply {id}"));
    let ledger = demo.lapsed("ledger show stadttheater --last 1000 --json").out;
    assert!(people.len() > 500);
    for person in &people {
        for value in ["email", "phone", "number"] {
            let value = person["shown"][value]
                .as_str()
                .unwrap_or("nothing that the ledger says");
            assert!(!ledger.contains(value), "the ledger says {value}");
        }
    }
}
