//! Who is meant: the people of a workgroup, and whether they can still be identified.
//!
//! A person is `s` in every statement.

use lapsed_model::{Dialect, Statement, SubjectKey, Value};

use crate::Fitted;
use crate::dataset::WorkgroupOf;
use crate::dialect::Words as _;
use crate::key::{Spelling, is_uuid};
use crate::kind::Kind;
use crate::sql::{Sql, plain, quote};

/// How the creation of a record reads, in PostgreSQL's words.
const INSTANT: &str = r#"YYYY-MM-DD"T"HH24:MI:SS.US"Z""#;

impl Fitted<'_> {
    /// `FROM … WHERE …` for the people of a workgroup who can still be identified.
    pub(crate) fn people(&self, sql: &mut Sql, workgroup: &str) -> String {
        let table = self.people_table();
        let (of_workgroup, identified) = (self.of_workgroup(sql, workgroup), self.is_identified());
        format!("FROM {table} s\nWHERE {of_workgroup} AND {identified}")
    }

    /// Counts the people of a workgroup who can still be identified.
    #[must_use]
    pub fn identified(&self, workgroup: &str) -> Statement {
        let mut sql = self.pen();
        let people = self.people(&mut sql, workgroup);
        sql.finish(format!("SELECT count(*) {people}"))
    }

    /// A row as long as this person is one of them, who stays so until the transaction ends: a batch of whichever tenant either
    /// erased them before, or waits and then sees what was written about them.
    #[must_use]
    pub fn identified_person(&self, workgroup: &str, subject: &SubjectKey) -> Statement {
        let mut sql = self.pen();
        let people = self.people(&mut sql, workgroup);
        let key = self.key();
        let (column, bound) = (key.column(), key.bound(&mut sql, subject, Spelling::Platform));
        let stays = self.dialect().stays("s");
        sql.finish(format!("SELECT 1 {people} AND s.{column} = {bound}{stays}"))
    }

    /// The condition for who belongs to a workgroup, and to no other: the policy of one must not erase for another.
    pub(crate) fn of_workgroup(&self, sql: &mut Sql, workgroup: &str) -> String {
        let Some(bound) = self.bound_workgroup(sql, workgroup) else {
            return "FALSE".to_owned();
        };
        match &self.dataset.subject.workgroup {
            WorkgroupOf::Column(column) => {
                let column = self.compared_workgroup(&format!("s.{}", quote(&column.value)));
                format!("{column} = {bound}")
            }
            WorkgroupOf::Query(query) => {
                let (query, key) = (&query.value, self.key());
                let spelling = self.spelling(query);
                let (column, person) = (key.column(), key.person(spelling));
                let named = key.read("w.subject", spelling);
                let workgroup = self.compared_workgroup("w.workgroup");
                format!(
                    "s.{column} IN (SELECT {named} FROM ({query}) w WHERE {workgroup} = {bound})\n  \
                     AND (SELECT 1 FROM ({query}) w WHERE w.subject = {person} \
                     AND {workgroup} IS DISTINCT FROM {bound} LIMIT 1) IS NULL"
                )
            }
        }
    }

    /// The condition for who belongs to one of these workgroups; `workgroup` is where theirs stands.
    pub(crate) fn in_workgroups(&self, sql: &mut Sql, workgroup: &str, workgroups: &[String]) -> String {
        let bound: Vec<String> = workgroups
            .iter()
            .filter_map(|name| self.bound_workgroup(sql, name))
            .collect();
        if bound.is_empty() {
            return "FALSE".to_owned();
        }
        format!("{} IN ({})", self.compared_workgroup(workgroup), bound.join(", "))
    }

    /// A workgroup's key, bound as the store keeps it; `None` where it cannot be one there. SQLite converts by itself.
    fn bound_workgroup(&self, sql: &mut Sql, workgroup: &str) -> Option<String> {
        match self.workgroup_kind() {
            Some(Kind::Integer) => {
                let number = workgroup.parse::<i64>().ok()?;
                Some(sql.bind(Value::Integer(number)))
            }
            Some(Kind::Uuid) => {
                is_uuid(workgroup).then(|| format!("CAST({} AS uuid)", sql.bind(workgroup.into())))
            }
            _ => Some(sql.bind(workgroup.into())),
        }
    }

    /// What a workgroup's key is compared with: the column, which an index may be over, unless only its text compares.
    fn compared_workgroup(&self, column: &str) -> String {
        match (self.dialect(), self.workgroup_kind()) {
            (Dialect::Sqlite, _) | (_, Some(Kind::Integer | Kind::Uuid | Kind::Text)) => column.to_owned(),
            _ => format!("CAST({column} AS text)"),
        }
    }

    /// The workgroups that a person belongs to: more than one, and none of them judges.
    #[must_use]
    pub fn workgroups_of(&self, subject: &SubjectKey) -> Statement {
        let mut sql = self.pen();
        let (from, workgroup) = self.with_workgroups();
        let key = self.key();
        let (column, bound) = (key.column(), key.bound(&mut sql, subject, Spelling::Platform));
        sql.finish(format!(
            "SELECT DISTINCT CAST({workgroup} AS TEXT) FROM {from} WHERE s.{column} = {bound} ORDER BY 1"
        ))
    }

    /// Counts the people who belong to several workgroups; none where a column says the workgroup.
    #[must_use]
    pub fn in_several_workgroups(&self) -> Option<Statement> {
        let WorkgroupOf::Query(query) = &self.dataset.subject.workgroup else {
            return None;
        };
        Some(plain(format!(
            "SELECT count(*) FROM (SELECT w.subject FROM ({}) w GROUP BY w.subject HAVING count(DISTINCT w.workgroup) > 1) several",
            query.value
        )))
    }

    /// What to read for everybody of every workgroup, and where the workgroup stands.
    pub(crate) fn with_workgroups(&self) -> (String, String) {
        let table = self.people_table();
        match &self.dataset.subject.workgroup {
            WorkgroupOf::Column(column) => (format!("{table} s"), format!("s.{}", quote(&column.value))),
            WorkgroupOf::Query(query) => {
                let (query, key) = (&query.value, self.key());
                let (column, named) = (key.column(), key.read("w.subject", self.spelling(query)));
                (
                    format!("{table} s JOIN ({query}) w ON {named} = s.{column}"),
                    "w.workgroup".to_owned(),
                )
            }
        }
    }

    /// The condition for who was not anonymised.
    pub(crate) fn is_identified(&self) -> String {
        format!("{} IS NULL", self.erased_mark())
    }

    /// The condition for who was.
    pub(crate) fn is_erased(&self) -> String {
        format!("{} IS NOT NULL", self.erased_mark())
    }

    /// The instant of the record's creation, as the store has it.
    pub(crate) fn created(&self) -> String {
        self.created_of("s")
    }

    /// The same of a person by another name. It goes into pseudonyms, so that what PostgreSQL would show in its session's
    /// zone has to read the same everywhere: in UTC, with microseconds.
    fn created_of(&self, person: &str) -> String {
        let subject = &self.dataset.subject;
        let Some(created) = &subject.created_at else {
            return "NULL".to_owned();
        };
        let column = format!("{person}.{}", quote(&created.value));
        let (in_utc, form) = match self.kind(&subject.table.value, &created.value) {
            Some(Kind::Timestamptz) => (format!("{column} AT TIME ZONE 'UTC'"), INSTANT),
            Some(Kind::Timestamp) => (column.clone(), INSTANT),
            Some(Kind::Date) => (format!("CAST({column} AS timestamp)"), "YYYY-MM-DD"),
            // A fraction is kept by its digits: no number that a program reckons with holds all of them.
            Some(Kind::Number) => {
                let digits = format!("trim_scale(CAST(CAST({column} AS text) AS numeric))");
                return format!(
                    "CASE WHEN {digits} = trunc({digits}) THEN to_jsonb({digits}) \
                     ELSE to_jsonb(CAST({digits} AS text)) END"
                );
            }
            _ => return column,
        };
        format!(
            "CASE WHEN isfinite({column}) THEN to_char({in_utc}, '{form}') ELSE CAST({column} AS text) END"
        )
    }

    /// Whether the row `noted`, a hold or a request, was written down about the record that has its key now; where either
    /// does not know when it was created, it is taken to be.
    ///
    /// The record is looked up from there, so that a walk through people who are in none needs no more of them than before.
    pub(crate) fn same_record(&self, noted: &str) -> String {
        if self.dataset.subject.created_at.is_none() {
            return "TRUE".to_owned();
        }
        let (table, key) = (self.people_table(), self.key());
        let (column, noted_key) = (
            key.column(),
            key.held_in(&format!("{noted}.subject"), Spelling::Platform),
        );
        // As text: a number means the same whether its digits or the number itself were noted.
        let (created, noted_created) = match self.dialect() {
            Dialect::Sqlite => (self.created_of("c"), format!("{noted}.created")),
            Dialect::Postgres => (
                format!("to_jsonb({}) #>> '{{}}'", self.created_of("c")),
                format!("({noted}.created #>> '{{}}')"),
            ),
        };
        format!(
            "coalesce({noted_created} = (SELECT {created} FROM {table} c WHERE c.{column} = {noted_key}), TRUE)"
        )
    }

    /// Null while the person can be identified: the platform's column, or the daemon's own table.
    fn erased_mark(&self) -> String {
        let subject = &self.dataset.subject;
        match &subject.erased_at {
            Some(column) => format!("s.{}", quote(&column.value)),
            None => {
                let person = self.key().person(Spelling::Daemon);
                format!("(SELECT 1 FROM lapsed_erased e WHERE e.subject = {person} LIMIT 1)")
            }
        }
    }
}
