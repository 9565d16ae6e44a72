//! Running what the dataset composed: the one place where SQL that was written at run time meets the driver.

use lapsed_model::{Statement, SubjectKey, Value};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, Sqlite, TypeInfo, ValueRef};

use super::Store;
use crate::error::{Result, StoreError};

/// A row of a statement's result.
pub type Row = Vec<Value>;

/// The statement, with its values bound.
pub(super) fn query(statement: &Statement) -> sqlx::query::Query<'_, Sqlite, SqliteArguments> {
    // Identifiers in it come from the store's own catalogue and values are bound: the dataset crate sees to that.
    let query = sqlx::query(AssertSqlSafe(statement.sql.as_str()));
    statement.binds.iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(*number),
        Value::Real(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_str()),
    })
}

/// A value in whatever type the row holds it.
pub(super) fn value<I>(row: &SqliteRow, index: I) -> std::result::Result<Value, sqlx::Error>
where
    I: sqlx::ColumnIndex<SqliteRow> + Copy,
{
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    match raw.type_info().name() {
        "INTEGER" | "BOOLEAN" => row.try_get_unchecked(index).map(Value::Integer),
        "REAL" => row.try_get_unchecked(index).map(Value::Real),
        // Bytes have no place in a key or an instant; as text they show what they are.
        _ => row
            .try_get_unchecked::<Vec<u8>, _>(index)
            .map(|bytes| Value::Text(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

/// A person's key in whatever type the row holds it.
pub(super) fn subject_key(value: Value) -> Option<SubjectKey> {
    match value {
        Value::Integer(number) => Some(SubjectKey::Integer(number)),
        Value::Text(text) => Some(SubjectKey::Text(text)),
        Value::Null | Value::Real(_) => None,
    }
}

impl Store {
    /// The rows that a statement of the dataset returns. It runs on a connection that cannot write.
    pub async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        let rows = query(statement)
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read"))?;
        let read = |row: &SqliteRow| (0..row.len()).map(|index| value(row, index)).collect();
        rows.iter()
            .map(read)
            .collect::<std::result::Result<_, _>>()
            .map_err(StoreError::of("read"))
    }
}
