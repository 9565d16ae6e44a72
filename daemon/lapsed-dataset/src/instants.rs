//! How a platform writes an instant down, and what is made of it when it is read.
//!
//! Every comparison is strict. What cannot be read as an instant never makes anybody due: it fails every
//! *before* and passes every *after*, so that damaged data keeps people rather than erasing them. The SQL of it is in
//! `reading.rs`.

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;
use lapsed_model::{At, Bounds, Value, day_start};

/// The forms of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instants {
    /// Milliseconds since 1970 UTC, as a number.
    Milliseconds,
    /// Seconds since 1970 UTC, as a number, with or without a fraction.
    Seconds,
    /// ISO 8601 text; without an offset it is UTC.
    Iso8601,
    /// PostgreSQL's `timestamp with time zone`; a `timestamp` without one is UTC.
    Timestamptz,
    /// A date without a time, as ISO 8601 text or PostgreSQL's `date`: a day of the tenant's calendar.
    Date,
}

/// What a date without a time stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateIs {
    /// Something began or happened on that day: its first instant.
    Start,
    /// Something ends on that day: the first instant after it.
    End,
}

impl Instants {
    /// Every form, with its word in a dataset file.
    pub const WORDS: [(&'static str, Instants); 5] = [
        ("milliseconds", Instants::Milliseconds),
        ("seconds", Instants::Seconds),
        ("iso8601", Instants::Iso8601),
        ("timestamptz", Instants::Timestamptz),
        ("date", Instants::Date),
    ];

    /// Its word in a dataset file.
    #[must_use]
    pub fn word(self) -> &'static str {
        let named = Instants::WORDS.into_iter().find(|(_, form)| *form == self);
        named.map_or("", |(word, _)| word)
    }

    /// `instant` as this platform would write it down.
    #[must_use]
    pub fn write(self, instant: DateTime<Utc>, zone: Tz) -> Value {
        match self {
            Instants::Milliseconds => Value::Integer(instant.timestamp_millis()),
            Instants::Seconds => Value::Integer(instant.timestamp()),
            Instants::Iso8601 => Value::Text(instant.to_rfc3339_opts(SecondsFormat::Millis, true)),
            Instants::Timestamptz => Value::Text(instant.to_rfc3339_opts(SecondsFormat::Micros, true)),
            Instants::Date => Value::Text(Bounds::today(instant, zone).to_string()),
        }
    }

    /// Makes an instant of what was fetched, milliseconds or the text of a date, and of whether there was anything to read.
    #[must_use]
    pub fn interpret(self, read: &Value, is_null: bool, never_ends: bool, date_is: DateIs, zone: Tz) -> At {
        if is_null {
            return if never_ends { At::Never } else { At::Unknown };
        }
        let instant = match read {
            Value::Integer(milliseconds) => DateTime::from_timestamp_millis(*milliseconds),
            Value::Real(milliseconds) if milliseconds.is_infinite() => return endless(*milliseconds > 0.0),
            Value::Real(milliseconds) if milliseconds.is_nan() => None,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "instants are far from the ends of an i64"
            )]
            Value::Real(milliseconds) => DateTime::from_timestamp_micros((milliseconds * 1000.0) as i64),
            Value::Text(date) if date == "infinity" => return endless(true),
            Value::Text(date) if date == "-infinity" => return endless(false),
            Value::Text(date) => date.parse::<NaiveDate>().ok().and_then(|date| match date_is {
                DateIs::Start => Some(day_start(zone, date)),
                DateIs::End => Some(day_start(zone, date.checked_add_days(Days::new(1))?)),
            }),
            Value::Null => None,
        };
        instant.map_or(At::Unreadable, At::Instant)
    }
}

/// PostgreSQL's `infinity` is behind every instant, `-infinity` before every one: the beginning of the calendar is, too.
fn endless(in_the_future: bool) -> At {
    const FIRST_OF_JANUARY_1: i64 = -62_135_596_800;
    match DateTime::from_timestamp(FIRST_OF_JANUARY_1, 0) {
        Some(long_ago) if !in_the_future => At::Instant(long_ago),
        _ => At::Never,
    }
}

/// The date to compare dates with, so that `date < it` (or `date > it`) says the same as comparing the instants
/// that the dates stand for with `bound`.
pub(crate) fn date_bound(bound: DateTime<Utc>, before: bool, date_is: DateIs, zone: Tz) -> Value {
    let day = Bounds::today(bound, zone);
    let starts_its_day = day_start(zone, day) == bound;
    // With days numbered d and `bound` in day b: start(d) < bound for d < b, and for d = b unless bound is its
    // first instant; start(d) > bound for d > b.
    let date = match (before, starts_its_day) {
        (true, false) => day.succ_opt(),
        (true, true) | (false, _) => Some(day),
    };
    let date = match date_is {
        DateIs::Start => date,
        DateIs::End => date.and_then(|date| date.pred_opt()),
    };
    Value::Text(date.unwrap_or(day).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIENNA: Tz = Tz::Europe__Vienna;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn compared(date: &str, bound: &str, before: bool, date_is: DateIs) -> bool {
        let Value::Text(bound) = date_bound(instant(bound), before, date_is, VIENNA) else {
            panic!("a date is compared with a date")
        };
        if before {
            date < bound.as_str()
        } else {
            date > bound.as_str()
        }
    }

    #[test]
    fn r4_comparing_dates_says_the_same_as_comparing_the_instants_they_stand_for() {
        let bounds = [
            "2026-11-22T00:00:00+01:00",
            "2026-11-22T00:00:00.001+01:00",
            "2026-11-22T23:59:59+01:00",
        ];
        for bound in bounds {
            for date in ["2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"] {
                for date_is in [DateIs::Start, DateIs::End] {
                    let read = Value::Text(date.to_owned());
                    let At::Instant(at) = Instants::Date.interpret(&read, false, false, date_is, VIENNA)
                    else {
                        panic!("a date is an instant")
                    };
                    let story = format!("{date} ({date_is:?}) against {bound}");
                    assert_eq!(
                        compared(date, bound, true, date_is),
                        at < instant(bound),
                        "{story}"
                    );
                    assert_eq!(
                        compared(date, bound, false, date_is),
                        at > instant(bound),
                        "{story}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_ends_on_a_day_ends_with_that_day_in_the_tenants_zone() {
        let read = Value::Text("2026-10-25".to_owned());
        let at = Instants::Date.interpret(&read, false, false, DateIs::End, VIENNA);
        assert_eq!(at, At::Instant(instant("2026-10-26T00:00:00+01:00")));
    }

    #[test]
    fn without_an_end_is_for_ever_and_without_a_beginning_long_ago() {
        let read =
            |value: Value| Instants::Timestamptz.interpret(&value, false, false, DateIs::Start, VIENNA);
        assert_eq!(read(Value::Real(f64::INFINITY)), At::Never);
        assert_eq!(read(Value::Text("infinity".to_owned())), At::Never);
        let At::Instant(long_ago) = read(Value::Real(f64::NEG_INFINITY)) else {
            panic!("long ago is an instant")
        };
        assert!(long_ago < instant("1000-01-01T00:00:00Z"));
        assert_eq!(read(Value::Real(f64::NAN)), At::Unreadable);
    }
}
