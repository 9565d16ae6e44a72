//! Who a row of the store is about.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::Value;

/// The store's key of a person. It is a number or a text and keeps that type all the way, because a text never
/// equals a number in SQLite.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(untagged)]
pub enum SubjectKey {
    /// An integer key.
    Integer(i64),
    /// A text or UUID key.
    Text(String),
}

impl SubjectKey {
    /// The key as a value to bind.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            SubjectKey::Integer(number) => Value::Integer(*number),
            SubjectKey::Text(text) => Value::Text(text.clone()),
        }
    }
}

impl fmt::Display for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubjectKey::Integer(number) => write!(f, "{number}"),
            SubjectKey::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for SubjectKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(to)
    }
}
