//! A workgroup comes out in pages of people, on both databases.

use lapsed_dataset::{Export, ExportFilter};
use lapsed_model::{SubjectKey, Value};
use lapsed_tests::World;
use serde_json::{Value as Json, json};

use crate::filled::{Filled, answer, answers, file_of, filled, number};

/// A file of the house, in pages of so many people.
async fn file_of_house(world: &World, file: &str, filter: &ExportFilter, people: u32) -> Filled {
    let (fitted, store_key) = (&world.fitted, world.case().store_key);
    let mut exports = fitted.dataset().workgroup_exports();
    let export: &Export = exports.find(|export| export.file.value == file).expect("a file");
    let (mut whole, mut after): (Option<Filled>, Option<SubjectKey>) = (None, None);
    loop {
        let page = fitted.export_page(export, &store_key, filter, after.as_ref(), people);
        let row = answer(world, &page).await;
        let page = filled(page, &row[2], &row[3]);
        let so_far = whole.get_or_insert(Filled {
            rows: Vec::new(),
            ..page
        });
        so_far.rows.extend(page.rows);
        match &row[1] {
            Value::Text(last) => after = Some(serde_json::from_str(last).expect("a key")),
            _ => return whole.expect("a page"),
        }
    }
}

fn everybody() -> ExportFilter {
    ExportFilter::default()
}

#[tokio::test]
async fn x3_pages_bring_everybody_of_the_workgroup_once_and_in_the_order_of_their_keys() {
    let world = World::new().await;
    world.crowd(120).await;
    world.customer(100_000).consent(None).await;
    world.customer(100_001).in_workgroup("studio").consent(None).await;
    let people = world
        .platform
        .rows("SELECT id FROM customers WHERE workgroup = 'theatre/house' AND anonymised_at IS NULL ORDER BY id")
        .await;
    for file in ["customer.csv", "form_answers.csv", "consents.csv"] {
        let mut expected = Vec::new();
        for person in &people {
            let Value::Integer(key) = person.values().next().expect("a key") else {
                panic!("a number")
            };
            let theirs = file_of(&world, &number(*key), file).await;
            expected.extend(theirs.rows.into_iter().map(|mut row| {
                row.insert(1, json!(key));
                row
            }));
        }
        assert!(!expected.is_empty(), "{file} has something in it");
        for page in [1_000, 7] {
            let house = file_of_house(&world, file, &everybody(), page).await;
            assert_eq!(house.columns[0].name, Export::CUSTOMER);
            assert_eq!(house.rows, expected, "{file} in pages of {page}");
        }
    }
}

/// Keys that are texts, sorted as the database does, and a workgroup that only a query knows.
#[tokio::test]
async fn x3_pages_bring_everybody_whatever_their_keys_are() {
    let world = World::with().dataset("salon-suite").build().await;
    world
        .platform
        .run("INSERT INTO branch VALUES ('B1', 'theatre/house'), ('B2', 'theatre/house'), ('B3', 'theatre/studio')")
        .await;
    let mut keys = Vec::new();
    for (number, letter) in ["a", "B", "ä", "Z", "10", "9", "e\u{301}", "é", "''"]
        .iter()
        .enumerate()
    {
        let key = format!("{letter}-{number}");
        let of_guest = format!(
            "INSERT INTO guest (uid, username, full_name, mail, joined_on) \
             VALUES ('{key}', 'u{number}', 'Anna', 'a@mail.example', '2020-01-01'); \
             INSERT INTO guest_branch VALUES ('{key}', 'B1'), ('{key}', 'B2')"
        );
        world.platform.run(&of_guest).await;
        keys.push(json!(key.replace("''", "'")));
    }
    world
        .platform
        .run("UPDATE guest_branch SET branch_code = 'B3' WHERE guest_uid = 'B-1' AND branch_code = 'B2'")
        .await;
    // Whoever belongs to two workgroups is in neither.
    keys.retain(|key| key != "B-1");
    for page in [1, 2, 100] {
        let house = file_of_house(&world, "guest.csv", &everybody(), page).await;
        let mut found: Vec<Json> = house.column(Export::CUSTOMER).into_iter().cloned().collect();
        found.sort_by_key(|key| keys.iter().position(|known| known == key));
        assert_eq!(found, keys, "in pages of {page}");
    }
}

#[tokio::test]
async fn x3_only_people_with_a_consent_that_holds() {
    let world = World::new().await;
    world.customer(1).consent(None).await;
    world.customer(2).consent(Some("2026-01-01")).await;
    world.customer(3).consent(Some("2099-01-01")).await;
    world.customer(4).await;
    let of = |consent: &str| ExportFilter {
        named_in: None,
        consent: Some((consent.parse().expect("a consent"), world.now())),
        event: None,
    };
    let marketing = file_of_house(&world, "customer.csv", &of("marketing by email"), 2).await;
    assert_eq!(marketing.column(Export::CUSTOMER), [1, 3]);
    let sms = file_of_house(&world, "customer.csv", &of("marketing by sms"), 2).await;
    assert!(sms.rows.is_empty());
}

#[tokio::test]
async fn x3_only_the_participants_of_one_event() {
    let world = World::new().await;
    world.customer(1).ticket("2026-12-01").await;
    world.customer(2).ticket("2026-12-01").ticket("2026-12-02").await;
    world.customer(3).await;
    let tickets = "SELECT t.id AS ticket, t.event_id AS event, o.customer_id AS customer \
                   FROM tickets t JOIN orders o ON o.id = t.order_id ORDER BY t.id";
    let tickets = world.platform.rows(tickets).await;
    let cell = |row: usize, column: &str| match &tickets[row][column] {
        Value::Integer(number) => *number,
        other => panic!("{other:?}"),
    };
    for row in 0..3 {
        answers(&world, &[("ticket_id", cell(row, "ticket"))], "rate", "no nuts").await;
    }
    assert!(world.fitted.exports_events());
    for row in 0..3 {
        let only = ExportFilter {
            named_in: None,
            consent: None,
            event: Some(cell(row, "event").to_string()),
        };
        for file in ["customer.csv", "form_answers.csv"] {
            let house = file_of_house(&world, file, &only, 2).await;
            assert_eq!(house.column(Export::CUSTOMER), [cell(row, "customer")], "{file}");
        }
        // Whoever cancelled takes part no more.
        let cancel = format!(
            "UPDATE orders SET status = 'cancelled' WHERE customer_id = {}",
            cell(row, "customer")
        );
        world.platform.run(&cancel).await;
        let house = file_of_house(&world, "customer.csv", &only, 2).await;
        assert!(house.rows.is_empty());
        world.platform.run("UPDATE orders SET status = 'paid'").await;
    }
}
