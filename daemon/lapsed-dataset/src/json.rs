//! Keys inside JSON: a value that loses some of its keys, whatever the database keeps it as.
//!
//! PostgreSQL's operators fail on what they do not expect, and with them the batch: one row must not keep everybody behind
//! it from being erased. So the daemon brings functions of its own: `lapsed_json` answers null for a text that is no JSON,
//! `lapsed_json_less` and `lapsed_json_emptied` leave alone what has no such key.

use lapsed_model::Dialect;

use crate::kind::Kind;
use crate::sql::literal;

/// What becomes of a key inside a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes.
    Removed,
    /// It stays with the empty text, if it is there.
    Emptied,
}

/// A column with JSON in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Json<'c> {
    dialect: Dialect,
    column: &'c str,
    kind: Kind,
}

impl<'c> Json<'c> {
    /// A quoted column; `kind` is what PostgreSQL keeps it as, a text where nothing else is said.
    pub(crate) fn new(dialect: Dialect, column: &'c str, kind: Option<Kind>) -> Self {
        Self {
            dialect,
            column,
            kind: kind.unwrap_or(Kind::Text),
        }
    }

    /// The condition under which it is JSON at all.
    pub(crate) fn is_valid(self) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("json_valid({})", self.column),
            Dialect::Postgres => format!("{} IS NOT NULL", self.parsed()),
        }
    }

    /// The value without these keys, as the column keeps it; a dot in a key leads further in. Only for what is valid.
    pub(crate) fn without(self, keys: &[(&str, Fate)]) -> String {
        match (self.dialect, self.kind) {
            (Dialect::Sqlite, _) => self.in_sqlite(keys),
            (Dialect::Postgres, Kind::Jsonb) => self.in_postgres(keys),
            (Dialect::Postgres, Kind::Json) => format!("CAST({} AS json)", self.in_postgres(keys)),
            (Dialect::Postgres, _) => format!("CAST({} AS text)", self.in_postgres(keys)),
        }
    }

    /// Nothing, as the column can keep it: for what is no JSON, of which nobody knows what stands in it.
    pub(crate) fn nothing(self) -> &'static str {
        match (self.dialect, self.kind) {
            (Dialect::Postgres, Kind::Jsonb | Kind::Json) => "'\"\"'",
            _ => "''",
        }
    }

    /// Whether the keys are in it. PostgreSQL writes JSON in a spelling of its own: that alone is no change.
    pub(crate) fn has(self, keys: &[(&str, Fate)]) -> Option<String> {
        (self.dialect == Dialect::Postgres).then(|| {
            let (column, parsed, less) = (self.column, self.parsed(), self.in_postgres(keys));
            format!("{parsed} IS DISTINCT FROM {less} OR ({parsed} IS NULL AND CAST({column} AS text) <> '')")
        })
    }

    fn in_sqlite(self, keys: &[(&str, Fate)]) -> String {
        keys.iter().fold(self.column.to_owned(), |value, (key, fate)| {
            let path = literal(&format!("$.\"{}\"", key.replace('.', "\".\"")));
            match fate {
                Fate::Emptied => format!("json_replace({value}, {path}, '')"),
                Fate::Removed => format!("json_remove({value}, {path})"),
            }
        })
    }

    fn in_postgres(self, keys: &[(&str, Fate)]) -> String {
        keys.iter().fold(self.parsed(), |value, (key, fate)| {
            let path: Vec<String> = key.split('.').map(literal).collect();
            let path = format!("ARRAY[{}]", path.join(", "));
            match fate {
                Fate::Emptied => format!("lapsed_json_emptied({value}, {path})"),
                Fate::Removed => format!("lapsed_json_less({value}, {path})"),
            }
        })
    }

    fn parsed(self) -> String {
        let column = self.column;
        match self.kind {
            Kind::Jsonb => column.to_owned(),
            Kind::Text => format!("lapsed_json({column})"),
            // `json` takes escapes that `jsonb` refuses.
            _ => format!("lapsed_json(CAST({column} AS text))"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREET: [(&str, Fate); 1] = [("home.street", Fate::Removed)];

    #[test]
    fn a_dot_leads_further_in() {
        let sqlite = Json::new(Dialect::Sqlite, "\"a\"", None);
        assert_eq!(
            sqlite.without(&STREET),
            "json_remove(\"a\", '$.\"home\".\"street\"')"
        );
        let postgres = Json::new(Dialect::Postgres, "\"a\"", Some(Kind::Jsonb));
        assert_eq!(
            postgres.without(&STREET),
            "lapsed_json_less(\"a\", ARRAY['home', 'street'])"
        );
    }

    #[test]
    fn a_text_is_read_first_and_written_back_as_one() {
        let text = Json::new(Dialect::Postgres, "\"a\"", Some(Kind::Text));
        assert_eq!(text.is_valid(), "lapsed_json(\"a\") IS NOT NULL");
        assert_eq!(
            text.without(&STREET),
            "CAST(lapsed_json_less(lapsed_json(\"a\"), ARRAY['home', 'street']) AS text)"
        );
    }
}
