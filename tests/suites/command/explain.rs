//! `lapsed explain`: every rule, the record and date behind it, and when the answer changes.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::program::Installed;

const HOUSE: &str = "stadttheater/studio";

fn rule<'v>(explanation: &'v Value, name: &str) -> &'v Value {
    let rules = explanation["rules"].as_array().expect("a list of rules");
    rules
        .iter()
        .find(|rule| rule["rule"] == name)
        .expect("the rule is there")
}

#[test]
fn r10_who_is_due_is_told_the_rule_the_record_and_the_date() {
    let demo = Installed::demo();
    let plan = demo.object(&format!("plan {HOUSE} --customers"));
    let first = &plan["customers"][0];
    let explanation = demo.object(&format!("explain {HOUSE} {}", first["customer"]));
    assert_eq!(explanation["answer"], "due");
    assert_eq!(explanation["rule"], first["rule"]);
    let rule = rule(&explanation, first["rule"].as_str().expect("a name"));
    assert_eq!(rule["holds"], true);
    assert!(
        rule["record"].as_str().is_some_and(|record| !record.is_empty()),
        "{rule}"
    );
    assert!(rule["happened_at"].as_str().is_some(), "{rule}");
}

#[test]
fn r10_the_answer_changes_at_the_instant_that_was_named_and_not_a_millisecond_before() {
    let demo = Installed::demo();
    let people = demo.json("find stadttheater example --most 60");
    let mut seen = 0;
    for person in people
        .iter()
        .filter(|person| person["workgroup"] == HOUSE && person["anonymised"] == false)
    {
        let explain = |at: Option<DateTime<Utc>>| {
            let at = at.map_or(String::new(), |at| format!(" --at {}", at.to_rfc3339()));
            demo.object(&format!(
                "explain {HOUSE} {}{}",
                person["customer"],
                at.replace("+00:00", "Z")
            ))
        };
        let now = explain(None);
        let Some(turn) = now["next_change"]["at"].as_str() else {
            continue;
        };
        let turn: DateTime<Utc> = turn.parse().expect("an instant");
        assert_eq!(explain(Some(turn))["answer"], now["next_change"]["answer"]);
        assert_eq!(
            explain(Some(turn - TimeDelta::milliseconds(1)))["answer"],
            now["answer"]
        );
        seen += 1;
        if seen == 5 {
            break;
        }
    }
    assert!(
        seen >= 3,
        "only {seen} people of the demo have an answer that changes"
    );
}

#[test]
fn the_rules_speak_the_readers_language() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(HOUSE);
    let answer = demo.lapsed(&format!("--language de explain {HOUSE} {customer}"));
    assert!(
        answer.out.contains("hat Karten für Veranstaltungen"),
        "{}",
        answer.out
    );
    assert_eq!(
        demo.lapsed(&format!("--language xx explain {HOUSE} {customer}"))
            .code,
        2
    );
}

#[test]
fn nobody_and_somebody_elses_customer_are_the_same_nobody() {
    let demo = Installed::demo();
    let customer = demo.somebody_due("salon-lumiere/bellecour");
    for customer in [customer.as_str(), "999999999", "no-such-key"] {
        let answer = demo.lapsed(&format!("explain {HOUSE} {customer}"));
        assert_eq!(answer.code, 1);
        assert!(answer.err.contains("there is no customer"), "{}", answer.err);
    }
}
