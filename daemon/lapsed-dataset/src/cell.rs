//! How a value of the store comes out into an exported file.
//!
//! Rows leave the database as JSON, because a million of them take a fraction of the time that they take one by one. JSON cannot
//! hold everything that a database can, so that every value becomes nothing, a whole number or a text: fractions keep their
//! digits, bytes are written as hexadecimal digits, JSON and lists as JSON text. Whatever is in one row, it must not keep the
//! others from coming out.
//!
//! Of an instant comes its number of milliseconds, or a text that says it in full ([`Moment`]). What cannot be read as one comes as
//! it stands: it is what is stored about somebody.

use chrono::{DateTime, NaiveDate, Utc};
use lapsed_model::{Column, Dialect, QueryColumn, Table};

use crate::Fitted;
use crate::dataset::Export;
use crate::instants::Instants;
use crate::kind::Kind;
use crate::reading::Written;
use crate::sql::quote;

/// A column of an exported file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportColumn {
    /// Its name: the heading of the file.
    pub name: String,
    /// What its values are.
    pub holds: Holds,
    /// Whether it has names or answers of other people, which are masked in rows that begin with 1.
    pub of_others: bool,
}

/// What the values of an exported column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// What they look like: nothing, a whole number or a text, to be written as it stands.
    Plain,
    /// Instants: what [`Moment::of_number`] and [`Moment::of_text`] read is written as a date in the reader's way, anything else as it
    /// stands.
    Instants,
}

/// An instant that came out of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// An instant.
    At(DateTime<Utc>),
    /// A day of the tenant's calendar, without a time.
    On(NaiveDate),
}

impl Moment {
    /// Of a number of milliseconds.
    #[must_use]
    pub fn of_number(milliseconds: i64) -> Option<Moment> {
        DateTime::from_timestamp_millis(milliseconds).map(Moment::At)
    }

    /// Of `2026-11-01T04:30:00.000000Z` (RFC 3339) or `2026-11-01`.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Moment> {
        if text.len() == 10 {
            return text.parse().ok().map(Moment::On);
        }
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Moment::At(at.to_utc()))
    }
}

/// Instants and days that `to_char` writes whole: it drops what lies before the year 1.
const FIRST_DAY: &str = "0001-01-01";

impl Fitted<'_> {
    /// The columns of a file, in the order of its query.
    pub(crate) fn export_columns(&self, export: &Export) -> Vec<ExportColumn> {
        let column = |column: &QueryColumn| ExportColumn {
            name: column.name.clone(),
            holds: match self.form(export, column) {
                Some(_) => Holds::Instants,
                None => Holds::Plain,
            },
            of_others: export.others.iter().any(|other| other.value == column.name),
        };
        self.written_columns(export).map(column).collect()
    }

    /// The same as SQL, of a row `q`.
    pub(crate) fn export_cells(&self, export: &Export) -> Vec<String> {
        let query = &export.query.value;
        let cell = |column: &QueryColumn| {
            let (name, form) = (format!("q.{}", quote(&column.name)), self.form(export, column));
            match self.dialect() {
                Dialect::Sqlite => in_sqlite(&name, Known::of(query, self.origin(column)), form),
                Dialect::Postgres => in_postgres(&name, self.declared(query, column), form),
            }
        };
        self.written_columns(export).map(cell).collect()
    }

    /// What a query returns for the file, and not for lapsed.
    fn written_columns<'f>(&'f self, export: &Export) -> impl Iterator<Item = &'f QueryColumn> + 'f {
        let returned = self.returns(&export.query.value);
        let is_written = |column: &&QueryColumn| !Export::RESERVED.contains(&column.name.as_str());
        returned.iter().filter(is_written)
    }

    /// How a column writes instants; `None` for one that holds something else. What PostgreSQL keeps as an instant is one.
    fn form(&self, export: &Export, column: &QueryColumn) -> Option<Instants> {
        let said = export.instants.iter().find(|(name, _)| name.value == column.name);
        let known = || match self.dialect() {
            Dialect::Sqlite => None,
            Dialect::Postgres => match Kind::of(self.declared(&export.query.value, column)) {
                Kind::Timestamptz | Kind::Timestamp => Some(Instants::Timestamptz),
                Kind::Date => Some(Instants::Date),
                _ => None,
            },
        };
        said.map(|(_, form)| *form).or_else(known)
    }
}

/// What is known of a column's values before SQLite looks at them. To look at each costs as much again as the rest of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// Only texts, or only whole numbers: the table is strict.
    Strictly,
    /// Texts by its declaration; in a table that is not strict, bytes as well.
    Texts,
    /// Nothing.
    Nothing,
}

impl Known {
    /// Of a column that was read from there. Of several queries that are put together SQLite tells the origin by the first.
    fn of(query: &str, origin: Option<(&Table, &Column)>) -> Known {
        let Some((table, column)) = origin else {
            return Known::Nothing;
        };
        let declared = column.declared.to_ascii_uppercase();
        let is_strict = table.is_strict && ["TEXT", "INT", "INTEGER"].contains(&declared.as_str());
        let is_text = !declared.contains("INT")
            && ["CHAR", "CLOB", "TEXT"]
                .iter()
                .any(|text| declared.contains(text));
        match () {
            () if is_strict && !is_put_together(query) => Known::Strictly,
            () if is_text => Known::Texts,
            () => Known::Nothing,
        }
    }
}

fn is_put_together(query: &str) -> bool {
    let query = query.to_ascii_uppercase();
    ["UNION", "INTERSECT", "EXCEPT"]
        .iter()
        .any(|word| query.contains(word))
}

/// SQLite looks at each value, and so must we: bytes are an error in its JSON, an infinite number would be one in ours, and a value
/// that it knows to be JSON would not come out as a text.
fn in_sqlite(column: &str, known: Known, form: Option<Instants>) -> String {
    let plain = match known {
        Known::Strictly => column.to_owned(),
        // Bytes show as a text what they are.
        Known::Texts => format!("{column} || ''"),
        Known::Nothing => format!(
            "CASE typeof({column}) WHEN 'text' THEN {column} || '' WHEN 'real' THEN CAST({column} AS TEXT) \
             WHEN 'blob' THEN lower(hex({column})) ELSE {column} END"
        ),
    };
    let number = |factor: &str| {
        format!(
            "CASE WHEN typeof({column}) IN ('integer', 'real') AND abs({column} / 1.0) < 9e15 \
             THEN CAST(round({column} * {factor}) AS INTEGER) ELSE {plain} END"
        )
    };
    match form {
        None => plain,
        Some(Instants::Milliseconds) if known == Known::Strictly => plain,
        Some(Instants::Milliseconds) => number("1.0"),
        Some(Instants::Seconds) => number("1000.0"),
        Some(form) => {
            let fetched = Written::new(Dialect::Sqlite, form, None).fetched(column);
            format!("coalesce({fetched}, {plain})")
        }
    }
}

/// PostgreSQL's types say beforehand what there will be.
fn in_postgres(column: &str, declared: &str, form: Option<Instants>) -> String {
    let kind = Kind::of(declared);
    let text = format!("CAST({column} AS text)");
    let number = |factor: &str| {
        format!(
            "CASE WHEN {column} BETWEEN -9e15 AND 9e15 \
             THEN to_json(CAST(round(CAST({column} AS numeric) * {factor}) AS bigint)) ELSE to_json({text}) END"
        )
    };
    match (kind, form) {
        (Kind::Integer, Some(Instants::Seconds)) | (Kind::Number, Some(Instants::Seconds)) => number("1000"),
        (Kind::Number, Some(Instants::Milliseconds)) => number("1"),
        (Kind::Text | Kind::Other, Some(form @ (Instants::Iso8601 | Instants::Date))) => {
            let fetched = Written::new(Dialect::Postgres, form, Some(kind)).fetched(column);
            format!("coalesce(to_json({fetched}), to_json({text}))")
        }
        (Kind::Integer, _) => column.to_owned(),
        (Kind::Timestamptz, _) => in_full(
            column,
            &format!("{column} AT TIME ZONE 'UTC'"),
            r#"YYYY-MM-DD"T"HH24:MI:SS.US"Z""#,
        ),
        (Kind::Timestamp, _) => in_full(column, column, r#"YYYY-MM-DD"T"HH24:MI:SS.US"Z""#),
        (Kind::Date, _) => in_full(column, &format!("CAST({column} AS timestamp)"), "YYYY-MM-DD"),
        (Kind::Bytes, _) => format!("encode({column}, 'hex')"),
        _ if declared.ends_with("[]") => format!("CAST(to_json({column}) AS text)"),
        _ => text,
    }
}

/// An instant or a day in its form; what has none, `infinity` among it, as PostgreSQL says it.
fn in_full(column: &str, in_utc: &str, form: &str) -> String {
    format!(
        "CASE WHEN isfinite({column}) AND {column} >= '{FIRST_DAY}' THEN to_char({in_utc}, '{form}') \
         ELSE CAST({column} AS text) END"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_it_comes() {
        let at: DateTime<Utc> = "2026-11-01T04:30:00.5Z".parse().expect("an instant");
        assert_eq!(Moment::of_number(at.timestamp_millis()), Some(Moment::At(at)));
        assert_eq!(
            Moment::of_text("2026-11-01T04:30:00.500000Z"),
            Some(Moment::At(at))
        );
        let day = NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day");
        assert_eq!(Moment::of_text("2026-11-01"), Some(Moment::On(day)));
        for unreadable in ["infinity", "1999", "soon after", "2026-13-01", "2026-11-01 04:30"] {
            assert_eq!(Moment::of_text(unreadable), None, "{unreadable}");
        }
        assert_eq!(Moment::of_number(i64::MAX), None);
    }

    #[test]
    fn what_sqlite_can_hold_is_known_by_its_declaration() {
        let known = |query: &str, declared: &str, is_strict| {
            let column = Column {
                name: "c".to_owned(),
                declared: declared.to_owned(),
                nullable: true,
                primary_key: false,
            };
            let table = Table {
                is_strict,
                ..Table::default()
            };
            Known::of(query, Some((&table, &column)))
        };
        for (declared, strict, lax) in [
            ("TEXT", Known::Strictly, Known::Texts),
            ("INTEGER", Known::Strictly, Known::Nothing),
            ("ANY", Known::Nothing, Known::Nothing),
            ("BLOB", Known::Nothing, Known::Nothing),
            ("varchar(80)", Known::Texts, Known::Texts),
            ("POINT OF CHARGE", Known::Nothing, Known::Nothing),
        ] {
            assert_eq!(known("SELECT c FROM t", declared, true), strict, "{declared}");
            assert_eq!(known("SELECT c FROM t", declared, false), lax, "{declared}");
        }
        let put_together = "SELECT c FROM t UNION ALL SELECT x FROM u";
        assert_eq!(known(put_together, "INTEGER", true), Known::Nothing);
        assert_eq!(Known::of("SELECT 1 + 1", None), Known::Nothing);
    }
}
