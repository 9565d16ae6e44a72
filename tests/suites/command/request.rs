//! `lapsed request`: written down, due, answered (D-2).

use crate::program::Installed;

const STUDIO: &str = "stadttheater/studio";

#[test]
fn d2_a_request_is_written_down_with_its_due_date_listed_and_answered() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let open =
        format!("request open {STUDIO} {customer} access --by box-office --note rang --received 2026-01-31");
    let request = demo.object(&open);
    assert_eq!(request["due_at"], "2026-02-28T22:59:59.999Z");
    assert_eq!(
        (&request["state"], &request["overdue"]),
        (&"open".into(), &true.into())
    );
    let id = request["request"].as_str().expect("an id").to_owned();
    let late = demo.lapsed("request list stadttheater --overdue");
    assert!(
        late.out.contains(&id) && late.out.contains("28 February 2026") && late.out.contains("LATE"),
        "{}",
        late.out
    );

    let answered = demo.lapsed(&format!("request answer {id} --by box-office --answer posted"));
    assert_eq!(answered.code, 0, "{}", answered.err);
    assert!(
        answered.out.contains("late: it was due by 28 February 2026"),
        "{}",
        answered.out
    );
    assert_eq!(demo.json("request list --open").len(), 0);
    let listed = &demo.json("request list")[0];
    assert_eq!(
        (&listed["state"], &listed["answer"]),
        (&"answered".into(), &"posted".into())
    );
    let again = demo.lapsed(&format!("request answer {id} --by box-office --refuse twice"));
    assert_eq!(again.code, 1);
    assert!(again.err.contains("answered or refused already"), "{}", again.err);
    assert_eq!(demo.lapsed("ledger verify").code, 0);
}

#[test]
fn d2_a_refusal_needs_its_reason_and_an_answer_its_words() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let request = demo.object(&format!(
        "request open {STUDIO} {customer} objection --by box-office"
    ));
    let id = request["request"].as_str().expect("an id").to_owned();
    for words in [
        format!("request answer {id} --by box-office"),
        format!("request answer {id} --answer yes"),
        format!("request answer {id} --by box-office --answer yes --refuse no"),
        format!("request open {STUDIO} {customer} forgetting --by box-office"),
    ] {
        assert_eq!(demo.lapsed(&words).code, 2, "{words}");
    }
    let refused = demo.object(&format!("request answer {id} --by box-office --refuse unfounded"));
    assert_eq!(
        (&refused["state"], &refused["answer"]),
        (&"refused".into(), &"unfounded".into())
    );
}

#[test]
fn d2_r9_who_asks_to_be_forgotten_under_a_hold_is_told_at_once() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let hold = demo.object(&format!(
        "hold add person {STUDIO} {customer} --by legal --reason court --until 2199-12-31"
    ));
    let asked = demo.lapsed(&format!(
        "request open {STUDIO} {customer} erasure --by box-office"
    ));
    assert_eq!(asked.code, 0, "{}", asked.err);
    let id = hold["hold"].as_str().expect("an id");
    assert!(
        asked.out.contains(&format!("under legal hold {id}")) && asked.out.contains("until 31 December 2199"),
        "{}",
        asked.out
    );
    let waits = demo.json("request list --open");
    assert_eq!(waits[0]["waits_for"], id);
    assert!(
        demo.lapsed("request list")
            .out
            .contains(&format!("waits for hold {id}"))
    );
    demo.object(&format!("hold lift {id} --by legal --reason over"));
    let jobs = demo.sql("SELECT string_agg(job, ' ' ORDER BY id) FROM lapsed_run");
    assert_eq!(jobs, "judge request");
    assert_eq!(
        demo.json("request list --open")[0]["waits_for"],
        serde_json::Value::Null
    );
}

#[test]
fn d2_anonymising_by_hand_answers_the_request_for_it() {
    let demo = Installed::demo();
    let customer = demo.somebody_due(STUDIO);
    let asked = demo.lapsed(&format!(
        "request open {STUDIO} {customer} erasure --by box-office --note rang"
    ));
    assert!(
        asked
            .out
            .contains(&format!("`lapsed anonymise {STUDIO} {customer}` carries it out")),
        "{}",
        asked.out
    );
    let done = demo.lapsed(&format!(
        "anonymise {STUDIO} {customer} --yes --despite-open-business"
    ));
    assert_eq!(done.code, 0, "{}", done.err);
    let request = &demo.json("request list")[0];
    assert_eq!(
        (&request["state"], &request["customer"]),
        (&"answered".into(), &serde_json::Value::Null)
    );
    assert_eq!(request["note"], serde_json::Value::Null);
    assert!(
        demo.lapsed("ledger show stadttheater")
            .out
            .contains("request-answered")
    );
}
