//! Legal holds as SQL: whom nobody may anonymise, whatever rules, staff or the person say.
//!
//! A hold is placed on a tenant, on a person, or on a record of a kind that the dataset calls holdable, which leads
//! to its people by a query. It binds from the transaction that places it, so no condition here asks *since when*:
//! the re-check of a batch sees what was placed after its plan.
//!
//! Most tenants have no hold at all. So the first question is one that the database answers once per statement, and
//! only where the answer is yes is each person asked about, by index.
//!
//! A hold on a person goes with the person, also to another tenant. It names the record's creation besides its key, since
//! platforms hand keys out again: somebody else who has the key now is not held. Where either creation is unknown it holds.
//!
//! A hold of a kind that the dataset no longer knows leads to nobody, and so it could lead to anybody: it holds all
//! of the tenant's people until the dataset knows it again or the hold is lifted.

use chrono::{DateTime, Utc};
use lapsed_model::{Statement, SubjectKey};

use crate::dialect::Words as _;
use crate::key::Spelling;
use crate::sql::{Sql, literal};
use crate::{Fitted, Holdable};

/// The kind of a hold on a person.
pub(crate) const PERSON: &str = "person";

/// The kinds that are no dataset's to name.
pub(crate) const OTHER_KINDS: [&str; 2] = [PERSON, "tenant"];

impl Fitted<'_> {
    /// Whether person `s` is under a hold of the tenant that does not end before `at`.
    pub(crate) fn held(&self, sql: &mut Sql, tenant: &str, at: DateTime<Utc>) -> String {
        let key = self.key();
        let active = Active::new(sql, tenant, at);
        let (in_force, same) = (&active.in_force, self.same_record("h"));
        // Two questions: whether anybody is held at all is answered once per statement.
        let anybody = format!(
            "(SELECT 1 FROM lapsed_hold h WHERE h.kind = '{PERSON}' AND {in_force} LIMIT 1) IS NOT NULL"
        );
        let (held, of_kind) = (
            key.person(Spelling::Daemon),
            self.dialect().beside_the_index("h.kind"),
        );
        let person = format!(
            "{anybody}\n      AND (SELECT 1 FROM lapsed_hold h WHERE h.subject = {held} AND {in_force} AND {of_kind} = '{PERSON}' \
             AND {same} LIMIT 1) IS NOT NULL"
        );
        let records: String = self.dataset.holdables.iter().map(|holdable| {
            let kind = literal(&holdable.name.value);
            let (rows, records) = (&holdable.rows.value, active.records(holdable));
            let person = key.person(self.spelling(rows));
            let is_held = self
                .dialect()
                .in_the_same("CAST(f.record AS TEXT)", &records);
            format!(
                "\n      OR {} AND (SELECT 1 FROM ({rows}) f WHERE f.subject = {person} AND {is_held} LIMIT 1) IS NOT NULL",
                active.any(&format!(" AND h.kind = {kind}"))
            )
        }).collect();
        format!(
            "({} AND ({}{records})\n      OR {person})",
            active.any(""),
            active.any(&self.all_are_held())
        )
    }

    /// The holds that a person is under at `at`: rows of the hold's id, those without an end first, then the one that
    /// lasts longest.
    #[must_use]
    pub fn holds_of(&self, tenant: &str, subject: &SubjectKey, at: DateTime<Utc>) -> Statement {
        let mut sql = self.pen();
        let active = Active::new(&mut sql, tenant, at);
        let key = self.key();
        let held = key.bound(&mut sql, subject, Spelling::Daemon);
        let records: String = self
            .dataset
            .holdables
            .iter()
            .map(|Holdable { name, rows }| {
                let person = key.bound(&mut sql, subject, self.spelling(&rows.value));
                format!(
                    "\n  OR h.kind = {} AND CAST(h.record AS TEXT) IN \
                     (SELECT CAST(f.record AS TEXT) FROM ({}) f WHERE f.subject = {person})",
                    literal(&name.value),
                    rows.value
                )
            })
            .collect();
        let (all, in_force) = (self.all_are_held(), &active.in_force);
        let (same, of_kind) = (self.same_record("h"), self.dialect().beside_the_index("h.kind"));
        sql.finish(format!(
            "SELECT o.id FROM lapsed_hold o WHERE o.id IN (\n\
             SELECT h.id FROM lapsed_hold h WHERE {} AND (TRUE{all}{records})\nUNION ALL\n\
             SELECT h.id FROM lapsed_hold h WHERE h.subject = {held} AND {in_force} AND {of_kind} = '{PERSON}' AND {same})\n\
             ORDER BY o.ends_at IS NOT NULL, o.ends_at DESC, o.id",
            active.condition
        ))
    }

    /// The people of these workgroups whom a record leads to, as [`Fitted::person`] shows them; `None` for a kind of
    /// record that the dataset does not know.
    #[must_use]
    pub fn people_of_record(&self, workgroups: &[String], kind: &str, record: &str) -> Option<Statement> {
        let holdable = self
            .dataset
            .holdables
            .iter()
            .find(|holdable| holdable.name.value == kind)?;
        let mut sql = self.pen();
        let (key, rows) = (self.key(), &holdable.rows.value);
        let (column, named) = (key.column(), key.read("f.subject", self.spelling(rows)));
        let record = sql.bind(record.into());
        let people = self.everybody(&mut sql, workgroups);
        Some(sql.finish(format!(
            "{people} AND s.{column} IN (SELECT {named} FROM ({rows}) f WHERE CAST(f.record AS TEXT) = {record}) ORDER BY s.{column}"
        )))
    }

    /// Holds on the tenant, and those that nobody can follow any more.
    fn all_are_held(&self) -> String {
        let kinds = self
            .dataset
            .holdables
            .iter()
            .map(|holdable| literal(&holdable.name.value));
        let kinds: Vec<String> = [literal(PERSON)].into_iter().chain(kinds).collect();
        format!(" AND h.kind NOT IN ({})", kinds.join(", "))
    }
}

/// What makes hold `h` one of the tenant's that is in force.
struct Active {
    /// For a search among the tenant's holds.
    condition: String,
    /// Whosever it is.
    in_force: String,
}

impl Active {
    fn new(sql: &mut Sql, tenant: &str, at: DateTime<Utc>) -> Self {
        let (tenant, at) = (sql.bind(tenant.into()), sql.bind(at.timestamp_millis().into()));
        let in_force = format!("h.lifted_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > {at})");
        Self {
            condition: format!("h.tenant = {tenant} AND {in_force}"),
            in_force,
        }
    }

    /// Whether there is any, asked once for the whole statement.
    fn any(&self, and: &str) -> String {
        let condition = &self.condition;
        format!("(SELECT 1 FROM lapsed_hold h WHERE {condition}{and} LIMIT 1) IS NOT NULL")
    }

    /// The records of a kind that are held.
    fn records(&self, holdable: &Holdable) -> String {
        let (condition, kind) = (&self.condition, literal(&holdable.name.value));
        format!("SELECT CAST(h.record AS TEXT) FROM lapsed_hold h WHERE {condition} AND h.kind = {kind}")
    }
}
