//! Instants as SQL: how one is read from a column, and how it is compared with the bounds of a plan.
//!
//! A column that the database itself can compare stands bare in the comparison, so that an index over it can serve. A text
//! goes through a reader first, which answers null for what is no instant: SQLite's own, and on PostgreSQL the daemon's
//! function `lapsed_instant`, because PostgreSQL's own fails on rubbish, and the whole statement with it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_model::{Bounds, Dialect, Test, Value};

use crate::instants::{DateIs, Instants, date_bound};
use crate::kind::Kind;
use crate::sql::Sql;

/// How a column of instants is written: the form that the dataset says, and the type that PostgreSQL says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    dialect: Dialect,
    form: Instants,
    kind: Kind,
}

/// A test of an instant against the bounds of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared<'b> {
    /// The test.
    pub(crate) test: Test,
    /// Against these.
    pub(crate) bounds: &'b Bounds,
    /// Whether no instant means that there is no end.
    pub(crate) never_ends: bool,
    /// What a date stands for.
    pub(crate) date_is: DateIs,
}

impl Written {
    /// A column of this form; `kind` is what PostgreSQL says of it, if it was asked.
    pub(crate) fn new(dialect: Dialect, form: Instants, kind: Option<Kind>) -> Self {
        let usual = match form {
            Instants::Milliseconds | Instants::Seconds => Kind::Integer,
            Instants::Iso8601 => Kind::Text,
            Instants::Timestamptz => Kind::Timestamptz,
            Instants::Date => Kind::Date,
        };
        Self {
            dialect,
            form,
            kind: kind.unwrap_or(usual),
        }
    }

    /// The condition under which `at` passes a test, with a leading ` AND `; empty if it always does.
    pub(crate) fn condition(self, sql: &mut Sql, at: &str, compared: &Compared<'_>) -> String {
        let (before, bound) = match compared.test {
            Test::Present => return String::new(),
            Test::BeforeCutOff => (true, compared.bounds.cut_off),
            Test::AfterCutOff => (false, compared.bounds.cut_off),
            Test::BeforeNow => (true, compared.bounds.now),
            Test::AfterNow => (false, compared.bounds.now),
        };
        let value = match self.form {
            Instants::Date => date_bound(bound, before, compared.date_is, compared.bounds.zone),
            _ => self.exactly(bound),
        };
        let bound = self.bound(sql, value);
        let (read, bare) = (self.read_or_bare(at), self.is_bare());
        match (before, compared.never_ends, bare) {
            (true, _, _) => format!(" AND {read} < {bound}"),
            (false, false, true) => format!(" AND {read} > {bound}"),
            (false, true, true) => format!(" AND ({read} > {bound} OR {at} IS NULL)"),
            (false, false, false) => {
                format!(" AND ({read} > {bound} OR ({read} IS NULL AND {at} IS NOT NULL))")
            }
            (false, true, false) => format!(" AND ({read} > {bound} OR {read} IS NULL)"),
        }
    }

    /// The column `since` and the instant `until`, in terms that compare; the column's side is null where it cannot be
    /// read.
    pub(crate) fn sides(
        self,
        sql: &mut Sql,
        since: &str,
        until: DateTime<Utc>,
        zone: Tz,
    ) -> (String, String) {
        let (read, value) = match (self.dialect, self.form) {
            (Dialect::Sqlite, Instants::Date) => (self.fetched(since), self.form.write(until, zone)),
            (Dialect::Sqlite, _) => (self.fetched(since), until.timestamp_millis().into()),
            (Dialect::Postgres, Instants::Date) => (self.read_or_bare(since), self.form.write(until, zone)),
            (Dialect::Postgres, _) => (self.read_or_bare(since), self.exactly(until)),
        };
        (read, self.bound(sql, value))
    }

    /// `at` as a number of milliseconds, or as the text of a date: what [`Instants::interpret`] reads. Null if it cannot
    /// be read.
    ///
    /// The planner compares texts with the same, so that there is one reader of instants.
    pub(crate) fn fetched(self, at: &str) -> String {
        match (self.dialect, self.form) {
            (Dialect::Sqlite, Instants::Milliseconds) => {
                format!("CASE WHEN typeof({at}) IN ('integer', 'real') THEN {at} END")
            }
            (Dialect::Sqlite, Instants::Seconds) => {
                format!("CASE WHEN typeof({at}) IN ('integer', 'real') THEN {at} * 1000 END")
            }
            (Dialect::Sqlite, Instants::Iso8601 | Instants::Timestamptz) => format!(
                "CASE WHEN {} THEN CAST(round(unixepoch({at}, 'subsec') * 1000) AS INTEGER) END",
                begins_with_a_date(at)
            ),
            (Dialect::Sqlite, Instants::Date) => {
                format!("CASE WHEN {} THEN date({at}) END", begins_with_a_date(at))
            }
            (Dialect::Postgres, Instants::Milliseconds) if self.kind == Kind::Integer => at.to_owned(),
            (Dialect::Postgres, Instants::Milliseconds) => format!("CAST({at} AS double precision)"),
            // A whole number of seconds may be so large that a thousand times as many are none any more.
            (Dialect::Postgres, Instants::Seconds) => format!("CAST({at} AS double precision) * 1000"),
            (Dialect::Postgres, Instants::Iso8601) => self.read_or_bare(at),
            (Dialect::Postgres, Instants::Timestamptz) => {
                format!("CAST(extract(epoch FROM {at}) * 1000 AS double precision)")
            }
            (Dialect::Postgres, Instants::Date) => {
                let day = self.read_or_bare(at);
                format!(
                    "CASE WHEN isfinite({day}) THEN to_char(CAST({day} AS timestamp), 'YYYY-MM-DD') ELSE CAST({day} AS text) END"
                )
            }
        }
    }

    /// The same, and null for PostgreSQL's `infinity`: no implausible instant, but none to judge the others by.
    pub(crate) fn fetched_if_finite(self, at: &str) -> String {
        let fetched = self.fetched(at);
        match self.kind {
            Kind::Timestamptz | Kind::Timestamp | Kind::Date if self.dialect == Dialect::Postgres => {
                format!("CASE WHEN isfinite({at}) THEN {fetched} END")
            }
            _ => fetched,
        }
    }

    /// What the column has to be compared by.
    fn read_or_bare(self, at: &str) -> String {
        match (self.dialect, self.form) {
            _ if self.is_bare() => at.to_owned(),
            (Dialect::Sqlite, _) => self.fetched(at),
            (Dialect::Postgres, Instants::Date) => format!("lapsed_day({})", self.as_text(at)),
            (Dialect::Postgres, _) => format!("lapsed_instant({})", self.as_text(at)),
        }
    }

    fn as_text(self, at: &str) -> String {
        if self.kind == Kind::Text {
            at.to_owned()
        } else {
            format!("CAST({at} AS text)")
        }
    }

    /// Whether the column is compared as it stands, so that an index over it can serve. Among numbers SQLite takes any
    /// text for greater, which is the safe side.
    fn is_bare(self) -> bool {
        match (self.dialect, self.form) {
            (_, Instants::Milliseconds | Instants::Seconds) => true,
            (Dialect::Sqlite, _) | (Dialect::Postgres, Instants::Iso8601) => false,
            (Dialect::Postgres, Instants::Timestamptz) => true,
            (Dialect::Postgres, Instants::Date) => self.kind == Kind::Date,
        }
    }

    /// An instant in the terms that the column is compared in, with every fraction that the form can have.
    fn exactly(self, instant: DateTime<Utc>) -> Value {
        let milliseconds = instant.timestamp_millis();
        match (self.dialect, self.form) {
            // Among whole numbers PostgreSQL would turn the column into a fraction, and not use its index.
            (Dialect::Postgres, Instants::Seconds) if milliseconds % 1_000 == 0 => {
                Value::Integer(milliseconds / 1_000)
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "a double holds milliseconds exactly until the year 287396"
            )]
            (_, Instants::Seconds) => Value::Real(milliseconds as f64 / 1000.0),
            (_, Instants::Timestamptz) => self.form.write(instant, Tz::UTC),
            _ => Value::Integer(milliseconds),
        }
    }

    /// A bound of the column's own type: converting the column instead would cost its index.
    fn bound(self, sql: &mut Sql, value: Value) -> String {
        let bound = sql.bind(value);
        match (self.dialect, self.form, self.kind) {
            (Dialect::Postgres, Instants::Timestamptz, Kind::Timestamp) => {
                format!("CAST({bound} AS timestamp)")
            }
            (Dialect::Postgres, Instants::Timestamptz, _) => format!("CAST({bound} AS timestamptz)"),
            (Dialect::Postgres, Instants::Date, _) => format!("CAST({bound} AS date)"),
            _ => bound,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(form: Instants, kind: Kind, test: Test) -> String {
        let bounds = Bounds {
            now: "2026-11-22T10:00:00Z".parse().expect("an instant"),
            cut_off: "2023-11-22T10:00:00Z".parse().expect("an instant"),
            zone: Tz::UTC,
        };
        let compared = Compared {
            test,
            bounds: &bounds,
            never_ends: false,
            date_is: DateIs::Start,
        };
        let mut sql = Sql::of(Dialect::Postgres);
        Written::new(Dialect::Postgres, form, Some(kind)).condition(&mut sql, "f.at", &compared)
    }

    #[test]
    fn what_postgres_compares_by_itself_stands_bare() {
        for (form, kind, says) in [
            (Instants::Milliseconds, Kind::Integer, " AND f.at < $1"),
            (
                Instants::Timestamptz,
                Kind::Timestamptz,
                " AND f.at < CAST($1 AS timestamptz)",
            ),
            (
                Instants::Timestamptz,
                Kind::Timestamp,
                " AND f.at < CAST($1 AS timestamp)",
            ),
            (Instants::Date, Kind::Date, " AND f.at < CAST($1 AS date)"),
        ] {
            assert_eq!(condition(form, kind, Test::BeforeCutOff), says);
        }
    }

    #[test]
    fn a_text_that_is_no_instant_passes_every_after() {
        assert_eq!(
            condition(Instants::Iso8601, Kind::Text, Test::AfterNow),
            " AND (lapsed_instant(f.at) > $1 OR (lapsed_instant(f.at) IS NULL AND f.at IS NOT NULL))"
        );
        assert_eq!(
            condition(Instants::Date, Kind::Text, Test::BeforeNow),
            " AND lapsed_day(f.at) < CAST($1 AS date)"
        );
    }
}
