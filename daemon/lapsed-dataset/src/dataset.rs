//! What a dataset file says, as values.

use std::collections::BTreeMap;

use lapsed_config::Spanned;
use lapsed_model::{Catalogue, Digest, Rules, Texts};

use crate::instants::{DateIs, Instants};

/// A dataset file that was read and found whole in itself. Whether a store looks like it is another question:
/// [`Dataset::fit`](crate::Dataset::fit) answers that.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// How the platform writes instants, unless a fact says its own.
    pub instants: Instants,
    /// The table with one row per person.
    pub subject: Subject,
    /// Rows that belong to a person.
    pub related: Vec<Related>,
    /// Tables that hang on the person and hold nothing of theirs, each with the reason.
    pub ignored: BTreeMap<String, Spanned<String>>,
    /// What can happen to a person.
    pub facts: BTreeMap<String, Fact>,
    /// and the open business of R-5.
    pub rules: Rules,
    /// What the tenants' examples may say of a customer, and the facts that it stands for.
    pub words: BTreeMap<String, Vec<String>>,
    /// The records that a legal hold can be placed on.
    pub holdables: Vec<Holdable>,
    /// The files of a person's export.
    pub exports: Vec<Export>,
    /// What the columns of exported files are, by their names; a file may say it otherwise.
    pub exported: BTreeMap<String, Spanned<Texts>>,
    /// Personal columns (`table.column`) that no export names, each with the reason.
    pub not_exported: BTreeMap<String, Spanned<String>>,
    /// SHA-256 of the file: plans remember it.
    pub hash: Digest,
}

impl Dataset {
    /// Whether people may be judged by rows of this table: some query that says what happened to whom, or whose they are, names
    /// it, or names a view or what is none of the dataset's tables, and may read it there.
    pub(crate) fn is_judged_by(&self, related: &Related, catalogue: &Catalogue) -> bool {
        let related = bare(&related.table.value);
        let tables = self.related.iter().map(|related| bare(&related.table.value));
        let tables = tables.chain(self.ignored.keys().map(|table| bare(table)));
        let known: Vec<&str> = tables.chain([bare(&self.subject.table.value)]).collect();
        let views = catalogue.tables.iter().filter(|(_, table)| table.is_view);
        let views: Vec<&str> = views.map(|(name, _)| bare(name)).collect();
        let whose = match &self.subject.workgroup {
            WorkgroupOf::Query(query) => Some(query.value.as_str()),
            _ => None,
        };
        let mut queries = self
            .facts
            .values()
            .map(|fact| fact.query.value.as_str())
            .chain(whose);
        queries.any(|query| {
            let is_own = query.contains("lapsed_");
            names(query, related)
                || views.iter().any(|view| names(query, view))
                || !is_own && !known.iter().any(|table| names(query, table))
        })
    }
}

/// Whether a query names this table.
fn names(query: &str, table: &str) -> bool {
    let mut words = query.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    words.any(|word| word.eq_ignore_ascii_case(table))
}

/// A table without its schema.
fn bare(table: &str) -> &str {
    table.rsplit('.').next().unwrap_or(table)
}

/// The table with one row per person.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name.
    pub table: Spanned<String>,
    /// What the deletion concept calls these data.
    pub class: Option<Texts>,
    /// The column that tells people apart.
    pub key: Spanned<String>,
    /// How a person's workgroup is found.
    pub workgroup: WorkgroupOf,
    /// The column with the instant of creation: it goes into pseudonyms, because a restored database hands out
    /// the same keys again.
    pub created_at: Option<Spanned<String>>,
    /// The column that is null while the person can be identified. Without one the daemon's own table says it.
    pub erased_at: Option<Spanned<String>>,
    /// The column with the person's language.
    pub language: Option<Spanned<String>>,
    /// One column per channel that addresses it.
    pub contact: BTreeMap<String, Spanned<String>>,
    /// The columns that `lapsed find` searches and shows.
    pub find: Vec<Spanned<String>>,
    /// What becomes of every column.
    pub columns: Vec<ColumnRule>,
}

/// How a person's workgroup is found.
#[derive(Clone, Debug)]
pub enum WorkgroupOf {
    /// In a column of the subject's table.
    Column(Spanned<String>),
    /// By a query of (subject, workgroup).
    Query(Spanned<String>),
}

/// Rows that belong to a person.
#[derive(Clone, Debug)]
pub struct Related {
    /// Their table.
    pub table: Spanned<String>,
    /// What the deletion concept calls these data.
    pub class: Option<Texts>,
    /// The column that `row` names.
    pub key: Spanned<String>,
    /// Queries of (row, subject); several where rows are reached by several ways.
    pub rows: Vec<Spanned<String>>,
    /// What becomes of them.
    pub erase: RelatedErasure,
    /// Columns that wait for a period of their own.
    pub later: Option<Later>,
}

/// What becomes of related rows.
#[derive(Clone, Debug)]
pub enum RelatedErasure {
    /// The rows are deleted.
    Rows,
    /// They stay, and each column has its own rule.
    Columns(Vec<ColumnRule>),
}

/// Columns that are cleared only when a period that the policy names has passed.
#[derive(Clone, Debug)]
pub struct Later {
    /// Which.
    pub columns: Vec<Spanned<String>>,
    /// The policy's key for the period; where the policy leaves it out they are cleared with the rest.
    pub period: Spanned<String>,
    /// The column with the instant that the period counts from.
    pub since: Spanned<String>,
}

/// What becomes of one column.
#[derive(Clone, Debug)]
pub struct ColumnRule {
    /// The column.
    pub column: Spanned<String>,
    /// A key inside it, if it holds JSON: `address.street` is the key `street` of the column `address`.
    pub json_key: Option<String>,
    /// What happens to it.
    pub verb: Verb,
}

/// What happens to a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It stays.
    Keep,
    /// It becomes null.
    Clear,
    /// It becomes the empty text.
    Empty,
    /// It becomes unique and meaningless.
    Placeholder,
    /// It becomes null, and with it the link to the person.
    Cut,
    /// It becomes the instant of erasure.
    Now,
    /// It becomes the name of R-6.
    NameMarker,
    /// It becomes the note of R-6.
    Note,
}

impl Verb {
    /// Every verb, with its word in a dataset file.
    pub const WORDS: [(&'static str, Verb); 8] = [
        ("keep", Verb::Keep),
        ("clear", Verb::Clear),
        ("empty", Verb::Empty),
        ("placeholder", Verb::Placeholder),
        ("cut", Verb::Cut),
        ("now", Verb::Now),
        ("name-marker", Verb::NameMarker),
        ("note", Verb::Note),
    ];

    /// Its word in a dataset file.
    #[must_use]
    pub fn word(self) -> &'static str {
        let named = Verb::WORDS.into_iter().find(|(_, verb)| *verb == self);
        named.map_or("", |(word, _)| word)
    }

    /// Whether the column holds something of the person.
    #[must_use]
    pub fn is_personal(self) -> bool {
        !matches!(self, Verb::Keep | Verb::Now | Verb::Cut)
    }

    /// Whether the column must be able to be null.
    #[must_use]
    pub fn needs_null(self) -> bool {
        matches!(self, Verb::Clear | Verb::Cut)
    }
}

/// What can happen to a person: a query of (subject, at, record).
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// The query.
    pub query: Spanned<String>,
    /// How it writes instants.
    pub instants: Instants,
    /// Whether an empty instant means that there is no end.
    pub never_ends: bool,
    /// What a date without a time stands for.
    pub date_is: DateIs,
}

/// A kind of record that a legal hold can be placed on: a query of (record, subject).
#[derive(Clone, Debug)]
pub struct Holdable {
    /// What staff call such a record: `order`.
    pub name: Spanned<String>,
    /// The query.
    pub rows: Spanned<String>,
}

/// One file of a person's export, and perhaps of the whole workgroup's.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its name in the archive.
    pub file: Spanned<String>,
    /// What it is, for whoever opens it.
    pub about: Texts,
    /// A query that returns `subject` and what goes into the file.
    pub query: Spanned<String>,
    /// Columns (`table.column`) that it reaches by expressions.
    pub covers: Vec<Spanned<String>>,
    /// Its columns with names and answers of other people.
    pub others: Vec<Spanned<String>>,
    /// Its columns with instants, and how each is written.
    pub instants: Vec<(Spanned<String>, Instants)>,
    /// Whether there is such a file of a whole workgroup, too.
    pub of_workgroup: bool,
    /// What its columns are, where they differ from [`Dataset::exported`].
    pub columns: BTreeMap<String, Spanned<Texts>>,
}

impl Export {
    /// The column that says whose rows these are.
    pub const SUBJECT: &'static str = "subject";
    /// The column that says whether a row is about somebody else: 0 where it is not.
    pub const IS_OTHER: &'static str = "is_other";
    /// The column with the event that a row is about.
    pub const EVENT: &'static str = "event_key";
    /// What a query returns for lapsed; it is not written to the file.
    pub const RESERVED: [&'static str; 3] = [Self::SUBJECT, Self::IS_OTHER, Self::EVENT];
    /// The column with the person's key that stands in front in a workgroup's file.
    pub const CUSTOMER: &'static str = "customer";
}

impl Dataset {
    /// What a column of a file is; every column of a dataset that fits has a description.
    #[must_use]
    pub fn description<'d>(&'d self, export: &'d Export, column: &str) -> Option<&'d Texts> {
        let of_file = export.columns.get(column);
        of_file
            .or_else(|| self.exported.get(column))
            .map(|texts| &texts.value)
    }

    /// The files that there are of a whole workgroup, too.
    pub fn workgroup_exports(&self) -> impl Iterator<Item = &Export> {
        self.exports.iter().filter(|export| export.of_workgroup)
    }
}

impl Dataset {
    /// Every query of the file, in no particular order: the store is asked what each returns.
    pub fn queries(&self) -> impl Iterator<Item = &Spanned<String>> {
        let workgroup = match &self.subject.workgroup {
            WorkgroupOf::Query(query) => Some(query),
            WorkgroupOf::Column(_) => None,
        };
        workgroup
            .into_iter()
            .chain(self.related.iter().flat_map(|related| &related.rows))
            .chain(self.facts.values().map(|fact| &fact.query))
            .chain(self.holdables.iter().map(|holdable| &holdable.rows))
            .chain(self.exports.iter().map(|export| &export.query))
    }
}
