//! X-4: a spreadsheet that opens a file runs nothing.
//!
//! LibreOffice opens them, told to evaluate formulas as it does when somebody asks it to. Each file is opened with every
//! separator there is, also with those that it was not written with, and with all of them at once.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use lapsed_archive::{Cell, Format, Separator};
use lapsed_tests::not_run;
use lapsed_tests::openers::{python, run, said};
use serde_json::json;

use super::packed::Table;

/// What stands in front of a formula.
const BEFORE: [&str; 28] = [
    "",
    " ",
    "\t",
    "\r",
    "\n",
    "\0",
    "\u{a0}",
    "\u{200b}",
    "\u{feff}",
    "\u{3000}",
    "\u{202e}",
    "\"",
    "'",
    "x;",
    "x,",
    "x\t",
    "x|",
    "x\n",
    "x\r\n",
    "x\r",
    "x; ",
    "x;\"",
    "x\n\"",
    "x;\0",
    "\";",
    "\",",
    "\"\n",
    "x\u{2028}",
];
/// Formulas, and what some programs take for one.
const FORMULAS: [&str; 10] = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "＝1+1",
    "＋1",
    "=HYPERLINK(\"https://x.example\")",
    "=DDE(\"soffice\";\"/etc/passwd\";\"x\")",
    "==1",
];
/// And behind it.
const BEHIND: [&str; 5] = ["", ";y", ",y", "\ny", "\""];

/// Cells of the sheet: a formula, or the kind of value and its text.
const CELLS: &str = r#"
import json, sys, xml.etree.ElementTree as tree
table, office = ("{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}" % name for name in ("table", "office"))
cells = []
for cell in tree.parse(json.load(sys.stdin)).iter(table + "table-cell"):
    kind = "formula" if cell.get(table + "formula") else cell.get(office + "value-type")
    if kind:
        cells.append([kind, "\n".join("".join(line.itertext()) for line in cell)])
json.dump(cells, sys.stdout)
"#;

fn hostile() -> Vec<String> {
    let mut texts = Vec::new();
    for before in BEFORE {
        for formula in FORMULAS {
            texts.extend(BEHIND.map(|behind| format!("{before}{formula}{behind}")));
        }
    }
    texts
}

/// Each text in a record that begins with a number, which no quote protects from being cut.
fn write(folder: &Path, name: &str, format: Format, texts: &[String]) -> PathBuf {
    let record = |text| vec![Cell::Integer(1), Cell::Text(text), Cell::Text("last")];
    let table = Table {
        name: name.to_owned(),
        format,
        columns: &["number", "text", "last"],
        records: texts.iter().map(|text| record(text)).collect(),
    };
    let path = folder.join(name);
    std::fs::write(&path, table.csv()).expect("a file of the test's own");
    path
}

/// Whether there is a LibreOffice; says so if not.
fn there_is_one() -> bool {
    let there = std::process::Command::new("soffice")
        .arg("--version")
        .output()
        .is_ok();
    if !there {
        not_run("not run: there is no LibreOffice (`tests/run archives` installs it)");
    }
    there
}

/// Opens the files, split at these separators, and saves them as something else.
fn converted(folder: &Path, files: &[PathBuf], separators: &str, to: &str) -> Vec<PathBuf> {
    converted_in("1033", folder, files, separators, to)
}

/// The same where people speak another language, by Windows's number for it.
fn converted_in(
    language: &str,
    folder: &Path,
    files: &[PathBuf],
    separators: &str,
    to: &str,
) -> Vec<PathBuf> {
    let profile = format!("-env:UserInstallation=file://{}/profile", folder.display());
    // 34: the quote; 76: UTF-8; the last: evaluate formulas.
    let filter =
        format!("--infilter=CSV:{separators},34,76,1,,{language},false,true,false,false,false,0,true");
    let words = ["--headless", &profile, "--convert-to", to, &filter, "--outdir"];
    let mut arguments: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
    arguments.push(folder.as_os_str());
    arguments.extend(files.iter().map(|file| file.as_os_str()));
    let output = run("soffice", arguments);
    let converted: Vec<PathBuf> = files.iter().map(|file| file.with_extension(to)).collect();
    for file in &converted {
        assert!(file.exists(), "{output:?}");
    }
    converted
}

fn cells(file: &Path) -> Vec<(String, String)> {
    serde_json::from_value(python(CELLS, &json!(file))).expect("pairs")
}

fn formulas(file: &Path) -> Vec<String> {
    let formulas = cells(file).into_iter().filter(|(kind, _)| kind == "formula");
    formulas.map(|(_, text)| text).collect()
}

#[test]
fn x4_a_thousand_hostile_texts_hold_no_formula_however_the_file_is_read() {
    if !there_is_one() {
        return;
    }
    let texts = hostile();
    assert!(texts.len() >= 1_000);
    let folder = tempfile::tempdir().expect("a folder");
    let write = |separator: Separator| {
        let name = format!("written-{}.csv", separator.as_byte());
        write(folder.path(), &name, Format::spreadsheet(separator), &texts)
    };
    let files = Separator::ALL.map(write);
    for read_with in ["44", "59", "9", "124", "44/59/9/124"] {
        for file in converted(folder.path(), &files, read_with, "fods") {
            let found = formulas(&file);
            assert!(
                found.is_empty(),
                "{} read with {read_with}: {found:?}",
                file.display()
            );
        }
    }
}

#[test]
fn x4_other_formats_that_it_saves_have_none_either() {
    if !there_is_one() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(
        folder.path(),
        "texts.csv",
        Format::spreadsheet(Separator::Comma),
        &hostile(),
    );
    for (to, part, formula) in [
        ("xlsx", "xl/worksheets/sheet1.xml", "<f"),
        ("ods", "content.xml", "table:formula"),
    ] {
        let saved = converted(folder.path(), std::slice::from_ref(&file), "44", to);
        let sheet = said(
            "unzip",
            &[OsStr::new("-p"), saved[0].as_os_str(), OsStr::new(part)],
        );
        assert!(sheet.len() > 10_000, "the rows are there");
        assert!(!sheet.contains(formula), "{to}");
    }
}

/// What would happen without the guard: the stories above could fail.
#[test]
fn x4_without_the_guard_they_are_formulas() {
    if !there_is_one() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "texts.csv", Format::machine(), &hostile());
    for (read_with, fewest) in [("44", 30), ("59", 150), ("44/59/9/124", 50)] {
        let saved = converted(folder.path(), std::slice::from_ref(&file), read_with, "fods");
        let found = formulas(&saved[0]).len();
        assert!(found >= fewest, "{found} read with {read_with}");
    }
    let quoted = write(
        folder.path(),
        "lines.csv",
        Format::machine(),
        &["x,\n=1+1\ny".to_owned()],
    );
    let saved = converted(folder.path(), &[quoted], "59", "fods");
    assert_eq!(
        formulas(&saved[0]),
        ["2"],
        "quotes do not help where the separator is another"
    );
}

/// In these languages a space stands between thousands: French, Czech, Bulgarian, Swedish, Polish. German has points, and
/// English commas.
const LANGUAGES: [&str; 7] = ["1036", "1029", "1026", "1053", "1045", "1031", "1033"];

#[test]
fn x4_phone_numbers_come_out_as_text_in_every_language() {
    if !there_is_one() {
        return;
    }
    let phones = [
        ("+43 1 2345678", "+43 1 2345678"),
        ("+359 88 812 3456", "+359 88 812 3456"),
        ("+1 (555) 010-9999", "+1 555 010 9999"),
        ("+39 06 1234567", "+39 06 1234567"),
        ("+33 123 456 789", "+33 1 23 45 67 89"),
        ("+4312345678", "+43 12 34 56 78"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let stored = phones.map(|(stored, _)| stored.to_owned());
    let file = write(
        folder.path(),
        "phones.csv",
        Format::spreadsheet(Separator::Semicolon),
        &stored,
    );
    for language in LANGUAGES {
        let saved = converted_in(language, folder.path(), std::slice::from_ref(&file), "59", "fods");
        let cells = cells(&saved[0]);
        for (_, written) in phones {
            assert!(
                cells.contains(&("string".to_owned(), written.to_owned())),
                "{language}: {cells:?}"
            );
        }
    }
}
