//! The pen that SQL is written with: one place quotes names, one place binds values.

use lapsed_model::{Statement, Value};

/// A statement in the making.
#[derive(Default)]
pub(crate) struct Sql {
    binds: Vec<Value>,
}

impl Sql {
    /// Binds a value and gives back its `$n`; a value that is bound already keeps its number.
    pub(crate) fn bind(&mut self, value: Value) -> String {
        let position = self
            .binds
            .iter()
            .position(|bound| *bound == value)
            .unwrap_or_else(|| {
                self.binds.push(value);
                self.binds.len() - 1
            });
        format!("${}", position + 1)
    }

    /// The finished statement.
    pub(crate) fn finish(self, sql: String) -> Statement {
        Statement {
            sql,
            binds: self.binds,
        }
    }
}

/// Quotes an identifier that was found in the store's catalogue.
pub(crate) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// The key of person `s` for a comparison with another column.
///
/// The `+` changes nothing but keeps SQLite from converting the other side to the key's type: of a column without
/// a type of its own, such as the daemon's `subject`, it could then not use the index.
pub(crate) fn person_key(key: &str) -> String {
    format!("+s.{}", quote(key))
}

/// Quotes a text constant of our own, such as a path inside a JSON column.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_bound_once() {
        let mut sql = Sql::default();
        assert_eq!(sql.bind(Value::Integer(7)), "$1");
        assert_eq!(sql.bind(Value::Integer(8)), "$2");
        assert_eq!(sql.bind(Value::Integer(7)), "$1");
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quote("a\"; DROP TABLE b; --"), "\"a\"\"; DROP TABLE b; --\"");
        assert_eq!(literal("$.it's"), "'$.it''s'");
    }
}
