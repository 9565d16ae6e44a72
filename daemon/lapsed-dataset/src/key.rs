//! The key of a person, on both sides of the border.
//!
//! In the platform's tables a key has the platform's type. The daemon's own tables keep keys of any type: in SQLite in
//! columns without a type, on PostgreSQL as scalars of `jsonb`. So every comparison says how either side spells the key,
//! and only the side that is looked at once per person is converted: the other one's index serves.

use lapsed_model::{Dialect, SubjectKey, Value};

use crate::kind::Kind;
use crate::sql::{Sql, quote};

/// How a column spells the keys of people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As the platform does.
    Platform,
    /// As the daemon does.
    Daemon,
}

/// The column that tells people apart.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    dialect: Dialect,
    column: String,
    declared: String,
    kind: Kind,
}

impl Key {
    /// The key in this column of this type.
    pub(crate) fn new(dialect: Dialect, column: &str, declared: &str) -> Self {
        Self {
            dialect,
            column: quote(column),
            declared: declared.to_owned(),
            kind: Kind::of(declared),
        }
    }

    /// The column of the people's table, quoted.
    pub(crate) fn column(&self) -> &str {
        &self.column
    }

    /// What PostgreSQL keeps it as.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The key of person `s`, for a comparison with a column of this spelling.
    pub(crate) fn person(&self, spelling: Spelling) -> String {
        self.person_of("s", spelling)
    }

    /// The same for a person by another name.
    ///
    /// The `+` changes nothing but keeps SQLite from converting the other side to the key's type: of a column without
    /// a type of its own, such as the daemon's `subject`, it could then not use the index.
    pub(crate) fn person_of(&self, person: &str, spelling: Spelling) -> String {
        let column = &self.column;
        match (self.dialect, spelling) {
            (Dialect::Sqlite, _) => format!("+{person}.{column}"),
            (Dialect::Postgres, Spelling::Platform) => format!("{person}.{column}"),
            (Dialect::Postgres, Spelling::Daemon) => format!("to_jsonb({person}.{column})"),
        }
    }

    /// A column with keys of the platform's, as a table of the daemon's takes it.
    pub(crate) fn kept(&self, column: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => column.to_owned(),
            Dialect::Postgres => format!("to_jsonb({column})"),
        }
    }

    /// The key of person `s`, as a table of the daemon's takes it.
    pub(crate) fn kept_person(&self) -> String {
        self.kept(&format!("s.{}", self.column))
    }

    /// A key that a table of the daemon's holds, for a comparison with a column of this spelling. A key of another type
    /// than the platform's is nobody's: a key is matched to the letter.
    pub(crate) fn held_in(&self, column: &str, spelling: Spelling) -> String {
        match (self.dialect, spelling, self.kind) {
            (Dialect::Sqlite, _, _) | (_, Spelling::Daemon, _) => column.to_owned(),
            (_, _, Kind::Integer) => {
                format!("CASE WHEN jsonb_typeof({column}) = 'number' THEN CAST({column} AS bigint) END")
            }
            (_, _, Kind::Number) => {
                format!("CASE WHEN jsonb_typeof({column}) = 'number' THEN CAST({column} AS numeric) END")
            }
            (_, _, Kind::Uuid) => {
                format!("CASE WHEN {column} #>> '{{}}' ~ '{UUID}' THEN CAST({column} #>> '{{}}' AS uuid) END")
            }
            _ => format!(
                "CASE WHEN jsonb_typeof({column}) = 'string' THEN CAST({column} #>> '{{}}' AS {}) END",
                self.declared
            ),
        }
    }

    /// A key in a column of this spelling, as the platform has it.
    pub(crate) fn read(&self, column: &str, spelling: Spelling) -> String {
        match spelling {
            Spelling::Platform => column.to_owned(),
            Spelling::Daemon => self.held_in(column, Spelling::Platform),
        }
    }

    /// A person's key, bound for a comparison with a column of this spelling.
    pub(crate) fn bound(&self, sql: &mut Sql, subject: &SubjectKey, spelling: Spelling) -> String {
        match (self.dialect, spelling) {
            (Dialect::Sqlite, _) => sql.bind(subject.to_value()),
            (Dialect::Postgres, Spelling::Platform) => self.bound_as_declared(sql, subject),
            (Dialect::Postgres, Spelling::Daemon) => {
                let kept_as = match subject {
                    SubjectKey::Integer(_) => "bigint",
                    SubjectKey::Text(_) => "text",
                };
                format!("to_jsonb(CAST({} AS {kept_as}))", sql.bind(subject.to_value()))
            }
        }
    }

    /// PostgreSQL refuses to compare a number with a word. A key may come from somebody's keyboard, so what cannot be one
    /// is nobody's.
    fn bound_as_declared(&self, sql: &mut Sql, subject: &SubjectKey) -> String {
        let written = subject.to_string();
        match self.kind {
            Kind::Integer | Kind::Number => match written.parse::<i64>() {
                Ok(number) => sql.bind(Value::Integer(number)),
                Err(_) => "CAST(NULL AS bigint)".to_owned(),
            },
            Kind::Uuid if is_uuid(&written) => format!("CAST({} AS uuid)", sql.bind(written.into())),
            Kind::Uuid => "CAST(NULL AS uuid)".to_owned(),
            _ => format!("CAST({} AS {})", sql.bind(written.into()), self.declared),
        }
    }
}

/// A UUID as PostgreSQL writes it.
const UUID: &str = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

/// Whether PostgreSQL reads a text as a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(place, letter)| match place {
            8 | 13 | 18 | 23 => letter == '-',
            _ => letter.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(declared: &str, subject: &SubjectKey, spelling: Spelling) -> String {
        let mut sql = Sql::of(Dialect::Postgres);
        Key::new(Dialect::Postgres, "id", declared).bound(&mut sql, subject, spelling)
    }

    #[test]
    fn sqlite_keeps_keys_as_they_are() {
        let key = Key::new(Dialect::Sqlite, "id", "INTEGER");
        assert_eq!(key.person(Spelling::Daemon), "+s.\"id\"");
        assert_eq!(key.held_in("b.subject", Spelling::Platform), "b.subject");
    }

    #[test]
    fn postgres_converts_the_side_that_is_looked_at_once() {
        let key = Key::new(Dialect::Postgres, "id", "integer");
        assert_eq!(key.person(Spelling::Platform), "s.\"id\"");
        assert_eq!(key.person(Spelling::Daemon), "to_jsonb(s.\"id\")");
        assert_eq!(
            key.held_in("b.subject", Spelling::Platform),
            "CASE WHEN jsonb_typeof(b.subject) = 'number' THEN CAST(b.subject AS bigint) END"
        );
    }

    #[test]
    fn what_cannot_be_a_key_is_nobodys() {
        let word = &SubjectKey::Text("anna".to_owned());
        assert_eq!(bound("bigint", word, Spelling::Platform), "CAST(NULL AS bigint)");
        assert_eq!(bound("uuid", word, Spelling::Platform), "CAST(NULL AS uuid)");
        assert_eq!(bound("text", word, Spelling::Platform), "CAST($1 AS text)");
        assert_eq!(
            bound("bigint", word, Spelling::Daemon),
            "to_jsonb(CAST($1 AS text))"
        );
        let number = &SubjectKey::Text("17".to_owned());
        assert_eq!(bound("bigint", number, Spelling::Platform), "$1");
    }
}
