//! Personal data has a type.

/// A value that identifies a person.
///
/// It has no `Display`, `Debug` or `Serialize` on purpose: it cannot slip into a log line, an error or a
/// ledger entry. Whoever shows it to somebody entitled to it says so with [`Pii::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Takes a value into care.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, for the one who asked for it.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}
