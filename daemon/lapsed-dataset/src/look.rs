//! Looking without touching: one person's happenings, people by name.

use chrono_tz::Tz;
use lapsed_model::{At, Happening, Statement, SubjectKey, Value};

use crate::dataset::Fact;
use crate::dialect::Words as _;
use crate::key::Spelling;
use crate::sql::{Sql, plain, quote};
use crate::{Dataset, Fitted};

impl Dataset {
    /// The fact of this name.
    pub(crate) fn fact(&self, name: &str) -> &Fact {
        self.facts
            .get(name)
            .expect("a dataset whose rules name an unknown fact is refused when it is read")
    }

    /// Makes a happening of a row that [`Fitted::happenings`] fetched.
    #[must_use]
    pub fn happening(&self, fact: &str, row: &[Value], zone: Tz) -> Option<Happening> {
        let [is_null, read, record] = row else { return None };
        let fact = self.facts.get(fact)?;
        let is_null = *is_null == Value::Integer(1);
        let at = fact
            .instants
            .interpret(read, is_null, fact.never_ends, fact.date_is, zone);
        let record = match record {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            Value::Null => String::new(),
        };
        Some(Happening {
            fact: fact.name.clone(),
            at,
            record,
        })
    }

    /// What a date in a tenant's example stands for: one happening per fact of the word; `None` for a word that
    /// the dataset does not know.
    #[must_use]
    pub fn spoken(&self, word: &str, at: At) -> Option<Vec<Happening>> {
        let facts = self.words.get(word)?;
        let happening = |fact: &String| Happening {
            fact: fact.clone(),
            at,
            record: word.to_owned(),
        };
        Some(facts.iter().map(happening).collect())
    }

    /// Whether *no end* makes sense of every fact that a word stands for.
    #[must_use]
    pub fn may_never_end(&self, word: &str) -> bool {
        self.words
            .get(word)
            .is_some_and(|facts| facts.iter().any(|fact| self.fact(fact).never_ends))
    }
}

impl Fitted<'_> {
    /// One statement per fact for what happened to one person: rows of (is null, reading, record).
    pub fn happenings<'f>(
        &'f self,
        subject: &'f SubjectKey,
    ) -> impl Iterator<Item = (&'f str, Statement)> + 'f {
        self.dataset.facts.values().map(move |fact| {
            let (mut sql, query) = (self.pen(), &fact.query.value);
            let fetched = self.written(fact).fetched("f.at");
            let person = self.key().bound(&mut sql, subject, self.spelling(query));
            let happened = format!(
                "SELECT f.at IS NULL, {fetched}, CAST(f.record AS TEXT) FROM ({query}) f WHERE f.subject = {person}"
            );
            (fact.name.as_str(), sql.finish(happened))
        })
    }

    /// One person of these workgroups by key: rows of (workgroup, erased, created, find columns …).
    #[must_use]
    pub fn person(&self, workgroups: &[String], subject: &SubjectKey) -> Statement {
        let mut sql = self.pen();
        let key = self.key();
        let (column, bound) = (key.column(), key.bound(&mut sql, subject, Spelling::Platform));
        let people = self.everybody(&mut sql, workgroups);
        sql.finish(format!("{people} AND s.{column} = {bound}"))
    }

    /// People of these workgroups in whose `find` columns `text` stands, at most `most` of them.
    #[must_use]
    pub fn find(&self, workgroups: &[String], text: &str, most: u32) -> Statement {
        let mut sql = self.pen();
        let key = self.key();
        let key = key.column();
        let stands = self.stand_in_person(&mut sql, text);
        let exact = sql.bind(text.trim().into());
        let people = self.everybody(&mut sql, workgroups);
        sql.finish(format!(
            "{people} AND (CAST(s.{key} AS TEXT) = {exact} OR ({stands})) ORDER BY s.{key} LIMIT {most}"
        ))
    }

    /// Whether each word of `text` stands in one of the `find` columns of person `s`.
    fn stand_in_person(&self, sql: &mut Sql, text: &str) -> String {
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let words = escaped.split_whitespace().map(|word| {
            let pattern = sql.bind(format!("%{word}%").into());
            let columns = self.dataset.subject.find.iter();
            let stands = columns.map(|column| {
                self.dialect()
                    .is_like(&format!("s.{}", quote(&column.value)), &pattern)
            });
            format!("({})", joined(stands, " OR "))
        });
        joined(words, " AND ")
    }

    /// Other people of these workgroups with the same address on any channel, as [`Fitted::find`] shows
    /// them. Case and surrounding spaces do not tell addresses apart.
    #[must_use]
    pub fn same_contact(&self, workgroups: &[String], subject: &SubjectKey, most: u32) -> Option<Statement> {
        let of = &self.dataset.subject;
        let mut sql = self.pen();
        let (table, key) = (self.people_table(), self.key());
        let bound = key.bound(&mut sql, subject, Spelling::Platform);
        let key = key.column();
        let same: Vec<String> = of
            .contact
            .values()
            .map(|column| {
                let column = quote(&column.value);
                format!(
                    "lower(trim(s.{column})) IN (SELECT lower(trim(o.{column})) FROM {table} o \
                     WHERE o.{key} = {bound} AND trim(o.{column}) <> '')"
                )
            })
            .collect();
        let people = self.everybody(&mut sql, workgroups);
        (!same.is_empty()).then(|| {
            sql.finish(format!(
                "{people} AND s.{key} <> {bound} AND ({}) ORDER BY s.{key} LIMIT {most}",
                same.join(" OR ")
            ))
        })
    }

    /// How many people who can still be identified every workgroup has: rows of (workgroup, people).
    #[must_use]
    pub fn workgroups(&self) -> Statement {
        let (from, workgroup) = self.with_workgroups();
        let identified = self.is_identified();
        plain(format!(
            "SELECT CAST({workgroup} AS TEXT), count(*) FROM {from} WHERE {identified} GROUP BY 1 ORDER BY 1"
        ))
    }

    /// The headings of what [`Fitted::find`] shows after (key, workgroup, erased, created).
    #[must_use]
    pub fn found_columns(&self) -> Vec<&str> {
        self.dataset
            .subject
            .find
            .iter()
            .map(|column| column.value.as_str())
            .collect()
    }

    /// `SELECT key, workgroup, erased, created, find columns … WHERE` of everybody in these workgroups, the erased
    /// ones included.
    pub(crate) fn everybody(&self, sql: &mut Sql, workgroups: &[String]) -> String {
        let subject = &self.dataset.subject;
        let key = self.key();
        let key = key.column();
        let (from, workgroup) = self.with_workgroups();
        let of_workgroups = self.in_workgroups(sql, &workgroup, workgroups);
        let (erased, created) = (self.is_erased(), self.created());
        let shown: String = subject
            .find
            .iter()
            .map(|column| format!(", s.{}", quote(&column.value)))
            .collect();
        format!("SELECT s.{key}, {workgroup}, {erased}, {created}{shown} FROM {from} WHERE {of_workgroups}")
    }
}

/// Conditions in one; none of none.
fn joined(conditions: impl Iterator<Item = String>, by: &str) -> String {
    let conditions: Vec<String> = conditions.collect();
    if conditions.is_empty() {
        "FALSE".to_owned()
    } else {
        conditions.join(by)
    }
}
