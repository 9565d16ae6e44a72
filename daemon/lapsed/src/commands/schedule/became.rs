//! What became of a run: for people a sentence, for programs the objects as they are.
//!
//! Whatever a later version writes is shown as it stands: a history must not go silent about what it cannot phrase.

use lapsed_model::Run;
use serde_json::{Value, json};

use crate::output::{counted, number, people};

/// How much of an outcome is shown that nobody has a sentence for.
const MOST: usize = 80;

/// A run with what it was asked and what it answered as objects.
pub(super) fn object(run: &Run) -> Value {
    let mut object = json!(run);
    for field in ["payload", "outcome"] {
        let read = object[field]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok());
        if let Some(value) = read {
            object[field] = value;
        }
    }
    object
}

/// A sentence, as far as there is one.
pub(super) fn sentence(run: &Run) -> String {
    if let Some(error) = &run.error {
        return shortened(error);
    }
    let Some(text) = &run.outcome else {
        return String::new();
    };
    let outcome: Value = serde_json::from_str(text).unwrap_or_default();
    known(&outcome).unwrap_or_else(|| shortened(text))
}

fn known(outcome: &Value) -> Option<String> {
    if let Some(refused) = outcome["refused"].as_str() {
        return Some(refused.to_owned());
    }
    if outcome["done"].is_object() {
        return done(&outcome["done"]);
    }
    if outcome["put_in_force"].is_array() {
        return Some(reloaded(outcome));
    }
    if let Some(path) = outcome["path"].as_str() {
        return Some(format!("{} in {path}", people(outcome["people"].as_u64()?)));
    }
    let became = match outcome["became"].as_str()? {
        "waits" => "waits for approval",
        "plan-only" => "planned only",
        "watch-only" => "planned only: the operator says `watch_only`",
        "left-alone" => "not due: left alone",
        "automatic-off" => "left alone: nobody is anonymised by rules alone",
        "open-business" => "stays open: something is open with the tenant",
        "no-way-on" => "stays open: the policy lets neither staff nor customers do it",
        "nothing" => "nothing to carry out",
        "held" => return Some(format!("waits for hold {}", outcome["hold"].as_str()?)),
        "anonymised" => "anonymised",
        _ => return None,
    };
    Some(match outcome["people"].as_u64() {
        Some(count) => format!("{}, {became}", people(count)),
        None => became.to_owned(),
    })
}

fn done(done: &Value) -> Option<String> {
    let mut said = format!("carried out: {} anonymised", number(done["anonymised"].as_u64()?));
    for (field, word) in [("dropped", "dropped"), ("cleared_later", "cleared later")] {
        if let Some(count) = done[field].as_u64().filter(|count| *count > 0) {
            said.push_str(&format!(", {} {word}", number(count)));
        }
    }
    Some(said)
}

fn reloaded(outcome: &Value) -> String {
    let of = |field: &str| outcome[field].as_array().map_or(0, Vec::len) as u64;
    let mut said = format!(
        "{} took effect",
        counted(of("put_in_force"), "policy", "policies")
    );
    for (field, words) in [
        ("broken", "with errors"),
        ("gone", "gone"),
        ("missing", "missing"),
        ("not_stored", "not stored"),
    ] {
        if of(field) > 0 {
            said.push_str(&format!(", {} {words}", of(field)));
        }
    }
    if let Some(folder) = outcome["folder"].as_str() {
        return folder.to_owned();
    }
    said
}

fn shortened(text: &str) -> String {
    text.chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_answer_reads_as_a_sentence() {
        for (outcome, says) in [
            (
                r#"{"plan":"p","people":789,"became":"waits"}"#,
                "789 people, waits for approval",
            ),
            (
                r#"{"plan":"p","people":792,"became":"carried-out","done":{"subjects":792,"anonymised":789,"dropped":3,"batches":1,"cleared_later":0}}"#,
                "carried out: 789 anonymised, 3 dropped",
            ),
            (
                r#"{"id":"x-1","path":"exports/a.zip","people":6332,"bytes":9}"#,
                "6,332 people in exports/a.zip",
            ),
            (r#"{"became":"left-alone"}"#, "not due: left alone"),
            (r#"{"became":"held","hold":"H1"}"#, "waits for hold H1"),
            (
                r#"{"code":"no-policy","refused":"there is none"}"#,
                "there is none",
            ),
            (
                r#"{"put_in_force":["a"],"broken":[{}],"gone":[],"folder":null}"#,
                "1 policy took effect, 1 with errors",
            ),
            (r#"{"of":"a later version"}"#, r#"{"of":"a later version"}"#),
        ] {
            let value = serde_json::from_str(outcome).expect("JSON");
            let said = known(&value).unwrap_or_else(|| shortened(outcome));
            assert_eq!(said, says);
        }
    }
}
