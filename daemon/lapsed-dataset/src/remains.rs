//! Looking for what should be gone: what identifies a few people before they are erased, and every text of the store after
//! (`pages.rs` has how a table is read).

use lapsed_model::{Statement, SubjectKey};

use crate::Fitted;
use crate::dataset::Verb;
use crate::dialect::Words as _;
use crate::key::Spelling;
use crate::sql::quote;

/// What a value of a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifying {
    /// An address on a channel: a mail address, a phone number.
    Contact,
    /// The name that is replaced by a marker: the last name, or all of it.
    Name,
    /// Something else that the person is found by; with the name it may be a full name.
    Beside,
}

impl Fitted<'_> {
    /// What identifies at most `most` people of a plan: rows of (key, values …) in the order of
    /// [`Fitted::identifying`], spread over the whole plan.
    #[must_use]
    pub fn sample_of_plan(&self, plan: &str, people: u64, most: u32) -> Statement {
        let (table, key) = (self.people_table(), self.key());
        let columns: String = self
            .identifying()
            .iter()
            .map(|(column, _)| format!(", CAST(s.{} AS TEXT)", quote(column)))
            .collect();
        let mut sql = self.pen();
        let plan = sql.bind(plan.into());
        let step = sql.bind(
            i64::try_from((people / u64::from(most.max(1))).max(1))
                .unwrap_or(i64::MAX)
                .into(),
        );
        let person = format!(
            "s.{} = {}",
            key.column(),
            key.held_in("p.subject", Spelling::Platform)
        );
        let planned = format!(
            "(SELECT n.subject FROM (SELECT subject, row_number() OVER (ORDER BY subject) AS place \
             FROM lapsed_plan_subject WHERE plan = {plan}) n WHERE (n.place - 1) % {step} = 0) p"
        );
        let people = self.dialect().each_with(&planned, &table, "s", &person);
        sql.finish(format!(
            "SELECT s.{}{columns} FROM {people} LIMIT {most}",
            key.column()
        ))
    }

    /// The columns that identify a person, and what each is.
    #[must_use]
    pub fn identifying(&self) -> Vec<(&str, Identifying)> {
        let subject = &self.dataset.subject;
        let contact = subject
            .contact
            .values()
            .map(|column| (column.value.as_str(), Identifying::Contact));
        let name = subject
            .columns
            .iter()
            .filter(|rule| rule.verb == Verb::NameMarker && rule.json_key.is_none())
            .map(|rule| (rule.column.value.as_str(), Identifying::Name));
        let mut columns: Vec<(&str, Identifying)> = contact.chain(name).collect();
        let beside = subject.find.iter().map(|column| column.value.as_str());
        for column in beside {
            let is_personal = subject
                .columns
                .iter()
                .any(|rule| rule.column.value == column && rule.verb.is_personal());
            if is_personal && !columns.iter().any(|(known, _)| *known == column) {
                columns.push((column, Identifying::Beside));
            }
        }
        columns
    }

    /// Which of these people are anonymised now.
    #[must_use]
    pub fn erased_of(&self, people: &[SubjectKey]) -> Statement {
        let (table, key) = (self.people_table(), self.key());
        let erased = self.is_erased();
        let mut sql = self.pen();
        let keys: Vec<String> = people
            .iter()
            .map(|person| key.bound(&mut sql, person, Spelling::Platform))
            .collect();
        let column = key.column();
        let is_one = if keys.is_empty() {
            "FALSE".to_owned()
        } else {
            format!("s.{column} IN ({})", keys.join(", "))
        };
        sql.finish(format!(
            "SELECT s.{column} FROM {table} s WHERE {is_one} AND {erased}"
        ))
    }
}
