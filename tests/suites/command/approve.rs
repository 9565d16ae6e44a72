//! `lapsed approve`: an unusual plan waits, and somebody lets it go.

use crate::program::Installed;

const STUDIO: &str = "stadttheater/studio";

fn saved(demo: &Installed) -> String {
    let plan = demo.object(&format!("plan {STUDIO} --save"));
    assert_eq!(plan["plan"]["waits"], true);
    assert_eq!(plan["plan"]["because"][0]["why"], "first plan");
    plan["plan"]["id"].as_str().expect("an id").to_owned()
}

fn approvals(demo: &Installed) -> usize {
    let entries = demo.json("ledger show stadttheater --last 1000");
    let of_studio = entries
        .iter()
        .filter(|entry| entry["kind"] == "approved" && entry["payload"]["workgroup"] == STUDIO);
    of_studio.count()
}

#[test]
fn r11_a_waiting_plan_says_what_to_type_next_and_goes_when_it_is_approved() {
    let demo = Installed::demo();
    let id = saved(&demo);
    let refused = demo.lapsed(&format!("apply {id}"));
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("first plan of the workgroup"),
        "{}",
        refused.err
    );
    assert!(
        refused
            .err
            .contains(&format!("lapsed approve {id} --by WHO --reason TEXT")),
        "{}",
        refused.err
    );

    let approved = demo.object(&format!("approve {id} --by tester --reason looked-at"));
    assert_eq!(approved["plan"], id.as_str());
    assert_eq!(
        (&approved["approved"]["by"], &approved["approved"]["reason"]),
        (&"tester".into(), &"looked-at".into())
    );
    assert!(approved["run"].is_number(), "the policy says `on`: {approved}");
    assert_eq!(approvals(&demo), 1);
    let done = demo.object(&format!("apply {id}"));
    assert_eq!(done["done"]["anonymised"], approved["subjects"]);
}

#[test]
fn r11_who_and_why_must_be_said() {
    let demo = Installed::demo();
    let id = saved(&demo);
    for words in [
        format!("approve {id}"),
        format!("approve {id} --by tester"),
        format!("approve {id} --reason looked-at"),
    ] {
        assert_eq!(demo.lapsed(&words).code, 2, "{words}");
    }
    let mut blank = demo.command(&format!("approve {id} --by tester --reason"));
    let blank = blank.arg("  ").output().expect("the program runs");
    assert_eq!(blank.status.code(), Some(2));
    assert_eq!(approvals(&demo), 0);
}

#[test]
fn r11_what_cannot_be_approved_says_why() {
    let demo = Installed::demo();
    let first = saved(&demo);
    let second = saved(&demo);
    let code = |words: &str| {
        let refused = demo.lapsed(&format!("{words} --json"));
        assert_eq!(refused.code, 1, "{words}: {}", refused.out);
        let error: serde_json::Value = serde_json::from_str(&refused.err).expect("an error is an object");
        error["error"].as_str().expect("a word").to_owned()
    };
    assert_eq!(
        code(&format!("approve {first} --by tester --reason looked-at")),
        "replaced"
    );
    assert_eq!(code(&format!("apply {first}")), "replaced");
    assert_eq!(
        code("approve p-000000000000 --by tester --reason looked-at"),
        "store"
    );
    demo.object(&format!("approve {second} --by tester --reason looked-at"));
    assert_eq!(
        code(&format!("approve {second} --by tester --reason looked-at")),
        "approved-already"
    );
    assert_eq!(approvals(&demo), 1);
}

#[test]
fn r11_people_see_the_size_by_rule_the_difference_and_the_reason() {
    let demo = Installed::demo();
    saved(&demo);
    demo.edit(
        "stadttheater",
        "anonymise_after = \"3 years\"",
        "anonymise_after = \"1 year\"",
    );
    let plan = demo.lapsed(&format!("plan {STUDIO} --save"));
    assert!(
        plan.out
            .contains("It waits: it is the first plan of the workgroup"),
        "{}",
        plan.out
    );
    let list = demo.json(&format!("plan {STUDIO} --list"));
    let id = list[0]["id"].as_str().expect("an id");
    assert_eq!(list[0]["approval"]["because"][0]["why"], "first plan");
    assert_eq!(list[1]["approval"]["replaced_by"], id);
    let listed = demo.lapsed(&format!("plan {STUDIO} --list"));
    assert!(listed.out.contains("waits: first plan"), "{}", listed.out);
    assert!(
        listed.out.contains(&format!("replaced by {id}")),
        "{}",
        listed.out
    );

    let more =
        list[0]["subjects"].as_u64().expect("a count") - list[1]["subjects"].as_u64().expect("a count");
    let approved = demo.lapsed(&format!("approve {id} --by tester --reason looked-at"));
    assert_eq!(approved.code, 0, "{}", approved.err);
    let difference = format!(
        "+{more} people since plan {}",
        list[1]["id"].as_str().expect("an id")
    );
    assert!(approved.out.contains(&difference), "{}", approved.out);
    assert!(
        approved.out.contains("made under another policy"),
        "{}",
        approved.out
    );
    assert!(
        approved.out.contains("tickets-for-past-events"),
        "{}",
        approved.out
    );
    assert!(
        demo.lapsed(&format!("plan {STUDIO} --list"))
            .out
            .contains("approved by tester")
    );
}

#[test]
fn r11_under_plan_only_an_approval_starts_nothing_by_itself() {
    let demo = Installed::demo();
    let plan = demo.object("plan salon-lumiere/bellecour --save");
    let id = plan["plan"]["id"].as_str().expect("an id");
    let approved = demo.object(&format!("approve {id} --by tester --reason looked-at"));
    assert!(approved["run"].is_null(), "{approved}");
    assert_eq!(
        demo.sql("SELECT CAST(count(*) AS TEXT) FROM lapsed_run WHERE job = 'apply'"),
        "0"
    );
    let done = demo.object(&format!("apply {id}"));
    assert_eq!(done["done"]["anonymised"], plan["due"]);
}

#[test]
fn r11_a_kill_while_approving_leaves_all_of_it_or_nothing() {
    let demo = Installed::demo();
    let id = saved(&demo);
    for fault in ["approved", "approved-and-enqueued", "approved-with-entry"] {
        let mut approve = demo.command(&format!("approve {id} --by tester --reason looked-at"));
        let killed = approve
            .env("LAPSED_FAULT", fault)
            .output()
            .expect("the program runs");
        assert_eq!(killed.status.code(), None, "{fault}: it was killed");
        assert_eq!(approvals(&demo), 0, "{fault}");
        assert_eq!(
            demo.sql("SELECT CAST(count(*) AS TEXT) FROM lapsed_run WHERE job = 'apply'"),
            "0",
            "{fault}"
        );
        assert_eq!(
            demo.lapsed(&format!("apply {id}")).code,
            1,
            "{fault}: it still waits"
        );
    }
    demo.object(&format!("approve {id} --by tester --reason looked-at"));
    assert_eq!(approvals(&demo), 1);
    assert_eq!(demo.lapsed("ledger verify").code, 0);
}

#[test]
fn r11_a_kill_while_planning_leaves_no_plan_without_its_brake() {
    let demo = Installed::demo();
    for fault in ["plan-stored", "replaced-waiting-plan", "plan-judged"] {
        let mut plan = demo.command(&format!("plan {STUDIO} --save"));
        let killed = plan
            .env("LAPSED_FAULT", fault)
            .output()
            .expect("the program runs");
        assert_eq!(killed.status.code(), None, "{fault}: it was killed");
        assert_eq!(demo.json(&format!("plan {STUDIO} --list")).len(), 0, "{fault}");
    }
}
