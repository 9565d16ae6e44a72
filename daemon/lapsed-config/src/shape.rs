//! The one description of what may stand in a file.
//!
//! Findings and the editors' JSON Schema both follow from it, so that they cannot disagree.

/// What may stand in a table.
#[derive(Debug)]
pub struct Shape {
    /// What the table is for, in one sentence: editors show it.
    pub doc: &'static str,
    /// Its keys, in the order in which a person would write them.
    pub keys: &'static [Key],
}

/// One key of a table.
#[derive(Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What may stand behind it.
    pub kind: Kind,
    /// What it is for, in one sentence.
    pub doc: &'static str,
    /// A value as a person would write it, in TOML; for a table, its heading.
    pub example: &'static str,
    /// Whether the table is incomplete without it.
    pub required: bool,
    /// What holds where it is left out, in TOML.
    pub default: Option<&'static str>,
}

impl Key {
    /// A key that may be left out.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            doc,
            example,
            required: false,
            default: None,
        }
    }

    /// A key that must be there.
    #[must_use]
    pub const fn required(name: &'static str, kind: Kind, example: &'static str, doc: &'static str) -> Self {
        Self {
            required: true,
            ..Self::new(name, kind, example, doc)
        }
    }

    /// Says what holds where it is left out.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    /// A section whose job this version does not do yet.
    #[must_use]
    pub const fn later(name: &'static str, comes_with: &'static str) -> Self {
        Self::new(name, Kind::Later(comes_with), "", "")
    }
}

/// What may stand behind a key.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text that is not empty.
    Text,
    /// A text of a certain form: a period, a date, a schedule.
    Form(&'static Form),
    /// `true` or `false`.
    YesNo,
    /// One of a few words, each with what it means.
    Words(&'static [(&'static str, &'static str)]),
    /// A whole number between two bounds, both included.
    Whole(i64, i64),
    /// A list of these.
    List(&'static Kind),
    /// A table whose keys are known.
    Table(&'static Shape),
    /// A table whose keys are names that the writer chooses.
    Map {
        /// What the names are, for editors: `the store's key of a workgroup`.
        names: &'static str,
        /// What stands behind each.
        each: &'static Kind,
    },
    /// A table that is written several times, as `[[name]]`.
    Tables(&'static Shape),
    /// Any of these.
    Either(&'static [Kind]),
    /// A job that this version does not do yet; the words say with what it comes.
    Later(&'static str),
}

/// A form that a text must have.
pub struct Form {
    /// What it is, with its article: `a period`.
    pub what: &'static str,
    /// How to write it: `a number and a unit, such as …`.
    pub how: &'static str,
    /// A good one, without quotes.
    pub example: &'static str,
    /// A regular expression that every good one matches, for editors; it may accept more than `check` does.
    pub pattern: Option<&'static str>,
    /// Says what is wrong with a text.
    pub check: fn(&str) -> Result<(), Complaint>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

/// What is wrong with a text that should have a [`Form`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Complaint {
    /// In place of "`TEXT` is not WHAT".
    pub title: Option<String>,
    /// In place of "write HOW".
    pub help: Option<String>,
}

impl Complaint {
    /// A complaint with a next step of its own.
    #[must_use]
    pub fn help(help: impl Into<String>) -> Self {
        Self {
            title: None,
            help: Some(help.into()),
        }
    }

    /// A complaint in words of its own.
    #[must_use]
    pub fn new(title: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            title: Some(title.into()),
            help: Some(help.into()),
        }
    }
}

impl Shape {
    /// The key of this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}
