//! What the dataset calls holdable: refused where a hold could not be followed, and followed on a platform that has texts
//! for keys and no column of its own for who was erased.

use lapsed_config::{File, Finding};
use lapsed_dataset::Dataset;
use lapsed_jobs::holds::{On, Placing, place};
use lapsed_jobs::survey;
use lapsed_model::{Pii, Value, Workgroup};
use lapsed_tests::World;

use super::office::clerk;

const SHIPPED: &str = include_str!("../../../config/dataset.toml");

fn file(text: &str) -> File {
    File::new("dataset.toml", text)
}

/// What is said of the shipped dataset where `from` reads `to`.
fn read(from: &str, to: &str) -> Vec<Finding> {
    assert!(SHIPPED.contains(from));
    let (dataset, findings) = Dataset::read(&file(&SHIPPED.replacen(from, to, 1)));
    assert!(dataset.is_none());
    findings
}

/// What the reference store has against it.
async fn fit(world: &World, from: &str, to: &str) -> Vec<Finding> {
    let (dataset, findings) = Dataset::read(&file(&SHIPPED.replacen(from, to, 1)));
    let dataset = dataset.unwrap_or_else(|| panic!("{findings:#?}"));
    let (_, findings) = survey::fit(&world.store, &dataset)
        .await
        .expect("a store that answers");
    findings
}

#[test]
fn r9_the_kinds_of_holds_have_names_that_can_be_told_apart() {
    for (name, says) in [
        (
            "person",
            "`person` is what holds on people and on whole tenants are called",
        ),
        (
            "tenant",
            "`tenant` is what holds on people and on whole tenants are called",
        ),
        ("order", "two kinds of records are called `order`"),
        (
            "Mitgliedschaft",
            "`Mitgliedschaft` is no name for a kind of record",
        ),
    ] {
        let findings = read("name = \"membership\"", &format!("name = \"{name}\""));
        assert_eq!(findings.len(), 1, "{findings:#?}");
        assert_eq!(findings[0].title, says);
    }
    let findings = read(
        "rows = \"SELECT id AS record, holder_id AS subject FROM memberships\"",
        "",
    );
    assert!(findings[0].title.contains("`rows`"), "{findings:#?}");
}

#[tokio::test]
async fn r9_a_query_that_leads_from_no_record_is_refused() {
    let world = World::new().await;
    let findings = fit(
        &world,
        "SELECT number AS record, customer_id",
        "SELECT number, customer_id",
    )
    .await;
    let titles: Vec<&str> = findings.iter().map(|finding| finding.title.as_str()).collect();
    assert!(titles.contains(&"this query returns no `record`"), "{titles:#?}");
    let findings = fit(&world, "SELECT number AS record,", "SELECT numbers AS record,").await;
    assert!(
        findings
            .iter()
            .any(|finding| finding.title.contains("cannot read this query")),
        "{findings:#?}"
    );
}

#[tokio::test]
async fn r9_a_kind_of_record_that_no_index_leads_to_is_warned_of() {
    let world = World::new().await;
    // The rules go by the index, and this query alone cannot.
    let findings = fit(
        &world,
        "SELECT id AS record, holder_id AS subject",
        "SELECT id AS record, holder_id + 0 AS subject",
    )
    .await;
    let of_holdable = SHIPPED
        .find("SELECT id AS record, holder_id")
        .expect("the shipped query");
    let at = |finding: &&Finding| {
        finding
            .span
            .as_ref()
            .is_some_and(|span| span.contains(&(of_holdable + 1)))
    };
    let finding = findings.iter().find(at).expect("a warning at the query");
    assert_eq!(finding.title, "no index leads from a person to `memberships`");
}

#[tokio::test]
async fn r9_a_hold_is_followed_where_people_and_records_are_told_apart_by_texts() {
    let world = World::with().dataset("salon-suite").build().await;
    world
        .platform
        .run(
            "INSERT INTO branch (code, belongs_to) VALUES ('B1', 'theatre/house'); \
             INSERT INTO guest (uid, username, full_name, mail, joined_on) VALUES \
             ('g-1', 'anna', 'Anna', 'a@mail.example', '2015-01-01'), \
             ('g-2', 'berta', 'Berta', 'b@mail.example', '2015-01-01'); \
             INSERT INTO guest_branch (guest_uid, branch_code) VALUES ('g-1', 'B1'), ('g-2', 'B1'); \
             INSERT INTO visit (visit_no, guest_uid, begins, state) VALUES (1, 'g-1', '2019-05-04T10:00:00Z', 'done'), \
             (2, 'g-2', '2019-05-04T10:00:00Z', 'done')",
        )
        .await;
    let house: Workgroup = "theatre/house".parse().expect("a workgroup");
    let keys = [("theatre/house".to_owned(), house)].into();
    let placing = Placing {
        tenant: &world.policy.tenant,
        keys: &keys,
        on: On::Record {
            kind: "visit",
            record: "1",
        },
        reason: Pii::new("burnt with the curling iron".to_owned()),
        by: "legal",
        ends_at: None,
    };
    let (hold, people) = place(&clerk(&world), &placing).await.expect("a hold");
    assert_eq!(people.len(), 1);
    let due: Vec<String> = world
        .due()
        .await
        .into_iter()
        .map(|(key, _)| key.to_string())
        .collect();
    assert_eq!(due, ["g-2"]);
    assert_eq!(world.sweep().await.anonymised, 1);
    let erased = world.platform.value("SELECT subject FROM lapsed_erased").await;
    assert_eq!(erased, Value::Text("g-2".to_owned()));
    assert_eq!(world.explain("g-1").await.holds[0].hold, hold.id);
}
