//! `lapsed hold`: placed, seen everywhere, listed, lifted.

use crate::program::Installed;

const STUDIO: &str = "stadttheater/studio";

#[test]
fn r9_a_hold_is_placed_shown_everywhere_and_lifted() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let before = demo.object(&format!("plan {STUDIO}"));
    let add = format!("hold add person {STUDIO} {customer} --by legal --reason court --until 2199-12-31");
    let placed = demo.object(&add);
    let hold = placed["hold"].as_str().expect("an id").to_owned();
    assert_eq!(placed["kind"], "person");
    assert_eq!(placed["customer"].to_string(), customer);
    assert_eq!(
        placed["ends_at"], "2199-12-31T23:00:00Z",
        "the end of that day in Vienna"
    );

    let plan = demo.object(&format!("plan {STUDIO}"));
    assert_eq!(plan["held"], 1);
    assert_eq!(plan["due"].as_u64(), before["due"].as_u64().map(|due| due - 1));
    assert_eq!(plan["people"], before["people"]);
    let shown = demo.lapsed(&format!("plan {STUDIO}")).out;
    assert!(shown.contains("Held: 1"), "{shown}");

    let told = demo.object(&format!("explain {STUDIO} {customer}"));
    assert_eq!(told["answer"], "held");
    assert_eq!(told["holds"][0]["reason"], "court");
    assert_eq!(told["next_change"]["at"], "2199-12-31T23:00:00Z");
    let shown = demo.lapsed(&format!("explain {STUDIO} {customer}")).out;
    assert!(
        shown.contains("under a legal hold")
            && shown.contains(&hold)
            && shown.contains("until 31 December 2199"),
        "{shown}"
    );

    let listed = demo.lapsed("hold list stadttheater");
    assert!(
        listed.out.contains(&hold) && listed.out.contains("court"),
        "{}",
        listed.out
    );
    assert_eq!(demo.json("hold list salon-lumiere").len(), 0);
    let nobody = demo.lapsed("hold list museum");
    assert!(
        nobody.code == 1 && nobody.err.contains("there is no tenant `museum`"),
        "{}",
        nobody.err
    );
    let lifted = demo.object(&format!("hold lift {hold} --by legal --reason over"));
    assert_eq!(lifted["judged_again"], 1);
    assert_eq!(demo.json("hold list").len(), 0);
    let all = demo.json("hold list --all");
    assert_eq!(
        (&all[0]["in_force"], &all[0]["lifted_by"]),
        (&false.into(), &"legal".into())
    );
    assert_eq!(
        demo.sql("SELECT job || ' ' || workgroup FROM lapsed_run WHERE state = 'available'"),
        "judge studio",
        "the daemon judges the person again"
    );
    assert_eq!(demo.object(&format!("plan {STUDIO}"))["due"], before["due"]);
}

#[test]
fn r9_nobody_can_anonymise_against_a_hold_by_hand() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let order = demo.sql(&format!(
        "SELECT number FROM orders WHERE customer_id = {customer} ORDER BY id"
    ));
    let kind = if order.is_empty() { "appointment" } else { "order" };
    let record = if order.is_empty() {
        demo.sql(&format!(
            "SELECT CAST(id AS TEXT) FROM appointments WHERE customer_id = {customer} ORDER BY id"
        ))
    } else {
        order
    };
    let placed = demo.lapsed(&format!(
        "hold add record stadttheater {kind} {record} --by legal --reason court"
    ));
    assert_eq!(placed.code, 0, "{}", placed.err);
    assert!(
        placed
            .out
            .contains("keeps 1 person from being anonymised, until it is lifted"),
        "{}",
        placed.out
    );
    let refused = demo.lapsed(&format!(
        "anonymise {STUDIO} {customer} --yes --despite-open-business"
    ));
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("under legal hold h-"), "{}", refused.err);
    assert!(
        refused.out.contains("court"),
        "the reason is shown to staff: {}",
        refused.out
    );
    let json = demo.lapsed(&format!("anonymise {STUDIO} {customer} --yes --json"));
    assert!(json.err.contains("\"error\":\"held\""), "{}", json.err);
    assert_eq!(
        demo.sql(&format!(
            "SELECT anonymised_at FROM customers WHERE id = {customer}"
        )),
        ""
    );
}

#[test]
fn r9_a_hold_on_a_tenant_keeps_everybody() {
    let demo = Installed::demo();
    let placed = demo.lapsed("hold add tenant stadttheater --by legal --reason court");
    assert_eq!(placed.code, 0, "{}", placed.err);
    assert!(placed.out.contains("everybody of stadttheater"), "{}", placed.out);
    let plan = demo.object(&format!("plan {STUDIO}"));
    assert_eq!((&plan["due"], &plan["held"]), (&0.into(), &plan["people"]));
}

#[test]
fn r9_what_would_hold_nobody_is_refused_with_what_to_do() {
    let demo = Installed::demo();
    for (words, code, says) in [
        (
            "hold add person stadttheater/studio 99999999 --by legal --reason court",
            1,
            "there is no customer `99999999`",
        ),
        (
            "hold add person stadttheater/nowhere 1 --by legal --reason court",
            1,
            "names no workgroup `nowhere`",
        ),
        (
            "hold add record stadttheater parcel 1 --by legal --reason court",
            1,
            "the dataset knows order, membership, appointment",
        ),
        (
            "hold add record stadttheater order nothing --by legal --reason court",
            1,
            "leads to none of the people",
        ),
        (
            "hold add tenant stadttheater --by legal --reason court --until 2020-12-31",
            1,
            "would be over already",
        ),
        (
            "hold add tenant stadttheater --by legal --reason court --until 31.12.2030",
            2,
            "write a day, such as `2027-12-31`",
        ),
        ("hold add tenant stadttheater --reason court", 2, "--by <WHO>"),
        ("hold add tenant stadttheater --by legal", 2, "--reason <TEXT>"),
        (
            "hold lift h-000000000000 --by legal --reason over",
            1,
            "there is no hold `h-000000000000`",
        ),
    ] {
        let answer = demo.lapsed(words);
        assert_eq!(answer.code, code, "{words}: {}", answer.err);
        assert!(answer.err.contains(says), "{words}: {}", answer.err);
    }
    assert_eq!(demo.sql("SELECT CAST(count(*) AS TEXT) FROM lapsed_hold"), "0");
}

#[test]
fn r9_a_broken_policy_keeps_nobody_from_placing_and_lifting_a_hold() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    demo.edit("stadttheater", "[retention]", "[retention");
    assert_eq!(demo.lapsed(&format!("plan {STUDIO}")).code, 1);
    let placed = demo.object(&format!(
        "hold add person {STUDIO} {customer} --by legal --reason court"
    ));
    let hold = placed["hold"].as_str().expect("an id");
    assert_eq!(
        demo.object(&format!("hold lift {hold} --by legal --reason over"))["judged_again"],
        1
    );
    let asked = demo.lapsed(&format!(
        "request open {STUDIO} {customer} access --by box-office"
    ));
    assert_eq!(asked.code, 0, "{}", asked.err);
}

/// Each of these dies in the middle of a transaction: nothing of it is left, and it can be done again.
#[test]
fn r9_a_kill_leaves_a_hold_placed_or_lifted_as_a_whole_or_not_at_all() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let killed = |words: &str, fault: &str| {
        let output = demo.command(words).env("LAPSED_FAULT", fault).output();
        let status = output.expect("the program runs").status;
        assert!(
            status.code().is_none(),
            "`{words}` was to die at {fault}: {status}"
        );
    };
    let count = |what: &str| demo.sql(&format!("SELECT CAST(count(*) AS TEXT) FROM {what}"));
    let add = format!("hold add person {STUDIO} {customer} --by legal --reason court");
    for fault in ["hold-written", "hold-entered"] {
        killed(&add, fault);
    }
    assert_eq!(
        count("lapsed_hold") + &count("lapsed_ledger WHERE kind = 'hold'"),
        "00"
    );
    let placed = demo.object(&add);
    demo.object(&format!(
        "request open {STUDIO} {customer} erasure --by box-office"
    ));
    let lift = format!(
        "hold lift {} --by legal --reason over",
        placed["hold"].as_str().expect("an id")
    );
    for fault in ["hold-lifted", "judging-asked-for", "lifting-entered"] {
        killed(&lift, fault);
        assert_eq!(count("lapsed_hold WHERE lifted_at IS NULL"), "1", "{fault}");
    }
    assert_eq!(
        count("lapsed_run") + &count("lapsed_ledger WHERE kind = 'hold-lifted'"),
        "00"
    );
    demo.object(&lift);
    assert_eq!(count("lapsed_run"), "2");
    assert_eq!(demo.lapsed("ledger verify").code, 0);
}
