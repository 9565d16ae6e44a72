//! Columns that had a period of their own when their person was erased (R-8), and whose period has passed since.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_model::Statement;

use crate::dataset::{ColumnRule, Related, RelatedErasure};
use crate::dialect::Words as _;
use crate::sql::{Sql, quote};
use crate::verbs::assignments;
use crate::{Erasure, Fitted};

impl Fitted<'_> {
    /// Fills the batch with people who were erased earlier and whose waiting columns are due now, at most `people` of
    /// them. One statement per way to the rows of a table that has such columns.
    ///
    /// What a legal hold lies on keeps its recipient too (R-9).
    #[must_use]
    pub fn find_overdue(&self, workgroup: &str, erasure: &Erasure, people: u32) -> Vec<Statement> {
        let (people_table, key) = (self.people_table(), self.key());
        self.overdue(erasure)
            .map(|(related, rows, until)| {
                let mut sql = self.pen();
                let of_workgroup = self.of_workgroup(&mut sql, workgroup);
                let erased = self.is_erased();
                let due = self.overdue_rows(&mut sql, related, until, erasure.zone);
                let held = self.held(&mut sql, erasure.tenant.as_str(), erasure.now);
                let (target, row) = (self.table(&related.table.value), quote(&related.key.value));
                let theirs =
                    self.dialect()
                        .each_with(&format!("({rows}) r"), &target, "t", &format!("t.{row} = r.row"));
                let (kept, person) = (key.kept_person(), key.person(self.spelling(rows)));
                sql.finish(format!(
                    "INSERT INTO lapsed_batch (subject)\nSELECT {kept} FROM {people_table} s\n\
                     WHERE {of_workgroup} AND {erased}\n  \
                     AND (SELECT 1 FROM {theirs} WHERE r.subject = {person} AND {due} LIMIT 1) IS NOT NULL\n  \
                     AND NOT ({held})\nLIMIT {people}"
                ))
            })
            .collect()
    }

    /// Clears the waiting columns that are due now, of the people in the batch.
    #[must_use]
    pub fn clear_overdue(&self, erasure: &Erasure) -> Vec<Statement> {
        self.overdue(erasure)
            .map(|(related, rows, until)| {
                let mut sql = self.pen();
                let due = self.overdue_rows(&mut sql, related, until, erasure.zone);
                let (target, row) = (self.table(&related.table.value), quote(&related.key.value));
                let waiting = waiting_columns(related);
                let sets = self.sets(&mut sql, &related.table.value, &waiting, erasure, |_| None);
                let is_meant = self
                    .dialect()
                    .among(&format!("t.{row}"), &self.rows_of_batch(rows));
                sql.finish(format!(
                    "UPDATE {target} AS t SET {} WHERE {is_meant} AND {due}",
                    assignments(&sets)
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
            return "FALSE".to_owned();
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
        let column = format!("t.{}", quote(&later.since.value));
        let since = self.written_in(&related.table.value, &later.since.value);
        let (since, until) = since.sides(sql, &column, until, zone);
        format!("({filled}) AND coalesce({since} < {until}, TRUE)")
    }
}

/// The rules of the columns that wait.
fn waiting_columns(related: &Related) -> Vec<ColumnRule> {
    let columns = match &related.erase {
        RelatedErasure::Columns(columns) => columns.as_slice(),
        RelatedErasure::Rows => &[],
    };
    let later = related.later.as_ref().map_or(&[][..], |later| &later.columns);
    columns
        .iter()
        .filter(|rule| later.iter().any(|column| column.value == rule.column.value))
        .cloned()
        .collect()
}
