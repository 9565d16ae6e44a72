//! Erasing as SQL: what becomes of a batch of people.
//!
//! The batch stands in the temporary table `lapsed_batch (subject, rule)`. Every statement here is set-based and
//! starts from it, so that its cost follows the batch. Rows are found through the links that they hang on, and
//! erasing can cut those: so the farthest tables come first, and cuts last among equals.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_model::{Language, Statement, TenantName, Value, Way};

use crate::Fitted;
use crate::dataset::{ColumnRule, Related, RelatedErasure, Verb};
use crate::sql::{Sql, literal, quote};

/// How a batch is erased.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// Whose people: legal holds are the tenant's.
    pub tenant: TenantName,
    /// The way in decides the name that stays.
    pub way: Way,
    /// The tenant's language: the note's.
    pub language: Language,
    /// The instant that marks get.
    pub now: DateTime<Utc>,
    /// The tenant's zone, for platforms that write dates.
    pub zone: Tz,
    /// By the policy's key of a period: what is younger than this waits.
    pub waits: BTreeMap<String, DateTime<Utc>>,
}

impl Fitted<'_> {
    /// Everything that erases the batch, in the order in which it must run.
    #[must_use]
    pub fn erase(&self, erasure: &Erasure) -> Vec<Statement> {
        let mut related: Vec<&Related> = self.dataset.related.iter().collect();
        related.sort_by_key(|related| (Reverse(self.distance(&related.table.value)), cuts(related)));
        let rows = related.into_iter().flat_map(|related| {
            let ways = related.rows.iter();
            ways.filter_map(|rows| self.erase_rows(related, &rows.value, erasure))
        });
        let mut statements = self.forget_dealings(erasure);
        statements.extend(rows);
        statements.extend(self.erase_subjects(erasure));
        // the daemon's own consents go too.
        statements.push(plain(
            "DELETE FROM lapsed_consent WHERE subject IN (SELECT subject FROM lapsed_batch)",
        ));
        if self.dataset.subject.erased_at.is_none() {
            let mut sql = Sql::default();
            let now = sql.bind(erasure.now.timestamp_millis().into());
            statements.push(sql.finish(format!(
                "INSERT INTO lapsed_erased (subject, erased_at) SELECT subject, {now} FROM lapsed_batch"
            )));
        }
        statements
    }

    fn erase_rows(&self, related: &Related, rows: &str, erasure: &Erasure) -> Option<Statement> {
        let (table, key) = (quote(&related.table.value), quote(&related.key.value));
        let of_batch = rows_of_batch(rows);
        let RelatedErasure::Columns(columns) = &related.erase else {
            return Some(plain(&format!("DELETE FROM {table} WHERE {key} IN ({of_batch})")));
        };
        let mut sql = Sql::default();
        let waiting = related.later.as_ref().and_then(|later| {
            let until = erasure.waits.get(&later.period.value)?;
            let since = self.dataset.instants.reading(&quote(&later.since.value));
            let until = sql.bind(self.comparable(*until, erasure.zone));
            // What cannot be read as an instant is as old as anything.
            Some((later, format!("{since} >= {until}")))
        });
        let sets = self.sets(&mut sql, columns, erasure, |column| match &waiting {
            Some((later, young)) if later.columns.iter().any(|name| name.value == column) => {
                Some(young.clone())
            }
            _ => None,
        });
        // Most rows have nothing to clear, and to write one again costs more than to look at it.
        let changes: Vec<String> = sets.iter().map(Set::changes).collect();
        (!sets.is_empty()).then(|| {
            sql.finish(format!(
                "UPDATE {table} SET {} WHERE {key} IN ({of_batch})\n  AND ({})",
                assignments(&sets),
                changes.join(" OR ")
            ))
        })
    }

    fn erase_subjects(&self, erasure: &Erasure) -> Option<Statement> {
        let subject = &self.dataset.subject;
        let mut sql = Sql::default();
        let sets = self.sets(&mut sql, &subject.columns, erasure, |_| None);
        (!sets.is_empty()).then(|| {
            sql.finish(format!(
                "UPDATE {} SET {} WHERE {} IN (SELECT subject FROM lapsed_batch)",
                quote(&subject.table.value),
                assignments(&sets),
                quote(&subject.key.value)
            ))
        })
    }

    /// Every column that changes; `unless` gives the condition under which one stays.
    fn sets(
        &self,
        sql: &mut Sql,
        columns: &[ColumnRule],
        erasure: &Erasure,
        unless: impl Fn(&str) -> Option<String>,
    ) -> Vec<Set> {
        let mut sets = Vec::new();
        for rule in columns.iter().filter(|rule| rule.json_key.is_none()) {
            let column = quote(&rule.column.value);
            let keys: Vec<&ColumnRule> = columns
                .iter()
                .filter(|other| other.json_key.is_some() && other.column.value == rule.column.value)
                .collect();
            let value = match rule.verb {
                Verb::Keep if keys.is_empty() => continue,
                Verb::Keep => json_value(&column, &keys),
                Verb::Clear | Verb::Cut => "NULL".to_owned(),
                Verb::Empty => "''".to_owned(),
                Verb::Placeholder => "'erased-' || lower(hex(randomblob(12)))".to_owned(),
                Verb::Now => sql.bind(self.dataset.instants.write(erasure.now, erasure.zone)),
                Verb::NameMarker => sql.bind(erasure.way.name_marker().into()),
                Verb::Note => sql.bind(erasure.language.anonymisation_note().into()),
            };
            let value = match unless(&rule.column.value) {
                Some(condition) => format!("CASE WHEN {condition} THEN {column} ELSE {value} END"),
                None => value,
            };
            sets.push(Set { column, value });
        }
        sets
    }

    /// Fills the batch with people who were erased earlier and whose waiting columns are due now, at most `people` of
    /// them. One statement per way to the rows of a table that has such columns.
    ///
    /// What a legal hold lies on keeps its recipient too.
    #[must_use]
    pub fn find_overdue(&self, workgroup: &str, erasure: &Erasure, people: u32) -> Vec<Statement> {
        let subject = &self.dataset.subject;
        let (people_table, key) = (quote(&subject.table.value), quote(&subject.key.value));
        self.overdue(erasure)
            .map(|(related, rows, until)| {
                let mut sql = Sql::default();
                let of_workgroup = self.of_workgroup(&mut sql, workgroup);
                let erased = self.is_erased();
                let due = self.overdue_rows(&mut sql, related, until, erasure.zone);
                let held = self.held(&mut sql, erasure.tenant.as_str(), erasure.now);
                let (target, row) = (quote(&related.table.value), quote(&related.key.value));
                sql.finish(format!(
                    "INSERT INTO lapsed_batch (subject)\nSELECT DISTINCT s.{key} FROM {people_table} s CROSS JOIN ({rows}) r CROSS JOIN {target} t\n\
                     WHERE {of_workgroup} AND {erased} AND r.subject = s.{key} AND t.{row} = r.row AND {due}\n  AND NOT ({held})\nLIMIT {people}"
                ))
            })
            .collect()
    }

    /// Clears the waiting columns that are due now, of the people in the batch.
    #[must_use]
    pub fn clear_overdue(&self, erasure: &Erasure) -> Vec<Statement> {
        self.overdue(erasure)
            .map(|(related, rows, until)| {
                let mut sql = Sql::default();
                let due = self.overdue_rows(&mut sql, related, until, erasure.zone);
                let (target, row) = (quote(&related.table.value), quote(&related.key.value));
                let columns = match &related.erase {
                    RelatedErasure::Columns(columns) => columns.as_slice(),
                    RelatedErasure::Rows => &[],
                };
                let later = related.later.as_ref().map_or(&[][..], |later| &later.columns);
                let waiting: Vec<ColumnRule> = columns
                    .iter()
                    .filter(|rule| later.iter().any(|column| column.value == rule.column.value))
                    .cloned()
                    .collect();
                let sets = assignments(&self.sets(&mut sql, &waiting, erasure, |_| None));
                let of_batch = rows_of_batch(rows);
                sql.finish(format!(
                    "UPDATE {target} AS t SET {sets} WHERE t.{row} IN ({of_batch}) AND {due}"
                ))
            })
            .collect()
    }

    /// Related tables with waiting columns, each way to their rows, and what is older than when; nothing waits any
    /// more where the policy names no period, for people who were erased when it still did.
    fn overdue<'e>(
        &'e self,
        erasure: &'e Erasure,
    ) -> impl Iterator<Item = (&'e Related, &'e str, Option<DateTime<Utc>>)> + 'e {
        self.dataset.related.iter().flat_map(move |related| {
            related.later.iter().flat_map(move |later| {
                let until = erasure.waits.get(&later.period.value).copied();
                related
                    .rows
                    .iter()
                    .map(move |rows| (related, rows.value.as_str(), until))
            })
        })
    }

    /// Whether row `t` still holds something whose period has passed.
    fn overdue_rows(
        &self,
        sql: &mut Sql,
        related: &Related,
        until: Option<DateTime<Utc>>,
        zone: Tz,
    ) -> String {
        let Some(later) = &related.later else {
            return "0".to_owned();
        };
        let filled: Vec<String> = later
            .columns
            .iter()
            .map(|column| format!("t.{} IS NOT NULL", quote(&column.value)))
            .collect();
        let filled = filled.join(" OR ");
        let Some(until) = until else {
            return format!("({filled})");
        };
        let since = self
            .dataset
            .instants
            .reading(&format!("t.{}", quote(&later.since.value)));
        let until = sql.bind(self.comparable(until, zone));
        format!("({filled}) AND coalesce({since} < {until}, 1)")
    }

    /// A bound in the terms of [`Instants::reading`](crate::Instants::reading).
    fn comparable(&self, instant: DateTime<Utc>, zone: Tz) -> Value {
        match self.dataset.instants {
            crate::Instants::Date => self.dataset.instants.write(instant, zone),
            _ => Value::Integer(instant.timestamp_millis()),
        }
    }

    /// Reads the batch as JSON, a row of `[subject, rule, created]` per person, for the ledger.
    #[must_use]
    pub fn read_batch(&self) -> Statement {
        let subject = &self.dataset.subject;
        let key = quote(&subject.key.value);
        let created = self.created();
        plain(&format!(
            "SELECT json_group_array(json_array(subject, rule, created)) FROM (SELECT b.subject, b.rule, {created} AS created \
             FROM lapsed_batch b CROSS JOIN {table} s WHERE s.{key} = b.subject ORDER BY b.subject)",
            table = quote(&subject.table.value)
        ))
    }

    /// Rebuilds the indexes whose pages may still hold what was erased.
    #[must_use]
    pub fn rebuild_indexes(&self) -> Vec<Statement> {
        self.touched_indexes()
            .iter()
            .map(|index| plain(&format!("REINDEX {}", quote(index))))
            .collect()
    }

    /// Takes the samples of the same indexes anew: the planner's statistics hold some of their old keys.
    #[must_use]
    pub fn resample_indexes(&self) -> Vec<Statement> {
        self.touched_indexes()
            .iter()
            .map(|index| plain(&format!("ANALYZE {}", quote(index))))
            .collect()
    }

    /// Indexes over a column that changes, and all of a table whose rows are deleted.
    fn touched_indexes(&self) -> Vec<String> {
        let subject = &self.dataset.subject;
        let mut touched = self.indexes_over(&subject.table.value, |column| changes(&subject.columns, column));
        for related in &self.dataset.related {
            touched.extend(match &related.erase {
                RelatedErasure::Rows => self.indexes_over(&related.table.value, |_| true),
                RelatedErasure::Columns(columns) => {
                    self.indexes_over(&related.table.value, |column| changes(columns, column))
                }
            });
        }
        touched.sort();
        touched.dedup();
        touched
    }

    fn indexes_over(&self, table: &str, matters: impl Fn(&str) -> bool) -> Vec<String> {
        let indexes = self
            .catalogue
            .tables
            .get(table)
            .map_or(&[][..], |table| &table.indexes);
        let over = indexes
            .iter()
            .filter(|index| index.columns.iter().any(|column| matters(column)));
        over.map(|index| index.name.clone()).collect()
    }
}

/// Whether erasing changes a column of an index; an expression, which has no name, may stand on any.
fn changes(columns: &[ColumnRule], column: &str) -> bool {
    column.is_empty()
        || columns
            .iter()
            .any(|rule| rule.column.value == column && (rule.verb != Verb::Keep || rule.json_key.is_some()))
}

/// A column and what it becomes.
struct Set {
    column: String,
    value: String,
}

impl Set {
    /// Whether the row is any different afterwards.
    fn changes(&self) -> String {
        format!("{} IS DISTINCT FROM {}", self.column, self.value)
    }
}

fn assignments(sets: &[Set]) -> String {
    let assign = |set: &Set| format!("{} = {}", set.column, set.value);
    sets.iter().map(assign).collect::<Vec<_>>().join(", ")
}

/// The rows of the batch's people, the people first: their number is what a batch may cost.
fn rows_of_batch(rows: &str) -> String {
    format!("SELECT r.row FROM lapsed_batch b CROSS JOIN ({rows}) r WHERE r.subject = b.subject")
}

pub(crate) fn plain(sql: &str) -> Statement {
    Statement {
        sql: sql.to_owned(),
        binds: Vec::new(),
    }
}

fn cuts(related: &Related) -> bool {
    match &related.erase {
        RelatedErasure::Rows => true,
        RelatedErasure::Columns(columns) => columns.iter().any(|rule| rule.verb == Verb::Cut),
    }
}

/// A JSON column less the keys that go. What is no JSON goes as a whole: nobody knows what stands in it, and one row
/// must not keep everybody behind it from being erased.
fn json_value(column: &str, keys: &[&ColumnRule]) -> String {
    let value = keys.iter().fold(column.to_owned(), |value, rule| {
        let path = format!(
            "$.\"{}\"",
            rule.json_key.as_deref().unwrap_or_default().replace('.', "\".\"")
        );
        match rule.verb {
            Verb::Empty => format!("json_replace({value}, {}, '')", literal(&path)),
            _ => format!("json_remove({value}, {})", literal(&path)),
        }
    });
    format!("CASE WHEN json_valid({column}) THEN {value} WHEN {column} IS NOT NULL THEN '' END")
}
