//! The whole store at one moment, and what became of it.

use std::collections::{BTreeMap, BTreeSet};

use lapsed_model::Value;

use crate::Record;

/// Every row of every table of the platform, by table and key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    tables: BTreeMap<String, BTreeMap<String, Record>>,
}

impl Picture {
    pub(crate) fn add(&mut self, table: &str, key: &Value, row: Record) {
        let rows = self.tables.entry(table.to_owned()).or_default();
        assert!(
            rows.insert(shown(key), row).is_none(),
            "the first column of `{table}` is its key"
        );
    }

    /// What differs in `after`, a line per value, in the order of tables, rows and columns:
    /// `customers 7 email: anna7@mail.example → nothing`. A row that is gone is one line, and so is a new one.
    #[must_use]
    pub fn changes(&self, after: &Picture) -> Vec<String> {
        let mut changes = Vec::new();
        let none = BTreeMap::new();
        let tables: BTreeSet<&String> = self.tables.keys().chain(after.tables.keys()).collect();
        for table in tables {
            let (old, new) = (
                self.tables.get(table).unwrap_or(&none),
                after.tables.get(table).unwrap_or(&none),
            );
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                match (old.get(key), new.get(key)) {
                    (Some(old), Some(new)) => changes.extend(differences(table, key, old, new)),
                    (Some(_), None) => changes.push(format!("{table} {key}: gone")),
                    (None, _) => changes.push(format!("{table} {key}: new")),
                }
            }
        }
        changes
    }

    /// Every value of the store, with its table and column.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        self.tables.iter().flat_map(|(table, rows)| {
            rows.values()
                .flatten()
                .map(move |(column, value)| (table.as_str(), column.as_str(), value))
        })
    }

    /// Every text of the store that is not too short to be told from chance.
    #[must_use]
    pub fn texts(&self) -> BTreeSet<String> {
        let text = |(_, _, value): (&str, &str, &Value)| match value {
            Value::Text(text) if text.len() >= 6 => Some(text.clone()),
            _ => None,
        };
        self.values().filter_map(text).collect()
    }

    /// Texts that were there and are not any more in `after`, in the row where they stood.
    pub fn lost_texts<'p>(&'p self, after: &'p Picture) -> impl Iterator<Item = &'p str> {
        self.tables.iter().flat_map(move |(table, rows)| {
            rows.iter().flat_map(move |(key, row)| {
                let now = after.tables.get(table).and_then(|rows| rows.get(key));
                row.iter().filter_map(move |(column, value)| match value {
                    Value::Text(text) if now.is_none_or(|now| now.get(column) != Some(value)) => {
                        Some(text.as_str())
                    }
                    _ => None,
                })
            })
        })
    }
}

fn differences(table: &str, key: &str, old: &Record, new: &Record) -> Vec<String> {
    old.iter()
        .filter(|(column, value)| new.get(*column) != Some(value))
        .map(|(column, value)| {
            let now = new.get(column).map_or_else(|| "no column".to_owned(), shown);
            format!("{table} {key} {column}: {} → {now}", shown(value))
        })
        .collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}
