//! Whether keys and instants are what the dataset takes them for.
//!
//! Seconds read as milliseconds make everybody's dates lie in January 1970: before any cut-off. A fact that names people
//! by text where the key is a number speaks of nobody: everybody looks as if they had never bought anything. So a
//! sample of every query is looked at before a plan is made, and a dataset that would misread it is refused.

use chrono::{DateTime, Utc};
use lapsed_config::{Finding, Spanned};
use lapsed_model::{Dialect, Statement, Value};

use crate::Fitted;
use crate::dataset::Fact;
use crate::instants::Instants;
use crate::key::Spelling;
use crate::sql::{literal, plain};

/// 1 January 1971 and 1 January 10000: no platform sold a ticket before the one, and *for ever* is often written
/// as 31 December 9999.
const PLAUSIBLE: std::ops::Range<i64> = 31_536_000_000..253_402_300_800_000;

/// Judges the rows of a sample: (type, rows, unreadable, least, greatest).
#[must_use]
pub fn judge_sample(fact: &Fact, rows: &[Vec<Value>]) -> Option<Finding> {
    let refuse =
        |title: String, help: &str| Some(Finding::error(title).at(fact.query.span.clone()).help(help));
    let types: Vec<&str> = rows.iter().filter_map(|row| as_text(row.first()?)).collect();
    if types.len() > 1 {
        return refuse(
            format!(
                "the instants of `{}` are of several types: {}",
                fact.name,
                types.join(", ")
            ),
            "read them as one type in the query, for instance with a CASE",
        );
    }
    let row = rows.first()?;
    let unreadable = as_number(row.get(2)?).unwrap_or_default();
    if unreadable > 0 {
        return refuse(
            format!(
                "{unreadable} of {} instants of `{}` cannot be read",
                as_number(row.get(1)?).unwrap_or_default(),
                fact.name
            ),
            "check `instants`: milliseconds, seconds, iso8601, timestamptz or date",
        );
    }
    for edge in [row.get(3)?, row.get(4)?] {
        let Some(instant) = as_number(edge) else { continue };
        if !PLAUSIBLE.contains(&instant) && fact.instants != Instants::Date {
            let shown = DateTime::<Utc>::from_timestamp_millis(instant).map_or_else(
                || "far outside the calendar".to_owned(),
                |at| format!("on {}", at.format("%-d %B %Y")),
            );
            return refuse(
                format!(
                    "an instant of `{}` lies {shown}, which nothing that happened to a customer does",
                    fact.name
                ),
                "check `instants`: seconds read as milliseconds lie in January 1970",
            );
        }
    }
    None
}

impl Fitted<'_> {
    /// What a sample of a fact's instants looks like: rows of (type, rows, unreadable, least, greatest).
    pub fn samples(&self) -> impl Iterator<Item = (&Fact, Statement)> {
        self.dataset.facts.values().map(|fact| {
            let written = self.written(fact);
            let (fetched, finite) = (written.fetched("at"), written.fetched_if_finite("at"));
            let sample = format!(
                "SELECT {kind} AS type, count(*), count(*) - count({fetched}), min({finite}), max({finite})\n\
                 FROM (SELECT f.at FROM ({}) f WHERE f.at IS NOT NULL LIMIT {SAMPLE}) sample GROUP BY 1 ORDER BY 2 DESC",
                fact.query.value,
                kind = match self.dialect() {
                    Dialect::Sqlite => "CASE typeof(at) WHEN 'real' THEN 'integer' ELSE typeof(at) END",
                    Dialect::Postgres => "CAST(pg_typeof(at) AS text)",
                }
            );
            (fact, plain(sample))
        })
    }

    /// The types of a sample of keys: rows of (type, rows).
    #[must_use]
    pub fn key_sample(&self) -> Statement {
        let (table, key) = (self.people_table(), self.key());
        let of_type = self.type_of_key("key", Spelling::Platform);
        plain(format!(
            "SELECT {of_type}, count(*) FROM (SELECT {} AS key FROM {table} LIMIT {SAMPLE}) sample GROUP BY 1 ORDER BY 2 DESC",
            key.column()
        ))
    }

    /// The type of a key in a column of a sample. On PostgreSQL a column has one type for all, which [`crate::Dataset::fit`] has
    /// judged; only a key of the daemon's own may be a number or a text.
    fn type_of_key(&self, column: &str, spelling: Spelling) -> String {
        if self.dialect() == Dialect::Sqlite {
            return format!("typeof({column})");
        }
        let of_keys = literal(&self.key().kind().to_string());
        match spelling {
            Spelling::Platform => format!("CASE WHEN {column} IS NULL THEN 'null' ELSE {of_keys} END"),
            Spelling::Daemon => {
                let key = self.key().held_in(column, Spelling::Platform);
                format!("CASE WHEN {key} IS NULL THEN 'jsonb ' || jsonb_typeof({column}) ELSE {of_keys} END")
            }
        }
    }

    /// Judges the rows of [`Fitted::key_sample`]; people are told apart by whole numbers or by texts.
    #[must_use]
    pub fn judge_keys(&self, rows: &[Vec<Value>]) -> Option<Finding> {
        let types: Vec<&str> = rows.iter().filter_map(|row| as_text(row.first()?)).collect();
        let key = &self.dataset.subject.key;
        match types.as_slice() {
            [] | ["integer" | "bigint" | "text" | "uuid" | OTHER] => None,
            [kind] => Some(format!(
                "the keys of people in `{}` are of type {kind}",
                key.value
            )),
            _ => Some(format!(
                "the keys of people in `{}` are of several types: {}",
                key.value,
                types.join(", ")
            )),
        }
        .map(|title| {
            Finding::error(title)
                .at(key.span.clone())
                .help("a key is a whole number or a text, and never empty")
        })
    }

    /// For every query of the dataset what a sample of its people looks like: rows of (type, rows, known people).
    pub fn subject_samples(&self) -> impl Iterator<Item = (&Spanned<String>, Statement)> {
        let (table, key) = (self.people_table(), self.key());
        self.dataset.queries().map(move |query| {
            let spelling = self.spelling(&query.value);
            let of_type = self.type_of_key("f.subject", spelling);
            let (column, named) = (key.column(), key.read("f.subject", spelling));
            let sample = format!(
                "SELECT {of_type}, count(*), count((SELECT 1 FROM {table} s WHERE s.{column} = {named} LIMIT 1))\n\
                 FROM (SELECT q.subject FROM ({}) q WHERE q.subject IS NOT NULL LIMIT {PEOPLE}) f GROUP BY 1 ORDER BY 2 DESC",
                query.value
            );
            (query, plain(sample))
        })
    }
}

/// Judges the people of a query against the keys of people: what is of another type, or names nobody, would make
/// everybody look as if this had never happened to them.
#[must_use]
pub fn judge_subjects(query: &Spanned<String>, keys: &[Vec<Value>], rows: &[Vec<Value>]) -> Option<Finding> {
    let key_type = as_text(keys.first()?.first()?)?;
    let other = rows
        .iter()
        .filter_map(|row| as_text(row.first()?))
        .find(|kind| *kind != key_type);
    if let Some(other) = other {
        return Some(
            Finding::error(format!(
                "this query names people by {other}, and their keys are {key_type}"
            ))
            .at(query.span.clone())
            .help(format!(
                "bring `subject` to the key's type: `CAST(… AS {}) AS subject`",
                key_type.to_uppercase()
            )),
        );
    }
    let row = rows.first()?;
    let (seen, known) = (as_number(row.get(1)?)?, as_number(row.get(2)?)?);
    (seen >= FEW && known == 0).then(|| {
        Finding::error(format!(
            "none of the {seen} people that this query names first is there"
        ))
        .at(query.span.clone())
        .help("its `subject` must be the key of the person, spelled the same")
    })
}

/// A type that is the platform's own.
const OTHER: &str = "a type of its own";

/// How many rows a sample has.
const SAMPLE: u32 = 5_000;

/// How many people of a query are looked up.
const PEOPLE: u32 = 200;

/// So many strangers are no accident.
const FEW: i64 = 5;

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "compared with bounds far inside an i64; the cast saturates"
        )]
        Value::Real(number) => Some(*number as i64),
        _ => None,
    }
}
