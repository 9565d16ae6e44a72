//! SQL on its way from the dataset, which composes it, to the store, which runs it.

use serde::{Serialize, Serializer};

/// A value of a store, or one bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => to.serialize_unit(),
            Value::Integer(number) => to.serialize_i64(*number),
            Value::Real(number) => to.serialize_f64(*number),
            Value::Text(text) => to.serialize_str(text),
        }
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<bool> for Value {
    /// As SQLite does.
    fn from(yes: bool) -> Self {
        Self::Integer(yes.into())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A statement and the values bound to its `$1`, `$2` …
///
/// Its text was composed from identifiers that were found in the store's own catalogue; everything that comes
/// from a person, a policy or a clock is bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The text, with `$n` for the bound values: both databases read that.
    pub sql: String,
    /// `$1` first.
    pub binds: Vec<Value>,
}

/// What erases a batch, in the order in which it must run.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// What hangs on its people.
    pub rows: Vec<Statement>,
    /// The people themselves: a row for each of them, or nothing is kept.
    pub people: Option<Statement>,
    /// What the daemon knows of them.
    pub own: Vec<Statement>,
}

impl Effects {
    /// All of it.
    pub fn all(&self) -> impl Iterator<Item = &Statement> {
        self.rows.iter().chain(&self.people).chain(&self.own)
    }
}
