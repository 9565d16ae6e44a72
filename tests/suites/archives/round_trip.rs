//! What goes in comes out: packed by us, unpacked by unzip, read by Python.

use lapsed_archive::{Cell, Format, Options, Separator};
use lapsed_tests::openers::{python, unpacked};
use proptest::prelude::*;
use serde_json::json;

use super::packed::{Table, noon, pack};

/// Reads CSV files as RFC 4180 has them; answers with their records.
const READ: &str = r#"
import csv, json, sys
answers = []
for path, separator in json.load(sys.stdin):
    with open(path, encoding="utf-8", newline="") as file:
        answers.append(list(csv.reader(file, delimiter=separator, strict=True)))
json.dump(answers, sys.stdout)
"#;

/// Texts out of everything that means something to somebody on the way, and out of anything at all.
fn text() -> impl Strategy<Value = String> {
    let pieces = [
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
        "Grüße",
        "🎭",
        "👨‍👩‍👧",
        "שלום",
        "مرحبا",
        "\u{202e}",
        "\u{feff}",
        "é",
        "x",
    ];
    let hostile = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..6);
    prop_oneof![hostile.prop_map(|pieces| pieces.concat()), any::<String>()]
}

fn record() -> impl Strategy<Value = (Option<String>, String, i64)> {
    (proptest::option::of(text()), text(), any::<i64>())
}

/// Packs the records once for every separator and gives back what Python read of each.
fn through_all(
    records: &[(Option<String>, String, i64)],
    format: impl Fn(Separator) -> Format,
) -> Vec<Vec<Vec<String>>> {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("export.zip");
    let tables: Vec<Table<'_>> = Separator::ALL
        .iter()
        .enumerate()
        .map(|(number, separator)| Table {
            name: format!("records-{number}.csv"),
            format: format(*separator),
            columns: &["first", "second", "third"],
            records: records.iter().map(cells).collect(),
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(pack(&archive, Options::new(noon()), &tables));
    let files = unpacked(&archive);
    let paths: Vec<serde_json::Value> = tables
        .iter()
        .map(|table| {
            json!([
                files.join(&table.name),
                char::from(table.format.separator.as_byte())
            ])
        })
        .collect();
    serde_json::from_value(python(READ, &paths.into())).expect("tables of texts")
}

fn cells((first, second, third): &(Option<String>, String, i64)) -> Vec<Cell<'_>> {
    let first = first.as_deref().map_or(Cell::Empty, Cell::Text);
    vec![first, Cell::Text(second), Cell::Integer(*third)]
}

/// The records as texts, below their header.
fn texts(records: &[(Option<String>, String, i64)]) -> Vec<Vec<String>> {
    let header = ["first", "second", "third"].map(str::to_owned).to_vec();
    let records = records.iter().map(|(first, second, third)| {
        vec![
            first.clone().unwrap_or_default(),
            second.clone(),
            third.to_string(),
        ]
    });
    std::iter::once(header).chain(records).collect()
}

/// Without what the guard adds.
fn bare(records: &[Vec<String>]) -> Vec<Vec<String>> {
    let bare = |record: &Vec<String>| record.iter().map(|text| text.replace('\'', "")).collect();
    records.iter().map(bare).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn x1_a_program_reads_every_text_as_it_was(records in proptest::collection::vec(record(), 0..40)) {
        let machine = |separator| Format { separator, ..Format::machine() };
        for read in through_all(&records, machine) {
            prop_assert_eq!(read, texts(&records));
        }
    }

    #[test]
    fn x4_the_guard_adds_apostrophes_and_nothing_else(records in proptest::collection::vec(record(), 0..40)) {
        let spreadsheet = |separator| Format { byte_order_mark: false, ..Format::spreadsheet(separator) };
        for read in through_all(&records, spreadsheet) {
            prop_assert_eq!(bare(&read), bare(&texts(&records)));
        }
    }
}
