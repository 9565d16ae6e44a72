//! Killed between journal and commit: nobody is erased who became active meanwhile, and nothing is done twice.

use std::collections::BTreeSet;

use crate::program::Installed;

/// Where a batch can die, and at which passing: the journal's folder is passed for *intended* and for *done*.
const PLACES: [&str; 9] = [
    "batch-erased:1",
    "batch-advanced:1",
    "batch-recorded:1",
    "journal-folder:1",
    "batch-intended:1",
    "batch-committed:1",
    "journal-folder:2",
    "batch-done:1",
    "batch-intended:2",
];

const KILLS: usize = 100;

fn studio() -> (Installed, String) {
    let demo = Installed::demo();
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("settings");
    // One of a batch, so that there are enough batches to die in.
    std::fs::write(
        demo.path("lapsed.toml"),
        format!("{settings}\n[limits]\nerase_batch = 1\nerase_share = \"100 %\"\n"),
    )
    .expect("written");
    let plan = demo.object("plan stadttheater/studio --save");
    let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
    let approved = demo.lapsed(&format!("approve {id} --by test --reason tested"));
    assert_eq!(approved.code, 0, "{}", approved.err);
    (demo, id)
}

/// Somebody of the plan who is not anonymised yet reserves a seat for next year.
fn somebody_reserves(demo: &Installed, plan: &str, number: usize) -> Option<String> {
    let somebody = demo.sql(&format!(
        "SELECT CAST(s.subject AS TEXT) FROM lapsed_plan_subject s \
         JOIN customers c ON CAST(c.id AS TEXT) = CAST(s.subject AS TEXT) \
         WHERE s.plan = '{plan}' AND c.anonymised_at IS NULL ORDER BY c.id LIMIT 1 OFFSET {}",
        number % 3
    ));
    if somebody.is_empty() {
        return None;
    }
    demo.sql(&format!(
        "INSERT INTO events (id, workgroup, name, starts_at) VALUES ({0}, 'stadttheater/studio', 'Faust', 4000000000000) \
         RETURNING name",
        900_000 + number
    ));
    demo.sql(&format!(
        "INSERT INTO reservations (id, customer_id, event_id, reserved_at) VALUES ({0}, {somebody}, {0}, 1) RETURNING id",
        900_000 + number
    ));
    Some(somebody)
}

#[test]
fn o4_r9_a_kill_between_journal_and_commit_erases_nobody_who_became_active() {
    let (demo, plan) = studio();
    let elsewhere = anonymised_elsewhere(&demo);
    let (mut active, mut killed) = (BTreeSet::new(), 0);
    for number in 0..KILLS {
        let mut apply = demo.command(&format!("apply {plan}"));
        let ended = apply
            .env("LAPSED_FAULT", PLACES[number % PLACES.len()])
            .output()
            .expect("the program runs");
        if ended.status.success() || String::from_utf8_lossy(&ended.stderr).contains("carried out already") {
            break;
        }
        assert_eq!(
            ended.status.code(),
            None,
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        killed += 1;
        // Every other time: who dies in the middle of a batch may be first in the next one.
        if number % 2 == 0 {
            active.extend(somebody_reserves(&demo, &plan, number));
        }
    }
    assert!(
        killed >= KILLS,
        "only {killed} kills hit: the studio is too small"
    );
    let last = demo.lapsed(&format!("apply {plan}"));
    assert_eq!(last.code, 0, "{}", last.err);
    for somebody in &active {
        let erased = demo.sql(&format!(
            "SELECT CAST(anonymised_at AS TEXT) FROM customers WHERE id = {somebody}"
        ));
        assert_eq!(
            erased, "",
            "customer {somebody} reserved a seat and was anonymised"
        );
    }
    assert_eq!(
        anonymised_elsewhere(&demo),
        elsewhere,
        "somebody was erased without a batch"
    );
    everything_agrees(&demo);
}

/// How many people are anonymised whom no batch of ours erased: the platform did that earlier.
fn anonymised_elsewhere(demo: &Installed) -> String {
    demo.sql(
        "SELECT CAST((SELECT count(*) FROM customers WHERE anonymised_at IS NOT NULL) \
         - (SELECT sum(people) FROM lapsed_erasure) AS TEXT)",
    )
}

/// Ledger, journal and store say the same.
fn everything_agrees(demo: &Installed) {
    assert_eq!(demo.lapsed("ledger verify").code, 0);
    let seen = demo.object("journal check");
    assert_eq!(seen["whole"], true, "{seen}");
    assert_eq!(seen["journal"]["unfinished"], 0);
    assert!(seen["journal"]["crashed"].as_u64().expect("a number") >= 1);
}

#[test]
fn o4_a_recovery_that_is_killed_goes_on_at_the_next_start() {
    let (demo, plan) = studio();
    let backup = demo.beside("backup");
    demo.place().back_up(&backup);
    let due: usize = demo
        .sql(&format!(
            "SELECT CAST(subjects AS TEXT) FROM lapsed_plan WHERE id = '{plan}'"
        ))
        .parse()
        .expect("a number");
    assert_eq!(demo.lapsed(&format!("apply {plan}")).code, 0);
    demo.place().restore(&backup);
    let places = [
        "recover-ledger:1",
        "recover-journal:1",
        "again-begun:3",
        "again-erased:2",
        "again-committed:4",
        "recover-batch:2",
        "recover-ledger:1",
    ];
    for place in places {
        let ended = demo
            .command("journal re-erase")
            .env("LAPSED_FAULT", place)
            .output()
            .expect("it runs");
        assert_eq!(
            ended.status.code(),
            None,
            "{place}: {}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }
    let done = demo.object("journal re-erase");
    assert_eq!(done["recovered"]["restored"].as_array().map(Vec::len), Some(1));
    let again = "SELECT CAST(count(*) AS TEXT) FROM lapsed_ledger WHERE kind = 're-erased'";
    assert_eq!(demo.sql(again), due.to_string());
    let said = "SELECT CAST(count(*) AS TEXT) FROM lapsed_ledger WHERE kind = 'restored'";
    assert_eq!(demo.sql(said), "1");
    assert_eq!(demo.object("plan stadttheater/studio")["due"], 0);
    assert_eq!(demo.lapsed("ledger verify").code, 0);
    assert_eq!(
        demo.object("journal re-erase")["recovered"]["restored"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
}
