//! Who is meant: the people of a workgroup, and whether they can still be identified.
//!
//! A person is `s` in every statement.

use crate::Fitted;
use crate::dataset::WorkgroupOf;
use crate::sql::{Sql, quote};

impl Fitted<'_> {
    /// `FROM … WHERE …` for the people of a workgroup who can still be identified.
    pub(crate) fn people(&self, sql: &mut Sql, workgroup: &str) -> String {
        let (from, of_workgroup) = self.of_workgroup(sql, workgroup);
        let key = quote(&self.dataset.subject.key.value);
        let of_one = match &self.dataset.subject.workgroup {
            WorkgroupOf::Column(_) => String::new(),
            // Who belongs to two workgroups is judged by neither: the policy of one must not erase for the other.
            WorkgroupOf::Query(query) => {
                format!(
                    "\n  AND (SELECT count(*) FROM ({}) w WHERE w.subject = +s.{key}) = 1",
                    query.value
                )
            }
        };
        format!(
            "FROM {from}\nWHERE {of_workgroup}{of_one} AND {}",
            self.is_identified()
        )
    }

    /// What to read and the condition for everybody of a workgroup, so that the workgroup is what is read first.
    pub(crate) fn of_workgroup(&self, sql: &mut Sql, workgroup: &str) -> (String, String) {
        let subject = &self.dataset.subject;
        let (table, key) = (quote(&subject.table.value), quote(&subject.key.value));
        let bound = sql.bind(workgroup.into());
        match &subject.workgroup {
            WorkgroupOf::Column(column) => (
                format!("{table} s"),
                format!("s.{} = {bound}", quote(&column.value)),
            ),
            WorkgroupOf::Query(query) => (
                format!("({}) w CROSS JOIN {table} s", query.value),
                format!("w.workgroup = {bound} AND s.{key} = w.subject"),
            ),
        }
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
