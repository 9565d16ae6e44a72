//! The types of PostgreSQL's columns, as far as they make a difference.
//!
//! SQLite compares anything with anything and looks at each value. PostgreSQL wants to know before it reads a row, so a
//! statement for it is written for the types that its catalogue names.

use std::fmt;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `smallint`, `integer`, `bigint`.
    Integer,
    /// Numbers with a fraction.
    Number,
    /// `text` and its relatives.
    Text,
    /// `uuid`.
    Uuid,
    /// `timestamp with time zone`.
    Timestamptz,
    /// `timestamp without time zone`.
    Timestamp,
    /// `date`.
    Date,
    /// `json`.
    Json,
    /// `jsonb`.
    Jsonb,
    /// `bytea`.
    Bytes,
    /// Anything else, a domain among them.
    Other,
}

impl Kind {
    /// The kind of a declared type, as `format_type()` and `pg_typeof()` spell it.
    pub(crate) fn of(declared: &str) -> Self {
        if let Some(kind) = of_timestamp(declared) {
            return kind;
        }
        let bare = declared.split('(').next().unwrap_or_default().trim();
        match bare.rsplit('.').next().unwrap_or_default() {
            "smallint" | "integer" | "bigint" => Kind::Integer,
            "numeric" | "real" | "double precision" => Kind::Number,
            "text" | "character varying" | "character" | "citext" | "name" => Kind::Text,
            "uuid" => Kind::Uuid,
            "date" => Kind::Date,
            "json" => Kind::Json,
            "jsonb" => Kind::Jsonb,
            "bytea" => Kind::Bytes,
            _ => Kind::Other,
        }
    }

    /// Whether values of both compare to the letter.
    pub(crate) fn compares_with(self, other: Kind) -> bool {
        self == other || self == Kind::Other || other == Kind::Other
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Integer => "bigint",
            Kind::Number => "numeric",
            Kind::Text => "text",
            Kind::Uuid => "uuid",
            Kind::Timestamptz => "timestamptz",
            Kind::Timestamp => "timestamp",
            Kind::Date => "date",
            Kind::Json => "json",
            Kind::Jsonb => "jsonb",
            Kind::Bytes => "bytea",
            Kind::Other => "a type of its own",
        })
    }
}

/// `timestamp(3) with time zone`.
fn of_timestamp(declared: &str) -> Option<Kind> {
    let rest = declared.strip_prefix("timestamp")?;
    Some(if rest.ends_with("with time zone") {
        Kind::Timestamptz
    } else {
        Kind::Timestamp
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_however_they_are_declared() {
        for (declared, kind) in [
            ("bigint", Kind::Integer),
            ("numeric(10,2)", Kind::Number),
            ("character varying(80)", Kind::Text),
            ("public.citext", Kind::Text),
            ("timestamp(3) with time zone", Kind::Timestamptz),
            ("timestamp without time zone", Kind::Timestamp),
            ("integer[]", Kind::Other),
            ("box.customer_number", Kind::Other),
        ] {
            assert_eq!(Kind::of(declared), kind, "{declared}");
        }
    }
}
