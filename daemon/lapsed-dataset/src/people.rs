//! Who is meant: the people of a workgroup, and whether they can still be identified.
//!
//! A person is `s` in every statement.

use lapsed_model::{Statement, SubjectKey};

use crate::Fitted;
use crate::dataset::WorkgroupOf;
use crate::sql::{Sql, quote};

impl Fitted<'_> {
    /// `FROM … WHERE …` for the people of a workgroup who can still be identified.
    pub(crate) fn people(&self, sql: &mut Sql, workgroup: &str) -> String {
        let table = quote(&self.dataset.subject.table.value);
        let (of_workgroup, identified) = (self.of_workgroup(sql, workgroup), self.is_identified());
        format!("FROM {table} s\nWHERE {of_workgroup} AND {identified}")
    }

    /// Counts the people of a workgroup who can still be identified.
    #[must_use]
    pub fn identified(&self, workgroup: &str) -> Statement {
        let mut sql = Sql::default();
        let people = self.people(&mut sql, workgroup);
        sql.finish(format!("SELECT count(*) {people}"))
    }

    /// A row as long as this person is one of them.
    #[must_use]
    pub fn identified_person(&self, workgroup: &str, subject: &SubjectKey) -> Statement {
        let mut sql = Sql::default();
        let people = self.people(&mut sql, workgroup);
        let (key, bound) = (
            quote(&self.dataset.subject.key.value),
            sql.bind(subject.to_value()),
        );
        sql.finish(format!("SELECT 1 {people} AND s.{key} = {bound}"))
    }

    /// The condition for who belongs to a workgroup, and to no other: the policy of one must not erase for another.
    pub(crate) fn of_workgroup(&self, sql: &mut Sql, workgroup: &str) -> String {
        let key = quote(&self.dataset.subject.key.value);
        let bound = sql.bind(workgroup.into());
        match &self.dataset.subject.workgroup {
            WorkgroupOf::Column(column) => format!("s.{} = {bound}", quote(&column.value)),
            WorkgroupOf::Query(query) => {
                let query = &query.value;
                format!(
                    "s.{key} IN (SELECT w.subject FROM ({query}) w WHERE w.workgroup = {bound})\n  \
                     AND (SELECT 1 FROM ({query}) w WHERE w.subject = +s.{key} \
                     AND w.workgroup IS DISTINCT FROM {bound} LIMIT 1) IS NULL"
                )
            }
        }
    }

    /// The workgroups that a person belongs to: more than one, and none of them judges.
    #[must_use]
    pub fn workgroups_of(&self, subject: &SubjectKey) -> Statement {
        let mut sql = Sql::default();
        let key = quote(&self.dataset.subject.key.value);
        let (from, workgroup) = self.with_workgroups();
        let bound = sql.bind(subject.to_value());
        sql.finish(format!(
            "SELECT DISTINCT CAST({workgroup} AS TEXT) FROM {from} WHERE s.{key} = {bound} ORDER BY 1"
        ))
    }

    /// Counts the people who belong to several workgroups; none where a column says the workgroup.
    #[must_use]
    pub fn in_several_workgroups(&self) -> Option<Statement> {
        let WorkgroupOf::Query(query) = &self.dataset.subject.workgroup else {
            return None;
        };
        Some(Sql::default().finish(format!(
            "SELECT count(*) FROM (SELECT subject FROM ({}) GROUP BY subject HAVING count(DISTINCT workgroup) > 1)",
            query.value
        )))
    }

    /// What to read for everybody of every workgroup, and where the workgroup stands.
    pub(crate) fn with_workgroups(&self) -> (String, String) {
        let subject = &self.dataset.subject;
        let (table, key) = (quote(&subject.table.value), quote(&subject.key.value));
        match &subject.workgroup {
            WorkgroupOf::Column(column) => (format!("{table} s"), format!("s.{}", quote(&column.value))),
            WorkgroupOf::Query(query) => (
                format!("{table} s JOIN ({}) w ON w.subject = s.{key}", query.value),
                "w.workgroup".to_owned(),
            ),
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
        let column = self.dataset.subject.created_at.as_ref();
        column.map_or("NULL".to_owned(), |column| format!("s.{}", quote(&column.value)))
    }

    /// Whether the row `noted`, a hold or a request, was written down about the record that has its key now; where either
    /// does not know when it was created, it is taken to be.
    ///
    /// The record is looked up from there, so that a walk through people who are in none needs no more of them than before.
    pub(crate) fn same_record(&self, noted: &str) -> String {
        let subject = &self.dataset.subject;
        let Some(created) = &subject.created_at else {
            return "1".to_owned();
        };
        let (table, key, created) = (
            quote(&subject.table.value),
            quote(&subject.key.value),
            quote(&created.value),
        );
        format!(
            "coalesce({noted}.created = (SELECT c.{created} FROM {table} c WHERE c.{key} = {noted}.subject), 1)"
        )
    }

    /// Null while the person can be identified: the platform's column, or the daemon's own table.
    fn erased_mark(&self) -> String {
        let subject = &self.dataset.subject;
        match &subject.erased_at {
            Some(column) => format!("s.{}", quote(&column.value)),
            None => {
                let key = quote(&subject.key.value);
                format!("(SELECT 1 FROM lapsed_erased e WHERE e.subject = +s.{key} LIMIT 1)")
            }
        }
    }
}
