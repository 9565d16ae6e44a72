//! The platform on SQLite.

use std::path::Path;

use lapsed_model::{Statement, Value};
use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Column as _, Row as _, Sqlite, TypeInfo as _, ValueRef as _};

use super::Row;

/// The platform's tables and the consents.
pub(super) const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' \
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
    AND (name NOT LIKE 'lapsed\\_%' ESCAPE '\\' OR name = 'lapsed_consent') ORDER BY name";

#[derive(Debug)]
pub(super) struct Connection(SqlitePool);

impl Connection {
    pub(super) fn to(path: &Path) -> Self {
        // What the platform loses in a power failure is not what is tested here.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .synchronous(SqliteSynchronous::Off);
        let pool = SqlitePoolOptions::new().max_connections(1);
        Self(pool.connect_lazy_with(options))
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }

    pub(super) async fn run(&self, sql: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.0)
            .await
            .map(|_| ())
    }

    pub(super) async fn run_script(&self, inputs: &[Statement], script: &str) -> Result<(), sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        for input in inputs {
            query(&input.sql, &input.binds).execute(&mut *transaction).await?;
        }
        sqlx::raw_sql(AssertSqlSafe(script))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    pub(super) async fn insert_all(&self, rows: &[(&str, Vec<(&str, Value)>)]) -> Result<(), sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        for (table, row) in rows {
            let (columns, values): (Vec<&str>, Vec<Value>) = row.iter().cloned().unzip();
            let places: Vec<String> = (1..=row.len()).map(|n| format!("${n}")).collect();
            let sql = format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                columns.join(", "),
                places.join(", ")
            );
            query(&sql, &values).execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    pub(super) async fn set(&self, table: &str, column: &str, value: &Value) -> Result<(), sqlx::Error> {
        let (sql, value) = (format!("UPDATE {table} SET {column} = $1"), [value.clone()]);
        query(&sql, &value).execute(&self.0).await.map(|_| ())
    }

    pub(super) async fn all(&self, sql: &str) -> Result<Vec<Row>, sqlx::Error> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&self.0).await?;
        Ok(rows.iter().map(record).collect())
    }

    /// The statement's steps as SQLite would take them.
    pub(super) async fn steps(&self, statement: &Statement) -> Result<Vec<String>, sqlx::Error> {
        let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let rows = query(&sql, &statement.binds).fetch_all(&self.0).await?;
        Ok(rows.iter().map(|row| row.get("detail")).collect())
    }
}

fn query<'q>(sql: &'q str, values: &'q [Value]) -> Query<'q, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(sql));
    values.iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(*number),
        Value::Real(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_str()),
    })
}

fn record(row: &SqliteRow) -> Row {
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
        // Bytes, such as the check sums of migrations, are shown as what they spell.
        _ => Value::Text(String::from_utf8_lossy(&row.get_unchecked::<Vec<u8>, _>(index)).into_owned()),
    }
}
