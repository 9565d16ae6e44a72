//! Looking for what should be gone: what identifies a few people before they are erased, and every text of the store after.

use std::collections::BTreeSet;

use lapsed_model::{Statement, SubjectKey, Table};

use crate::Fitted;
use crate::dataset::Verb;
use crate::sql::{Sql, literal, quote};

/// What stands between two columns of a row that is searched: no text of people has it.
pub const BETWEEN: char = '\u{1f}';

/// What a value of a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifying {
    /// An address on a channel: a mail address, a phone number.
    Contact,
    /// The name that is replaced by a marker: the last name, or all of it.
    Name,
    /// Something else that the person is found by; with the name it may be a full name.
    Beside,
}

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
}

impl Fitted<'_> {
    /// How many rows a page of a table has.
    pub const PAGE_OF_ROWS: i64 = 5_000;

    /// What identifies at most `most` people of a plan: rows of (key, values …) in the order of
    /// [`Fitted::identifying`], spread over the whole plan.
    #[must_use]
    pub fn sample_of_plan(&self, plan: &str, people: u64, most: u32) -> Statement {
        let subject = &self.dataset.subject;
        let (table, key) = (quote(&subject.table.value), quote(&subject.key.value));
        let columns: String = self
            .identifying()
            .iter()
            .map(|(column, _)| format!(", CAST(s.{} AS TEXT)", quote(column)))
            .collect();
        let mut sql = Sql::default();
        let plan = sql.bind(plan.into());
        let step = sql.bind(
            i64::try_from((people / u64::from(most.max(1))).max(1))
                .unwrap_or(i64::MAX)
                .into(),
        );
        sql.finish(format!(
            "SELECT s.{key}{columns} FROM (SELECT subject, row_number() OVER (ORDER BY subject) AS place \
             FROM lapsed_plan_subject WHERE plan = {plan}) p CROSS JOIN {table} s \
             WHERE (p.place - 1) % {step} = 0 AND s.{key} = p.subject LIMIT {most}"
        ))
    }

    /// The columns that identify a person, and what each is.
    #[must_use]
    pub fn identifying(&self) -> Vec<(&str, Identifying)> {
        let subject = &self.dataset.subject;
        let contact = subject
            .contact
            .values()
            .map(|column| (column.value.as_str(), Identifying::Contact));
        let name = subject
            .columns
            .iter()
            .filter(|rule| rule.verb == Verb::NameMarker && rule.json_key.is_none())
            .map(|rule| (rule.column.value.as_str(), Identifying::Name));
        let mut columns: Vec<(&str, Identifying)> = contact.chain(name).collect();
        let beside = subject.find.iter().map(|column| column.value.as_str());
        for column in beside {
            let is_personal = subject
                .columns
                .iter()
                .any(|rule| rule.column.value == column && rule.verb.is_personal());
            if is_personal && !columns.iter().any(|(known, _)| *known == column) {
                columns.push((column, Identifying::Beside));
            }
        }
        columns
    }

    /// Which of these people are anonymised now.
    #[must_use]
    pub fn erased_of(&self, people: &[SubjectKey]) -> Statement {
        let subject = &self.dataset.subject;
        let (table, key) = (quote(&subject.table.value), quote(&subject.key.value));
        let erased = self.is_erased();
        let mut sql = Sql::default();
        let keys: Vec<String> = people.iter().map(|person| sql.bind(person.to_value())).collect();
        sql.finish(format!(
            "SELECT s.{key} FROM {table} s WHERE s.{key} IN ({}) AND {erased}",
            keys.join(", ")
        ))
    }

    /// How every table is searched: the platform's, and `own` ones of the daemon, which the store names with those of
    /// their columns that hold text.
    #[must_use]
    pub fn searched(&self, own: &[(String, Vec<String>)]) -> Vec<Searched> {
        let platform = self
            .catalogue
            .tables
            .iter()
            .filter(|(_, table)| !table.is_view)
            .map(|(name, table)| self.searched_table(name, table));
        let own = own
            .iter()
            .map(|(name, columns)| search(name.clone(), columns.clone(), BTreeSet::new(), None));
        platform.chain(own).collect()
    }

    fn searched_table(&self, name: &str, table: &Table) -> Searched {
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        let of_table = self
            .dataset
            .related
            .iter()
            .filter(|related| related.table.value == name);
        let waiting = of_table
            .flat_map(|related| &related.later)
            .flat_map(|later| later.columns.iter().map(|column| column.value.clone()))
            .collect();
        // The name of the row's number, unless the platform gave it to a column of its own.
        let row = ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|row| !columns.iter().any(|column| column.eq_ignore_ascii_case(row)));
        search(name.to_owned(), columns, waiting, row)
    }
}

impl Searched {
    /// The same in one piece, for a table whose rows have no numbers.
    #[must_use]
    pub fn in_one_piece(self) -> Self {
        search(self.table, self.columns, self.waiting, None)
    }
}

fn search(table: String, columns: Vec<String>, waiting: BTreeSet<String>, row: Option<&str>) -> Searched {
    let texts: Vec<String> = columns
        .iter()
        .map(|column| format!("coalesce(CAST({} AS TEXT), '')", quote(column)))
        .collect();
    let texts = texts.join(&format!(" || {} || ", literal(&BETWEEN.to_string())));
    let from = quote(&table);
    let mut sql = Sql::default();
    let statement = match row {
        Some(row) => {
            let after = sql.bind(i64::MIN.into());
            format!(
                "SELECT {row}, {texts} FROM {from} WHERE {row} > {after} ORDER BY {row} LIMIT {}",
                Fitted::PAGE_OF_ROWS
            )
        }
        None => format!("SELECT 0, {texts} FROM {from}"),
    };
    Searched {
        table,
        columns,
        waiting,
        statement: sql.finish(statement),
        in_pages: row.is_some(),
    }
}
