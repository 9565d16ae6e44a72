//! X-1, X-3: what goes into the store comes out of the archive, through everything that lies in between.

use lapsed_jobs::export::ExportCase;
use lapsed_jobs::export::customer::export_customer;
use lapsed_jobs::export::workgroup::export_workgroup;
use lapsed_model::Dialect;
use lapsed_policy::{Profile, Separator};
use lapsed_tests::{World, dialect};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::filled::answers;
use crate::handed_out::{asked, case, person, wanted};
use crate::opened::Opened;

/// How many people have random texts.
const PEOPLE: i64 = 60;

/// What means something to somebody on the way.
const PIECES: [&str; 26] = [
    "\r\n",
    "\n",
    "\r",
    "\"",
    "\"\"",
    "'",
    ",",
    ";",
    "\t",
    "|",
    "\0",
    "=1+1",
    "@",
    "-",
    " ",
    "\\",
    "\\u0000",
    "{\"a\":[1]}",
    "Grüße",
    "🎭",
    "👨‍👩‍👧",
    "שלום",
    "مرحبا",
    "\u{202e}",
    "\u{feff}",
    "e\u{301}",
];

/// The columns that are filled.
const COLUMNS: [&str; 4] = ["description", "first_name", "street", "company"];

fn text() -> impl Strategy<Value = String> {
    let hostile = proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..7);
    let text = prop_oneof![2 => hostile.prop_map(|pieces| pieces.concat()), 1 => any::<String>()];
    // PostgreSQL has no such text.
    text.prop_map(|text| match dialect() {
        Dialect::Sqlite => text,
        Dialect::Postgres => text.replace('\0', ""),
    })
}

/// Texts that are the same in every run.
fn texts(many: usize) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let texts = proptest::collection::vec(text(), many).new_tree(&mut runner);
    texts.expect("texts").current()
}

/// A case of every profile and separator, with the byte-order mark and without, and the separator's letter.
fn ways(world: &World) -> Vec<(ExportCase<'_>, &'static str)> {
    let separators = [
        (Separator::Semicolon, ";"),
        (Separator::Comma, ","),
        (Separator::Tab, "\t"),
        (Separator::Bar, "|"),
    ];
    let mut ways = Vec::new();
    for profile in [Profile::Spreadsheets, Profile::Machines] {
        for (separator, letter) in separators {
            let mut case = case(world);
            case.wanted.profile = profile;
            case.wanted.separator = separator;
            case.wanted.byte_order_mark = separator != Separator::Bar;
            ways.push((case, letter));
        }
    }
    ways
}

/// To the letter for programs; for a spreadsheet there are apostrophes more.
fn comes_out(profile: Profile, stored: &str, came: &str) -> bool {
    match profile {
        Profile::Machines => came == stored,
        Profile::Spreadsheets => came.replace('\'', "") == stored.replace('\'', ""),
    }
}

/// A house of people with random texts, and what they are.
async fn house() -> (World, Vec<Vec<String>>) {
    let world = World::new().await;
    let texts = texts(PEOPLE as usize * (COLUMNS.len() + 1));
    let rows: Vec<Vec<String>> = texts.chunks(COLUMNS.len() + 1).map(<[String]>::to_vec).collect();
    for (customer, row) in (1..).zip(&rows) {
        let mut story = world.customer(customer);
        for (column, text) in COLUMNS.iter().zip(row) {
            story = story.with(column, text.as_str());
        }
        story.await;
        answers(&world, &[("customer_id", customer)], "order", &row[COLUMNS.len()]).await;
    }
    (world, rows)
}

#[tokio::test]
async fn x3_every_text_of_a_workgroup_comes_back_in_every_form_of_csv() {
    let (world, rows) = house().await;
    let folder = world.exports();
    for (case, separator) in ways(&world) {
        let profile = case.wanted.profile;
        let written = export_workgroup(&world.tools().clerk(), &case, &wanted(&folder), |_| {}).await;
        let opened = Opened::split_at(&written.expect("a file").path, separator);
        for (number, row) in rows.iter().enumerate() {
            let customer = &opened.table("customer.csv")[number];
            for (column, stored) in COLUMNS.iter().zip(row) {
                let came = &customer[*column];
                assert!(
                    comes_out(profile, stored, came),
                    "{profile:?} {separator:?}: {stored:?} came as {came:?}"
                );
            }
            let (stored, came) = (
                &row[COLUMNS.len()],
                &opened.table("form_answers.csv")[number]["value"],
            );
            assert!(
                comes_out(profile, stored, came),
                "{profile:?} {separator:?}: {stored:?} came as {came:?}"
            );
        }
    }
}

#[tokio::test]
async fn x1_every_text_of_a_person_comes_back_in_every_form_of_csv() {
    let (world, rows) = house().await;
    for (customer, row) in (1..=3).zip(&rows) {
        let person = person(&world, customer).await;
        for (case, separator) in ways(&world) {
            let mut sent = Vec::new();
            export_customer(&world.tools().clerk(), &case, &person, &asked(), &mut sent)
                .await
                .expect("an archive");
            let opened = Opened::sent_split_at(&sent, separator);
            for (column, stored) in COLUMNS.iter().zip(row) {
                let came = opened.column("customer.csv", column)[0];
                assert!(
                    comes_out(case.wanted.profile, stored, came),
                    "{stored:?} came as {came:?}"
                );
            }
        }
    }
}
