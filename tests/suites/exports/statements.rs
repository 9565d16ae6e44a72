//! Everything that is stored about a person comes out, on both databases.

use lapsed_dataset::{Holds, Moment};
use lapsed_model::{Dialect, SubjectKey, Value};
use lapsed_tests::{World, dialect, instant, only_on};
use serde_json::{Value as Json, json};

use crate::filled::{answers, everything_of, file_of, number};

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
