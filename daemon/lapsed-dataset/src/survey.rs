//! What a store is asked about a dataset before anything is written for it.

use std::collections::BTreeMap;

use lapsed_model::{Catalogue, Dialect, QueryPlan, QueryShape, Statement, Value};

use crate::dataset::Dataset;
use crate::fit::{key, kind_of, spelling};
use crate::key::Spelling;
use crate::sql::{literal, plain, quote, quote_table};

/// What the store was asked about a dataset.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Its tables.
    pub catalogue: Catalogue,
    /// By query of the dataset: what it returns, or why the store cannot prepare it.
    pub shapes: BTreeMap<String, Result<QueryShape, String>>,
    /// By query of the dataset: what the role may not read of it.
    pub forbidden: BTreeMap<String, String>,
    /// By query of the dataset: the types of its columns, by their names. SQLite has none.
    pub types: BTreeMap<String, BTreeMap<String, String>>,
    /// By query of the dataset: how the store looks up one person in it.
    pub plans: BTreeMap<String, QueryPlan>,
}

/// The people in [`Survey::probe`], by a name that no query has for its own tables: their scan is not the query's.
pub(crate) const PROBED: &str = "lapsed_probed";

impl Survey {
    /// Asks for the types of what a query returns, whose shape is known: rows of (column, type) for
    /// [`Survey::know_types`]. Nothing is read for it. `None` where the database looks at each value instead.
    #[must_use]
    pub fn ask_types(&self, query: &str) -> Option<Statement> {
        let Some(Ok(shape)) = self.shapes.get(query) else {
            return None;
        };
        // Of a name that two columns share nobody can ask; the check refuses it where it matters.
        let asked: Vec<String> = shape
            .columns
            .iter()
            .filter(|column| {
                shape
                    .columns
                    .iter()
                    .filter(|other| other.name == column.name)
                    .count()
                    == 1
            })
            .map(|column| {
                format!(
                    "({}, pg_typeof(q.{}))",
                    literal(&column.name),
                    quote(&column.name)
                )
            })
            .collect();
        let asks = self.catalogue.dialect == Dialect::Postgres && !asked.is_empty();
        asks.then(|| {
            plain(format!(
                "SELECT t.name, CAST(t.type AS text) FROM (SELECT 1) one LEFT JOIN ({query}) q ON FALSE\n\
                 CROSS JOIN LATERAL (VALUES {}) t (name, type)",
                asked.join(", ")
            ))
        })
    }

    /// Takes the answer to [`Survey::ask_types`].
    pub fn know_types(&mut self, query: &str, rows: &[Vec<Value>]) {
        let types = rows.iter().filter_map(|row| match row.as_slice() {
            [Value::Text(column), Value::Text(of)] => Some((column.clone(), of.clone())),
            _ => None,
        });
        self.types.insert(query.to_owned(), types.collect());
    }

    /// A statement that looks up people in a query of the dataset as the planner does: the store is asked how it would run
    /// it. `None` where the query names nobody, or by another type than the keys: what does not fit is said by
    /// [`Dataset::fit`].
    #[must_use]
    pub fn probe(&self, dataset: &Dataset, query: &str) -> Option<Statement> {
        let subject = &dataset.subject;
        let table = self.catalogue.tables.get(&subject.table.value)?;
        table.column(&subject.key.value)?;
        let Some(Ok(shape)) = self.shapes.get(query) else {
            return None;
        };
        let names_people = shape.has("subject") && self.names_by_key(dataset, query);
        let (spelling, people) = (
            spelling(&self.types, query),
            quote_table(&subject.table.value, Some(table)),
        );
        let person = key(dataset, &self.catalogue).person_of(PROBED, spelling);
        names_people.then(|| {
            plain(format!(
                "SELECT (SELECT 1 FROM ({query}) f WHERE f.subject = {person} LIMIT 1) FROM {people} {PROBED}"
            ))
        })
    }

    /// Whether a query names people by what compares with their keys, as far as the store says.
    pub(crate) fn names_by_key(&self, dataset: &Dataset, query: &str) -> bool {
        let key = key(dataset, &self.catalogue).kind();
        kind_of(&self.types, query, "subject")
            .is_none_or(|kind| spelling(&self.types, query) == Spelling::Daemon || kind.compares_with(key))
    }
}
