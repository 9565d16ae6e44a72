//! What a workgroup says itself, laid over the head of the file.

use std::ops::Range;

use lapsed_config::{Entry, Spanned, Table};
use lapsed_model::Period;

/// A workgroup's own table above that of the file.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'t> {
    pub(crate) own: Option<&'t Table>,
    pub(crate) head: Option<&'t Table>,
}

impl<'t> Layers<'t> {
    /// The table that has the key, the workgroup's own first.
    pub(crate) fn of(self, key: &str) -> Option<&'t Table> {
        [self.own, self.head]
            .into_iter()
            .flatten()
            .find(|table| table.get(key).is_some())
    }

    pub(crate) fn entry(self, key: &str) -> Option<&'t Entry> {
        self.of(key)?.get(key)
    }

    pub(crate) fn text(self, key: &str) -> Option<Spanned<&'t str>> {
        self.of(key)?.text(key)
    }

    pub(crate) fn period(self, key: &str) -> Option<Spanned<Period>> {
        self.of(key)?.parsed(key)
    }

    pub(crate) fn yes_no(self, key: &str) -> Option<bool> {
        self.of(key)?.yes_no(key).map(|yes| yes.value)
    }

    /// Whether two keys stand in the same table, or the first one below the other: a workgroup that overrides
    /// `automatic` does not thereby say anything about the schedule of the file.
    pub(crate) fn meant_together(self, key: &str, other: &str) -> bool {
        let stands_in_own = |key| self.own.is_some_and(|own| own.get(key).is_some());
        stands_in_own(key) || !stands_in_own(other)
    }
}

/// A setting from its name to the end of its value.
pub(crate) fn line_of(entry: &Entry) -> Range<usize> {
    entry.key.span.start..entry.value.span.end.max(entry.key.span.end)
}
