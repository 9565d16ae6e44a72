//! What of a store erasing does not reach by itself: tables that nobody may read, or that nobody spoke of, what triggers do
//! with a write, and views that keep rows of their own.

use lapsed_config::{Finding, Spanned};
use lapsed_model::Table;

use super::{Check, listed};
use crate::fit::distances;

/// How a table becomes readable.
pub(super) const GRANT: &str = "let its role read it: `role.sql`, which `lapsed init` writes, names the schemas whose tables it grants. Or say under \
     `[ignore]` why nothing in it is personal";

/// Where all that the daemon needs is granted.
pub(super) const ROLE: &str = "run `role.sql` again, which `lapsed init` writes: it grants what lapsed needs; what erasing writes to is listed there";

impl<'c> Check<'c> {
    /// Whether the role has a right that erasing needs.
    pub(super) fn may(&mut self, right: &str, name: &Spanned<String>, table: &Table) {
        if !table.is_view && table.lacks.iter().any(|lacks| lacks == right) {
            self.error(
                format!("lapsed lacks the right to {right} `{}`", name.value),
                &name.span,
                ROLE,
            );
        }
    }

    /// Whether a table is there and may not be read, which is then said of it.
    pub(super) fn is_unreadable(&mut self, name: &Spanned<String>) -> bool {
        let is_there = self.survey.catalogue.unreadable.contains_key(&name.value);
        if is_there {
            self.error(
                format!("lapsed may not read `{}`", name.value),
                &name.span,
                "let its role read it: `role.sql`, which `lapsed init` writes, names the schemas whose tables it grants",
            );
        }
        is_there
    }

    /// Nobody can say whether people are in a table that the role may not read. Those that the dataset names, or that hang on a
    /// person, are errors elsewhere.
    pub(super) fn unreadable(&mut self) {
        const NAMED: usize = 5;
        let dataset = self.dataset;
        let catalogue = &self.survey.catalogue;
        let hanging = distances(catalogue, &dataset.subject.table.value);
        let tables: Vec<&str> = catalogue
            .unreadable
            .keys()
            .filter(|name| !dataset.ignored.contains_key(*name) && !hanging.contains_key(*name))
            .filter(|name| self.erased().all(|table| table.value != **name))
            .map(String::as_str)
            .collect();
        if tables.is_empty() {
            return;
        }
        let more = if tables.len() > NAMED { ", …" } else { "" };
        let s = if tables.len() == 1 { "" } else { "s" };
        self.findings.push(
            Finding::warning(format!(
                "lapsed may not read {} table{s} ({}{more}): personal data in there would go unnoticed",
                tables.len(),
                listed(tables.iter().copied().take(NAMED))
            ))
            .help(GRANT),
        );
    }

    /// The tables that erasing writes to.
    fn erased(&self) -> impl Iterator<Item = &'c Spanned<String>> + use<'c> {
        let related = self.dataset.related.iter().map(|related| &related.table);
        [&self.dataset.subject.table].into_iter().chain(related)
    }

    /// Views that keep rows of erased tables.
    pub(super) fn materialised(&mut self) {
        let mut findings = Vec::new();
        for (view, tables) in &self.survey.catalogue.materialised {
            let of: Vec<&str> = self
                .erased()
                .map(|table| table.value.as_str())
                .filter(|table| tables.contains(*table))
                .collect();
            if of.is_empty() || self.dataset.ignored.contains_key(view) {
                continue;
            }
            findings.push(
                Finding::warning(format!(
                    "the materialised view `{view}` keeps what was erased from {} until it is refreshed",
                    listed(of.into_iter())
                ))
                .help(format!(
                    "let the platform run `REFRESH MATERIALIZED VIEW {view}; ANALYZE {view}` every day (the planner keeps samples of what it \
                     saw), or say under `[ignore]` why nothing in it is personal"
                )),
            );
        }
        self.findings.extend(findings);
    }

    /// Where copies of what is erased may be: what a trigger writes, and tables that nobody spoke of. Many platforms
    /// declare no foreign keys, so that nothing but their names can be shown.
    pub(super) fn copies(&mut self) {
        let dataset = self.dataset;
        let named: Vec<&Spanned<String>> = self.erased().collect();
        let tables = &self.survey.catalogue.tables;
        for table in &named {
            let Some(of_store) = tables.get(&table.value) else {
                continue;
            };
            if !of_store.triggers.is_empty() {
                self.findings.push(
                    Finding::warning(format!(
                        "erasing from `{}` sets off {}, which may write copies of what is erased",
                        table.value,
                        listed(of_store.triggers.iter().map(String::as_str))
                    ))
                    .at(table.span.clone())
                    .help("see that it writes nothing personal, or name the table that it writes to as a `[[related]]`"),
                );
            }
            if !of_store.meddlers.is_empty() {
                self.findings.push(
                    Finding::warning(format!(
                        "{} of `{}` comes before what erasing writes, and may undo it",
                        listed(of_store.meddlers.iter().map(String::as_str)),
                        table.value
                    ))
                    .at(table.span.clone())
                    .help("see that it neither leaves rows as they were nor puts values back; `DROP TRIGGER` it otherwise"),
                );
            }
        }
        let silent = tables.iter().filter(|(name, table)| {
            (!table.is_view || table.is_filled)
                && !named.iter().any(|known| known.value == **name)
                && !dataset.ignored.contains_key(*name)
        });
        let silent: Vec<&str> = silent.map(|(name, _)| name.as_str()).collect();
        if !silent.is_empty() {
            self.findings.push(
                Finding::hint(format!("the dataset says nothing of {}", listed(silent.into_iter()))).help(
                    "if one holds anything about people, add a `[[related]]` for it; else name it under `[ignore]` with the reason",
                ),
            );
        }
    }
}
