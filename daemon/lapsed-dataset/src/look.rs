//! Looking without touching: one person's happenings, people by name, samples of a fact.

use chrono_tz::Tz;
use lapsed_model::{At, Happening, Statement, SubjectKey, Value};

use crate::dataset::Fact;
use crate::sample::SAMPLE;
use crate::sql::{Sql, quote};
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
            let reading = fact.instants.reading("f.at");
            let sql = format!(
                "SELECT f.at IS NULL, {reading}, CAST(f.record AS TEXT) FROM ({}) f WHERE f.subject = $1",
                fact.query.value
            );
            (
                fact.name.as_str(),
                Statement {
                    sql,
                    binds: vec![subject.to_value()],
                },
            )
        })
    }

    /// What a sample of a fact's instants looks like: rows of (type, rows, unreadable, least, greatest).
    pub fn samples(&self) -> impl Iterator<Item = (&Fact, Statement)> {
        self.dataset.facts.values().map(|fact| {
            let reading = fact.instants.reading("at");
            let sql = format!(
                "SELECT CASE typeof(at) WHEN 'real' THEN 'integer' ELSE typeof(at) END AS type, count(*), \
                 count(*) - count({reading}), min({reading}), max({reading})\n\
                 FROM (SELECT f.at FROM ({}) f WHERE f.at IS NOT NULL LIMIT {SAMPLE}) GROUP BY 1 ORDER BY 2 DESC",
                fact.query.value
            );
            (fact, Statement { sql, binds: Vec::new() })
        })
    }

    /// One person of these workgroups by key: rows of (workgroup, erased, created, find columns …).
    #[must_use]
    pub fn person(&self, workgroups: &[String], subject: &SubjectKey) -> Statement {
        let mut sql = Sql::default();
        let key = quote(&self.dataset.subject.key.value);
        let bound = sql.bind(subject.to_value());
        let people = self.everybody(&mut sql, workgroups);
        sql.finish(format!("{people} AND s.{key} = {bound}"))
    }

    /// People of these workgroups in whose `find` columns `text` stands, at most `most` of them.
    #[must_use]
    pub fn find(&self, workgroups: &[String], text: &str, most: u32) -> Statement {
        let mut sql = Sql::default();
        let key = quote(&self.dataset.subject.key.value);
        let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let words: Vec<String> = escaped
            .split_whitespace()
            .map(|word| {
                let bound = sql.bind(format!("%{word}%").into());
                let columns: Vec<String> = self
                    .dataset
                    .subject
                    .find
                    .iter()
                    .map(|column| format!("s.{} LIKE {bound} ESCAPE '\\'", quote(&column.value)))
                    .collect();
                format!(
                    "({})",
                    if columns.is_empty() {
                        "0".to_owned()
                    } else {
                        columns.join(" OR ")
                    }
                )
            })
            .collect();
        let exact = sql.bind(text.trim().into());
        let people = self.everybody(&mut sql, workgroups);
        let words = if words.is_empty() {
            "0".to_owned()
        } else {
            words.join(" AND ")
        };
        sql.finish(format!(
            "{people} AND (CAST(s.{key} AS TEXT) = {exact} OR ({words})) ORDER BY s.{key} LIMIT {most}"
        ))
    }

    /// Other people of these workgroups with the same address on any channel, as [`Fitted::find`] shows
    /// them. Case and surrounding spaces do not tell addresses apart.
    #[must_use]
    pub fn same_contact(&self, workgroups: &[String], subject: &SubjectKey, most: u32) -> Option<Statement> {
        let of = &self.dataset.subject;
        let (table, key) = (quote(&of.table.value), quote(&of.key.value));
        let mut sql = Sql::default();
        let bound = sql.bind(subject.to_value());
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
        Sql::default().finish(format!(
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
        let key = quote(&subject.key.value);
        let list: Vec<String> = workgroups
            .iter()
            .map(|name| sql.bind(name.as_str().into()))
            .collect();
        let list = list.join(", ");
        let (from, workgroup) = self.with_workgroups();
        let (erased, created) = (self.is_erased(), self.created());
        let shown: String = subject
            .find
            .iter()
            .map(|column| format!(", s.{}", quote(&column.value)))
            .collect();
        format!(
            "SELECT s.{key}, {workgroup}, {erased}, {created}{shown} FROM {from} WHERE {workgroup} IN ({list})"
        )
    }
}
