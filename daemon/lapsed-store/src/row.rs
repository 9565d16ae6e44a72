//! Rows as the store hands them out, whichever database they come from.

use std::sync::Arc;

use lapsed_model::{SubjectKey, Value};

/// A row of a statement that the dataset composed: its values, in their order.
pub type Row = Vec<Value>;

/// A row of a statement of ours: its values by the names of their columns.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) names: Arc<[String]>,
    pub(crate) values: Row,
}

impl Record {
    /// The value of a column that the statement names, or of the one at a place.
    ///
    /// # Panics
    ///
    /// Where the statement returns no such column, or one of another type: then the statement is wrong, and not the row.
    pub(crate) fn get<T: FromValue>(&self, column: impl Place) -> T {
        let place = column.of(&self.names);
        T::from_value(&self.values[place])
            .unwrap_or_else(|| panic!("`{}` holds no {}", self.names[place], std::any::type_name::<T>()))
    }

    /// The value itself, in whatever type the row holds it.
    pub(crate) fn value(&self, column: impl Place) -> &Value {
        &self.values[column.of(&self.names)]
    }
}

/// What names a column: its name, or its place from 0.
pub(crate) trait Place {
    fn of(self, names: &[String]) -> usize;
}

impl Place for usize {
    fn of(self, _: &[String]) -> usize {
        self
    }
}

impl Place for &str {
    fn of(self, names: &[String]) -> usize {
        names
            .iter()
            .position(|name| name == self)
            .unwrap_or_else(|| panic!("the statement returns no `{self}`"))
    }
}

/// What a value can be read as.
pub(crate) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).and_then(|number| number.try_into().ok())
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// The first column of every row.
pub(crate) fn column<T: FromValue>(rows: &[Record]) -> Vec<T> {
    rows.iter().map(|row| row.get(0)).collect()
}

/// A person's key in whatever type the row holds it.
pub(crate) fn subject_key(value: &Value) -> Option<SubjectKey> {
    match value {
        Value::Integer(number) => Some(SubjectKey::Integer(*number)),
        Value::Text(text) => Some(SubjectKey::Text(text.clone())),
        Value::Null | Value::Real(_) => None,
    }
}
