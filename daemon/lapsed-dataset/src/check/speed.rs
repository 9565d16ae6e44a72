//! What would make one workgroup cost as much as the whole store.

use std::collections::BTreeSet;

use lapsed_config::Finding;
use lapsed_model::Scan;

use super::{Check, listed};
use crate::survey::PROBED;

impl Check<'_> {
    /// Each table that no index leads to is named once, whichever queries go there.
    pub(super) fn speed(&mut self) {
        let rows = self.dataset.related.iter().flat_map(|related| &related.rows);
        let facts = self.dataset.facts.values().map(|fact| &fact.query);
        let holdables = self.dataset.holdables.iter().map(|holdable| &holdable.rows);
        let exports = self.dataset.exports.iter().map(|export| &export.query);
        let mut named = BTreeSet::new();
        for query in facts.chain(rows).chain(holdables).chain(exports) {
            let Some(plan) = self.survey.plans.get(&query.value) else {
                continue;
            };
            let scans = plan.scans.iter().filter(|scan| scan.alias != PROBED);
            let tables: BTreeSet<String> = scans.map(|scan| self.scanned(&query.value, scan)).collect();
            let finding = if plan.collects {
                Finding::warning("the store collects rows before it answers this for one person")
                    .help("write it without GROUP BY, DISTINCT, UNION and window functions: a fact may name a record twice")
            } else {
                let new: Vec<&String> = tables.difference(&named).collect();
                if new.is_empty() {
                    continue;
                }
                Finding::warning(format!(
                    "no index leads from a person to {}",
                    listed(new.into_iter().map(String::as_str))
                ))
                .help("create an index on the column that links to the person; until then every plan reads the whole table for each one")
            };
            named.extend(tables);
            self.findings.push(finding.at(query.span.clone()));
        }
    }

    /// The table that is read. Where the store says only what the query calls it, the query says whose name that is: `orders o`,
    /// `orders AS o`.
    fn scanned(&self, query: &str, scan: &Scan) -> String {
        if let Some(table) = &scan.table {
            return table.clone();
        }
        let words: Vec<&str> = query
            .split(|c: char| c.is_whitespace() || "(),;".contains(c))
            .filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("as"))
            .collect();
        let tables = &self.survey.catalogue.tables;
        let behind = words.windows(2).find_map(|pair| {
            let is_it = pair[1].eq_ignore_ascii_case(&scan.alias);
            tables
                .keys()
                .find(|table| is_it && table.eq_ignore_ascii_case(pair[0]))
        });
        behind.unwrap_or(&scan.alias).clone()
    }
}
