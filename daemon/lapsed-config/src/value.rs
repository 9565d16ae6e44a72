//! The tree of a document: values, each with its place in the text.

use std::ops::Range;
use std::str::FromStr;

/// A value and the bytes of the text that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What was read.
    pub value: T,
    /// Where it stands.
    pub span: Range<usize>,
}

impl<T> Spanned<T> {
    /// `value`, which stands at `span`.
    pub fn new(value: T, span: Range<usize>) -> Self {
        Self { value, span }
    }

    /// The same place with what `change` makes of the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned {
            value: change(self.value),
            span: self.span,
        }
    }
}

/// What can stand behind a `=`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text in quotes.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Any other number, as it is written.
    Number(String),
    /// `true` or `false`.
    YesNo(bool),
    /// A date or a time without quotes, as it is written.
    Moment(String),
    /// `[ … ]`, or the tables of `[[ … ]]`.
    List(Vec<Spanned<Value>>),
    /// `{ … }`, or what stands under a `[section]`.
    Table(Table),
    /// Something whose form was already found to be wrong: nothing more is said about it.
    Broken,
}

/// One line of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its name.
    pub key: Spanned<String>,
    /// Its value. A section's value stands where its heading stands.
    pub value: Spanned<Value>,
}

/// Names and values in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The entries; a name stands here once.
    pub entries: Vec<Entry>,
    /// Where the table stands: its heading, or its braces; nothing for the whole file.
    pub span: Option<Range<usize>>,
}

impl Table {
    /// The entry of this name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.value == key)
    }

    /// Where the name stands.
    #[must_use]
    pub fn key_span(&self, key: &str) -> Option<Range<usize>> {
        self.get(key).map(|entry| entry.key.span.clone())
    }

    /// The text under a name.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Spanned<&str>> {
        let value = &self.get(key)?.value;
        value.as_text()
    }

    /// The text under a name, read as `T`; nothing where it does not read so.
    #[must_use]
    pub fn parsed<T: FromStr>(&self, key: &str) -> Option<Spanned<T>> {
        let text = self.text(key)?;
        text.value
            .parse()
            .ok()
            .map(|value| Spanned::new(value, text.span))
    }

    /// The yes or no under a name.
    #[must_use]
    pub fn yes_no(&self, key: &str) -> Option<Spanned<bool>> {
        let value = &self.get(key)?.value;
        match value.value {
            Value::YesNo(yes) => Some(Spanned::new(yes, value.span.clone())),
            _ => None,
        }
    }

    /// The whole number under a name.
    #[must_use]
    pub fn whole(&self, key: &str) -> Option<Spanned<i64>> {
        let value = &self.get(key)?.value;
        match value.value {
            Value::Whole(number) => Some(Spanned::new(number, value.span.clone())),
            _ => None,
        }
    }

    /// The texts of the list under a name; a single text counts as a list of one.
    #[must_use]
    pub fn texts(&self, key: &str) -> Option<Vec<Spanned<&str>>> {
        self.get(key).map(|entry| entry.value.as_texts())
    }

    /// The table under a name.
    #[must_use]
    pub fn table(&self, key: &str) -> Option<&Table> {
        self.get(key)?.value.as_table()
    }

    /// The tables under a name that is written `[[name]]`, in the order of the file.
    pub fn tables(&self, key: &str) -> impl Iterator<Item = &Table> {
        let list = match self.get(key).map(|entry| &entry.value.value) {
            Some(Value::List(list)) => list.as_slice(),
            _ => &[],
        };
        list.iter().filter_map(Spanned::as_table)
    }
}

impl Spanned<Value> {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<Spanned<&str>> {
        match &self.value {
            Value::Text(text) => Some(Spanned::new(text, self.span.clone())),
            _ => None,
        }
    }

    /// The texts of a list; a single text counts as a list of one.
    #[must_use]
    pub fn as_texts(&self) -> Vec<Spanned<&str>> {
        match &self.value {
            Value::List(list) => list.iter().filter_map(Self::as_text).collect(),
            _ => self.as_text().into_iter().collect(),
        }
    }

    /// The table, if it is one.
    #[must_use]
    pub fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }
}
