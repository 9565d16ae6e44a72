//! Whether a store looks like its dataset says.
//!
//! A dataset is a claim. It is held against what the store says of itself ([`Survey`]) before one statement is
//! written from it, and only a [`Fitted`] dataset can write SQL.

use std::collections::{BTreeMap, VecDeque};

use lapsed_config::Finding;
use lapsed_model::{Catalogue, QueryPlan, QueryShape, Statement};

use crate::check::Check;
use crate::dataset::{Dataset, Fact};
use crate::sql::quote;

/// What the store was asked about a dataset.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Its tables.
    pub catalogue: Catalogue,
    /// By query of the dataset: what it returns, or why the store cannot prepare it.
    pub shapes: BTreeMap<String, Result<QueryShape, String>>,
    /// By query of the dataset: how the store looks up one person in it.
    pub plans: BTreeMap<String, QueryPlan>,
}

/// A dataset that the store was found to look like. It writes the SQL of plan, explain, erase and export.
#[derive(Clone, Debug)]
pub struct Fitted<'d> {
    pub(crate) dataset: &'d Dataset,
    pub(crate) catalogue: Catalogue,
    plans: BTreeMap<String, QueryPlan>,
    distances: BTreeMap<String, usize>,
}

/// The people in [`Dataset::probe`], by a name that no query has for its own tables: their scan is not the query's.
pub(crate) const PROBED: &str = "lapsed_probed";

impl Dataset {
    /// A statement that looks up people in a query of this dataset as the planner does: the store is asked how it
    /// would run it.
    #[must_use]
    pub fn probe(&self, query: &str) -> Statement {
        let (table, key) = (quote(&self.subject.table.value), quote(&self.subject.key.value));
        let sql = format!(
            "SELECT (SELECT 1 FROM ({query}) f WHERE f.subject = +{PROBED}.{key} LIMIT 1) FROM {table} {PROBED}"
        );
        Statement {
            sql,
            binds: Vec::new(),
        }
    }

    /// Holds the dataset against what the store said of itself.
    #[must_use]
    pub fn fit(&self, survey: Survey) -> (Option<Fitted<'_>>, Vec<Finding>) {
        let findings = Check::all(self, &survey);
        let fits = !findings.iter().any(Finding::is_error);
        let distances = distances(&survey.catalogue, &self.subject.table.value);
        let fitted = Fitted {
            dataset: self,
            catalogue: survey.catalogue,
            plans: survey.plans,
            distances,
        };
        (fits.then_some(fitted), findings)
    }
}

impl<'d> Fitted<'d> {
    /// The dataset that fits.
    #[must_use]
    pub fn dataset(&self) -> &'d Dataset {
        self.dataset
    }

    pub(crate) fn fact(&self, name: &str) -> &'d Fact {
        self.dataset.fact(name)
    }

    /// What one probe of a fact costs: the look-ups it takes.
    pub(crate) fn cost(&self, fact: &str) -> usize {
        self.plans
            .get(&self.fact(fact).query.value)
            .map_or(0, |plan| plan.searches + 1_000 * plan.scans.len())
    }

    /// How many foreign keys lie between a table and the person. Where the platform declares none, the number of
    /// tables that the rows are found through stands in for them.
    pub(crate) fn distance(&self, table: &str) -> usize {
        self.distances.get(table).copied().unwrap_or_else(|| {
            let rows = self
                .dataset
                .related
                .iter()
                .filter(|related| related.table.value == table);
            let plans = rows
                .flat_map(|related| &related.rows)
                .filter_map(|rows| self.plans.get(&rows.value));
            plans
                .map(|plan| plan.searches + plan.scans.len())
                .max()
                .unwrap_or(1)
        })
    }
}

/// Breadth first over the foreign keys, backwards from the person's table.
pub(crate) fn distances(catalogue: &Catalogue, subject: &str) -> BTreeMap<String, usize> {
    let mut distances = BTreeMap::from([(subject.to_owned(), 0)]);
    let mut queue = VecDeque::from([subject.to_owned()]);
    while let Some(near) = queue.pop_front() {
        let distance = distances[&near] + 1;
        let hanging = catalogue
            .tables
            .iter()
            .filter(|(_, table)| table.foreign_keys.iter().any(|key| key.table == near));
        for (name, _) in hanging {
            if !distances.contains_key(name) {
                distances.insert(name.clone(), distance);
                queue.push_back(name.clone());
            }
        }
    }
    distances
}
