//! A sweep costs what a workgroup and a batch hold, and not what the store holds.
//!
//! The database is asked how it would run each statement of a sweep. It looks everything up by an index, from one person
//! to the next; a single table read from end to end would make a hundred workgroups cost a hundred times the
//! store. It decides by statistics where there are any, so it is asked again with others. (SQLite has none before somebody asks
//! for them; on PostgreSQL there is always somebody who does.)
//!
//! What the daemon asks its own tables all day long is heard from the server that answers it (`daemon`).

#[path = "plans/daemon.rs"]
mod daemon;
#[path = "plans/day.rs"]
mod day;
#[path = "plans/heard.rs"]
mod heard;
#[path = "holds/office.rs"]
#[expect(dead_code, reason = "the suite of the holds uses more of it")]
mod office;

use chrono::{DateTime, Utc};
use lapsed_dataset::{ExportFile, ExportFilter, Noted, Question, Recheck};
use lapsed_jobs::apply::erasure;
use lapsed_model::{Statement, SubjectKey, Switch, Way};
use lapsed_tests::World;

/// A theatre and a salon among many others.
async fn a_town() -> World {
    let world = World::with()
        .says("keep_invoice_recipients = \"8 years\"")
        .build()
        .await;
    world.crowd_of_a_town().await;
    world
}

/// Every statement of a sweep of the house, by name.
fn statements(world: &World, now: DateTime<Utc>) -> Vec<(String, Statement)> {
    let (fitted, case) = (&world.fitted, world.case());
    let bounds = case.bounds(now);
    // Everything that a policy can turn on is on.
    let question = Question {
        tenant: "theatre",
        workgroup: &case.store_key,
        bounds: &bounds,
        switches: &Switch::ALL,
    };
    let how = erasure(&case, Way::Automatic, now);
    let one = |name: &str, statement| vec![(name.to_owned(), statement)];
    let several = |name: &str, statements: Vec<Statement>| {
        assert!(!statements.is_empty(), "{name} is nothing");
        let numbered = |(number, statement)| (format!("{name}, statement {}", number + 1), statement);
        statements
            .into_iter()
            .enumerate()
            .map(numbered)
            .collect::<Vec<_>>()
    };
    let person = SubjectKey::Integer(7);
    [
        one("the preview's counts", fitted.count(&question)),
        one("whom no rule reaches", fitted.out_of_reach(&question)),
        one("the list", fitted.list(&question)),
        one("the plan", fitted.save(&question, "p-1")),
        one("the second judgement", fitted.recheck(&question, Recheck::Due)),
        one("one person's judgement", fitted.list_one(&question, &person)),
        one(
            "one person's plan",
            fitted.save_one_due(&question, &person, "p-1"),
        ),
        one("a decision", fitted.save_one(&question, &person, "p-1")),
        one(
            "the second look at a decision",
            fitted.recheck(&question, Recheck::NothingOpen),
        ),
        one("one person's holds", fitted.holds_of("theatre", &person, now)),
        one("what one person waits for", fitted.unanswered(&person)),
        one(
            "whether a request is somebody else's",
            fitted.is_somebody_else(Noted::Request, "r-1"),
        ),
        // There are none where there is one writer.
        fitted
            .lock_batch()
            .into_iter()
            .map(|lock| ("a lock of the batch".to_owned(), lock))
            .collect(),
        one("the batch for the ledger", fitted.read_batch()),
        several("the erasure", fitted.erase(&how).all().cloned().collect()),
        several(
            "the look for what is overdue",
            fitted.find_overdue(&case.store_key, &how, 500),
        ),
        several("the clearing of what is overdue", fitted.clear_overdue(&how)),
        several(
            "one person's happenings",
            fitted
                .happenings(&person)
                .map(|(_, statement)| statement)
                .collect(),
        ),
        several("one person's file", files_of(fitted.export_person(&person))),
        several("a page of a file", files_of(pages(world))),
    ]
    .concat()
}

/// A page of every file of the workgroup, of whom it can be narrowed to.
fn pages(world: &World) -> Vec<ExportFile<'static>> {
    let (fitted, store_key) = (&world.fitted, world.case().store_key);
    let consent = "marketing by email".parse().expect("a consent");
    let filters = [
        ExportFilter::default(),
        ExportFilter {
            named_in: None,
            consent: Some((consent, world.now())),
            event: None,
        },
        ExportFilter {
            named_in: None,
            consent: None,
            event: Some("7".to_owned()),
        },
    ];
    let files = fitted.dataset().workgroup_exports();
    let pages = files.flat_map(|file| {
        let page = |filter| fitted.export_page(file, &store_key, filter, Some(&SubjectKey::Integer(40)), 100);
        filters.iter().map(page).collect::<Vec<_>>()
    });
    pages.collect()
}

fn files_of(files: Vec<ExportFile<'_>>) -> Vec<Statement> {
    files.into_iter().map(|file| file.statement).collect()
}

#[tokio::test]
async fn the_plan_of_one_workgroup_reads_no_fact_table_from_end_to_end() {
    let world = a_town().await;
    let statements = statements(&world, world.now());
    assert!(
        statements.len() > 30,
        "a sweep has many statements, and not {}",
        statements.len()
    );
    let stale = "DELETE FROM form_answers WHERE customer_id IS NOT NULL; ANALYZE";
    for (statistics, then) in [
        ("as it was filled", "ANALYZE"),
        ("with statistics", stale),
        ("with statistics of a store that looked different", "SELECT 1"),
    ] {
        let daemon = world.platform.in_a_batch().await;
        for (name, statement) in &statements {
            let steps = daemon.steps(statement).await;
            assert!(steps.lookups > 0, "{name} looks nothing up: {steps:#?}");
            assert!(
                steps.end_to_end.is_empty(),
                "{statistics}, {name}: {steps:#?}\n{}",
                statement.sql
            );
        }
        daemon.close().await;
        world.platform.run(then).await;
    }
}

/// The proof of the proof: without the index every look-up of orders is a walk, and is seen to be one.
#[tokio::test]
async fn without_its_index_a_fact_table_would_be_read_from_end_to_end() {
    let world = a_town().await;
    world.platform.run("DROP INDEX orders_customer").await;
    let daemon = world.platform.in_a_batch().await;
    for (name, statement) in statements(&world, world.now()) {
        if ["the plan", "the second judgement", "the preview's counts"].contains(&name.as_str()) {
            let steps = daemon.steps(&statement).await;
            assert!(
                !steps.end_to_end.is_empty(),
                "{name} walks through all orders: {steps:#?}"
            );
        }
    }
}
