//! everything that is stored about one customer, in an archive that somebody else's programs read.

use std::collections::BTreeSet;

use lapsed_model::Value;
use lapsed_tests::World;
use serde_json::json;

use crate::filled::answers;
use crate::handed_out::{hand_out, handed_out, pause};
use crate::opened::Opened;

/// Keys that no number of an archive is like by chance.
const ANNA: i64 = 918_273_007;
const ELSE: i64 = 918_273_008;

/// Anna, about whom every table knows something, and somebody else.
async fn theatre(setting: lapsed_tests::Setting) -> World {
    let world = setting.build().await;
    for customer in [ANNA, ELSE] {
        world
            .customer(customer)
            .with("phone", format!("+43155500{}", customer % 1_000))
            .ticket("2026-12-01")
            .voucher("2026-01-01", None)
            .membership(None)
            .article("2026-02-02")
            .reservation("2026-12-02")
            .appointment("2026-12-03")
            .signed_in("2026-03-03")
            .consent(None)
            .await;
    }
    let of = |customer: i64| format!("(SELECT id FROM orders WHERE customer_id = {customer})");
    let ticket = format!("SELECT min(id) FROM tickets WHERE order_id IN {}", of(ANNA));
    let Value::Integer(ticket) = world.platform.value(&ticket).await else {
        panic!("a ticket has a number")
    };
    world
        .platform
        .run(&format!(
            "UPDATE tickets SET holder_name = 'Xaver Unbekannt' WHERE id = {ticket}; \
             UPDATE vouchers SET recipient_name = 'Anna{ANNA} Gruber{ANNA}' WHERE order_id IN {orders}; \
             UPDATE orders SET note = 'brings a guide dog', invoice_address = 'Ringstraße 1' WHERE customer_id = {ANNA}; \
             UPDATE reservations SET note = 'on the aisle' WHERE customer_id = {ANNA}; \
             UPDATE appointments SET note = 'long hair' WHERE customer_id = {ANNA}",
            orders = of(ANNA)
        ))
        .await;
    answers(&world, &[("customer_id", ANNA)], "order", "no nuts").await;
    answers(&world, &[("ticket_id", ticket)], "rate", "wheelchair, please").await;
    answers(&world, &[("customer_id", ELSE)], "order", "vegan").await;
    world
}

/// Every text that a table has in the rows of a condition, but for the daemon's own and the platform's keys.
async fn texts_of(world: &World, table: &str, condition: &str) -> Vec<(String, String)> {
    let rows = world
        .platform
        .rows(&format!("SELECT * FROM {table} WHERE {condition}"))
        .await;
    let texts = rows
        .into_iter()
        .flatten()
        .filter_map(|(column, value)| match value {
            Value::Text(text) if !["workgroup", "tenant"].contains(&column.as_str()) => Some((column, text)),
            _ => None,
        });
    texts.collect()
}

#[tokio::test]
async fn x1_every_text_that_the_store_has_of_a_person_is_in_the_archive_and_no_one_elses() {
    let world = theatre(World::with().exports("show_others = true")).await;
    let (done, sent) = handed_out(&world, ANNA).await;
    let opened = Opened::sent(&sent);
    let found: BTreeSet<&str> = opened.texts().collect();
    // A phone number is written so that no spreadsheet calculates with it: the digits are the same.
    let phone: String = opened.column("customer.csv", "phone")[0]
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    let orders = format!("order_id IN (SELECT id FROM orders WHERE customer_id = {ANNA})");
    let theirs = format!("customer_id = {ANNA}");
    let mut looked_at = 0;
    for (table, condition) in [
        ("customers", format!("id = {ANNA}")),
        ("web_users", theirs.clone()),
        ("orders", theirs.clone()),
        ("tickets", orders.clone()),
        ("vouchers", orders.clone()),
        ("memberships", format!("holder_id = {ANNA}")),
        ("articles", orders),
        ("reservations", theirs.clone()),
        ("appointments", theirs.clone()),
        ("form_answers", theirs),
        ("lapsed_consent", format!("CAST(subject AS TEXT) = '{ANNA}'")),
    ] {
        let texts = texts_of(&world, table, &condition).await;
        assert!(!texts.is_empty(), "there is something in {table}");
        for (column, text) in texts {
            // What says nothing of a person: a voucher's code is money, and no export has it.
            if (table, column.as_str()) == ("vouchers", "code") {
                continue;
            }
            looked_at += 1;
            assert!(
                found.contains(text.as_str()) || text == phone,
                "{table}.{column}: {text}"
            );
        }
    }
    assert!(looked_at > 35, "{looked_at} texts");
    for text in ["no nuts", "wheelchair, please", "Faust"] {
        assert!(found.contains(text), "{text}");
    }
    let elses = ELSE.to_string();
    assert!(!found.iter().any(|text| text.contains(&elses) || *text == "vegan"));
    assert_eq!(opened.files().len(), world.fitted.dataset().exports.len());
    assert_eq!(opened.sha256, done.sha256.to_string());
    assert_eq!(done.bytes, sent.len() as u64);
    assert_eq!(opened.manifest["about"]["customer"], ANNA);
    assert_eq!(opened.manifest["files"], json!(done.files));
}

#[tokio::test]
async fn x1_names_and_answers_of_others_are_masked_unless_the_policy_says_otherwise() {
    for (line, name, answer) in [
        ("show_others = false", "***", "***"),
        ("show_others = true", "Xaver Unbekannt", "wheelchair, please"),
    ] {
        let world = theatre(World::with().exports(line)).await;
        let opened = Opened::sent(&handed_out(&world, ANNA).await.1);
        assert_eq!(opened.column("tickets.csv", "holder_name"), [name], "{line}");
        let mut answered = opened.column("form_answers.csv", "value");
        answered.sort_unstable();
        let mut expected = ["no nuts", answer];
        expected.sort_unstable();
        assert_eq!(answered, expected, "{line}");
        // Anna's own name is hers.
        let recipient = format!("Anna{ANNA} Gruber{ANNA}");
        assert_eq!(opened.column("vouchers.csv", "recipient_name"), [recipient]);
        let says_so = opened.readme.contains("Namen und Antworten anderer Personen");
        assert_eq!(says_so, name == "***", "{line}");
    }
}

#[tokio::test]
async fn x1_the_readme_speaks_the_customers_language_and_describes_every_column() {
    let world = theatre(World::with()).await;
    for (code, heading, question) in [
        ("de", "Ihre Daten bei Stadttheater", "Fragen: "),
        ("fr", "Vos données chez Stadttheater", "Questions : "),
        ("bg", "Вашите данни при Stadttheater", "Въпроси: "),
        // What nobody speaks is told in the tenant's own language.
        ("xx", "Ihre Daten bei Stadttheater", "Fragen: "),
    ] {
        let spoken = format!("UPDATE customers SET language = '{code}' WHERE id = {ANNA}");
        world.platform.run(&spoken).await;
        let opened = Opened::sent(&handed_out(&world, ANNA).await.1);
        let readme = &opened.readme;
        assert!(readme.starts_with(heading), "{code}: {readme}");
        assert!(readme.contains(question), "{code}: {readme}");
        let mut lines = readme.lines();
        for file in opened.manifest["files"].as_array().expect("files") {
            let Some(columns) = file["columns"].as_array() else {
                continue;
            };
            let name = file["name"].as_str().expect("a name");
            assert!(lines.any(|line| line == name), "{code}: {name}");
            for column in columns {
                let column = column.as_str().expect("a name");
                let described = lines
                    .by_ref()
                    .find_map(|line| line.trim_start().strip_prefix(column).map(str::to_owned));
                let described = described.unwrap_or_else(|| panic!("{code}: {name} has {column}\n{readme}"));
                assert!(
                    described.is_empty() || described.starts_with([':', ' ']),
                    "{described}"
                );
            }
        }
    }
}

#[tokio::test]
async fn o4_the_ledger_says_that_somebody_was_exported_and_not_who() {
    let world = theatre(World::with()).await;
    let before = world.platform.picture().await;
    let (done, _) = handed_out(&world, ANNA).await;
    let entries = world.entries("exported").await;
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(entry["sha256"], json!(done.sha256));
    assert_eq!(entry["bytes"], done.bytes);
    assert_eq!(entry["what"], "customer");
    assert_eq!(entry["workgroup"], "theatre/house");
    assert_eq!(
        (&entry["by"], &entry["way"]),
        (&json!("Berta at the box office"), &json!("command"))
    );
    assert_eq!(entry["locked"], false);
    assert_eq!(entry["files"]["orders.csv"], 3);
    let written = entry.to_string();
    assert!(!written.contains(&ANNA.to_string()), "{written}");
    for text in before.texts() {
        assert!(
            text.starts_with("theatre") || !written.contains(&text),
            "`{text}` stands in {written}"
        );
    }
    // The pseudonym is the one under which the erasure will stand.
    crate::handed_out::erase(&world, ANNA).await;
    let erased = world.entries("erased").await;
    let pseudonym = entry["subject"].as_str().expect("a pseudonym");
    assert!(erased[0].to_string().contains(pseudonym), "{erased:?}");
}

#[tokio::test]
async fn x1_a_tenant_that_is_paused_hands_out_nothing() {
    let world = theatre(World::with()).await;
    pause(&world).await;
    let mut sent = Vec::new();
    let refused = hand_out(&world, ANNA, &mut sent).await;
    let why = refused.expect_err("a pause").to_string();
    assert!(
        why.contains("theatre is paused (operator: moving house)"),
        "{why}"
    );
    assert!(sent.is_empty());
    assert!(world.entries("exported").await.is_empty());
}
