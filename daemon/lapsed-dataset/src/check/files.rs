//! Exported files and their columns: every column is described, and what is said of a column is said of one that is there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use lapsed_config::{Finding, Spanned, nearest};
use lapsed_model::{Dialect, QueryColumn, Texts};

use super::types::other_form;
use super::{Check, listed};
use crate::dataset::Export;
use crate::fit::kind_of;
use crate::instants::Instants;

/// PostgreSQL makes no list of more than a hundred values, and two stand in front.
const MOST_COLUMNS: usize = 98;

impl Check<'_> {
    /// Every file, and then the descriptions that no file has a use for.
    pub(super) fn files(&mut self) {
        let (mut written, mut is_known) = (BTreeSet::new(), true);
        for export in &self.dataset.exports {
            let Some(Ok(shape)) = self.survey.shapes.get(&export.query.value) else {
                // A query that cannot be read has its finding.
                is_known = false;
                continue;
            };
            let columns = &shape.columns;
            self.twice(export, columns);
            self.others(export, columns);
            self.instants_of_file(export, columns);
            let mut names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            names.retain(|name| !Export::RESERVED.contains(name));
            if export.of_workgroup {
                names.push(Export::CUSTOMER);
            }
            self.described(export, &names);
            self.unused(&export.columns, &names, &format!("`{}`", export.file.value));
            written.extend(
                names
                    .into_iter()
                    .filter(|name| !export.columns.contains_key(*name)),
            );
        }
        if is_known {
            let written: Vec<&str> = written.into_iter().collect();
            self.unused(&self.dataset.exported, &written, "any exported file");
        }
    }

    /// A heading stands once; in a workgroup's file one is taken.
    fn twice(&mut self, export: &Export, columns: &[QueryColumn]) {
        let (file, mut seen) = (&export.file.value, BTreeSet::new());
        let mut named: Vec<&str> = Vec::new();
        for column in columns {
            if !seen.insert(column.name.as_str()) && !named.contains(&column.name.as_str()) {
                named.push(&column.name);
            }
        }
        if !named.is_empty() {
            self.error(
                format!("`{file}` has two columns called {}", listed(named.into_iter())),
                &export.query.span,
                "give one of them another name, as in `e.name AS event`",
            );
        }
        if export.of_workgroup && seen.contains(Export::CUSTOMER) {
            self.error(
                format!(
                    "`{file}` has a column `{0}`, and a workgroup's file has the person's key as `{0}`",
                    Export::CUSTOMER
                ),
                &export.query.span,
                "give it another name",
            );
        }
        if columns.len() > MOST_COLUMNS {
            self.error(
                format!("`{file}` has {} columns", columns.len()),
                &export.query.span,
                format!("make two files of it, of at most {MOST_COLUMNS} columns each"),
            );
        }
    }

    fn others(&mut self, export: &Export, columns: &[QueryColumn]) {
        for column in &export.others {
            self.returned(export, column, columns);
        }
        if export.others.is_empty() && columns.iter().any(|column| column.name == Export::IS_OTHER) {
            self.error(
                format!(
                    "`{}` says which rows are about other people, and not which columns hold something of them",
                    export.file.value
                ),
                &export.query.span,
                format!("name them: `others = [\"…\"]`, or leave `{}` out of the query", Export::IS_OTHER),
            );
        }
    }

    fn instants_of_file(&mut self, export: &Export, columns: &[QueryColumn]) {
        for (column, form) in &export.instants {
            self.returned(export, column, columns);
            if *form == Instants::Timestamptz && self.survey.catalogue.dialect == Dialect::Sqlite {
                self.error(
                    format!(
                        "`{}` is said to be `timestamptz`, which only PostgreSQL has",
                        column.value
                    ),
                    &column.span,
                    "as `instants`, write `iso8601` for texts, `milliseconds` or `seconds` for numbers",
                );
            }
            let kind = kind_of(&self.survey.types, &export.query.value, &column.value);
            if let Some((kind, help)) = kind.and_then(|kind| Some((kind, other_form(*form, kind)?))) {
                self.error(
                    format!(
                        "the instants in `{}` are said to be `{}`, and are of type {kind}",
                        column.value,
                        form.word()
                    ),
                    &column.span,
                    help,
                );
            }
        }
    }

    /// Whether a column that something is said of goes into the file.
    fn returned(&mut self, export: &Export, column: &Spanned<String>, columns: &[QueryColumn]) {
        if Export::RESERVED.contains(&column.value.as_str()) {
            return self.error(
                format!("`{}` is for lapsed and does not go into the file", column.value),
                &column.span,
                "name a column that does",
            );
        }
        if columns.iter().any(|returned| returned.name == column.value) {
            return;
        }
        let names = columns.iter().map(|column| column.name.as_str());
        let help = match nearest(&column.value, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its columns are {}", listed(names)),
        };
        self.error(
            format!("`{}` has no column `{}`", export.file.value, column.value),
            &column.span,
            help,
        );
    }

    /// whoever gets a file is told what is in it.
    fn described(&mut self, export: &Export, names: &[&str]) {
        let undescribed: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| self.dataset.description(export, name).is_none())
            .collect();
        let Some(first) = undescribed.first() else { return };
        let are = if undescribed.len() == 1 { "is" } else { "are" };
        self.error(
            format!(
                "nobody said what {} in `{}` {are}",
                listed(undescribed.iter().copied()),
                export.file.value
            ),
            &export.file.span,
            format!("a person gets it explained: write `{first}.en = \"…\"` under `[exported]`, or `columns.{first}.en = \"…\"` for this file alone"),
        );
    }

    fn unused(&mut self, described: &BTreeMap<String, Spanned<Texts>>, names: &[&str], of: &str) {
        for (name, texts) in described {
            if !names.contains(&name.as_str()) {
                self.useless(name, &texts.span, names, of);
            }
        }
    }

    fn useless(&mut self, name: &str, span: &Range<usize>, names: &[&str], of: &str) {
        let help = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? If not, take the description out"),
            None => "take the description out".to_owned(),
        };
        self.findings.push(
            Finding::warning(format!("`{name}` is described, and no column of {of} needs it"))
                .at(span.clone())
                .help(help),
        );
    }
}
