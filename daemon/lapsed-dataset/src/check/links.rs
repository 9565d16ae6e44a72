//! What PostgreSQL's many writers can slip in while somebody is erased.
//!
//! A batch locks its people and asks the rules once more. A row that is added meanwhile is seen by that question or waits for
//! the batch, if it points at its person by a foreign key: to check it, PostgreSQL locks the person too. Without one it comes
//! in unseen.

use std::collections::BTreeSet;

use lapsed_config::Finding;
use lapsed_model::Dialect;

use super::Check;

impl Check<'_> {
    /// Tables that facts and related rows lead to a person by, and that have no foreign key to people there.
    pub(super) fn unlinked(&mut self) {
        if self.survey.catalogue.dialect == Dialect::Sqlite {
            return;
        }
        let dataset = self.dataset;
        let rows = dataset.related.iter().flat_map(|related| &related.rows);
        let facts = dataset.facts.values().map(|fact| &fact.query);
        let people = &dataset.subject.table.value;
        let mut seen = BTreeSet::new();
        for query in facts.chain(rows) {
            let Some((table, column)) = self.leads_by(&query.value) else {
                continue;
            };
            if self.is_linked(&table, &column) || !seen.insert((table.clone(), column.clone())) {
                continue;
            }
            self.findings.push(
                Finding::warning(format!(
                    "`{table}.{column}` has no foreign key to `{people}`: while somebody is erased, a new row can come in unseen"
                ))
                .at(query.span.clone())
                .help(format!(
                    "let `{column}` reference `{people}`: then who adds a row waits for the batch, or the batch sees it"
                )),
            );
        }
    }

    /// The table and the column that a query has its people from; `None` for an expression, and for what is no table.
    fn leads_by(&self, query: &str) -> Option<(String, String)> {
        let shape = self.survey.shapes.get(query)?.as_ref().ok()?;
        let subject = shape.columns.iter().find(|column| column.name == "subject")?;
        let origin = subject.origin.clone()?;
        let table = self.survey.catalogue.tables.get(&origin.0)?;
        (!table.is_view).then_some(origin)
    }

    fn is_linked(&self, table: &str, column: &str) -> bool {
        let people = &self.dataset.subject.table.value;
        let is_link = |key: &lapsed_model::ForeignKey| {
            key.table == *people && key.columns.iter().any(|linked| linked == column)
        };
        table == people
            || self
                .survey
                .catalogue
                .tables
                .get(table)
                .is_some_and(|table| table.foreign_keys.iter().any(is_link))
    }
}
