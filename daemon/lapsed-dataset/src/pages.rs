//! Reading every text of every table, page by page, in search of what should be gone.
//!
//! A page begins behind the position of the last row before it. SQLite's rows have numbers. On PostgreSQL a whole number that
//! is the primary key is the position, since a row keeps it while the platform goes on writing; otherwise it is the place
//! in the file (`ctid`), which an update changes: a row that moves to a gap before the page escapes this search. Rows of
//! different partitions may share a place, so such a page ends with all rows of its last place.

use std::collections::BTreeSet;

use lapsed_model::{Column, Dialect, Statement, Table};

use crate::Fitted;
use crate::kind::Kind;
use crate::sql::{Sql, literal, plain, quote};

/// What stands between two columns of a row that is searched: no text of people has it.
pub const BETWEEN: char = '\u{1f}';

/// A table that is searched.
#[derive(Clone, Debug)]
pub struct Searched {
    /// Its name.
    pub table: String,
    /// Its columns, in the order in which the statement joins them.
    pub columns: Vec<String>,
    /// The columns that wait for a period of their own: what is found there may have to be there.
    pub waiting: BTreeSet<String>,
    /// Reads rows of (row, texts), from a row on.
    pub statement: Statement,
    /// Whether the statement reads page by page, behind the row that is bound first.
    pub in_pages: bool,
    whole: Statement,
}

impl Searched {
    /// The same in one piece, for a table whose rows have no numbers.
    #[must_use]
    pub fn in_one_piece(self) -> Self {
        Self {
            statement: self.whole.clone(),
            in_pages: false,
            ..self
        }
    }
}

/// What tells the rows of a table apart while it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Position {
    /// Nothing: it is read in one piece.
    None,
    /// A whole number: SQLite's own, or a primary key.
    Number(String),
    /// The place in PostgreSQL's file.
    Place,
}

impl Fitted<'_> {
    /// How many rows a page of a table has.
    pub const PAGE_OF_ROWS: i64 = 5_000;

    /// How every table is searched: the platform's, and `own` ones of the daemon, which the store names with those of
    /// their columns that hold text.
    #[must_use]
    pub fn searched(&self, own: &[(String, Vec<String>)]) -> Vec<Searched> {
        let platform = self
            .catalogue
            .tables
            .iter()
            .filter(|(_, table)| !table.is_view || table.is_filled)
            .map(|(name, table)| self.searched_table(name, table));
        let own = own.iter().map(|(name, columns)| {
            let texts: Vec<String> = columns.iter().map(|column| as_text(column, None)).collect();
            let searched = self.search(name, &quote(name), columns.clone(), &texts, &Position::None);
            searched.in_one_piece()
        });
        platform.chain(own).collect()
    }

    fn searched_table(&self, name: &str, table: &Table) -> Searched {
        let of_table = self
            .dataset
            .related
            .iter()
            .filter(|related| related.table.value == name);
        let waiting = of_table
            .flat_map(|related| &related.later)
            .flat_map(|later| later.columns.iter().map(|column| column.value.clone()))
            .collect();
        let position = match self.dialect() {
            Dialect::Sqlite => number_of_row(table),
            Dialect::Postgres => primary_number(table),
        };
        let text = |column: &Column| as_text(&column.name, self.kind(name, &column.name));
        let texts: Vec<String> = table.columns.iter().map(text).collect();
        let names = table.columns.iter().map(|column| column.name.clone()).collect();
        Searched {
            waiting,
            ..self.search(name, &self.table(name), names, &texts, &position)
        }
    }

    fn search(
        &self,
        name: &str,
        table: &str,
        columns: Vec<String>,
        texts: &[String],
        position: &Position,
    ) -> Searched {
        let texts = texts.join(&format!(" || {} || ", literal(&BETWEEN.to_string())));
        Searched {
            table: name.to_owned(),
            columns,
            waiting: BTreeSet::new(),
            statement: position.page(self.pen(), table, &texts),
            in_pages: *position != Position::None,
            whole: Position::None.page(self.pen(), table, &texts),
        }
    }
}

impl Position {
    /// Reads the rows behind a position as (position, texts).
    fn page(&self, mut sql: Sql, table: &str, texts: &str) -> Statement {
        let (after, most) = (sql.bind(i64::MIN.into()), Fitted::PAGE_OF_ROWS);
        match self {
            Position::None => plain(format!("SELECT CAST(0 AS BIGINT), {texts} FROM {table}")),
            Position::Number(number) => sql.finish(format!(
                "SELECT CAST({number} AS BIGINT), {texts} FROM {table} WHERE {number} > {after} ORDER BY {number} LIMIT {most}"
            )),
            // The number of the block, and the row's within it: never more than a block can have.
            Position::Place => sql.finish(format!(
                "SELECT CAST((CAST(CAST(ctid AS text) AS point))[0] * {BLOCK} + (CAST(CAST(ctid AS text) AS point))[1] AS BIGINT), \
                 {texts} FROM {table} \
                 WHERE ctid > CAST(format('(%s,%s)', greatest({after}, 0) / {BLOCK}, greatest({after}, 0) % {BLOCK}) AS tid) \
                 ORDER BY ctid FETCH FIRST {most} ROWS WITH TIES"
            )),
        }
    }
}

/// More than the rows of a block.
const BLOCK: u32 = 65_536;

/// The name of the row's number in SQLite, unless the platform gave it to a column of its own.
fn number_of_row(table: &Table) -> Position {
    let is_taken = |row: &str| {
        table
            .columns
            .iter()
            .any(|column| column.name.eq_ignore_ascii_case(row))
    };
    ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(|row| !is_taken(row))
        .map_or(Position::None, |row| Position::Number(row.to_owned()))
}

/// The primary key, where it is one whole number.
fn primary_number(table: &Table) -> Position {
    let mut keys = table.columns.iter().filter(|column| column.primary_key);
    match (keys.next(), keys.next()) {
        (Some(key), None) if Kind::of(&key.declared) == Kind::Integer => Position::Number(quote(&key.name)),
        _ => Position::Place,
    }
}

/// A column as text. Bytes show the letters among them.
fn as_text(column: &str, kind: Option<Kind>) -> String {
    let column = quote(column);
    match kind {
        Some(Kind::Bytes) => format!("coalesce(encode({column}, 'escape'), '')"),
        _ => format!("coalesce(CAST({column} AS TEXT), '')"),
    }
}
