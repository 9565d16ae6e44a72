//! Values on their way to PostgreSQL and back.
//!
//! The driver keeps no statement: through a pooler that hands every transaction another connection, a statement that
//! was prepared earlier belongs to somebody else (with the driver's cache on, some calls returned the result of another
//! statement without an error).

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use lapsed_model::Value;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Encode, Postgres, Row as _, Type, TypeInfo as _, ValueRef as _};

/// The statement, with its values bound.
pub(crate) fn query<'q>(sql: &'q str, values: &'q [Value]) -> Query<'q, Postgres, PgArguments> {
    // It is a text of ours, or its identifiers come from the store's own catalogue: the dataset crate sees to that.
    let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
    values.iter().fold(query, |query, value| match value {
        Value::Null => query.bind(Nothing),
        Value::Integer(number) => query.bind(*number),
        Value::Real(number) => query.bind(*number),
        Value::Text(text) => query.bind(text.as_str()),
    })
}

/// No value, of whatever type the statement wants there.
struct Nothing;

impl Type<Postgres> for Nothing {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Nothing {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

/// A value in whatever type the row holds it.
pub(crate) fn value(row: &PgRow, place: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let wrong = |source: BoxDynError| sqlx::Error::ColumnDecode {
        index: place.to_string(),
        source,
    };
    let bytes = raw.as_bytes().map_err(wrong)?;
    read(raw.type_info().name(), bytes).ok_or_else(|| wrong("its bytes make no sense".into()))
}

/// A value from its binary form.
fn read(type_name: &str, bytes: &[u8]) -> Option<Value> {
    Some(match type_name {
        "BOOL" => Value::Integer(i64::from(*bytes.first()? != 0)),
        "INT2" => Value::Integer(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        "INT4" => Value::Integer(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        "OID" => Value::Integer(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        "INT8" => Value::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        "FLOAT4" => Value::Real(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        "FLOAT8" => Value::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        "NUMERIC" => numeric(bytes)?,
        "TIMESTAMPTZ" | "TIMESTAMP" => Value::Text(instant(i64::from_be_bytes(bytes.try_into().ok()?))),
        "DATE" => Value::Text(date(i32::from_be_bytes(bytes.try_into().ok()?))),
        "UUID" => Value::Text(uuid(bytes)),
        // A version stands before the text.
        "JSONB" => json(bytes.get(1..)?)?,
        // Bytes have no place in a key or an instant; as text they show what they are.
        _ => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
    })
}

/// A key keeps its type as a scalar of JSON; anything else stays its text.
fn json(text: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(text).ok()?;
    Some(match serde_json::from_str(text).ok()? {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(real)) => Value::Real(real),
            (None, None) => Value::Null,
        },
        _ => Value::Text(text.to_owned()),
    })
}

/// `numeric` comes as digits to the base of 10,000: how many, the weight of the first, sign, decimals, digits.
fn numeric(bytes: &[u8]) -> Option<Value> {
    let short = |place: usize| {
        Some(u16::from_be_bytes(
            bytes.get(2 * place..2 * place + 2)?.try_into().ok()?,
        ))
    };
    let (digits, weight) = (usize::from(short(0)?), i32::from(short(1)?.cast_signed()));
    let sign = match short(2)? {
        0 => 1.0,
        0x4000 => -1.0,
        _ => return Some(Value::Real(f64::NAN)),
    };
    let mut number = 0.0;
    for place in 0..digits {
        let power = weight - i32::try_from(place).ok()?;
        number += f64::from(short(4 + place)?) * 10_000_f64.powi(power);
    }
    number *= sign;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and far from the ends of an i64"
    )]
    let whole = (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    Some(whole.map_or(Value::Real(number), Value::Integer))
}

/// Microseconds since the year 2000; the ends of the type stand for ever.
fn instant(microseconds: i64) -> String {
    const FROM_1970: i64 = 946_684_800_000_000;
    match microseconds {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        since_2000 => since_2000
            .checked_add(FROM_1970)
            .and_then(DateTime::<Utc>::from_timestamp_micros)
            .map_or_else(
                || "infinity".to_owned(),
                |at| at.to_rfc3339_opts(SecondsFormat::Micros, true),
            ),
    }
}

/// Days since the year 2000.
fn date(days: i32) -> String {
    let start = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    let away = Days::new(days.unsigned_abs().into());
    let date = match days {
        i32::MAX => return "infinity".to_owned(),
        i32::MIN => return "-infinity".to_owned(),
        0.. => start.checked_add_days(away),
        _ => start.checked_sub_days(away),
    };
    date.map_or_else(|| "infinity".to_owned(), |date| date.to_string())
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_any_size_is_read_from_its_digits() {
        // 12345.5: two digits before the point, one behind it.
        let bytes = [0, 3, 0, 1, 0, 0, 0, 1, 0, 1, 0x09, 0x29, 0x13, 0x88];
        assert_eq!(numeric(&bytes), Some(Value::Real(12_345.5)));
        assert_eq!(
            numeric(&[0, 1, 0, 1, 0x40, 0, 0, 0, 0, 2]),
            Some(Value::Integer(-20_000))
        );
        assert_eq!(numeric(&[0, 0, 0, 0, 0, 0, 0, 0]), Some(Value::Integer(0)));
    }

    #[test]
    fn a_key_keeps_its_type() {
        assert_eq!(json(b"17"), Some(Value::Integer(17)));
        assert_eq!(json(b"\"17\""), Some(Value::Text("17".to_owned())));
    }

    #[test]
    fn instants_and_days_are_written_as_everybody_writes_them() {
        assert_eq!(instant(0), "2000-01-01T00:00:00.000000Z");
        assert_eq!(instant(i64::MAX), "infinity");
        assert_eq!(date(-1), "1999-12-31");
    }
}
