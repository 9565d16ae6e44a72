//! Where what was erased may have left traces in the database's own files.
//!
//! SQLite's indexes and the samples of its statistics are built anew. On PostgreSQL old rows stay in a table until it is
//! vacuumed, and `pg_stats` shows old values until it is analysed: there the tables are named, and the store sees to them
//! outside of any transaction.

use lapsed_model::{Dialect, Statement};

use crate::Fitted;
use crate::dataset::{ColumnRule, RelatedErasure, Verb};
use crate::sql::{plain, quote};

impl Fitted<'_> {
    /// Rebuilds the indexes whose pages may still hold what was erased. Nothing on PostgreSQL.
    #[must_use]
    pub fn rebuild_indexes(&self) -> Vec<Statement> {
        self.touched_indexes()
            .iter()
            .map(|index| plain(format!("REINDEX {}", quote(index))))
            .collect()
    }

    /// Takes the samples of the same indexes anew: the planner's statistics hold some of their old keys. Nothing on
    /// PostgreSQL.
    #[must_use]
    pub fn resample_indexes(&self) -> Vec<Statement> {
        self.touched_indexes()
            .iter()
            .map(|index| plain(format!("ANALYZE {}", quote(index))))
            .collect()
    }

    /// The platform's tables that erasing changes, quoted: on PostgreSQL each is to be vacuumed and analysed.
    #[must_use]
    pub fn touched_tables(&self) -> Vec<String> {
        let related = self
            .dataset
            .related
            .iter()
            .filter(|related| match &related.erase {
                RelatedErasure::Rows => true,
                RelatedErasure::Columns(columns) => columns.iter().any(changes_something),
            });
        let mut tables = vec![self.people_table()];
        tables.extend(related.map(|related| self.table(&related.table.value)));
        tables
    }

    /// Indexes over a column that changes, and all of a table whose rows are deleted.
    fn touched_indexes(&self) -> Vec<String> {
        if self.dialect() == Dialect::Postgres {
            return Vec::new();
        }
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
            .any(|rule| rule.column.value == column && changes_something(rule))
}

fn changes_something(rule: &ColumnRule) -> bool {
    rule.verb != Verb::Keep || rule.json_key.is_some()
}
