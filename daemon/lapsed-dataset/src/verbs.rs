//! What a column becomes when its row's person is erased: the verbs of a dataset as SQL.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_model::{Dialect, Value};

use crate::dataset::{ColumnRule, Verb};
use crate::dialect::Words as _;
use crate::json::{Fate, Json};
use crate::kind::Kind;
use crate::sql::{Sql, quote};
use crate::{Erasure, Fitted, Instants};

/// A column and what it becomes.
pub(crate) struct Set {
    column: String,
    value: String,
    changes: String,
}

impl Set {
    /// Whether the row is any different afterwards. Most rows have nothing to clear, and to write one again costs more
    /// than to look at it.
    pub(crate) fn changes(&self) -> &str {
        &self.changes
    }
}

/// `SET` of all of them.
pub(crate) fn assignments(sets: &[Set]) -> String {
    let assign = |set: &Set| format!("{} = {}", set.column, set.value);
    sets.iter().map(assign).collect::<Vec<_>>().join(", ")
}

impl Fitted<'_> {
    /// Every column of a table that changes; `unless` gives the condition under which one stays.
    pub(crate) fn sets(
        &self,
        sql: &mut Sql,
        table: &str,
        columns: &[ColumnRule],
        erasure: &Erasure,
        unless: impl Fn(&str) -> Option<String>,
    ) -> Vec<Set> {
        let changing = columns.iter().filter(|rule| rule.json_key.is_none());
        changing
            .filter_map(|rule| {
                let name = rule.column.value.as_str();
                let kind = self.kind(table, name);
                let keys = keys_within(columns, name);
                let column = quote(name);
                let changed = match rule.verb {
                    Verb::Keep if keys.is_empty() => return None,
                    Verb::Keep => self.less(&column, kind, &keys),
                    verb => Changed::by(self.value(sql, verb, kind, erasure)),
                };
                Some(changed.unless(column, kind, unless(name).as_ref()))
            })
            .collect()
    }

    /// What a verb makes of a column of this kind.
    fn value(&self, sql: &mut Sql, verb: Verb, kind: Option<Kind>, erasure: &Erasure) -> String {
        match verb {
            Verb::Keep | Verb::Clear | Verb::Cut => "NULL".to_owned(),
            Verb::Empty => "''".to_owned(),
            Verb::Placeholder if kind == Some(Kind::Uuid) => "gen_random_uuid()".to_owned(),
            Verb::Placeholder => self.dialect().random_text().to_owned(),
            Verb::Now => now(sql, self.dataset.instants, kind, erasure.now, erasure.zone),
            Verb::NameMarker => sql.bind(erasure.way.name_marker().into()),
            Verb::Note => sql.bind(erasure.language.anonymisation_note().into()),
        }
    }

    /// A JSON column less the keys that go. What is no JSON goes as a whole: nobody knows what stands in it, and one row
    /// must not keep everybody behind it from being erased.
    fn less(&self, column: &str, kind: Option<Kind>, keys: &[(&str, Fate)]) -> Changed {
        let json = Json::new(self.dialect(), column, kind);
        let (is_valid, less, nothing) = (json.is_valid(), json.without(keys), json.nothing());
        Changed {
            value: format!("CASE WHEN {is_valid} THEN {less} WHEN {column} IS NOT NULL THEN {nothing} END"),
            changes: json.has(keys),
        }
    }
}

/// What a column becomes, and how to tell whether that changes it, where it takes more than a comparison.
struct Changed {
    value: String,
    changes: Option<String>,
}

impl Changed {
    fn by(value: String) -> Self {
        Self { value, changes: None }
    }

    fn unless(self, column: String, kind: Option<Kind>, condition: Option<&String>) -> Set {
        let value = match condition {
            Some(condition) => format!("CASE WHEN {condition} THEN {column} ELSE {} END", self.value),
            None => self.value,
        };
        let changes = match (self.changes, kind) {
            (Some(changes), _) => changes,
            // Not every type of PostgreSQL knows what equality is, but all can be null and have a text.
            (None, Some(Kind::Json | Kind::Other)) if value != "NULL" => {
                format!("CAST({column} AS text) IS DISTINCT FROM CAST({value} AS text)")
            }
            (None, _) => format!("{column} IS DISTINCT FROM {value}"),
        };
        Set {
            column,
            value,
            changes,
        }
    }
}

/// The keys of a column that go, or are emptied.
fn keys_within<'c>(columns: &'c [ColumnRule], column: &str) -> Vec<(&'c str, Fate)> {
    let within = columns.iter().filter(|rule| rule.column.value == column);
    within
        .filter_map(|rule| {
            let fate = match rule.verb {
                Verb::Empty => Fate::Emptied,
                _ => Fate::Removed,
            };
            Some((rule.json_key.as_deref()?, fate))
        })
        .collect()
}

/// The instant of erasure. PostgreSQL's own types of instants take it as such, whatever the dataset's facts are written
/// in; a number or a text takes it in the dataset's form.
fn now(sql: &mut Sql, form: Instants, kind: Option<Kind>, now: DateTime<Utc>, zone: Tz) -> String {
    let write = |form: Instants| form.write(now, zone);
    match (sql.dialect(), kind.unwrap_or(Kind::Other)) {
        (Dialect::Sqlite, _) => sql.bind(write(form)),
        (_, Kind::Timestamptz) => format!("CAST({} AS timestamptz)", sql.bind(write(Instants::Timestamptz))),
        (_, Kind::Timestamp) => format!("CAST({} AS timestamp)", sql.bind(write(Instants::Timestamptz))),
        (_, Kind::Date) => format!("CAST({} AS date)", sql.bind(write(Instants::Date))),
        (_, Kind::Integer | Kind::Number) if form == Instants::Seconds => sql.bind(write(form)),
        (_, Kind::Integer | Kind::Number) => sql.bind(write(Instants::Milliseconds)),
        _ => sql.bind(match write(form) {
            Value::Integer(number) => Value::Text(number.to_string()),
            written => written,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Instants, kind: Kind) -> (String, Vec<Value>) {
        let mut sql = Sql::of(Dialect::Postgres);
        let now = now(
            &mut sql,
            form,
            Some(kind),
            "2026-11-22T23:30:00Z".parse().expect("an instant"),
            Tz::Europe__Vienna,
        );
        (now, sql.finish(String::new()).binds)
    }

    #[test]
    fn the_instant_of_erasure_is_written_as_its_column_takes_it() {
        let text = |text: &str| vec![Value::Text(text.to_owned())];
        assert_eq!(
            written(Instants::Milliseconds, Kind::Integer).1,
            [Value::Integer(1_795_390_200_000)]
        );
        assert_eq!(
            written(Instants::Timestamptz, Kind::Timestamptz),
            (
                "CAST($1 AS timestamptz)".to_owned(),
                text("2026-11-22T23:30:00.000000Z")
            )
        );
        assert_eq!(
            written(Instants::Timestamptz, Kind::Date),
            ("CAST($1 AS date)".to_owned(), text("2026-11-23"))
        );
        assert_eq!(
            written(Instants::Iso8601, Kind::Text).1,
            text("2026-11-22T23:30:00.000Z")
        );
    }
}
