//! `lapsed plan` and `lapsed apply`: looked at first, carried out after.

use crate::program::{Installed, now};

const STUDIO: &str = "stadttheater/studio";

#[test]
fn r10_a_plan_changes_nobody_and_says_how_many_who_and_why() {
    let demo = Installed::demo();
    let before = demo
        .sql("SELECT string_agg(CAST(coalesce(anonymised_at, 0) AS TEXT), ',' ORDER BY id) FROM customers");
    let plan = demo.object(&format!("plan {STUDIO} --customers"));
    let due = plan["due"].as_u64().expect("a count");
    assert!(due > 50, "{plan}");
    assert_eq!(plan["customers"].as_array().expect("a list").len() as u64, due);
    let by_rule: u64 = plan["due_by_rule"]
        .as_object()
        .expect("counts")
        .values()
        .filter_map(serde_json::Value::as_u64)
        .sum();
    assert_eq!(by_rule, due);
    let (kept, not_due) = (
        plan["kept"].as_u64().expect("a count"),
        plan["not_due"].as_u64().expect("a count"),
    );
    assert_eq!(plan["people"].as_u64(), Some(due + kept + not_due));
    assert_eq!(
        demo.sql(
            "SELECT string_agg(CAST(coalesce(anonymised_at, 0) AS TEXT), ',' ORDER BY id) FROM customers"
        ),
        before
    );
}

#[test]
fn r10_what_is_carried_out_is_what_was_looked_at() {
    let demo = Installed::demo();
    let plan = demo.approved_plan(STUDIO);
    let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
    let done = demo.object(&format!("apply {id}"));
    assert_eq!(done["done"]["anonymised"], plan["due"]);
    assert_eq!(done["done"]["remnants_removed"], true);
    assert_eq!(demo.object(&format!("plan {STUDIO}"))["due"], 0);
    let again = demo.lapsed(&format!("apply {id}"));
    assert_eq!(again.code, 1);
    assert!(again.err.contains("carried out already"), "{}", again.err);
}

#[test]
fn r9_who_buys_between_plan_and_apply_is_left_alone() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let plan = demo.approved_plan(STUDIO);
    demo.sql(&format!(
        "INSERT INTO orders (workgroup, customer_id, number, ordered_at, status, total_cents, currency) \
         SELECT workgroup, id, 'late', {}, 'paid', 100, 'EUR' FROM customers WHERE id = {customer}",
        now()
    ));
    let done = demo.object(&format!("apply {}", plan["plan"]["id"].as_str().expect("an id")));
    assert_eq!(done["done"]["dropped"], 1);
    assert_ne!(
        demo.sql(&format!("SELECT last_name FROM customers WHERE id = {customer}")),
        "DSGVO"
    );
}

#[test]
fn a_policy_that_changed_since_makes_a_plan_useless() {
    let demo = Installed::demo();
    let plan = demo.approved_plan(STUDIO);
    demo.edit("stadttheater", "\"3 years\"", "\"4 years\"");
    let refused = demo.lapsed(&format!(
        "apply {} --json",
        plan["plan"]["id"].as_str().expect("an id")
    ));
    assert_eq!(refused.code, 1);
    let error: serde_json::Value = serde_json::from_str(&refused.err).expect("an error is an object too");
    assert_eq!(error["error"], "other-policy");
}

#[test]
fn watch_only_plans_and_changes_nothing() {
    let demo = Installed::demo();
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("the settings are there");
    std::fs::write(
        demo.path("lapsed.toml"),
        format!("{settings}\n[limits]\nwatch_only = true\n"),
    )
    .expect("written");
    let plan = demo.approved_plan(STUDIO);
    for command in [
        format!("apply {}", plan["plan"]["id"].as_str().expect("an id")),
        format!(
            "anonymise {STUDIO} {} --yes --despite-open-business",
            demo.somebody_due(STUDIO)
        ),
    ] {
        let refused = demo.lapsed(&command);
        assert_eq!(refused.code, 1, "{command}");
        assert!(refused.err.contains("watch_only"), "{}", refused.err);
    }
    assert_eq!(demo.object(&format!("plan {STUDIO}"))["due"], plan["due"]);
}

#[test]
fn another_day_can_be_looked_at_and_never_stored() {
    let demo = Installed::demo();
    let today = demo.object(&format!("plan {STUDIO}"))["due"].as_u64();
    let later = demo.object(&format!("plan {STUDIO} --at 2040-01-01T00:00:00Z"))["due"].as_u64();
    assert!(later > today, "{later:?} against {today:?}");
    assert_eq!(
        demo.lapsed(&format!("plan {STUDIO} --at 2040-01-01T00:00:00Z --save"))
            .code,
        2
    );
}

#[test]
fn d3_the_policy_of_a_plan_can_be_shown_word_for_word_after_it_changed() {
    let demo = Installed::demo();
    let text = std::fs::read_to_string(demo.path("tenants/stadttheater.toml")).expect("the policy");
    let plan = demo.object(&format!("plan {STUDIO} --save"));
    demo.edit("stadttheater", "\"3 years\"", "\"4 years\"");
    demo.object(&format!("plan {STUDIO} --save"));
    assert_eq!(demo.json("policy list stadttheater").len(), 2);
    let shown = demo.lapsed(&format!(
        "policy show stadttheater {}",
        plan["plan"]["id"].as_str().expect("an id")
    ));
    assert_eq!(shown.out.trim_end(), text.trim_end());
    std::fs::write(demo.path("then.toml"), text).expect("written");
    let sum = std::process::Command::new("sha256sum")
        .arg(demo.path("then.toml"))
        .output()
        .expect("sha256sum is everywhere");
    assert!(
        String::from_utf8_lossy(&sum.stdout).starts_with(plan["plan"]["policy"].as_str().expect("a hash"))
    );
}

#[test]
fn a_stored_plan_that_was_edited_is_not_carried_out() {
    let demo = Installed::demo();
    let plan = demo.approved_plan(STUDIO);
    let id = plan["plan"]["id"].as_str().expect("an id");
    let somebody_else = demo.watch().number(
        "SELECT id FROM customers WHERE workgroup = 'stadttheater/studio' \
         AND CAST(id AS TEXT) NOT IN (SELECT CAST(subject AS TEXT) FROM lapsed_plan_subject) LIMIT 1",
    );
    let row = [
        ("plan", id.into()),
        ("subject", somebody_else.cast_signed().into()),
        ("rule", 1_i64.into()),
    ];
    demo.watch()
        .does(async |platform| platform.insert("lapsed_plan_subject", &row).await);
    let refused = demo.lapsed(&format!("apply {id}"));
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("not as it was stored"), "{}", refused.err);
}

#[test]
fn r11_with_watch_only_nobody_is_told_that_the_daemon_carries_an_approved_plan_out() {
    let demo = Installed::demo();
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("the settings are there");
    std::fs::write(
        demo.path("lapsed.toml"),
        format!("{settings}\n[limits]\nwatch_only = true\n"),
    )
    .expect("written");
    let plan = demo.object(&format!("plan {STUDIO} --save"));
    let id = plan["plan"]["id"].as_str().expect("an id");
    let approved = demo.lapsed(&format!("approve {id} --by tester --reason looked-at"));
    assert_eq!(approved.code, 0, "{}", approved.err);
    assert!(
        approved.out.contains("the operator says `watch_only`"),
        "{}",
        approved.out
    );
    assert!(!approved.out.contains("carries it out next"), "{}", approved.out);
}
