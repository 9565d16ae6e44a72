//! The files of exports, as a dataset file tells of them.

use std::collections::{BTreeMap, BTreeSet};

use lapsed_config::{Entry, Finding, Spanned, Table, Value};
use lapsed_model::Texts;

use crate::dataset::{Dataset, Export};
use crate::instants::Instants;
use crate::read::{as_texts, list, text, texts, word};

/// One file.
pub(crate) fn export(table: &Table, instants: Instants) -> Option<Export> {
    Some(Export {
        file: text(table, "file")?,
        about: texts(table, "about")?,
        query: text(table, "query")?,
        covers: list(table, "covers"),
        others: list(table, "others"),
        instants: exported_instants(table, instants),
        of_workgroup: table.yes_no("workgroup").is_some_and(|yes| yes.value),
        columns: texts_by_column(table.table("columns")),
    })
}

/// Columns of instants: by name, or with a form of their own.
fn exported_instants(table: &Table, instants: Instants) -> Vec<(Spanned<String>, Instants)> {
    let listed = match table.get("instants").map(|entry| &entry.value.value) {
        Some(Value::List(listed)) => listed.as_slice(),
        _ => &[],
    };
    let column = |value: &Spanned<Value>| match value.as_table() {
        None => Some((value.as_text()?.map(str::to_owned), instants)),
        Some(table) => Some((
            text(table, "column")?,
            word(table, "instants", &Instants::WORDS).unwrap_or(instants),
        )),
    };
    listed.iter().filter_map(column).collect()
}

/// What columns are, by their names.
pub(crate) fn texts_by_column(table: Option<&Table>) -> BTreeMap<String, Spanned<Texts>> {
    let entries = table.map_or(&[][..], |table| &table.entries);
    let described = |entry: &Entry| {
        let texts = as_texts(&entry.value)?;
        Some((
            entry.key.value.clone(),
            Spanned::new(texts, entry.key.span.clone()),
        ))
    };
    entries.iter().filter_map(described).collect()
}

/// A file's name goes into archives and folders: it is one that every system takes for the same, and that is no path. What stands in
/// an archive beside the files has names of its own.
pub(crate) fn names_of_files(dataset: &Dataset) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let finding = |Export { file, .. }: &Export| {
        let (title, help) = if !is_plain(&file.value) {
            (
                format!("`{}` is no name for an exported file", file.value),
                "write lower-case letters, digits, `-` and `_`, and `.csv` at the end, such as `orders.csv`",
            )
        } else if !seen.insert(file.value.clone()) {
            (
                format!("two exported files are called `{}`", file.value),
                "the second would take the place of the first: give one of them another name",
            )
        } else {
            return None;
        };
        Some(Finding::error(title).at(file.span.clone()).help(help))
    };
    dataset.exports.iter().filter_map(finding).collect()
}

fn is_plain(file: &str) -> bool {
    let is_letter =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
    file.len() <= 64
        && file
            .strip_suffix(".csv")
            .is_some_and(|stem| !stem.is_empty() && stem.chars().all(is_letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_a_file_that_says_nothing_of_itself_is_answered_with_the_line_to_add() {
        let file = lapsed_config::File::new(
            "dataset.toml",
            "[[export]]\nfile = \"orders.csv\"\nquery = \"SELECT 1\"\n",
        );
        let (_, findings) = Dataset::read(&file);
        let missing = findings
            .iter()
            .find(|finding| finding.title == "`about` is missing here");
        assert_eq!(
            missing.and_then(|finding| finding.help.as_deref()),
            Some("add a line such as `about = \"Your orders.\"`")
        );
    }

    #[test]
    fn x4_a_file_has_a_name_and_no_path() {
        for name in ["orders.csv", "form_answers-2.csv"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "README.txt",
            "manifest.json",
            "../orders.csv",
            "a/b.csv",
            "c:orders.csv",
            "Orders.csv",
            ".csv",
            "orders.csv.exe",
            "bestellungen für mich.csv",
        ] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(!is_plain(&format!("{}.csv", "long".repeat(40))));
    }
}
