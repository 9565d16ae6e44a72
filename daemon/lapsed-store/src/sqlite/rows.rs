//! Values on their way to SQLite and back.

use lapsed_model::Value;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, Sqlite, TypeInfo as _, ValueRef as _};

/// The statement, with its values bound.
pub(crate) fn query<'q>(sql: &'q str, values: &'q [Value]) -> Query<'q, Sqlite, SqliteArguments> {
    // It is a text of ours, or its identifiers come from the store's own catalogue: the dataset crate sees to that.
    let query = sqlx::query(AssertSqlSafe(sql));
    values.iter().fold(query, |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(number) => query.bind(*number),
        Value::Real(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_str()),
    })
}

/// A value in whatever type the row holds it.
pub(crate) fn value(row: &SqliteRow, place: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    match raw.type_info().name() {
        "INTEGER" | "BOOLEAN" => row.try_get_unchecked(place).map(Value::Integer),
        "REAL" => row.try_get_unchecked(place).map(Value::Real),
        // Bytes have no place in a key or an instant; as text they show what they are.
        _ => row
            .try_get_unchecked::<Vec<u8>, _>(place)
            .map(|bytes| Value::Text(String::from_utf8_lossy(&bytes).into_owned())),
    }
}
