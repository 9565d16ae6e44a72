//! The statements of exports bring everything of a person, and of a workgroup page by page, on both databases.

use lapsed_dataset::{Export, ExportColumn, ExportFile, ExportFilter, Holds, Moment};
use lapsed_model::{Dialect, SubjectKey, Value};
use lapsed_tests::{World, dialect, instant, milliseconds, only_on};
use serde_json::{Value as Json, json};

/// A file as it came out.
struct Filled {
    file: String,
    columns: Vec<ExportColumn>,
    rows: Vec<Vec<Json>>,
}

impl Filled {
    /// What a column holds, row by row.
    fn column(&self, name: &str) -> Vec<&Json> {
        let place = self.columns.iter().position(|column| column.name == name);
        // The mark stands in front.
        let place = place.unwrap_or_else(|| panic!("{} has no `{name}`", self.file)) + 1;
        self.rows.iter().map(|row| &row[place]).collect()
    }

    /// Whether what the file has of others is others', row by row.
    fn is_other(&self) -> Vec<bool> {
        self.rows.iter().map(|row| row[0] == 1).collect()
    }
}

/// The one row that a statement answers with.
async fn answer(world: &World, file: &ExportFile<'_>) -> Vec<Value> {
    let mut rows = world.store.rows(&file.statement).await.expect("an answer");
    assert_eq!(rows.len(), 1, "{}", file.export.file.value);
    rows.remove(0)
}

fn filled(file: ExportFile<'_>, count: &Value, rows: &Value) -> Filled {
    let Value::Text(rows) = rows else {
        panic!("{rows:?}")
    };
    let rows: Vec<Vec<Json>> = serde_json::from_str(rows).expect("rows as JSON");
    assert_eq!(*count, Value::Integer(i64::try_from(rows.len()).expect("a few")));
    for row in &rows {
        assert_eq!(row.len(), file.columns.len() + 1, "{row:?}");
    }
    Filled {
        file: file.export.file.value.clone(),
        columns: file.columns,
        rows,
    }
}

async fn everything_of(world: &World, person: &SubjectKey) -> Vec<Filled> {
    let mut files = Vec::new();
    for file in world.fitted.export_person(person) {
        let row = answer(world, &file).await;
        files.push(filled(file, &row[0], &row[1]));
    }
    files
}

async fn file_of(world: &World, person: &SubjectKey, file: &str) -> Filled {
    let files = everything_of(world, person).await;
    files
        .into_iter()
        .find(|filled| filled.file == file)
        .expect("a file")
}

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

fn number(key: i64) -> SubjectKey {
    SubjectKey::Integer(key)
}

fn everybody() -> ExportFilter {
    ExportFilter::default()
}

#[tokio::test]
async fn x1_everything_that_is_stored_about_a_person_comes_out() {
    let world = World::new().await;
    world
        .customer(7)
        .ticket("2026-12-01")
        .voucher("2026-01-01", None)
        .membership(None)
        .article("2026-02-02")
        .reservation("2026-12-02")
        .appointment("2026-12-03")
        .signed_in("2026-03-03")
        .consent(None)
        .await;
    world.customer(8).ticket("2026-12-01").await;
    answers(&world, &[("customer_id", 7)], "order", "no nuts").await;

    let files = everything_of(&world, &number(7)).await;
    assert_eq!(files.len(), world.fitted.dataset().exports.len());
    for file in &files {
        let rows = if file.file == "orders.csv" { 3 } else { 1 };
        assert_eq!(file.rows.len(), rows, "{}", file.file);
    }
}

/// An answer to a registration form, which hangs on this.
async fn answers(world: &World, on: &[(&str, i64)], kind: &str, value: &str) {
    let mut row = vec![
        ("id", world.next_id().into()),
        ("workgroup", "theatre/house".into()),
        ("form", "participant".into()),
        ("kind", kind.into()),
        ("field", "diet".into()),
        ("identifies", 1_i64.into()),
        ("value", value.into()),
        ("answered_at", milliseconds("2026-11-01")),
    ];
    row.extend(on.iter().map(|(column, id)| (*column, Value::from(*id))));
    world.platform.insert("form_answers", &row).await;
}

#[tokio::test]
async fn x1_a_text_comes_out_to_the_letter() {
    let world = World::new().await;
    let mut texts = vec![
        "two\r\nlines, and \"quotes\"; a\ttab".to_owned(),
        "=HYPERLINK(\"http://mail.example\")".to_owned(),
        "ש\u{202e}לום 🧑‍🎤 \\u0000 \u{feff}".to_owned(),
        "{\"a\": [1]}".to_owned(),
    ];
    if dialect() == Dialect::Sqlite {
        // PostgreSQL has no such text.
        texts.push("a\0b".to_owned());
    }
    for (id, text) in (1..).zip(&texts) {
        world.customer(id).with("description", text.as_str()).await;
        let file = file_of(&world, &number(id), "customer.csv").await;
        assert_eq!(file.column("description"), [&json!(text)]);
    }
}

#[tokio::test]
async fn x1_an_instant_is_known_where_the_dataset_or_the_type_says_so() {
    for (dataset, birth_date) in [
        ("reference", None),
        (
            "reference-timestamptz",
            Some(Moment::On("1960-02-29".parse().expect("a day"))),
        ),
    ] {
        if birth_date.is_some() && !only_on(Dialect::Postgres, "SQLite has no types for instants and days") {
            continue;
        }
        let world = World::with().dataset(dataset).build().await;
        world.customer(7).created("2015-06-01T10:00:00Z").await;
        let file = file_of(&world, &number(7), "customer.csv").await;
        let known = |name: &str| {
            let column = file
                .columns
                .iter()
                .find(|column| column.name == name)
                .expect("a column");
            let value = file.column(name)[0];
            (column.holds == Holds::Instants).then(|| moment(value)).flatten()
        };
        assert_eq!(
            known("created_at"),
            Some(Moment::At(instant("2015-06-01T10:00:00Z"))),
            "{dataset}"
        );
        assert_eq!(known("birth_date"), birth_date, "{dataset}");
        assert_eq!(known("first_name"), None, "{dataset}");
    }
}

fn moment(value: &Json) -> Option<Moment> {
    match value {
        Json::Number(number) => Moment::of_number(number.as_i64()?),
        Json::String(text) => Moment::of_text(text),
        _ => None,
    }
}

#[tokio::test]
async fn x1_the_end_of_time_comes_out_as_it_stands() {
    if !only_on(Dialect::Postgres, "SQLite has no `infinity`") {
        return;
    }
    let world = World::with().dataset("reference-timestamptz").build().await;
    world.customer(7).order("2026-01-01", "paid").await;
    for (stored, comes) in [
        ("infinity", json!("infinity")),
        ("0044-03-15 12:00:00+00 BC", json!("0044-03-15 12:00:00+00 BC")),
        (
            "2026-01-01 00:00:00.123456+00",
            json!("2026-01-01T00:00:00.123456Z"),
        ),
    ] {
        world
            .platform
            .run(&format!("UPDATE orders SET ordered_at = '{stored}'"))
            .await;
        let file = file_of(&world, &number(7), "orders.csv").await;
        assert_eq!(file.column("ordered_at"), [&comes]);
    }
}

/// What SQLite's JSON refuses, or writes in a way that is none.
#[tokio::test]
async fn x1_one_strange_value_does_not_keep_the_others_from_coming_out() {
    if !only_on(Dialect::Sqlite, "PostgreSQL's columns have types") {
        return;
    }
    let world = World::with().dataset("salon-suite").build().await;
    world
        .platform
        .run(
            "INSERT INTO guest (uid, username, full_name, mail, remark, joined_on) \
             VALUES ('g-1', 'u', 'Anna', 'anna@mail.example', x'41ff42', '2020-01-01'); \
             INSERT INTO receipt VALUES ('r-1', 'g-1', 1.5, 9e999), ('r-2', 'g-1', 'soon', x'00ff'); \
             INSERT INTO receipt_line VALUES (1, 'r-1', 'cut', '2026-12-24', NULL), (2, 'r-2', 'dye', 'whenever', NULL);",
        )
        .await;
    let guest = SubjectKey::Text("g-1".to_owned());
    let record = file_of(&world, &guest, "guest.csv").await;
    assert_eq!(record.column("remark"), [&json!("A\u{fffd}B")]);
    let receipts = file_of(&world, &guest, "receipts.csv").await;
    assert_eq!(receipts.column("cents"), [&json!("Inf"), &json!("00ff")]);
    assert_eq!(receipts.column("sold_at"), [&json!(1_500), &json!("soon")]);
    assert_eq!(
        receipts.column("valid_till"),
        [&json!("2026-12-24"), &json!("whenever")]
    );
}

#[tokio::test]
async fn x1_a_column_of_any_type_comes_out_with_all_that_is_in_it() {
    if !only_on(Dialect::Postgres, "SQLite's columns have no types") {
        return;
    }
    let mut world = World::with().dataset("salon-suite").build().await;
    world
        .platform
        .run(
            "INSERT INTO guest (uid, username, full_name, mail, joined_on) VALUES ('g-1', 'u', 'Anna', 'a@mail.example', '2020-01-01'); \
             INSERT INTO receipt VALUES ('r-1', 'g-1', 1600000000, 2); \
             INSERT INTO receipt_line VALUES (1, 'r-1', 'cut', NULL, NULL)",
        )
        .await;
    world.platform.run("CREATE DOMAIN hour AS timestamptz").await;
    let guest = SubjectKey::Text("g-1".to_owned());
    for (of_type, stored, comes) in [
        ("bigint", "9223372036854775807", json!(i64::MAX)),
        (
            "numeric",
            "12345678901234567890.12345678901234567890",
            json!("12345678901234567890.12345678901234567890"),
        ),
        ("numeric", "NaN", json!("NaN")),
        ("double precision", "-Infinity", json!("-Infinity")),
        ("double precision", "0.1", json!("0.1")),
        ("boolean", "yes", json!("true")),
        ("bytea", "\\x00ff", json!("00ff")),
        (
            "jsonb",
            "{\"a\": [\"\\u202e\", null]}",
            json!("{\"a\": [\"\u{202e}\", null]}"),
        ),
        ("json", "{\"a\": \"\\u0000\"}", json!("{\"a\": \"\\u0000\"}")),
        ("text[]", "{one,\"t,o\",NULL}", json!("[\"one\",\"t,o\",null]")),
        (
            "uuid",
            "6f1c0d52-7a31-4c1e-9a00-00000000000a",
            json!("6f1c0d52-7a31-4c1e-9a00-00000000000a"),
        ),
        ("date", "2026-11-01", json!("2026-11-01")),
        ("date", "infinity", json!("infinity")),
        (
            "timestamp",
            "2026-11-01 04:30",
            json!("2026-11-01T04:30:00.000000Z"),
        ),
        (
            "hour",
            "2026-11-01 04:30+01",
            json!("2026-11-01T03:30:00.000000Z"),
        ),
        ("character(4)", "ab", json!("ab")),
    ] {
        let stored = stored.replace('\'', "''");
        world
            .platform
            .run(&format!(
                "ALTER TABLE receipt_line ALTER COLUMN engraving TYPE {of_type} USING CAST('{stored}' AS {of_type})"
            ))
            .await;
        world.refit().await;
        let file = file_of(&world, &guest, "receipts.csv").await;
        assert_eq!(file.column("engraving"), [&comes], "{of_type}");
    }
}

#[tokio::test]
async fn x1_names_and_answers_of_others_are_told_apart() {
    let world = World::new().await;
    let named = [
        ("Anna7 Gruber7", false),
        ("Anna7 Maria7 Gruber7", false),
        ("Bela Kovács", true),
        ("anna7 gruber7", true),
    ];
    for (name, is_other) in named {
        world
            .platform
            .run("DELETE FROM form_answers; DELETE FROM tickets; DELETE FROM orders; DELETE FROM customers")
            .await;
        world.customer(7).ticket("2026-12-01").await;
        world.platform.set("tickets", "holder_name", &name.into()).await;
        let Value::Integer(ticket) = world.platform.value("SELECT id FROM tickets").await else {
            panic!("a ticket")
        };
        answers(&world, &[("ticket_id", ticket)], "rate", "no nuts").await;
        let tickets = file_of(&world, &number(7), "tickets.csv").await;
        assert_eq!(
            (tickets.is_other(), tickets.column("holder_name")),
            (vec![is_other], vec![&json!(name)])
        );
        let given = file_of(&world, &number(7), "form_answers.csv").await;
        assert_eq!(given.is_other(), [is_other], "{name}");
    }
}

#[tokio::test]
async fn x1_an_answer_for_the_order_is_the_buyers_and_a_participants_may_be_anybodys() {
    let world = World::new().await;
    world.customer(7).order("2026-01-01", "paid").await;
    let Value::Integer(order) = world.platform.value("SELECT id FROM orders").await else {
        panic!("an order")
    };
    for (on, kind, is_other) in [
        (("order_id", order), "order", false),
        (("order_id", order), "rate", true),
        (("customer_id", 7), "rate", false),
    ] {
        world.platform.run("DELETE FROM form_answers").await;
        answers(&world, &[on], kind, "no nuts").await;
        assert_eq!(
            file_of(&world, &number(7), "form_answers.csv").await.is_other(),
            [is_other],
            "{on:?} {kind}"
        );
    }
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
