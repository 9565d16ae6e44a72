//! The platform's own software, as far as a test needs it.
//!
//! It does not know that there is a daemon: it has a connection of its own, and sells, books and cancels on it. Tests
//! also look at the store through it, so that what they see does not come from the code that they test.
//!
//! Stories say in SQL what both databases read. For what they do not say alike there are verbs here (`verbs.rs`), and
//! each database has a file that knows its ways.

mod postgres;
mod sight;
mod sqlite;
mod steps;
mod verbs;

use std::collections::BTreeMap;

use lapsed_model::{Dialect, Statement, Value};
use lapsed_store::Address;

use crate::Picture;
pub use steps::Steps;
pub use verbs::{Act, Locked};

/// A row of a table, by column.
pub type Record = BTreeMap<String, Value>;

/// A row in the order of its columns.
type Row = Vec<(String, Value)>;

/// A second program on the same store.
#[derive(Debug)]
pub struct Platform {
    on: On,
    address: Address,
}

#[derive(Debug)]
enum On {
    Sqlite(sqlite::Connection),
    Postgres(postgres::Connection),
}

impl Platform {
    /// The platform of the store at an address.
    #[must_use]
    pub fn on(address: &Address) -> Self {
        let on = match address {
            Address::File(path) => On::Sqlite(sqlite::Connection::to(path)),
            Address::Server(server) => On::Postgres(postgres::Connection::to(server)),
        };
        let address = address.clone();
        Self { on, address }
    }

    fn dialect(&self) -> Dialect {
        match &self.on {
            On::Sqlite(_) => Dialect::Sqlite,
            On::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Lets go of the store.
    pub async fn close(&self) {
        match &self.on {
            On::Sqlite(on) => on.close().await,
            On::Postgres(on) => on.close().await,
        }
    }

    /// Runs statements as they stand.
    pub async fn run(&self, sql: &str) {
        self.try_run(sql)
            .await
            .unwrap_or_else(|why| panic!("{sql}: {why}"));
    }

    async fn try_run(&self, sql: &str) -> Result<(), sqlx::Error> {
        match &self.on {
            On::Sqlite(on) => on.run(sql).await,
            On::Postgres(on) => on.run(sql).await,
        }
    }

    /// Runs a script with what it wants to know before it, all of it or nothing.
    pub async fn run_script(&self, inputs: &[Statement], script: &str) {
        match &self.on {
            On::Sqlite(on) => on.run_script(inputs, script).await,
            On::Postgres(on) => on.run_script(inputs, script).await,
        }
        .unwrap_or_else(|why| panic!("a script: {why}"));
    }

    /// Adds a row.
    pub async fn insert(&self, table: &str, row: &[(&str, Value)]) {
        self.insert_all(&[(table, row.to_vec())]).await;
    }

    /// Adds rows, all at once or none. A value is written as its column wants it: an instant in milliseconds becomes one of
    /// the database's where the column holds such, and a person's key keeps its type.
    pub async fn insert_all(&self, rows: &[(&str, Vec<(&str, Value)>)]) {
        match &self.on {
            On::Sqlite(on) => on.insert_all(rows).await,
            On::Postgres(on) => on.insert_all(rows).await,
        }
        .unwrap_or_else(|why| panic!("{rows:?}: {why}"));
    }

    /// What a query returns.
    pub async fn rows(&self, sql: &str) -> Vec<Record> {
        let rows = self.all(sql).await;
        rows.into_iter().map(|row| row.into_iter().collect()).collect()
    }

    /// The first value that a query returns.
    pub async fn value(&self, sql: &str) -> Value {
        let value = self.first(sql).await;
        value.unwrap_or_else(|| panic!("{sql} returns nothing"))
    }

    /// The same of a statement that may return no row.
    pub async fn first(&self, sql: &str) -> Option<Value> {
        let row = self.all(sql).await.into_iter().next()?;
        row.into_iter().next().map(|(_, value)| value)
    }

    /// How many rows of a table (or of a condition behind it) there are.
    pub async fn count(&self, table: &str) -> i64 {
        match self.value(&format!("SELECT count(*) FROM {table}")).await {
            Value::Integer(rows) => rows,
            other => panic!("a count is a number, and not {other:?}"),
        }
    }

    /// The whole store as it stands: every table of the platform, and the consents.
    pub async fn picture(&self) -> Picture {
        let mut picture = Picture::default();
        for name in self.tables().await {
            for row in self.all(&format!("SELECT * FROM {name}")).await {
                let key = row[0].1.clone();
                picture.add(&name, &key, row.into_iter().collect());
            }
        }
        picture
    }

    /// Every text of the same tables, those of a row without anything between them: so they stand in a file.
    pub async fn running_text(&self) -> String {
        let mut texts = String::new();
        for name in self.tables().await {
            for row in self.all(&format!("SELECT * FROM {name}")).await {
                for (_, value) in row {
                    if let Value::Text(text) = value {
                        texts.push_str(&text);
                    }
                }
                texts.push('\0');
            }
        }
        texts
    }

    /// The platform's tables and the consents.
    async fn tables(&self) -> Vec<String> {
        let sql = match self.dialect() {
            Dialect::Sqlite => sqlite::TABLES,
            Dialect::Postgres => postgres::TABLES,
        };
        let tables = self.all(sql).await.into_iter();
        tables.map(|row| text(&row[0].1).to_owned()).collect()
    }

    async fn all(&self, sql: &str) -> Vec<Row> {
        match &self.on {
            On::Sqlite(on) => on.all(sql).await,
            On::Postgres(on) => on.all(sql).await,
        }
        .unwrap_or_else(|why| panic!("{sql}: {why}"))
    }
}

fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        other => panic!("{other:?} is no text"),
    }
}
