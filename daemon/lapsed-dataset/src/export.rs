//! What goes into exported files, as SQL: everything of one person (X-1), and the files of a workgroup (X-3).
//!
//! Each statement answers in one row, with all of its rows as one JSON text: a list of lists. Every one of these begins with 1 where
//! what the file's `others` name is somebody else's in this row, and with 0 where it is not; the values follow in the order of the
//! file's columns (`cell.rs` says what they look like). Nothing is masked here: that is for the policy to say.
//!
//! A workgroup is read in pages of people, in the order of their keys. The page is found first, by the workgroup's index, and then
//! everybody in it is looked up as for a plan: so a page costs what it holds, and not what the store holds.

use chrono::{DateTime, Utc};
use lapsed_model::{ConsentTo, Dialect, Statement, SubjectKey};

use crate::Fitted;
use crate::cell::{ExportColumn, Holds};
use crate::dataset::Export;
use crate::dialect::Words as _;
use crate::key::Spelling;
use crate::kind::Kind;
use crate::sql::{Sql, quote};

/// What fills one file, or a piece of it.
#[derive(Clone, Debug)]
pub struct ExportFile<'d> {
    /// The file.
    pub export: &'d Export,
    /// Its columns.
    pub columns: Vec<ExportColumn>,
    /// Fetches its rows.
    pub statement: Statement,
}

/// Whom of a workgroup a file is about; everybody where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// Only people who consent to this, at this instant.
    pub consent: Option<(ConsentTo, DateTime<Utc>)>,
    /// Only people who take part in this event, and of what belongs to an event, only what belongs to this one.
    pub event: Option<String>,
    /// Only people who were written down for this file: they were picked before, and nothing else is asked.
    pub named_in: Option<String>,
}

impl<'d> Fitted<'d> {
    /// Every file of one person, whether or not anything will be in it (X-1). Each statement answers in one row: (rows, the rows
    /// as JSON).
    #[must_use]
    pub fn export_person(&self, subject: &SubjectKey) -> Vec<ExportFile<'d>> {
        let file = |export: &'d Export| {
            let (mut sql, query) = (self.pen(), &export.query.value);
            let person = self.key().bound(&mut sql, subject, self.spelling(query));
            let line = self.export_line(export, None);
            let list = self.dialect().json_list("r.line");
            ExportFile {
                export,
                columns: self.export_columns(export),
                statement: sql.finish(format!(
                    "SELECT count(*), {list} FROM (SELECT {line} AS line FROM ({query}) q WHERE q.subject = {person}) r"
                )),
            }
        };
        self.dataset.exports.iter().map(file).collect()
    }

    /// A file of a workgroup for the next `people` of those who can still be identified, behind `after` (X-3). The statement answers
    /// in one row: (people in the page, the key of the last one as JSON, rows, the rows as JSON); a page of fewer people than asked for is the last.
    /// The first column is [`Export::CUSTOMER`], with the person's key.
    #[must_use]
    pub fn export_page(
        &self,
        export: &'d Export,
        workgroup: &str,
        filter: &ExportFilter,
        after: Option<&SubjectKey>,
        people: u32,
    ) -> ExportFile<'d> {
        let mut sql = self.pen();
        let page = self.page(&mut sql, Some(export), workgroup, filter, after, people);
        let rows = self.rows_of_page(&mut sql, export, filter);
        let key = self.key();
        let (key, dialect) = (key.column(), self.dialect());
        let (last, list) = (
            dialect.json_scalar(&format!("p.{key}")),
            dialect.json_list("r.line"),
        );
        let customer = ExportColumn {
            name: Export::CUSTOMER.to_owned(),
            holds: Holds::Plain,
            of_others: false,
        };
        ExportFile {
            export,
            columns: [customer]
                .into_iter()
                .chain(self.export_columns(export))
                .collect(),
            statement: sql.finish(format!(
                "WITH page AS MATERIALIZED (\n{page})\n\
                 SELECT (SELECT count(*) FROM page), (SELECT {last} FROM page p ORDER BY p.{key} DESC LIMIT 1),\n  \
                 count(*), {list}\nFROM ({rows}) r"
            )),
        }
    }

    /// The next `people` of a workgroup whom a file is about, behind `after`. The statement answers in one row: (people, their keys
    /// as a JSON list, in their order).
    #[must_use]
    pub fn export_people(
        &self,
        workgroup: &str,
        filter: &ExportFilter,
        after: Option<&SubjectKey>,
        people: u32,
    ) -> Statement {
        let mut sql = self.pen();
        let page = self.page(&mut sql, None, workgroup, filter, after, people);
        let (key, dialect) = (self.key(), self.dialect());
        let key = key.column();
        let (line, list) = (
            dialect.json_scalar(&format!("p.{key}")),
            dialect.json_list("r.line"),
        );
        sql.finish(format!(
            "WITH page AS MATERIALIZED (\n{page})\n\
             SELECT count(*), {list} FROM (SELECT {line} AS line FROM page p ORDER BY p.{key}) r"
        ))
    }

    /// The language of a person as the store has it; none where the dataset names no column for it.
    #[must_use]
    pub fn language_of(&self, subject: &SubjectKey) -> Option<Statement> {
        let column = self.dataset.subject.language.as_ref()?;
        let (mut sql, key, table) = (self.pen(), self.key(), self.people_table());
        let person = key.bound(&mut sql, subject, Spelling::Platform);
        let (key, column) = (key.column(), quote(&column.value));
        Some(sql.finish(format!(
            "SELECT CAST(s.{column} AS TEXT) FROM {table} s WHERE s.{key} = {person}"
        )))
    }

    /// Whether any file tells which event its rows are about: if not, nobody takes part in any.
    #[must_use]
    pub fn exports_events(&self) -> bool {
        self.dataset.exports.iter().any(|export| self.has_event(export))
    }

    /// The keys of the people in a page.
    fn page(
        &self,
        sql: &mut Sql,
        export: Option<&Export>,
        workgroup: &str,
        filter: &ExportFilter,
        after: Option<&SubjectKey>,
        most: u32,
    ) -> String {
        let (people, key) = (self.people(sql, workgroup), self.key());
        let column = key.column();
        let mut conditions = vec![after.map_or(format!("s.{column} IS NOT NULL"), |after| {
            format!("s.{column} > {}", key.bound(sql, after, Spelling::Platform))
        })];
        conditions.extend(
            filter
                .consent
                .as_ref()
                .map(|(consent, now)| self.consents(sql, consent, *now)),
        );
        conditions.extend(filter.named_in.as_ref().map(|named| {
            let (named, person) = (sql.bind(named.into()), key.person(Spelling::Daemon));
            format!(
                "(SELECT 1 FROM lapsed_export_subject x WHERE x.export = {named} AND x.subject = {person} LIMIT 1) IS NOT NULL"
            )
        }));
        // A file that tells the event picks its rows by itself.
        let tells = export.is_some_and(|export| self.has_event(export));
        let event = filter
            .event
            .as_ref()
            .filter(|_| !tells && filter.named_in.is_none());
        conditions.extend(event.map(|event| self.takes_part(sql, event)));
        let conditions = conditions.join("\n  AND ");
        format!("SELECT s.{column} {people}\n  AND {conditions}\nORDER BY s.{column} LIMIT {most}")
    }

    /// What a file has of the people in the page, in their order.
    fn rows_of_page(&self, sql: &mut Sql, export: &Export, filter: &ExportFilter) -> String {
        let (key, query, dialect) = (self.key(), &export.query.value, self.dialect());
        let person = format!("p.{}", key.column());
        let mut theirs = format!("q.subject = {}", key.person_of("p", self.spelling(query)));
        if let Some(event) = filter.event.as_ref().filter(|_| self.has_event(export)) {
            theirs = format!("{theirs} AND {} = {}", event_of("q"), sql.bind(event.into()));
        }
        let from = dialect.each_with("page p", &format!("({query})"), "q", &theirs);
        let line = self.export_line(export, Some(&person));
        let order = dialect.in_the_order_of(&person);
        format!("SELECT {person} AS person, {line} AS line\nFROM {from}{order}")
    }

    /// A row `q` of a file as JSON, with the person's key in front where the file is about several.
    fn export_line(&self, export: &Export, person: Option<&str>) -> String {
        let person = person.map(|person| match self.key().kind() {
            Kind::Integer => person.to_owned(),
            _ if self.dialect() == Dialect::Sqlite => person.to_owned(),
            _ => format!("CAST({person} AS text)"),
        });
        let values: Vec<String> = [self.is_other(export)]
            .into_iter()
            .chain(person)
            .chain(self.export_cells(export))
            .collect();
        self.dialect().json_row(&values)
    }

    /// 1 where what `others` name is somebody else's; also where the query does not know.
    fn is_other(&self, export: &Export) -> String {
        if export.others.is_empty() {
            return "0".to_owned();
        }
        if !self.has(export, Export::IS_OTHER) {
            return "1".to_owned();
        }
        let is_other = format!("q.{}", quote(Export::IS_OTHER));
        format!("CASE WHEN CAST({is_other} AS TEXT) IN ('0', 'false') THEN 0 ELSE 1 END")
    }

    /// Whether person `s` consents to something now.
    fn consents(&self, sql: &mut Sql, consent: &ConsentTo, now: DateTime<Utc>) -> String {
        let person = self.key().person(Spelling::Daemon);
        let (consent, now) = (
            sql.bind(consent.to_string().into()),
            sql.bind(now.timestamp_millis().into()),
        );
        format!(
            "(SELECT 1 FROM lapsed_active_consent c WHERE c.subject = {person} AND c.record = {consent} \
             AND (c.at IS NULL OR c.at > {now}) LIMIT 1) IS NOT NULL"
        )
    }

    /// Whether any file has something of person `s` that belongs to an event.
    fn takes_part(&self, sql: &mut Sql, event: &str) -> String {
        let event = sql.bind(event.into());
        let exports = self.dataset.exports.iter();
        let ways: Vec<String> = exports
            .filter(|export| self.has_event(export))
            .map(|export| {
                let query = &export.query.value;
                let (person, of_row) = (self.key().person(self.spelling(query)), event_of("e"));
                format!(
                    "(SELECT 1 FROM ({query}) e WHERE e.subject = {person} AND {of_row} = {event} LIMIT 1) IS NOT NULL"
                )
            })
            .collect();
        match ways.is_empty() {
            true => "FALSE".to_owned(),
            false => format!("({})", ways.join("\n    OR ")),
        }
    }

    fn has_event(&self, export: &Export) -> bool {
        self.has(export, Export::EVENT)
    }

    fn has(&self, export: &Export, column: &str) -> bool {
        let mut returned = self.returns(&export.query.value).iter();
        returned.any(|returned| returned.name == column)
    }
}

/// The event of a row, as text: what an operator types is one.
fn event_of(row: &str) -> String {
    format!("CAST({row}.{} AS TEXT)", quote(Export::EVENT))
}
