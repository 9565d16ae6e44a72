//! What a store says of itself.
//!
//! The dataset file claims where personal data lives; the catalogue is what it is held against. Identifiers in
//! SQL that is written at run time come from here, never from a file.

use std::collections::{BTreeMap, BTreeSet};

/// Which database a store is kept by, and so which SQL it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.38 and later.
    #[default]
    Sqlite,
    /// PostgreSQL 15 and later.
    Postgres,
}

/// The tables and views of a store, by name; the daemon's own (`lapsed_…`) are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Whose tables they are.
    pub dialect: Dialect,
    /// By name, as datasets write it: on PostgreSQL with the schema in front (`box.customers`), unless that is `public`.
    pub tables: BTreeMap<String, Table>,
    /// Tables that the role may not read, by the same names, with what they point at: keys are for everybody to see.
    pub unreadable: BTreeMap<String, Vec<ForeignKey>>,
    /// Materialised views, with the tables that each was filled from: they keep rows as they were at their last refresh.
    pub materialised: BTreeMap<String, BTreeSet<String>>,
}

/// A table or a view.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The schema that has to be named to find it; none on SQLite, and for what the search path finds.
    pub schema: Option<String>,
    /// In the table's own order.
    pub columns: Vec<Column>,
    /// What it points at.
    pub foreign_keys: Vec<ForeignKey>,
    /// What it can be searched by.
    pub indexes: Vec<Index>,
    /// What runs when its rows change.
    pub triggers: Vec<String>,
    /// Those of its triggers and rules that can swallow or change an update or a deletion before it happens.
    pub meddlers: Vec<String>,
    /// Rights that the role lacks of those that erasing may need: `UPDATE`, `DELETE`.
    pub lacks: Vec<String>,
    /// Whether each of its columns only takes what it was declared for: one of SQLite's may be so, PostgreSQL's all are.
    pub is_strict: bool,
    /// A view cannot be erased from.
    pub is_view: bool,
    /// A view that has rows of its own, from when it was refreshed last.
    pub is_filled: bool,
}

impl Table {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its declared type, as the store spells it.
    pub declared: String,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether it is the primary key, or part of it.
    pub primary_key: bool,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The columns that point.
    pub columns: Vec<String>,
    /// The table that they point at.
    pub table: String,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its columns; an expression stands as an empty name.
    pub columns: Vec<String>,
}

/// What a query returns, as the store prepared it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryShape {
    /// The columns it returns.
    pub columns: Vec<QueryColumn>,
}

/// A column that a query returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryColumn {
    /// Its name in the result.
    pub name: String,
    /// The table and the column it was read from, if it is not an expression.
    pub origin: Option<(String, String)>,
}

impl QueryShape {
    /// Whether a column of this name comes back.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column.name == name)
    }
}

/// A table that is read from end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// What the query calls it.
    pub alias: String,
    /// Its name; SQLite does not say it.
    pub table: Option<String>,
}

/// How the store would run a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryPlan {
    /// Tables that it would read from end to end.
    pub scans: Vec<Scan>,
    /// Look-ups by an index: a measure of what one probe costs.
    pub searches: usize,
    /// Whether it collects rows before it answers (grouping, DISTINCT, windows): then a probe for one person
    /// costs as much as one for everybody.
    pub collects: bool,
}
