//! A dataset file becomes a [`Dataset`], or findings.

use std::collections::{BTreeMap, BTreeSet};

use lapsed_config::{File, Finding, Spanned, Table, Value, nearest};
use lapsed_model::{Digest, Language, Rule, Rules, Switch, Test, Texts};

use crate::dataset::{
    ColumnRule, Dataset, Fact, Holdable, Later, Related, RelatedErasure, Subject, Verb, WorkgroupOf,
};
use crate::files::{export, names_of_files, texts_by_column};
use crate::holds::OTHER_KINDS;
use crate::instants::{DateIs, Instants};
use crate::shape::DATASET_SHAPE;

impl Dataset {
    /// Reads a dataset file. It is whole in itself when it comes back: every rule names a fact that is there.
    #[must_use]
    pub fn read(file: &File) -> (Option<Dataset>, Vec<Finding>) {
        let (table, mut findings) = lapsed_config::read(file, &DATASET_SHAPE);
        let dataset = dataset(&table, file);
        if let Some(dataset) = &dataset {
            findings.extend(names_that_are_missing(dataset, &table));
            findings.extend(names_of_holdables(dataset));
            findings.extend(names_of_files(dataset));
        }
        let whole = !findings.iter().any(Finding::is_error);
        (dataset.filter(|_| whole), findings)
    }
}

/// What the file says; nothing where the shape already found something missing.
fn dataset(table: &Table, file: &File) -> Option<Dataset> {
    let instants = word(table, "instants", &Instants::WORDS).unwrap_or(Instants::Milliseconds);
    let facts = table.table("fact")?;
    Some(Dataset {
        name: text(table, "dataset")?.value,
        instants,
        subject: subject(table.table("subject")?)?,
        related: table.tables("related").filter_map(related).collect(),
        ignored: texts_by_name(table.table("ignore")),
        facts: facts
            .entries
            .iter()
            .filter_map(|entry| {
                fact(&entry.key.value, &entry.value, instants).map(|fact| (fact.name.clone(), fact))
            })
            .collect(),
        rules: Rules {
            candidates: rules(table, "candidate"),
            keeps: rules(table, "keep"),
            open: rules(table, "open"),
        },
        words: words(table.table("words")),
        holdables: table.tables("holdable").filter_map(holdable).collect(),
        exports: table
            .tables("export")
            .filter_map(|table| export(table, instants))
            .collect(),
        exported: texts_by_column(table.table("exported")),
        not_exported: texts_by_name(table.table("not_exported")),
        hash: Digest::sha256(&file.text),
    })
}

fn subject(table: &Table) -> Option<Subject> {
    let workgroup = match text(table, "workgroup") {
        Some(column) => WorkgroupOf::Column(column),
        None => WorkgroupOf::Query(text(table.table("workgroup")?, "query")?),
    };
    Some(Subject {
        table: text(table, "table")?,
        class: texts(table, "class"),
        key: text(table, "key")?,
        workgroup,
        created_at: text(table, "created_at"),
        erased_at: text(table, "erased_at"),
        language: text(table, "language"),
        contact: texts_by_name(table.table("contact")),
        find: list(table, "find"),
        columns: columns(table.table("columns")?),
    })
}

fn related(table: &Table) -> Option<Related> {
    let rows = text(table, "erase")?.value == "rows";
    Some(Related {
        table: text(table, "table")?,
        class: texts(table, "class"),
        key: text(table, "key")
            .unwrap_or_else(|| Spanned::new("id".to_owned(), table.span.clone().unwrap_or_default())),
        rows: list(table, "rows"),
        erase: if rows {
            RelatedErasure::Rows
        } else {
            RelatedErasure::Columns(columns(table.table("columns")?))
        },
        later: table.table("later").and_then(|later| {
            Some(Later {
                columns: list(later, "columns"),
                period: text(later, "period")?,
                since: text(later, "since")?,
            })
        }),
    })
}

fn columns(table: &Table) -> Vec<ColumnRule> {
    let rule = |entry: &lapsed_config::Entry| {
        let verb = entry
            .value
            .as_text()
            .and_then(|word| of_word(word.value, &Verb::WORDS))?;
        let (column, json_key) = match entry.key.value.split_once('.') {
            Some((column, key)) => (column.to_owned(), Some(key.to_owned())),
            None => (entry.key.value.clone(), None),
        };
        Some(ColumnRule {
            column: Spanned::new(column, entry.key.span.clone()),
            json_key,
            verb,
        })
    };
    table.entries.iter().filter_map(rule).collect()
}

fn fact(name: &str, value: &Spanned<Value>, instants: Instants) -> Option<Fact> {
    let plain = |query| Fact {
        name: name.to_owned(),
        query,
        instants,
        never_ends: false,
        date_is: DateIs::Start,
    };
    if let Some(query) = value.as_text() {
        return Some(plain(query.map(str::to_owned)));
    }
    let table = value.as_table()?;
    let ends = text(table, "a_date_is").is_some_and(|words| words.value == "the end of the day");
    Some(Fact {
        instants: word(table, "instants", &Instants::WORDS).unwrap_or(instants),
        never_ends: text(table, "null").is_some(),
        date_is: if ends { DateIs::End } else { DateIs::Start },
        ..plain(text(table, "query")?)
    })
}

fn rules(table: &Table, key: &str) -> Vec<Rule> {
    let rule = |table: &Table| {
        let is = text(table, "is")?.value;
        Some(Rule {
            name: text(table, "rule")?.value,
            says: texts(table, "says")?,
            fact: text(table, "fact")?.value,
            is: Test::ALL.into_iter().find(|test| test.words() == is)?,
            without: list(table, "without")
                .into_iter()
                .map(|fact| fact.value)
                .collect(),
            switch: text(table, "switch")
                .and_then(|key| Switch::ALL.into_iter().find(|switch| switch.key() == key.value)),
        })
    };
    table.tables(key).filter_map(rule).collect()
}

/// One text for everybody, or one per language.
pub(crate) fn texts(table: &Table, key: &str) -> Option<Texts> {
    as_texts(&table.get(key)?.value)
}

pub(crate) fn as_texts(value: &Spanned<Value>) -> Option<Texts> {
    if let Some(sentence) = value.as_text() {
        return Some(Texts::one(sentence.value));
    }
    let sentences = value.as_table()?;
    let by_language = sentences.entries.iter().filter_map(|entry| {
        let language: Language = entry.key.value.parse().ok()?;
        Some((language, entry.value.as_text()?.value.to_owned()))
    });
    Some(Texts::several(by_language.collect()))
}

fn words(table: Option<&Table>) -> BTreeMap<String, Vec<String>> {
    let entries = table.map_or(&[][..], |table| &table.entries);
    let facts = |value: &Spanned<Value>| {
        value
            .as_texts()
            .iter()
            .map(|fact| fact.value.to_owned())
            .collect()
    };
    entries
        .iter()
        .map(|entry| (entry.key.value.clone(), facts(&entry.value)))
        .collect()
}

fn holdable(table: &Table) -> Option<Holdable> {
    Some(Holdable {
        name: text(table, "name")?,
        rows: text(table, "rows")?,
    })
}

/// Facts that rules and words name and nobody defines, languages that are missing, names that stand twice.
fn names_that_are_missing(dataset: &Dataset, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known = |fact: &Spanned<&str>| {
        if dataset.facts.contains_key(fact.value) {
            return;
        }
        let finding = Finding::error(format!("there is no fact `{}`", fact.value)).at(fact.span.clone());
        findings.push(
            match nearest(fact.value, dataset.facts.keys().map(String::as_str)) {
                Some(name) => finding.help(format!("did you mean `{name}`?")),
                None => finding.help("define it under `[fact]`"),
            },
        );
    };
    for key in ["candidate", "keep", "open"] {
        for rule in table.tables(key) {
            rule.text("fact").iter().for_each(&mut known);
            rule.texts("without")
                .unwrap_or_default()
                .iter()
                .for_each(&mut known);
        }
    }
    for entry in table.table("words").map_or(&[][..], |words| &words.entries) {
        entry.value.as_texts().iter().for_each(&mut known);
    }
    let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
    for name in ["candidate", "keep", "open"]
        .iter()
        .flat_map(|key| table.tables(key))
        .filter_map(|rule| rule.text("rule"))
    {
        if seen.insert(name.value, ()).is_some() {
            findings.push(
                Finding::error(format!("two rules are called `{}`", name.value))
                    .at(name.span)
                    .help("plans and the ledger tell rules apart by their names: give one of them another"),
            );
        }
    }
    for fact in table.table("fact").map_or(&[][..], |facts| &facts.entries) {
        let Some(parts) = fact.value.as_table() else {
            continue;
        };
        let dates = word(parts, "instants", &Instants::WORDS).unwrap_or(dataset.instants) == Instants::Date;
        if dates && parts.get("a_date_is").is_none() {
            findings.push(
                Finding::error(format!("`{}` has dates without times, and does not say what one stands for", fact.key.value))
                    .at(fact.key.span.clone())
                    .help("add `a_date_is = \"the start of the day\"`, or `\"the end of the day\"` for what ends with it"),
            );
        }
    }
    findings
}

/// Holds tell the kinds of what they are placed on by name, and two names are taken.
fn names_of_holdables(dataset: &Dataset) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for Holdable { name, .. } in &dataset.holdables {
        let letters = name
            .value
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '-');
        let refusal = if OTHER_KINDS.contains(&name.value.as_str()) {
            Some((
                format!(
                    "`{}` is what holds on people and on whole tenants are called",
                    name.value
                ),
                "call the record something else, such as `order`",
            ))
        } else if !letters {
            Some((
                format!("`{}` is no name for a kind of record", name.value),
                "write lower-case letters and hyphens, such as `order`: it is typed on the command line",
            ))
        } else if !seen.insert(&name.value) {
            Some((
                format!("two kinds of records are called `{}`", name.value),
                "holds tell them apart by their names: give one of them another",
            ))
        } else {
            None
        };
        if let Some((title, help)) = refusal {
            findings.push(Finding::error(title).at(name.span.clone()).help(help));
        }
    }
    findings
}

pub(crate) fn text(table: &Table, key: &str) -> Option<Spanned<String>> {
    table.text(key).map(|text| text.map(str::to_owned))
}

pub(crate) fn list(table: &Table, key: &str) -> Vec<Spanned<String>> {
    table
        .texts(key)
        .unwrap_or_default()
        .into_iter()
        .map(|text| text.map(str::to_owned))
        .collect()
}

fn texts_by_name(table: Option<&Table>) -> BTreeMap<String, Spanned<String>> {
    let entries = table.map_or(&[][..], |table| &table.entries);
    entries
        .iter()
        .filter_map(|entry| {
            let text = entry.value.as_text()?;
            // The finding that comes of it points at the name, not at what stands behind it.
            Some((
                entry.key.value.clone(),
                Spanned::new(text.value.to_owned(), entry.key.span.clone()),
            ))
        })
        .collect()
}

pub(crate) fn word<T: Copy>(table: &Table, key: &str, words: &[(&str, T)]) -> Option<T> {
    of_word(table.text(key)?.value, words)
}

fn of_word<T: Copy>(written: &str, words: &[(&str, T)]) -> Option<T> {
    words
        .iter()
        .find(|(word, _)| *word == written)
        .map(|(_, value)| *value)
}
