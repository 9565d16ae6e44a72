//! Erasing as SQL: what becomes of a batch of people (R-6 to R-8).
//!
//! The batch stands in the temporary table `lapsed_batch (subject, rule)`. Every statement here is set-based and
//! starts from it, so that its cost follows the batch. Rows are found through the links that they hang on, and
//! erasing can cut those: so the farthest tables come first, and cuts last among equals.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_model::{Dialect, Effects, Language, Statement, TenantName, Way};

use crate::Fitted;
use crate::dataset::{Related, RelatedErasure, Verb};
use crate::dialect::Words as _;
use crate::key::Spelling;
use crate::sql::{plain, quote};
use crate::verbs::{Set, assignments};

/// How a batch is erased.
#[derive(Clone, Debug)]
pub struct Erasure {
    /// Whose people: legal holds are the tenant's.
    pub tenant: TenantName,
    /// The way in decides the name that stays (R-6).
    pub way: Way,
    /// The tenant's language: the note's.
    pub language: Language,
    /// The instant that marks get.
    pub now: DateTime<Utc>,
    /// The tenant's zone, for platforms that write dates.
    pub zone: Tz,
    /// By the policy's key of a period: what is younger than this waits (R-8).
    pub waits: BTreeMap<String, DateTime<Utc>>,
}

impl Fitted<'_> {
    /// Everything that erases the batch.
    #[must_use]
    pub fn erase(&self, erasure: &Erasure) -> Effects {
        let rows = self.farthest_first().flat_map(|related| {
            let ways = related.rows.iter();
            ways.filter_map(|rows| self.erase_rows(related, &rows.value, erasure))
        });
        // R-7: the daemon's own consents go too.
        let mut own = vec![plain(format!(
            "DELETE FROM lapsed_consent WHERE {}",
            self.in_batch()
        ))];
        if self.dataset.subject.erased_at.is_none() {
            let mut sql = self.pen();
            let now = sql.bind(erasure.now.timestamp_millis().into());
            own.push(sql.finish(format!(
                "INSERT INTO lapsed_erased (subject, erased_at) SELECT subject, {now} FROM lapsed_batch"
            )));
        }
        Effects {
            rows: self.forget_dealings(erasure).into_iter().chain(rows).collect(),
            people: self.erase_subjects(erasure),
            own,
        }
    }

    /// Erasing cuts the links by which rows are found, so those that are farthest from the people come first.
    fn farthest_first(&self) -> impl Iterator<Item = &Related> {
        let mut related: Vec<&Related> = self.dataset.related.iter().collect();
        related.sort_by_key(|related| (Reverse(self.distance(&related.table.value)), cuts(related)));
        related.into_iter()
    }

    fn erase_rows(&self, related: &Related, rows: &str, erasure: &Erasure) -> Option<Statement> {
        let (table, key) = (self.table(&related.table.value), quote(&related.key.value));
        let is_meant = self.dialect().among(&key, &self.rows_of_batch(rows));
        let RelatedErasure::Columns(columns) = &related.erase else {
            return Some(plain(format!("DELETE FROM {table} WHERE {is_meant}")));
        };
        let mut sql = self.pen();
        let waiting = related.later.as_ref().and_then(|later| {
            let until = erasure.waits.get(&later.period.value)?;
            let since = self.written_in(&related.table.value, &later.since.value);
            let (since, until) = since.sides(&mut sql, &quote(&later.since.value), *until, erasure.zone);
            // What cannot be read as an instant is as old as anything.
            Some((later, format!("{since} >= {until}")))
        });
        let name = &related.table.value;
        let sets = self.sets(&mut sql, name, columns, erasure, |column| match &waiting {
            Some((later, young)) if later.columns.iter().any(|name| name.value == column) => {
                Some(young.clone())
            }
            _ => None,
        });
        let changes: Vec<&str> = sets.iter().map(Set::changes).collect();
        (!sets.is_empty()).then(|| {
            sql.finish(format!(
                "UPDATE {table} SET {} WHERE {is_meant}\n  AND ({})",
                assignments(&sets),
                changes.join(" OR ")
            ))
        })
    }

    fn erase_subjects(&self, erasure: &Erasure) -> Option<Statement> {
        let subject = &self.dataset.subject;
        let mut sql = self.pen();
        let table = &subject.table.value;
        let sets = self.sets(&mut sql, table, &subject.columns, erasure, |_| None);
        (!sets.is_empty()).then(|| {
            sql.finish(format!(
                "UPDATE {} SET {} WHERE {}",
                self.people_table(),
                assignments(&sets),
                self.is_in_batch(self.key().column())
            ))
        })
    }

    /// Locks the batch's people in key order, so that nobody can hang an order on one of them until the end of the
    /// transaction. Nothing where there is one writer at a time.
    ///
    /// No lock is waited for: a transaction of the platform's that waits for one of ours while we wait for one of its own could
    /// be the one that the server ends. The batch lets go of everything and comes back later.
    #[must_use]
    pub fn lock_people(&self) -> Option<Statement> {
        let key = self.key();
        let key = key.column();
        let people = format!("{} ORDER BY {key}", self.is_in_batch(key));
        (self.dialect() == Dialect::Postgres).then(|| lock(&self.people_table(), &people))
    }

    /// The same, and then what they are judged by: nobody can sign in, rebook or renew a pass either between the re-check, which
    /// is a statement of its own behind these, and the end of the transaction.
    #[must_use]
    pub fn lock_batch(&self) -> Vec<Statement> {
        let Some(people) = self.lock_people() else {
            return Vec::new();
        };
        let related = self.dataset.related.iter();
        let judged = related.filter(|related| self.dataset.is_judged_by(related, &self.catalogue));
        let rows = judged.flat_map(|related| {
            let (table, key) = (self.table(&related.table.value), quote(&related.key.value));
            let theirs = |rows: &str| self.dialect().among(&key, &self.rows_of_batch(rows));
            let lock = move |rows: &str| lock(&table, &theirs(rows));
            let ways = related.rows.iter();
            ways.map(|rows| lock(&rows.value)).collect::<Vec<_>>()
        });
        std::iter::once(people).chain(rows).collect()
    }

    /// Reads the batch as JSON, a row of `[subject, rule, created]` per person, for the ledger.
    #[must_use]
    pub fn read_batch(&self) -> Statement {
        let (key, created) = (self.key(), self.created());
        let person = format!(
            "s.{} = {}",
            key.column(),
            key.held_in("b.subject", Spelling::Platform)
        );
        let people = self
            .dialect()
            .each_with("lapsed_batch b", &self.people_table(), "s", &person);
        plain(self.dialect().json_lists(
            "subject, rule, created",
            &format!("SELECT b.subject, b.rule, {created} AS created FROM {people} ORDER BY b.subject"),
        ))
    }

    /// The rows of the batch's people, the people first: their number is what a batch may cost.
    pub(crate) fn rows_of_batch(&self, rows: &str) -> String {
        format!("SELECT r.row FROM {}", self.each_of_batch(rows, "r"))
    }

    /// `FROM`: the people `b` of the batch, and what of `query` is theirs by the name `of`.
    pub(crate) fn each_of_batch(&self, query: &str, of: &str) -> String {
        let person = self.key().held_in("b.subject", self.spelling(query));
        let theirs = format!("{of}.subject = {person}");
        self.dialect()
            .each_with("lapsed_batch b", &format!("({query})"), of, &theirs)
    }

    /// Whether a key of the platform's is in the batch.
    fn is_in_batch(&self, column: &str) -> String {
        let subject = self.key().held_in("subject", Spelling::Platform);
        self.dialect()
            .among(column, &format!("SELECT {subject} FROM lapsed_batch"))
    }

    /// Whether the `subject` of one of the daemon's tables is in the batch.
    pub(crate) fn in_batch(&self) -> String {
        self.dialect()
            .among("subject", "SELECT subject FROM lapsed_batch")
    }
}

/// Counted, so that the rows stay where they are.
fn lock(table: &str, which: &str) -> Statement {
    plain(format!(
        "SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {which} FOR UPDATE NOWAIT) locked"
    ))
}

fn cuts(related: &Related) -> bool {
    match &related.erase {
        RelatedErasure::Rows => true,
        RelatedErasure::Columns(columns) => columns.iter().any(|rule| rule.verb == Verb::Cut),
    }
}
