//! What is wrong with a file, and what to do about it.

use std::ops::Range;

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot take effect.
    Error,
    /// The file takes effect, and somebody should look.
    Warning,
    /// Nothing is wrong; this is what the file means.
    Hint,
}

/// One thing to say about a file.
///
/// The title says what is wrong, the help what to do next, the note what else is good to know. Literals stand in
/// backticks, and every part reads without colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the file can take effect.
    pub severity: Severity,
    /// What is wrong, in one sentence without a full stop.
    pub title: String,
    /// The bytes of the text that it is about; the whole file where there is none.
    pub span: Option<Range<usize>>,
    /// A word or two beside the marked place.
    pub label: Option<String>,
    /// The next step.
    pub help: Option<String>,
    /// What else to know.
    pub note: Option<String>,
}

impl Finding {
    /// Something that keeps the file from taking effect.
    #[must_use]
    pub fn error(title: impl Into<String>) -> Self {
        let title = title.into();
        Self {
            severity: Severity::Error,
            title,
            span: None,
            label: None,
            help: None,
            note: None,
        }
    }

    /// Something that somebody should look at.
    #[must_use]
    pub fn warning(title: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(title)
        }
    }

    /// Something that is worth knowing.
    #[must_use]
    pub fn hint(title: impl Into<String>) -> Self {
        Self {
            severity: Severity::Hint,
            ..Self::error(title)
        }
    }

    /// Points at a place of the text.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// Says a word beside the marked place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what else is good to know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Whether it keeps the file from taking effect.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The first hundred findings of a file, in the order of the text. More are of no use to anybody, and a file that
/// somebody filled with mistakes on purpose must not fill a report as well.
#[must_use]
pub fn limited(mut findings: Vec<Finding>) -> Vec<Finding> {
    const MOST: usize = 100;
    if let Some(more) = findings.len().checked_sub(MOST).filter(|more| *more > 0) {
        findings.sort_by_key(|finding| finding.span.as_ref().map_or(usize::MAX, |span| span.start));
        findings.truncate(MOST);
        findings.push(
            Finding::error(format!("there are {more} more findings")).help("correct those above first"),
        );
    }
    findings
}

/// As much of a text as fits into a sentence: a finding quotes what people wrote, and that can be anything.
#[must_use]
pub fn clipped(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && line.chars().count() <= 60 {
        return text.to_owned();
    }
    line.chars().take(59).chain(['…']).collect()
}

/// A finding as a machine reads it (`--json`); the names of the fields are stable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reported {
    /// The file's shown path.
    pub file: String,
    /// The line, from one; none for the whole file.
    pub line: Option<usize>,
    /// The column in letters, from one.
    pub column: Option<usize>,
    /// `error`, `warning` or `hint`.
    pub severity: Severity,
    /// What is wrong.
    pub title: String,
    /// The next step.
    pub help: Option<String>,
    /// What else to know.
    pub note: Option<String>,
}
