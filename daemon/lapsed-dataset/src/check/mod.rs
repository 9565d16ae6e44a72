//! What can be wrong between a dataset and a store.
//!
//! Every table and column exists, every column of every table named is classified (a new one cannot slip through),
//! every table that hangs on a person is accounted for, every query returns what it must, all personal data comes
//! out in an export, and nothing makes one workgroup cost as much as the store. All findings at once.

mod beside;
mod coverage;
mod files;
mod links;
mod speed;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeSet;
use std::ops::Range;

use lapsed_config::{Finding, Spanned, nearest};
use lapsed_model::Table;

use crate::dataset::{ColumnRule, Dataset, Export, Related, RelatedErasure, Verb, WorkgroupOf};
use crate::fit::distances;
use crate::survey::Survey;
use beside::{GRANT, ROLE};

/// The dataset and the store, and what was found so far.
pub(crate) struct Check<'c> {
    dataset: &'c Dataset,
    survey: &'c Survey,
    findings: Vec<Finding>,
}

impl<'c> Check<'c> {
    /// Everything that does not fit.
    pub(crate) fn all(dataset: &'c Dataset, survey: &'c Survey) -> Vec<Finding> {
        let mut check = Check {
            dataset,
            survey,
            findings: Vec::new(),
        };
        check.subject();
        dataset.related.iter().for_each(|related| check.related(related));
        check.twice_classified();
        check.hanging_tables();
        check.unreadable();
        check.copies();
        check.materialised();
        check.queries();
        check.types();
        check.unlinked();
        check.coverage();
        check.files();
        check.speed();
        check.findings
    }

    fn error(&mut self, title: String, span: &Range<usize>, help: impl Into<String>) {
        self.findings
            .push(Finding::error(title).at(span.clone()).help(help));
    }

    fn table(&mut self, name: &Spanned<String>) -> Option<&'c Table> {
        let survey = self.survey;
        let found = survey.catalogue.tables.get(&name.value);
        if found.is_none() && !self.is_unreadable(name) {
            let names = survey.catalogue.tables.keys().map(String::as_str);
            let help = match nearest(&name.value, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None if survey.catalogue.tables.is_empty() => {
                    "the store is empty: `lapsed migrate --reference-schema` creates the reference schema"
                        .to_owned()
                }
                None => "write its name as the store spells it".to_owned(),
            };
            self.error(
                format!("the store has no table `{}`", name.value),
                &name.span,
                help,
            );
        }
        found
    }

    fn column(&mut self, table_name: &str, table: &Table, column: &Spanned<String>) {
        if table.column(&column.value).is_some() {
            return;
        }
        let names = table.columns.iter().map(|column| column.name.as_str());
        let help = match nearest(&column.value, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "the store knows its columns: {}",
                listed(table.columns.iter().map(|column| column.name.as_str()))
            ),
        };
        self.error(
            format!("`{table_name}` has no column `{}`", column.value),
            &column.span,
            help,
        );
    }

    fn subject(&mut self) {
        let subject = &self.dataset.subject;
        let Some(table) = self.table(&subject.table) else {
            return;
        };
        let name = &subject.table.value;
        self.erasable(name, table, &subject.table.span);
        self.may("UPDATE", &subject.table, table);
        let mut named = vec![&subject.key];
        if let WorkgroupOf::Column(column) = &subject.workgroup {
            named.push(column);
        }
        named.extend(
            [&subject.created_at, &subject.erased_at, &subject.language]
                .into_iter()
                .flatten(),
        );
        named.extend(subject.contact.values());
        named.extend(&subject.find);
        for column in named {
            self.column(name, table, column);
        }
        self.classified(name, table, &subject.columns, &subject.table.span);
        if subject.created_at.is_none() {
            self.findings.push(
                Finding::warning("nothing tells when a person's record was created")
                    .at(subject.table.span.clone())
                    .help("name the column as `created_at` below `[subject]`")
                    .note(
                        "a restored backup brings erased people back; without a creation instant nobody can tell them from \
                         newcomers with the same key, and nobody is erased again",
                    ),
            );
        }
        if let Some(erased_at) = &subject.erased_at {
            let marked = subject
                .columns
                .iter()
                .any(|rule| rule.column.value == erased_at.value && rule.verb == Verb::Now);
            if !marked {
                self.error(
                    format!(
                        "`{}` says who was erased, and erasing does not set it",
                        erased_at.value
                    ),
                    &erased_at.span,
                    format!("write `{} = \"now\"` under `[subject.columns]`", erased_at.value),
                );
            }
        }
        if let Some(rule) = subject
            .columns
            .iter()
            .find(|rule| rule.column.value == subject.key.value && rule.verb != Verb::Keep)
        {
            self.error(
                format!("`{}` tells people apart and cannot change", subject.key.value),
                &rule.column.span,
                "write `keep`",
            );
        }
    }

    fn related(&mut self, related: &Related) {
        let Some(table) = self.table(&related.table) else {
            return;
        };
        let name = &related.table.value;
        self.erasable(name, table, &related.table.span);
        let is_changed = match &related.erase {
            RelatedErasure::Rows => {
                self.may("DELETE", &related.table, table);
                false
            }
            RelatedErasure::Columns(columns) => columns.iter().any(|rule| rule.verb != Verb::Keep),
        };
        // What people are judged by is locked, and whoever locks a row needs the right to change it.
        if is_changed || self.dataset.is_judged_by(related, &self.survey.catalogue) {
            self.may("UPDATE", &related.table, table);
        }
        self.column(name, table, &related.key);
        if let RelatedErasure::Columns(columns) = &related.erase {
            self.classified(name, table, columns, &related.table.span);
        }
        let Some(later) = &related.later else { return };
        self.column(name, table, &later.since);
        self.since(table, &later.since.value, &later.since.span);
        for column in &later.columns {
            self.column(name, table, column);
            let goes = match &related.erase {
                RelatedErasure::Rows => false,
                RelatedErasure::Columns(columns) => columns
                    .iter()
                    .any(|rule| rule.column.value == column.value && rule.verb == Verb::Clear),
            };
            if !goes {
                self.error(
                    format!(
                        "`{}` waits for a period, and is not cleared after it",
                        column.value
                    ),
                    &column.span,
                    format!("write `{} = \"clear\"` under `[related.columns]`", column.value),
                );
            }
        }
    }

    fn erasable(&mut self, name: &str, table: &Table, span: &Range<usize>) {
        if table.is_view {
            self.error(
                format!("`{name}` is a view, and nothing can be erased from a view"),
                span,
                "name the table behind it",
            );
        }
    }

    /// Every column of the table has a rule, every rule has a column, and the column can take what the rule does.
    fn classified(&mut self, name: &str, table: &Table, rules: &[ColumnRule], span: &Range<usize>) {
        for rule in rules {
            self.column(name, table, &rule.column);
            let Some(column) = table.column(&rule.column.value) else {
                continue;
            };
            self.can_take(name, table, rule);
            if rule.verb.needs_null() && !column.nullable && rule.json_key.is_none() {
                let or = if rule.verb == Verb::Clear {
                    "write `empty` or `placeholder`, or let"
                } else {
                    "let"
                };
                self.error(
                    format!(
                        "`{name}.{}` must not be null, and erasing would clear it",
                        column.name
                    ),
                    &rule.column.span,
                    format!("{or} the column be null"),
                );
            }
            let key_of_json = rule.json_key.is_some();
            if key_of_json && !matches!(rule.verb, Verb::Clear | Verb::Empty) {
                self.error(
                    format!(
                        "a key inside `{name}.{}` can only be cleared or emptied",
                        column.name
                    ),
                    &rule.column.span,
                    "write `clear` or `empty`",
                );
            }
            let base = rules
                .iter()
                .find(|other| other.column.value == rule.column.value && other.json_key.is_none());
            if key_of_json && base.is_some_and(|base| base.verb != Verb::Keep) {
                self.error(
                    format!(
                        "`{name}.{}` is erased as a whole, and its keys as well",
                        column.name
                    ),
                    &rule.column.span,
                    "leave the keys out, or keep the column",
                );
            }
        }
        let unclassified: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .filter(|name| {
                !rules
                    .iter()
                    .any(|rule| rule.column.value == *name && rule.json_key.is_none())
            })
            .collect();
        if !unclassified.is_empty() {
            self.error(
                format!(
                    "nobody said what erasing does to {} of `{name}`",
                    listed(unclassified.iter().copied())
                ),
                span,
                "say it for every column: `keep` what names nobody, `clear` the rest",
            );
        }
    }

    fn twice_classified(&mut self) {
        let mut tables = BTreeSet::from([self.dataset.subject.table.value.as_str()]);
        for related in &self.dataset.related {
            if !tables.insert(&related.table.value) {
                self.error(
                    format!("`{}` is described twice", related.table.value),
                    &related.table.span,
                    "describe a table once; `rows` may be a list of several queries",
                );
            }
        }
    }

    /// Tables with a chain of foreign keys to the person that nobody named.
    fn hanging_tables(&mut self) {
        let subject = &self.dataset.subject.table;
        for name in distances(&self.survey.catalogue, &subject.value).keys() {
            let named = *name == subject.value
                || self
                    .dataset
                    .related
                    .iter()
                    .any(|related| related.table.value == *name)
                || self.dataset.ignored.contains_key(name);
            if !named && self.survey.catalogue.unreadable.contains_key(name) {
                self.error(
                    format!(
                        "`{name}` hangs on `{}` by a foreign key, and lapsed may not read it",
                        subject.value
                    ),
                    &subject.span,
                    GRANT,
                );
            } else if !named {
                self.error(
                    format!("`{name}` hangs on `{}` by a foreign key, and the dataset does not name it", subject.value),
                    &subject.span,
                    format!(
                        "add a `[[related]]` for it, or `{} = \"why nothing in it is personal\"` under `[ignore]`",
                        as_key(name)
                    ),
                );
            }
        }
        for (name, reason) in &self.dataset.ignored {
            let catalogue = &self.survey.catalogue;
            if !catalogue.tables.contains_key(name) && !catalogue.unreadable.contains_key(name) {
                self.error(
                    format!("the store has no table `{name}`"),
                    &reason.span,
                    "take the line out",
                );
            }
        }
    }

    fn queries(&mut self) {
        let dataset = self.dataset;
        if let WorkgroupOf::Query(query) = &dataset.subject.workgroup {
            self.query(query, &["subject", "workgroup"]);
        }
        for rows in dataset.related.iter().flat_map(|related| &related.rows) {
            self.query(rows, &["row", "subject"]);
        }
        for fact in dataset.facts.values() {
            self.query(&fact.query, &["subject", "at", "record"]);
        }
        for holdable in &dataset.holdables {
            self.query(&holdable.rows, &["record", "subject"]);
        }
        for export in &dataset.exports {
            self.query(&export.query, &[Export::SUBJECT]);
        }
    }

    fn query(&mut self, query: &Spanned<String>, columns: &[&str]) {
        if let Some(reason) = self.survey.forbidden.get(&query.value) {
            let title = format!("lapsed may not run this query: {reason}");
            self.error(title, &query.span, ROLE);
        }
        match self.survey.shapes.get(&query.value) {
            None => {}
            Some(Err(reason)) => {
                let reason = reason.clone();
                self.error(
                    format!("the store cannot read this query: {reason}"),
                    &query.span,
                    "try it in the database's own shell",
                );
            }
            Some(Ok(shape)) => {
                let missing: Vec<&str> = columns
                    .iter()
                    .copied()
                    .filter(|column| !shape.has(column))
                    .collect();
                if !missing.is_empty() {
                    self.error(
                        format!("this query returns no {}", listed(missing.iter().copied())),
                        &query.span,
                        format!(
                            "name its columns {}, as in `id AS {}`",
                            listed(columns.iter().copied()),
                            missing[0]
                        ),
                    );
                }
            }
        }
    }
}

/// A name as the key of a line in the dataset's file: with a schema in front it needs quotes.
fn as_key(name: &str) -> String {
    if name.contains('.') {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
