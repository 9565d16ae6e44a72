//! `lapsed anonymise`: the manual way.

use crate::program::Installed;

const STUDIO: &str = "stadttheater/studio";

fn with_open_business(demo: &Installed) -> String {
    demo.sql(
        "SELECT CAST(c.id AS TEXT) FROM customers c JOIN orders o ON o.customer_id = c.id \
         WHERE c.workgroup = 'stadttheater/studio' AND c.anonymised_at IS NULL AND o.status = 'open' LIMIT 1",
    )
}

#[test]
fn r5_open_business_is_shown_and_must_be_named() {
    let demo = Installed::demo();
    let customer = with_open_business(&demo);
    let refused = demo.lapsed(&format!("anonymise {STUDIO} {customer} --yes"));
    assert_eq!(refused.code, 1);
    assert!(
        refused.out.contains("has an order that is not paid yet"),
        "{}",
        refused.out
    );
    assert!(refused.err.contains("--despite-open-business"), "{}", refused.err);
    let done = demo.lapsed(&format!(
        "anonymise {STUDIO} {customer} --yes --despite-open-business"
    ));
    assert_eq!(done.code, 0, "{}", done.err);
    let name = demo.sql(&format!("SELECT last_name FROM customers WHERE id = {customer}"));
    assert_eq!(name, "Manuell DSGVO");
}

#[test]
fn nobody_is_anonymised_without_being_asked_about() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let answer = demo.lapsed(&format!("anonymise {STUDIO} {customer} --despite-open-business"));
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("no terminal to ask on"), "{}", answer.err);
    assert_eq!(
        demo.sql(&format!(
            "SELECT anonymised_at FROM customers WHERE id = {customer}"
        )),
        ""
    );
}

#[test]
fn r5_the_manual_way_is_off_until_the_policy_turns_it_on() {
    let demo = Installed::demo();
    demo.edit("stadttheater", "by_staff    = true", "by_staff    = false");
    let answer = demo.lapsed(&format!("anonymise {STUDIO} {} --yes", demo.somebody_due(STUDIO)));
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("by_staff = true"), "{}", answer.err);
}

#[test]
fn r9_nobody_is_anonymised_twice() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let words = format!("anonymise {STUDIO} {customer} --yes --despite-open-business");
    assert_eq!(demo.lapsed(&words).code, 0);
    let again = demo.lapsed(&words);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("anonymised already"), "{}", again.err);
}
