//! How a platform writes an instant down, and how one compares with the bounds of a plan.
//!
//! Every comparison is strict. What cannot be read as an instant never makes anybody due: it fails every
//! *before* and passes every *after*, so that damaged data keeps people rather than erasing them.

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;
use lapsed_model::{At, Bounds, Test, Value, day_start};

use crate::sql::Sql;

/// The forms of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instants {
    /// Milliseconds since 1970 UTC, as a number.
    Milliseconds,
    /// Seconds since 1970 UTC, as a number, with or without a fraction.
    Seconds,
    /// ISO 8601 text; without an offset it is UTC.
    Iso8601,
    /// A date without a time, as ISO 8601 text: a day of the tenant's calendar.
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
    pub const WORDS: [(&'static str, Instants); 4] = [
        ("milliseconds", Instants::Milliseconds),
        ("seconds", Instants::Seconds),
        ("iso8601", Instants::Iso8601),
        ("date", Instants::Date),
    ];

    /// `instant` as this platform would write it down.
    #[must_use]
    pub fn write(self, instant: DateTime<Utc>, zone: Tz) -> Value {
        match self {
            Instants::Milliseconds => Value::Integer(instant.timestamp_millis()),
            Instants::Seconds => Value::Integer(instant.timestamp()),
            Instants::Iso8601 => Value::Text(instant.to_rfc3339_opts(SecondsFormat::Millis, true)),
            Instants::Date => Value::Text(Bounds::today(instant, zone).to_string()),
        }
    }

    /// The SQL that reads `at` as a number of milliseconds, or as the text of a date; null if it cannot be read.
    ///
    /// The planner compares with this and `explain` fetches it, so that there is one reader of instants.
    #[must_use]
    pub fn reading(self, at: &str) -> String {
        match self {
            Instants::Milliseconds => format!("CASE WHEN typeof({at}) IN ('integer', 'real') THEN {at} END"),
            Instants::Seconds => {
                format!("CASE WHEN typeof({at}) IN ('integer', 'real') THEN {at} * 1000 END")
            }
            Instants::Iso8601 => format!(
                "CASE WHEN {} THEN CAST(round(unixepoch({at}, 'subsec') * 1000) AS INTEGER) END",
                begins_with_a_date(at)
            ),
            Instants::Date => format!("CASE WHEN {} THEN date({at}) END", begins_with_a_date(at)),
        }
    }

    /// Makes an instant of what [`Instants::reading`] fetched, and of whether there was anything to read.
    #[must_use]
    pub fn interpret(self, read: &Value, is_null: bool, never_ends: bool, date_is: DateIs, zone: Tz) -> At {
        if is_null {
            return if never_ends { At::Never } else { At::Unknown };
        }
        let instant = match read {
            Value::Integer(milliseconds) => DateTime::from_timestamp_millis(*milliseconds),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "instants are far from the ends of an i64"
            )]
            Value::Real(milliseconds) => DateTime::from_timestamp_micros((milliseconds * 1000.0) as i64),
            Value::Text(date) => date.parse::<NaiveDate>().ok().and_then(|date| match date_is {
                DateIs::Start => Some(day_start(zone, date)),
                DateIs::End => Some(day_start(zone, date.checked_add_days(Days::new(1))?)),
            }),
            Value::Null => None,
        };
        instant.map_or(At::Unreadable, At::Instant)
    }

    /// The condition under which `at` passes `test`, with a leading ` AND `; empty if it always does.
    #[must_use]
    pub(crate) fn condition(
        self,
        sql: &mut Sql,
        at: &str,
        test: Test,
        bounds: &Bounds,
        never_ends: bool,
        date_is: DateIs,
    ) -> String {
        let (before, bound) = match test {
            Test::Present => return String::new(),
            Test::BeforeCutOff => (true, bounds.cut_off),
            Test::AfterCutOff => (false, bounds.cut_off),
            Test::BeforeNow => (true, bounds.now),
            Test::AfterNow => (false, bounds.now),
        };
        let value = match self {
            Instants::Milliseconds => Value::Integer(bound.timestamp_millis()),
            #[expect(
                clippy::cast_precision_loss,
                reason = "a double holds milliseconds exactly until the year 287396"
            )]
            Instants::Seconds => Value::Real(bound.timestamp_millis() as f64 / 1000.0),
            Instants::Iso8601 => Value::Integer(bound.timestamp_millis()),
            Instants::Date => date_bound(bound, before, date_is, bounds.zone),
        };
        let bound = sql.bind(value);
        // A number is compared as it stands, so that an index over it can serve; text is always greater than a
        // number in SQLite, which is the safe side.
        let (read, numeric) = match self {
            Instants::Milliseconds | Instants::Seconds => (at.to_owned(), true),
            Instants::Iso8601 | Instants::Date => (self.reading(at), false),
        };
        match (before, never_ends, numeric) {
            (true, _, _) => format!(" AND {read} < {bound}"),
            (false, false, true) => format!(" AND {read} > {bound}"),
            (false, true, true) => format!(" AND ({read} > {bound} OR {at} IS NULL)"),
            (false, false, false) => {
                format!(" AND ({read} > {bound} OR ({read} IS NULL AND {at} IS NOT NULL))")
            }
            (false, true, false) => format!(" AND ({read} > {bound} OR {read} IS NULL)"),
        }
    }
}

/// SQLite reads more than ISO 8601: a bare year is a Julian day long before Christ, a time alone lies in the year 2000,
/// and `now` is now.
fn begins_with_a_date(at: &str) -> String {
    const DIGIT: &str = "[0-9]";
    let date = [DIGIT.repeat(4), DIGIT.repeat(2), DIGIT.repeat(2)].join("-");
    format!("typeof({at}) = 'text' AND {at} GLOB '{date}*'")
}

/// The date to compare dates with, so that `date < it` (or `date > it`) says the same as comparing the instants
/// that the dates stand for with `bound`.
fn date_bound(bound: DateTime<Utc>, before: bool, date_is: DateIs, zone: Tz) -> Value {
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
}
