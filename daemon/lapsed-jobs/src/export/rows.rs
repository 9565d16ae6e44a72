//! Rows that the database put together as JSON become CSV: masked, dated, in columns.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use chrono::{DateTime, Datelike as _, NaiveDate, SecondsFormat, Timelike as _, Utc};
use chrono_tz::Tz;
use lapsed_archive::{Cell, Format};
use lapsed_dataset::{ExportColumn, Holds, Moment};
use lapsed_policy::{Dates, Profile};
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use super::ExportCase;

/// What stands where the name or the answer of somebody else is (X-1).
pub(super) const MASK: &str = "***";

/// Writes the rows of one file.
pub(super) struct Rows {
    format: Format,
    columns: Vec<ExportColumn>,
    dates: InZone,
    shows_others: bool,
    /// Dates of the row that is being written.
    told: Vec<String>,
}

/// A value as it came out of the database.
#[derive(Debug)]
enum Value<'j> {
    Nothing,
    Whole(i64),
    Text(Cow<'j, str>),
}

/// By hand: an untagged enum tries one variant after the other, and words an error for each that it is not, which took longer than
/// all the rest of a row.
impl<'j> Deserialize<'j> for Value<'j> {
    fn deserialize<D: Deserializer<'j>>(from: D) -> Result<Self, D::Error> {
        struct Form;
        impl<'j> Visitor<'j> for Form {
            type Value = Value<'j>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("nothing, a whole number or a text")
            }

            fn visit_unit<E: Error>(self) -> Result<Value<'j>, E> {
                Ok(Value::Nothing)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Value<'j>, E> {
                Ok(Value::Whole(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'j>, E> {
                let whole = i64::try_from(number).map(Value::Whole);
                whole.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_borrowed_str<E: Error>(self, text: &'j str) -> Result<Value<'j>, E> {
                Ok(Value::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value<'j>, E> {
                Ok(Value::Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_any(Form)
    }
}

/// How instants are told.
#[derive(Clone, Copy)]
struct InZone {
    zone: Tz,
    profile: Profile,
    dates: Dates,
}

impl Rows {
    /// For a file of these columns.
    pub(super) fn of(case: &ExportCase<'_>, columns: Vec<ExportColumn>) -> Self {
        Self {
            format: case.format(),
            told: vec![String::new(); columns.len()],
            columns,
            dates: InZone {
                zone: case.zone(),
                profile: case.wanted.profile,
                dates: case.wanted.dates,
            },
            shows_others: case.wanted.show_others,
        }
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// Begins the file.
    pub(super) fn header(&self, csv: &mut Vec<u8>) {
        self.format.header(csv, self.names());
    }

    /// Appends rows: a JSON list of lists, each with a mark in front of its values.
    pub(super) fn append(&mut self, csv: &mut Vec<u8>, rows: &str) -> Result<u64, serde_json::Error> {
        let rows: Vec<Vec<Value<'_>>> = serde_json::from_str(rows)?;
        for row in &rows {
            self.row(csv, row);
        }
        Ok(rows.len() as u64)
    }

    fn row(&mut self, csv: &mut Vec<u8>, row: &[Value<'_>]) {
        let is_other = matches!(row.first(), Some(Value::Whole(1)));
        let values = row.get(1..).unwrap_or_default();
        for ((column, value), told) in self.columns.iter().zip(values).zip(&mut self.told) {
            told.clear();
            if column.holds == Holds::Instants {
                self.dates.tell(value, told);
            }
        }
        let masks = is_other && !self.shows_others;
        let cells = self.columns.iter().zip(values).zip(&self.told);
        let cells = cells.map(|((column, value), told)| match value {
            Value::Nothing => Cell::Empty,
            _ if masks && column.of_others => Cell::Text(MASK),
            _ if !told.is_empty() => Cell::Text(told),
            Value::Whole(number) => Cell::Integer(*number),
            Value::Text(text) => Cell::Text(text),
        });
        self.format.record(csv, cells);
    }
}

impl InZone {
    /// Writes an instant as its reader reads dates; nothing where it cannot be read as one, and then it stands as it is.
    fn tell(self, value: &Value<'_>, to: &mut String) {
        let moment = match value {
            Value::Nothing => None,
            Value::Whole(number) => Moment::of_number(*number),
            Value::Text(text) => Moment::of_text(text),
        };
        match moment {
            Some(Moment::At(at)) => self.at(at, to),
            Some(Moment::On(day)) => self.on(day, to),
            None => {}
        }
    }

    fn at(self, at: DateTime<Utc>, to: &mut String) {
        let at = at.with_timezone(&self.zone);
        match self.profile {
            Profile::Machines => to.push_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            Profile::Spreadsheets => {
                self.on(at.date_naive(), to);
                append_two(' ', at.hour(), to);
                append_two(':', at.minute(), to);
            }
        }
    }

    fn on(self, day: NaiveDate, to: &mut String) {
        let dates = match self.profile {
            Profile::Machines => Dates::Iso,
            Profile::Spreadsheets => self.dates,
        };
        let Ok(year @ 1_000..10_000) = u32::try_from(day.year()) else {
            // A String takes everything.
            let _ = write!(to, "{}", day.format(dates.pattern()));
            return;
        };
        // The same as by the pattern, which would be read anew for every cell.
        match dates {
            Dates::Iso => {
                append_year(year, to);
                append_two('-', day.month(), to);
                append_two('-', day.day(), to);
            }
            Dates::Dots | Dates::Slashes => {
                let between = if dates == Dates::Dots { '.' } else { '/' };
                append_digits(day.day(), to);
                append_two(between, day.month(), to);
                to.push(between);
                append_year(year, to);
            }
        }
    }
}

/// Four digits.
fn append_year(year: u32, to: &mut String) {
    append_digits(year / 100, to);
    append_digits(year % 100, to);
}

/// Two digits behind something.
fn append_two(behind: char, number: u32, to: &mut String) {
    to.push(behind);
    append_digits(number, to);
}

/// Two digits of a number below a hundred.
fn append_digits(number: u32, to: &mut String) {
    to.extend([number / 10, number % 10].map(|digit| char::from_digit(digit, 10).unwrap_or('?')));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, holds: Holds, of_others: bool) -> ExportColumn {
        ExportColumn {
            name: name.to_owned(),
            holds,
            of_others,
        }
    }

    fn rows(profile: Profile, shows_others: bool) -> Rows {
        let columns = vec![
            column("number", Holds::Plain, false),
            column("holder", Holds::Plain, true),
            column("at", Holds::Instants, false),
        ];
        Rows {
            format: Format::machine(),
            told: vec![String::new(); columns.len()],
            columns,
            dates: InZone {
                zone: Tz::Europe__Vienna,
                profile,
                dates: Dates::Dots,
            },
            shows_others,
        }
    }

    fn written(mut rows: Rows, json: &str) -> String {
        let mut csv = Vec::new();
        rows.append(&mut csv, json).expect("JSON");
        String::from_utf8(csv).expect("text")
    }

    #[test]
    fn x1_what_is_about_others_is_masked_unless_the_policy_shows_it() {
        let json = r#"[[1, 17, "Berta", null], [0, 18, "Anna", null], [1, 19, null, null]]"#;
        assert_eq!(
            written(rows(Profile::Spreadsheets, false), json),
            "17,***,\r\n18,Anna,\r\n19,,\r\n"
        );
        assert_eq!(
            written(rows(Profile::Spreadsheets, true), json),
            "17,Berta,\r\n18,Anna,\r\n19,,\r\n"
        );
    }

    #[test]
    fn x3_dates_are_told_in_the_tenants_zone_and_way() {
        let json = r#"[[0, 1, null, 1790000000000], [0, 2, null, "2026-11-01"], [0, 3, null, "one day"]]"#;
        assert_eq!(
            written(rows(Profile::Spreadsheets, false), json),
            "1,,21.09.2026 16:13\r\n2,,01.11.2026\r\n3,,one day\r\n"
        );
        assert_eq!(
            written(rows(Profile::Machines, false), json),
            "1,,2026-09-21T16:13:20+02:00\r\n2,,2026-11-01\r\n3,,one day\r\n"
        );
    }

    #[test]
    fn a_day_is_written_as_the_pattern_says() {
        let first = NaiveDate::from_ymd_opt(999, 12, 28).expect("a day");
        for dates in [Dates::Iso, Dates::Dots, Dates::Slashes] {
            let days = InZone {
                zone: Tz::UTC,
                profile: Profile::Spreadsheets,
                dates,
            };
            for day in first.iter_days().step_by(397).take(9_000) {
                let mut told = String::new();
                days.on(day, &mut told);
                assert_eq!(told, day.format(dates.pattern()).to_string());
            }
        }
    }
}
