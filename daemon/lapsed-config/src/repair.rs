//! A text that is mended piece by piece and still knows where each letter came from.
//!
//! One mistake of form hides others: after an open bracket a parser understands nothing. So the first mistake
//! is reported and mended, and the text is read again. Findings must point into the file as the person wrote it;
//! hence every byte of the mended text remembers its place in the original.

use std::ops::Range;

/// The mended text.
pub(crate) struct Mended {
    pub(crate) text: String,
    /// For each byte of the text, and for its end, the place in the original. Empty while nothing was mended.
    origin: Vec<usize>,
    /// Places in the original about which nothing more is to be said.
    broken: Vec<Range<usize>>,
}

/// How to mend a mistake.
pub(crate) struct Repair {
    /// What to replace: the ranges must not overlap.
    pub(crate) edits: Vec<(Range<usize>, String)>,
    /// The range whose meaning remains unknown, whatever it is replaced with.
    pub(crate) broken: Option<Range<usize>>,
}

impl Repair {
    /// Replaces one range; what results is taken at its word.
    pub(crate) fn replace(range: Range<usize>, with: impl Into<String>) -> Self {
        Self {
            edits: vec![(range, with.into())],
            broken: None,
        }
    }

    /// Puts something in.
    pub(crate) fn insert(at: usize, text: impl Into<String>) -> Self {
        Self::replace(at..at, text)
    }

    /// Replaces a value by one that stands for "unknown".
    pub(crate) fn give_up(value: Range<usize>) -> Self {
        Self {
            edits: vec![(value.clone(), " \"\"".to_owned())],
            broken: Some(value),
        }
    }

    /// Takes something out and says nothing more about it.
    pub(crate) fn blank(range: Range<usize>) -> Self {
        Self {
            edits: vec![(range.clone(), String::new())],
            broken: Some(range),
        }
    }
}

impl Mended {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            origin: Vec::new(),
            broken: Vec::new(),
        }
    }

    pub(crate) fn apply(&mut self, mut repair: Repair) {
        if self.origin.is_empty() {
            self.origin = (0..=self.text.len()).collect();
        }
        if let Some(broken) = repair.broken {
            let broken = self.to_original(&broken);
            self.broken.push(broken);
        }
        repair
            .edits
            .sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        let mut mended_from = self.text.len();
        for (range, with) in repair.edits {
            // A diagnosis that counted in bytes must not cut a letter in two.
            let start = self.text.floor_char_boundary(range.start).min(mended_from);
            let range = start..self.text.ceil_char_boundary(range.end).clamp(start, mended_from);
            mended_from = start;
            let place = self.origin[range.start];
            self.origin
                .splice(range.clone(), std::iter::repeat_n(place, with.len()));
            self.text.replace_range(range, &with);
        }
    }

    /// A range of the mended text as a range of the original.
    pub(crate) fn to_original(&self, range: &Range<usize>) -> Range<usize> {
        if self.origin.is_empty() {
            return range.clone();
        }
        let place = |offset: usize| self.origin[offset.min(self.text.len())];
        let start = place(range.start);
        start..place(range.end).max(start)
    }

    /// Whether a value at this place of the original was given up.
    pub(crate) fn is_broken(&self, span: &Range<usize>) -> bool {
        self.broken
            .iter()
            .any(|broken| broken.start <= span.start && span.end <= broken.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_behind_an_insertion_are_those_of_the_original() {
        let mut mended = Mended::new("[a\nb = x y\nc = 1");
        mended.apply(Repair::insert(2, "]"));
        mended.apply(Repair::replace(8..11, "\"x y\""));
        assert_eq!(mended.text, "[a]\nb = \"x y\"\nc = 1");
        assert_eq!(mended.to_original(&(8..13)), 7..10);
        let one = mended.text.find('1').expect("a digit");
        assert_eq!(mended.to_original(&(one..one + 1)), 15..16);
    }

    #[test]
    fn a_letter_is_never_cut_in_two() {
        let mut mended = Mended::new("a = “b");
        mended.apply(Repair::replace(5..6, "c"));
        assert_eq!(mended.text, "a = cb");
    }

    #[test]
    fn what_was_given_up_stays_known_as_such() {
        let mut mended = Mended::new("a = ???\nb = 1");
        mended.apply(Repair::give_up(4..7));
        let quotes = mended.text.find('"').expect("a quote");
        assert!(mended.is_broken(&mended.to_original(&(quotes..quotes + 2))));
        assert!(!mended.is_broken(&(12..13)));
    }
}
