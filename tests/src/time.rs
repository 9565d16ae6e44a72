//! Instants as tests write them.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use lapsed_model::Value;

/// The instant that a test means: RFC 3339, or a date for noon of that day, which lies on the same day in most zones.
///
/// # Panics
///
/// If it is neither.
#[must_use]
pub fn instant(text: &str) -> DateTime<Utc> {
    match text.parse::<NaiveDate>() {
        Ok(date) => date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(12),
        Err(_) => text
            .parse()
            .unwrap_or_else(|why| panic!("`{text}` is no instant: {why}")),
    }
}

/// The same, as the reference schema writes it down.
#[must_use]
pub fn milliseconds(text: &str) -> Value {
    Value::Integer(instant(text).timestamp_millis())
}
