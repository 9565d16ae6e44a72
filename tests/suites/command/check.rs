//! `lapsed check`: all findings at once, each with its place and the next step (O-1).

use lapsed_model::Dialect;
use lapsed_tests::{Act, only_on};

use crate::program::Installed;

#[test]
fn o1_a_sound_installation_has_no_error() {
    let answer = Installed::demo().lapsed("check");
    assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
    assert!(
        answer.out.contains("2 sound policies, 8 examples"),
        "{}",
        answer.out
    );
}

#[test]
fn o1_a_broken_policy_is_pointed_at_and_touches_no_other_tenant() {
    let demo = Installed::demo();
    demo.edit("stadttheater", "\"3 years\"", "\"3 yeers\"");
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 1);
    assert!(
        answer.out.contains("error: `3 yeers` is not a retention period"),
        "{}",
        answer.out
    );
    assert!(
        answer.out.contains("tenants/stadttheater.toml:"),
        "{}",
        answer.out
    );
    assert!(answer.out.contains("1 sound policy"), "{}", answer.out);
    assert_eq!(demo.lapsed("plan salon-lumiere/bellecour").code, 0);
    let refused = demo.lapsed("plan stadttheater/studio");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("3 yeers"), "{}", refused.err);
}

#[test]
fn o1_findings_are_objects_with_stable_names_for_machines() {
    let demo = Installed::demo();
    demo.edit("stadttheater", "by_staff ", "by_stuff ");
    let answer = demo.lapsed("check --json");
    assert_eq!(answer.code, 1);
    let objects = answer.objects();
    let finding = objects
        .iter()
        .find(|object| object["severity"] == "error")
        .expect("an error");
    for field in ["file", "line", "column", "severity", "title", "help", "note"] {
        assert!(finding.get(field).is_some(), "{field} is missing in {finding}");
    }
    assert_eq!(objects.last().expect("a summary")["errors"], 1);
}

#[test]
fn o1_an_example_that_comes_out_differently_is_a_finding() {
    let demo = Installed::demo();
    demo.edit(
        "stadttheater",
        "tickets = [\"2018-11-23\", \"2019-05-04\"]",
        "tickets = [\"2018-11-23\", \"2025-05-04\"]",
    );
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 1);
    assert!(
        answer
            .out
            .contains("expects the customer to be anonymised, and the policy has them kept"),
        "{}",
        answer.out
    );
}

#[test]
fn a_tenant_checks_one_file_without_settings_or_store() {
    let demo = Installed::demo();
    let policy = demo.path("tenants/stadttheater.toml");
    let mut check = demo.command("check");
    let answer = check
        .arg(&policy)
        .env("LAPSED_CONFIG", "/nowhere/lapsed.toml")
        .output()
        .expect("the program runs");
    assert_eq!(
        answer.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&answer.stdout)
    );
}

#[test]
fn a_column_that_nobody_classified_stops_retention_and_is_named() {
    let demo = Installed::demo();
    demo.sql("ALTER TABLE customers ADD COLUMN nickname TEXT");
    for command in ["check", "plan stadttheater/studio"] {
        let answer = demo.lapsed(command);
        assert_eq!(answer.code, 1, "{command}");
        let said = answer.out + &answer.err;
        assert!(
            said.contains("nobody said what erasing does to `nickname` of `customers`"),
            "{said}"
        );
    }
}

#[test]
fn a_table_that_hangs_on_the_customer_cannot_slip_through() {
    let demo = Installed::demo();
    demo.sql("CREATE TABLE loyalty_cards (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES customers (id), pin TEXT)");
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 1);
    assert!(
        answer.out.contains("`loyalty_cards` hangs on `customers`"),
        "{}",
        answer.out
    );
}

#[test]
fn a_trigger_that_would_refuse_the_erasure_speaks_before_the_first_night() {
    let demo = Installed::demo();
    demo.watch().does(async |platform| {
        let act = Act::UpdateOf("last_name");
        platform.refuses(act, "customers", None, "names are sacred").await;
    });
    let names = "SELECT string_agg(last_name, ',' ORDER BY id) FROM customers";
    let before = demo.sql(names);
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 1);
    assert!(answer.out.contains("names are sacred"), "{}", answer.out);
    assert_eq!(demo.sql(names), before);
}

#[test]
fn a_workgroup_of_the_store_that_no_policy_knows_is_named() {
    let demo = Installed::demo();
    demo.sql("UPDATE customers SET workgroup = 'stadttheater/keller' WHERE id IN (SELECT id FROM customers WHERE workgroup = 'stadttheater/studio' AND anonymised_at IS NULL LIMIT 3)");
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 0);
    assert!(
        answer
            .out
            .contains("workgroup `stadttheater/keller` of the store has 3 people"),
        "{}",
        answer.out
    );
}

#[test]
fn what_the_platform_left_in_free_pages_is_noticed() {
    if !only_on(
        Dialect::Sqlite,
        "what is free in a file there is out of every query's reach",
    ) {
        return;
    }
    let demo = Installed::demo();
    assert!(!demo.lapsed("check").out.contains("free pages"));
    demo.sql("CREATE TABLE old_newsletter AS SELECT id, email, first_name || ' ' || last_name AS name FROM customers");
    demo.sql("DROP TABLE old_newsletter");
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 0);
    assert!(answer.out.contains("run `VACUUM`"), "{}", answer.out);
}

/// The demo with the shipped dataset as a file of its own, changed.
fn with_dataset(from: &str, to: &str) -> Installed {
    let demo = Installed::demo();
    let shipped = include_str!("../../../config/dataset.toml");
    assert!(shipped.contains(from), "the dataset has no {from}");
    std::fs::write(demo.path("dataset.toml"), shipped.replacen(from, to, 1)).expect("written");
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("the settings are there");
    let settings = settings.replacen("[store]", "[store]\ndataset = \"dataset.toml\"", 1);
    std::fs::write(demo.path("lapsed.toml"), settings).expect("written");
    demo
}

#[test]
fn a_fact_that_names_people_by_another_type_or_by_nobodys_key_is_refused() {
    for (subject, expected) in [
        (
            "CAST(customer_id AS TEXT) || ''",
            "names people by text, and their keys are ",
        ),
        (
            "-customer_id",
            "none of the 200 people that this query names first is there",
        ),
    ] {
        let demo = with_dataset(
            "purchase = \"SELECT customer_id AS subject",
            &format!("purchase = \"SELECT {subject} AS subject"),
        );
        let answer = demo.lapsed("check");
        assert_eq!(answer.code, 1);
        assert!(answer.out.contains(expected), "{}", answer.out);
        assert_eq!(demo.lapsed("plan stadttheater/studio").code, 1);
    }
}

#[test]
fn a_workgroup_of_another_tenant_is_out_of_reach() {
    let demo = Installed::demo();
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("the settings are there");
    let lent = format!("{settings}\"stadttheater/studio\" = \"salon-lumiere/bellecour\"\n");
    std::fs::write(demo.path("lapsed.toml"), lent).expect("written");
    assert_eq!(demo.lapsed("check").code, 1);
    let refused = demo.lapsed("plan stadttheater/studio");
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("belongs to salon-lumiere/bellecour"),
        "{}",
        refused.err
    );
    let found = demo.json("find stadttheater example --most 5000");
    assert!(
        found
            .iter()
            .all(|person| person["workgroup"] != "salon-lumiere/bellecour")
    );
}

#[test]
fn what_may_keep_copies_is_named() {
    let demo = Installed::demo();
    demo.sql("CREATE TABLE audit (said TEXT)");
    demo.watch().does(async |platform| {
        let audit = "INSERT INTO audit (said) VALUES (old.last_name)";
        platform.remembers("remember", "customers", audit).await;
    });
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 0);
    assert!(
        answer
            .out
            .contains("erasing from `customers` sets off `remember`"),
        "{}",
        answer.out
    );
    assert!(
        answer.out.contains("the dataset says nothing of `audit`"),
        "{}",
        answer.out
    );
}
