//! The pen that SQL is written with: it knows which database reads it, quotes names and binds values.

use lapsed_model::{Dialect, Statement, Table, Value};

/// A statement in the making.
pub(crate) struct Sql {
    dialect: Dialect,
    binds: Vec<Value>,
}

impl Sql {
    /// A pen for one database.
    pub(crate) fn of(dialect: Dialect) -> Self {
        Self {
            dialect,
            binds: Vec::new(),
        }
    }

    /// Who reads it.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

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

/// A statement without values.
pub(crate) fn plain(sql: impl Into<String>) -> Statement {
    Statement {
        sql: sql.into(),
        binds: Vec::new(),
    }
}

/// Quotes an identifier that was found in the store's catalogue.
pub(crate) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// Quotes the name of a table as datasets write it: `box.customers` is `"box"."customers"` where the catalogue says that
/// `box` is a schema.
pub(crate) fn quote_table(name: &str, table: Option<&Table>) -> String {
    let schema = table.and_then(|table| table.schema.as_deref());
    let within = schema.and_then(|schema| Some((schema, name.strip_prefix(schema)?.strip_prefix('.')?)));
    match within {
        Some((schema, table)) => format!("{}.{}", quote(schema), quote(table)),
        None => quote(name),
    }
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
        let mut sql = Sql::of(Dialect::Sqlite);
        assert_eq!(sql.bind(Value::Integer(7)), "$1");
        assert_eq!(sql.bind(Value::Integer(8)), "$2");
        assert_eq!(sql.bind(Value::Integer(7)), "$1");
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(quote("a\"; DROP TABLE b; --"), "\"a\"\"; DROP TABLE b; --\"");
        assert_eq!(literal("$.it's"), "'$.it''s'");
    }

    #[test]
    fn a_dot_parts_a_name_only_where_the_catalogue_says_so() {
        let in_schema = Table {
            schema: Some("box".to_owned()),
            ..Table::default()
        };
        assert_eq!(
            quote_table("box.customers", Some(&in_schema)),
            "\"box\".\"customers\""
        );
        assert_eq!(quote_table("box.x.y", Some(&in_schema)), "\"box\".\"x.y\"");
        assert_eq!(
            quote_table("box.customers", Some(&Table::default())),
            "\"box.customers\""
        );
        assert_eq!(quote_table("customers", None), "\"customers\"");
    }
}
