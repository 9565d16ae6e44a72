//! What can be wrong with types. SQLite looks at each value, so that a sample of them is judged; PostgreSQL says beforehand
//! what it refuses to compare, and what it converts in a way that nobody asked for.

use std::ops::Range;

use lapsed_model::{Dialect, Table};

use super::Check;
use crate::dataset::{ColumnRule, Fact, Verb};
use crate::fit::{key, kind_of};
use crate::instants::Instants;
use crate::kind::Kind;

impl Check<'_> {
    /// Keys and instants of the queries.
    pub(super) fn types(&mut self) {
        match self.survey.catalogue.dialect {
            Dialect::Sqlite => self.no_timestamptz(),
            Dialect::Postgres => {
                self.keys_of_queries();
                let facts = self.dataset.facts.values();
                facts.for_each(|fact| self.instants_of(fact));
            }
        }
    }

    /// SQLite has no type for it, so that nothing can be written in this form.
    fn no_timestamptz(&mut self) {
        let mut facts = self.dataset.facts.values();
        let Some(fact) = facts.find(|fact| fact.instants == Instants::Timestamptz) else {
            return;
        };
        self.error(
            format!(
                "the instants of `{}` are said to be `timestamptz`, which only PostgreSQL has",
                fact.name
            ),
            &fact.query.span,
            "as `instants`, write `iso8601` for texts, `milliseconds` or `seconds` for numbers",
        );
    }

    fn keys_of_queries(&mut self) {
        let of_keys = key(self.dataset, &self.survey.catalogue).kind();
        for query in self.dataset.queries() {
            let kind = kind_of(&self.survey.types, &query.value, "subject");
            let Some(kind) = kind.filter(|_| !self.survey.names_by_key(self.dataset, &query.value)) else {
                continue;
            };
            self.error(
                format!("this query names people by {kind}, and their keys are {of_keys}"),
                &query.span,
                format!(
                    "bring `subject` to the key's type: `CAST(… AS {}) AS subject`",
                    of_keys.to_string().to_uppercase()
                ),
            );
        }
    }

    fn instants_of(&mut self, fact: &Fact) {
        let kind = kind_of(&self.survey.types, &fact.query.value, "at");
        let Some((kind, help)) = kind.and_then(|kind| Some((kind, other_form(fact.instants, kind)?))) else {
            return;
        };
        let (name, word) = (&fact.name, fact.instants.word());
        self.error(
            format!("the instants of `{name}` are said to be `{word}`, and are of type {kind}"),
            &fact.query.span,
            help,
        );
    }

    /// The column that a period counts from, which the dataset's own form must fit.
    pub(super) fn since(&mut self, table: &Table, column: &str, span: &Range<usize>) {
        let Some(kind) = self.kind_of_column(table, column) else {
            return;
        };
        let form = self.dataset.instants;
        if let Some(help) = other_form(form, kind) {
            self.error(
                format!(
                    "instants are said to be `{}`, and `{column}` is of type {kind}",
                    form.word()
                ),
                span,
                help,
            );
        }
    }

    /// Whether the column can take what erasing makes of it.
    pub(super) fn can_take(&mut self, table_name: &str, table: &Table, rule: &ColumnRule) {
        let column = &rule.column.value;
        let Some(kind) = self.kind_of_column(table, column) else {
            return;
        };
        let is_key = rule.json_key.is_some();
        if is_key && !matches!(kind, Kind::Text | Kind::Json | Kind::Jsonb | Kind::Other) {
            return self.error(
                format!("`{table_name}.{column}` is of type {kind} and has no keys inside"),
                &rule.column.span,
                "name a column that holds JSON, or the column as a whole",
            );
        }
        let (takes, help) = match rule.verb {
            Verb::Empty | Verb::NameMarker | Verb::Note if !is_key => (
                matches!(kind, Kind::Text | Kind::Other),
                "write `clear`, or name a column of texts",
            ),
            Verb::Placeholder => (
                matches!(kind, Kind::Text | Kind::Uuid | Kind::Other),
                "write `clear`, or name a column of texts",
            ),
            Verb::Now => (
                !matches!(kind, Kind::Uuid | Kind::Json | Kind::Jsonb | Kind::Bytes),
                "name a column that holds an instant",
            ),
            _ => (true, ""),
        };
        if !takes {
            let word = rule.verb.word();
            self.error(
                format!(
                    "`{table_name}.{column}` is of type {kind} and cannot become what `{word}` makes of it"
                ),
                &rule.column.span,
                help,
            );
        }
    }

    fn kind_of_column(&self, table: &Table, column: &str) -> Option<Kind> {
        let declared = &table.column(column)?.declared;
        (self.survey.catalogue.dialect == Dialect::Postgres).then(|| Kind::of(declared))
    }
}

/// Which form to write instead, for instants that are kept as `kind`; `None` where this one goes with it.
pub(super) fn other_form(form: Instants, kind: Kind) -> Option<&'static str> {
    let (forms, help): (&[Instants], _) = match kind {
        Kind::Integer | Kind::Number => (
            &[Instants::Milliseconds, Instants::Seconds],
            "as `instants`, write `milliseconds` or `seconds`",
        ),
        Kind::Text => (
            &[Instants::Iso8601, Instants::Date],
            "as `instants`, write `iso8601`, or `date` for dates without times",
        ),
        Kind::Timestamptz | Kind::Timestamp => {
            (&[Instants::Timestamptz], "as `instants`, write `timestamptz`")
        }
        Kind::Date => (&[Instants::Date], "as `instants`, write `date`"),
        Kind::Other => return None,
        Kind::Uuid | Kind::Json | Kind::Jsonb | Kind::Bytes => {
            (&[], "name a column that holds an instant, or cast it to one")
        }
    };
    (!forms.contains(&form)).then_some(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_goes_with_its_types_and_with_no_other() {
        for (form, kind, fits) in [
            (Instants::Milliseconds, Kind::Integer, true),
            (Instants::Milliseconds, Kind::Text, false),
            (Instants::Milliseconds, Kind::Timestamptz, false),
            (Instants::Timestamptz, Kind::Timestamp, true),
            (Instants::Timestamptz, Kind::Integer, false),
            (Instants::Date, Kind::Date, true),
            (Instants::Date, Kind::Text, true),
            (Instants::Date, Kind::Timestamptz, false),
            (Instants::Iso8601, Kind::Date, false),
        ] {
            assert_eq!(other_form(form, kind).is_none(), fits, "{form:?} in {kind}");
        }
    }
}
