//! The platform on PostgreSQL.
//!
//! Everything goes through the simple protocol, in which each value comes as its text, so that nothing of what the daemon
//! knows of the binary forms is used to look at what it did.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::{DateTime, SecondsFormat, Utc};
use lapsed_model::{Statement, Value};
use sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Column as _, Row as _, TypeInfo as _, ValueRef as _};

use super::Row;
use crate::server::options_of_platform;

/// The platform's tables and the consents.
pub(super) const TABLES: &str = "SELECT CASE WHEN schemaname IN ('public', 'lapsed') THEN tablename \
        ELSE schemaname || '.' || tablename END AS name FROM pg_tables \
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'lapsed') \
        OR (schemaname = 'lapsed' AND tablename = 'lapsed_consent') ORDER BY 1";

#[derive(Debug)]
pub(super) struct Connection {
    pool: PgPool,
    /// The types of columns, by table.
    types: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
}

impl Connection {
    pub(super) fn to(server: &lapsed_store::Server) -> Self {
        let pool = PgPoolOptions::new().max_connections(1);
        Self {
            pool: pool.connect_lazy_with(options_of_platform(server)),
            types: Mutex::default(),
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) async fn run(&self, sql: &str) -> Result<(), sqlx::Error> {
        // A table may look different afterwards.
        self.types.lock().expect("nobody panics with it").clear();
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.pool)
            .await
            .map(|_| ())
    }

    pub(super) async fn run_script(&self, inputs: &[Statement], script: &str) -> Result<(), sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        for input in inputs {
            let sql = with_values(input);
            sqlx::raw_sql(AssertSqlSafe(sql.as_str()))
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::raw_sql(AssertSqlSafe(script))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    pub(super) async fn insert_all(&self, rows: &[(&str, Vec<(&str, Value)>)]) -> Result<(), sqlx::Error> {
        let mut sql = String::new();
        for (table, row) in rows {
            let types = self.types_of(table).await?;
            let columns: Vec<&str> = row.iter().map(|(column, _)| *column).collect();
            let written = |(column, value): &(&str, Value)| {
                let kind = types.get(*column).map_or("text", String::as_str);
                as_wanted(value, kind)
            };
            let values: Vec<String> = row.iter().map(written).collect();
            sql.push_str(&format!(
                "INSERT INTO {table} ({}) VALUES ({});\n",
                columns.join(", "),
                values.join(", ")
            ));
        }
        // Several statements in one message are one transaction.
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await?;
        Ok(())
    }

    pub(super) async fn set(&self, table: &str, column: &str, value: &Value) -> Result<(), sqlx::Error> {
        let types = self.types_of(table).await?;
        let value = as_wanted(value, types.get(column).map_or("text", String::as_str));
        self.run(&format!("UPDATE {table} SET {column} = {value}")).await
    }

    async fn types_of(&self, table: &str) -> Result<BTreeMap<String, String>, sqlx::Error> {
        let known = |table| {
            self.types
                .lock()
                .expect("nobody panics with it")
                .get(table)
                .cloned()
        };
        if let Some(types) = known(table) {
            return Ok(types);
        }
        let sql = format!(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute \
             WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        let types: BTreeMap<String, String> = rows
            .iter()
            .map(|row| (written(row, 0), written(row, 1)))
            .collect();
        let mut all = self.types.lock().expect("nobody panics with it");
        Ok(all.entry(table.to_owned()).or_insert(types).clone())
    }

    pub(super) async fn all(&self, sql: &str) -> Result<Vec<Row>, sqlx::Error> {
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(record).collect())
    }

    /// The statement's plan, in PostgreSQL's JSON.
    pub(super) async fn plan(&self, statement: &Statement) -> Result<String, sqlx::Error> {
        let sql = format!("EXPLAIN (FORMAT JSON) {}", with_values(statement));
        let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&self.pool).await?;
        Ok(written(&row, 0))
    }
}

/// The statement with its values written where they are bound, each in the type in which the daemon binds it.
fn with_values(statement: &Statement) -> String {
    let mut sql = statement.sql.clone();
    for (place, value) in statement.binds.iter().enumerate().rev() {
        let value = match value {
            Value::Null => "NULL".to_owned(),
            Value::Integer(number) => format!("({number}::bigint)"),
            Value::Real(number) => format!("({number}::double precision)"),
            Value::Text(text) => format!("({}::text)", quoted(text)),
        };
        sql = sql.replace(&format!("${}", place + 1), &value);
    }
    sql
}

/// A value as a column of some type wants it.
fn as_wanted(value: &Value, kind: &str) -> String {
    match (kind, value) {
        (_, Value::Null) => "NULL".to_owned(),
        ("jsonb", Value::Integer(number)) => format!("'{number}'"),
        // What is an object or a list already is one; anything else is a scalar, such as a key.
        ("jsonb", Value::Text(text)) if !text.starts_with(['{', '[']) => {
            quoted(&serde_json::Value::from(text.as_str()).to_string())
        }
        ("timestamp with time zone", Value::Integer(milliseconds)) => {
            format!("to_timestamp({milliseconds} / 1000.0)")
        }
        (_, Value::Integer(number)) => format!("'{number}'"),
        (_, Value::Real(number)) => format!("'{number}'"),
        (_, Value::Text(text)) => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn record(row: &PgRow) -> Row {
    row.columns()
        .iter()
        .map(|column| (column.name().to_owned(), value(row, column.ordinal())))
        .collect()
}

/// The text of a value that is there.
fn written(row: &PgRow, index: usize) -> String {
    let raw = row.try_get_raw(index).expect("a column that is there");
    raw.as_str().expect("text").to_owned()
}

fn value(row: &PgRow, index: usize) -> Value {
    let raw = row.try_get_raw(index).expect("a column that is there");
    if raw.is_null() {
        return Value::Null;
    }
    let text = written(row, index);
    let wrong = || -> ! { panic!("{text} is not what its type says") };
    match raw.type_info().name() {
        "BOOL" => Value::Integer(i64::from(text == "t")),
        "INT2" | "INT4" | "INT8" | "OID" => Value::Integer(text.parse().unwrap_or_else(|_| wrong())),
        "FLOAT4" | "FLOAT8" => Value::Real(text.parse().unwrap_or_else(|_| wrong())),
        "NUMERIC" => match text.parse() {
            Ok(whole) => Value::Integer(whole),
            Err(_) => Value::Real(text.parse().unwrap_or_else(|_| wrong())),
        },
        "JSONB" => scalar(&text),
        "TIMESTAMPTZ" => Value::Text(instant(&text)),
        _ => Value::Text(text),
    }
}

/// A key keeps its type as a scalar of JSON; anything else stays its text.
fn scalar(text: &str) -> Value {
    match serde_json::from_str(text).expect("jsonb is JSON") {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Number(number) => number.as_i64().map_or_else(
            || Value::Real(number.as_f64().unwrap_or(f64::NAN)),
            Value::Integer,
        ),
        _ => Value::Text(text.to_owned()),
    }
}

/// As everybody else writes it: `2026-11-22T12:00:00.000000Z`.
fn instant(text: &str) -> String {
    let read = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z");
    read.map_or_else(
        |_| text.to_owned(),
        |at| {
            at.with_timezone(&Utc)
                .to_rfc3339_opts(SecondsFormat::Micros, true)
        },
    )
}
