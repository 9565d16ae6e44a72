//! Whether a store looks like its dataset says.
//!
//! A dataset is a claim. It is held against what the store says of itself ([`Survey`]) before one statement is
//! written from it, and only a [`Fitted`] dataset can write SQL. It knows which database reads it, and of what types the
//! columns are.

use std::collections::{BTreeMap, VecDeque};

use lapsed_config::Finding;
use lapsed_model::{Catalogue, Column, Dialect, QueryColumn, QueryPlan, QueryShape, Table};

use crate::check::Check;
use crate::dataset::{Dataset, Fact, WorkgroupOf};
use crate::key::{Key, Spelling};
use crate::kind::Kind;
use crate::reading::Written;
use crate::sql::{Sql, quote_table};
use crate::survey::Survey;

/// A dataset that the store was found to look like. It writes the SQL of plan, explain, erase and export.
#[derive(Clone, Debug)]
pub struct Fitted<'d> {
    pub(crate) dataset: &'d Dataset,
    pub(crate) catalogue: Catalogue,
    plans: BTreeMap<String, QueryPlan>,
    shapes: BTreeMap<String, QueryShape>,
    types: BTreeMap<String, BTreeMap<String, String>>,
    distances: BTreeMap<String, usize>,
}

impl Dataset {
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
            shapes: survey
                .shapes
                .into_iter()
                .filter_map(|(query, shape)| Some((query, shape.ok()?)))
                .collect(),
            types: survey.types,
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

    /// Which database the store is kept by.
    pub(crate) fn dialect(&self) -> Dialect {
        self.catalogue.dialect
    }

    /// A pen for this store.
    pub(crate) fn pen(&self) -> Sql {
        Sql::of(self.dialect())
    }

    /// A table's name, quoted.
    pub(crate) fn table(&self, name: &str) -> String {
        quote_table(name, self.catalogue.tables.get(name))
    }

    /// The table with one row per person, quoted.
    pub(crate) fn people_table(&self) -> String {
        self.table(&self.dataset.subject.table.value)
    }

    /// The key of people.
    pub(crate) fn key(&self) -> Key {
        key(self.dataset, &self.catalogue)
    }

    /// How a query of the dataset spells the keys of people.
    pub(crate) fn spelling(&self, query: &str) -> Spelling {
        spelling(&self.types, query)
    }

    /// How a fact's instants are written.
    pub(crate) fn written(&self, fact: &Fact) -> Written {
        let kind = kind_of(&self.types, &fact.query.value, "at");
        Written::new(self.dialect(), fact.instants, kind)
    }

    /// How a column with an instant is written.
    pub(crate) fn written_in(&self, table: &str, column: &str) -> Written {
        let kind = self.kind(table, column);
        Written::new(self.dialect(), self.dataset.instants, kind)
    }

    /// What PostgreSQL keeps in a column; nothing on SQLite, which looks at each value.
    pub(crate) fn kind(&self, table: &str, column: &str) -> Option<Kind> {
        let declared = &self.catalogue.tables.get(table)?.column(column)?.declared;
        (self.dialect() == Dialect::Postgres).then(|| Kind::of(declared))
    }

    /// What a query of the dataset returns.
    pub(crate) fn returns(&self, query: &str) -> &[QueryColumn] {
        self.shapes.get(query).map_or(&[], |shape| &shape.columns)
    }

    /// What a column of a query was read from, where it is no expression.
    pub(crate) fn origin(&self, column: &QueryColumn) -> Option<(&Table, &Column)> {
        let (table, column) = column.origin.as_ref()?;
        let table = self.catalogue.tables.get(table)?;
        Some((table, table.column(column)?))
    }

    /// What PostgreSQL says that a column of a query is. A domain is told as the type that it stands for, where it is known.
    pub(crate) fn declared(&self, query: &str, column: &QueryColumn) -> &str {
        let declared = self.types.get(query).and_then(|types| types.get(&column.name));
        let declared = declared.map_or("", String::as_str);
        match self.origin(column) {
            Some((_, origin)) if Kind::of(declared) == Kind::Other => &origin.declared,
            _ => declared,
        }
    }

    /// What PostgreSQL keeps workgroups as.
    pub(crate) fn workgroup_kind(&self) -> Option<Kind> {
        let subject = &self.dataset.subject;
        match &subject.workgroup {
            WorkgroupOf::Column(column) => self.kind(&subject.table.value, &column.value),
            WorkgroupOf::Query(query) => kind_of(&self.types, &query.value, "workgroup"),
        }
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

/// The key of people, as the catalogue describes it.
pub(crate) fn key(dataset: &Dataset, catalogue: &Catalogue) -> Key {
    let subject = &dataset.subject;
    let column = catalogue
        .tables
        .get(&subject.table.value)
        .and_then(|table| table.column(&subject.key.value));
    let declared = column.map_or("", |column| &column.declared);
    Key::new(catalogue.dialect, &subject.key.value, declared)
}

/// How a query spells the keys of people: a `jsonb` is the daemon's own.
pub(crate) fn spelling(types: &BTreeMap<String, BTreeMap<String, String>>, query: &str) -> Spelling {
    match kind_of(types, query, "subject") {
        Some(Kind::Jsonb) => Spelling::Daemon,
        _ => Spelling::Platform,
    }
}

/// What PostgreSQL says that a column of a query is.
pub(crate) fn kind_of(
    types: &BTreeMap<String, BTreeMap<String, String>>,
    query: &str,
    column: &str,
) -> Option<Kind> {
    types
        .get(query)
        .and_then(|columns| columns.get(column))
        .map(|declared| Kind::of(declared))
}

/// Breadth first over the foreign keys, backwards from the person's table.
pub(crate) fn distances(catalogue: &Catalogue, subject: &str) -> BTreeMap<String, usize> {
    let mut distances = BTreeMap::from([(subject.to_owned(), 0)]);
    let mut queue = VecDeque::from([subject.to_owned()]);
    while let Some(near) = queue.pop_front() {
        let distance = distances[&near] + 1;
        let readable = catalogue
            .tables
            .iter()
            .map(|(name, table)| (name, &table.foreign_keys));
        let hanging = readable
            .chain(&catalogue.unreadable)
            .filter(|(_, keys)| keys.iter().any(|key| key.table == near));
        for (name, _) in hanging {
            if !distances.contains_key(name) {
                distances.insert(name.clone(), distance);
                queue.push_back(name.clone());
            }
        }
    }
    distances
}
