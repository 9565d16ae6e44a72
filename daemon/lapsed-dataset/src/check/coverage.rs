//! What is stored about a person comes out when they ask for it.

use std::collections::BTreeSet;

use lapsed_config::{Finding, Spanned};

use super::{Check, listed};
use crate::dataset::{ColumnRule, RelatedErasure};

impl Check<'_> {
    /// what is personal comes out in an export, or somebody said why not.
    pub(super) fn coverage(&mut self) {
        let mut covered: BTreeSet<String> = self.dataset.not_exported.keys().cloned().collect();
        for export in &self.dataset.exports {
            covered.extend(export.covers.iter().map(|column| column.value.clone()));
            if let Some(Ok(shape)) = self.survey.shapes.get(&export.query.value) {
                let origins = shape.columns.iter().filter_map(|column| column.origin.as_ref());
                covered.extend(origins.map(|(table, column)| format!("{table}.{column}")));
            }
        }
        let subject = &self.dataset.subject;
        self.uncovered(&subject.table, personal(&subject.columns), &covered);
        for related in &self.dataset.related {
            let columns = match &related.erase {
                RelatedErasure::Columns(columns) => personal(columns),
                RelatedErasure::Rows => {
                    self.survey
                        .catalogue
                        .tables
                        .get(&related.table.value)
                        .map_or(Vec::new(), |table| {
                            table
                                .columns
                                .iter()
                                .map(|column| column.name.as_str())
                                .filter(|name| *name != related.key.value)
                                .collect()
                        })
                }
            };
            self.uncovered(&related.table, columns, &covered);
        }
        let named = self
            .dataset
            .not_exported
            .iter()
            .map(|(name, reason)| (name.as_str(), &reason.span));
        let covers = self.dataset.exports.iter().flat_map(|export| &export.covers);
        for (name, span) in named.chain(covers.map(|column| (column.value.as_str(), &column.span))) {
            let exists = name.rsplit_once('.').is_some_and(|(table, column)| {
                self.survey
                    .catalogue
                    .tables
                    .get(table)
                    .is_some_and(|table| table.column(column).is_some())
            });
            if !exists {
                self.findings.push(
                    Finding::error(format!("the store has no column `{name}`"))
                        .at(span.clone())
                        .help("write it as `table.column`"),
                );
            }
        }
    }

    fn uncovered(&mut self, table: &Spanned<String>, columns: Vec<&str>, covered: &BTreeSet<String>) {
        let missing: Vec<&str> = columns
            .into_iter()
            .filter(|column| !covered.contains(&format!("{}.{column}", table.value)))
            .collect();
        if !missing.is_empty() {
            self.error(
                format!(
                    "no export contains {} of `{}`, and no reason is given",
                    listed(missing.iter().copied()),
                    table.value
                ),
                &table.span,
                format!(
                    "add it to an `[[export]]`, or `\"{}.{}\" = \"the reason\"` under `[not_exported]`",
                    table.value, missing[0]
                ),
            );
        }
    }
}

fn personal(columns: &[ColumnRule]) -> Vec<&str> {
    let mut personal: Vec<&str> = columns
        .iter()
        .filter(|rule| rule.verb.is_personal())
        .map(|rule| rule.column.value.as_str())
        .collect();
    personal.dedup();
    personal
}
