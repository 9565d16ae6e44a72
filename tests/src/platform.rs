//! The platform's own software, as far as a test needs it.
//!
//! It does not know that there is a daemon: it has a connection of its own, and sells, books and cancels on it. Tests
//! also look at the store through it, so that what they see does not come from the code that they test.

use std::collections::BTreeMap;
use std::path::Path;

use lapsed_model::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Column as _, Row as _, TypeInfo as _, ValueRef as _};

use crate::Picture;

/// A row of a table, by column.
pub type Record = BTreeMap<String, Value>;

/// A second program on the same store.
#[derive(Debug)]
pub struct Platform {
    connection: SqlitePool,
}

impl Platform {
    pub(crate) fn on(path: &Path) -> Self {
        // What the platform loses in a power failure is not what is tested here.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .synchronous(SqliteSynchronous::Off);
        let connection = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(options);
        Self { connection }
    }

    /// Lets go of the store.
    pub(crate) async fn close(&self) {
        self.connection.close().await;
    }

    /// Runs statements as they stand.
    pub async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.connection)
            .await
            .unwrap_or_else(|why| panic!("{sql}: {why}"));
    }

    /// Adds a row.
    pub async fn insert(&self, table: &str, row: &[(&str, Value)]) {
        self.insert_all(&[(table, row.to_vec())]).await;
    }

    /// Adds rows, all at once or none.
    pub async fn insert_all(&self, rows: &[(&str, Vec<(&str, Value)>)]) {
        let mut transaction = self.connection.begin().await.expect("a transaction");
        for (table, row) in rows {
            let columns: Vec<&str> = row.iter().map(|(column, _)| *column).collect();
            let values: Vec<String> = (1..=row.len()).map(|n| format!("${n}")).collect();
            let sql = format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                columns.join(", "),
                values.join(", ")
            );
            let query =
                row.iter().fold(
                    sqlx::query(AssertSqlSafe(sql.as_str())),
                    |query, (_, value)| match value {
                        Value::Null => query.bind(None::<i64>),
                        Value::Integer(number) => query.bind(*number),
                        Value::Real(number) => query.bind(*number),
                        Value::Text(text) => query.bind(text.as_str()),
                    },
                );
            query
                .execute(&mut *transaction)
                .await
                .unwrap_or_else(|why| panic!("{sql} with {row:?}: {why}"));
        }
        transaction.commit().await.expect("a commit");
    }

    /// What a query returns.
    pub async fn rows(&self, sql: &str) -> Vec<Record> {
        let rows = sqlx::query(AssertSqlSafe(sql))
            .fetch_all(&self.connection)
            .await
            .unwrap_or_else(|why| panic!("{sql}: {why}"));
        rows.iter().map(record).collect()
    }

    /// The first value that a query returns.
    pub async fn value(&self, sql: &str) -> Value {
        let row = sqlx::query(AssertSqlSafe(sql))
            .fetch_one(&self.connection)
            .await
            .unwrap_or_else(|why| panic!("{sql}: {why}"));
        value(&row, 0)
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
            for row in &self.all(&name).await {
                picture.add(&name, &value(row, 0), record(row));
            }
        }
        picture
    }

    /// Every text of the same tables, those of a row without anything between them: so they stand in the file.
    pub async fn running_text(&self) -> String {
        let mut texts = String::new();
        for name in self.tables().await {
            for row in &self.all(&name).await {
                for index in 0..row.len() {
                    if let Value::Text(text) = value(row, index) {
                        texts.push_str(&text);
                    }
                }
                texts.push('\0');
            }
        }
        texts
    }

    async fn tables(&self) -> Vec<String> {
        let tables = self
            .rows(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
                 AND (name NOT LIKE 'lapsed\\_%' ESCAPE '\\' OR name = 'lapsed_consent') ORDER BY name",
            )
            .await;
        let name = |table: &Record| match &table["name"] {
            Value::Text(name) => name.clone(),
            other => panic!("{other:?} is no name of a table"),
        };
        tables.iter().map(name).collect()
    }

    async fn all(&self, table: &str) -> Vec<SqliteRow> {
        sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}")))
            .fetch_all(&self.connection)
            .await
            .expect("a table that is there")
    }
}

fn record(row: &SqliteRow) -> Record {
    row.columns()
        .iter()
        .map(|column| (column.name().to_owned(), value(row, column.ordinal())))
        .collect()
}

fn value(row: &SqliteRow, index: usize) -> Value {
    let raw = row.try_get_raw(index).expect("a column that is there");
    if raw.is_null() {
        return Value::Null;
    }
    match raw.type_info().name() {
        "INTEGER" | "BOOLEAN" => Value::Integer(row.get_unchecked(index)),
        "REAL" => Value::Real(row.get_unchecked(index)),
        _ => Value::Text(row.get_unchecked(index)),
    }
}
