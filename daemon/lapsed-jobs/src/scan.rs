//! Looking for what should be gone.
//!
//! A dataset can be wrong: a column that nobody thought of keeps a mail address for ever, and no rule ever sees it. So
//! behind a sweep, once a week at most, every text of every table is searched for what identified a few of the people who
//! were just erased. These values exist in memory alone, from before the sweep until the search is done; what is kept is
//! where something was found, and never what.
//!
//! A hit is something to look at, and not yet a mistake: somebody who is still a customer may have the same mail address,
//! or the same name on an invoice. Columns that wait for a period of their own are marked.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use chrono::{DateTime, TimeDelta, Utc};
use lapsed_dataset::{BETWEEN, Fitted, Identifying, Searched};
use lapsed_model::{Pii, Plan, SubjectKey, TenantName, Value};
use lapsed_store::{ScanRow, Store, StoreError};
use serde::Serialize;

/// How many people are looked for.
const MOST: u32 = 50;

/// Shorter values stand in too many texts by chance.
const SHORTEST: usize = 5;

/// So many digits of a phone number are no accident.
const DIGITS: usize = 8;

/// What identified a few people before they were erased. It is nowhere but here.
#[derive(Clone, Default)]
pub struct Sample {
    people: Vec<(SubjectKey, Vec<Pii<String>>)>,
}

/// Something was found: where, and in how many rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hit {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// How many rows.
    pub rows: u64,
    /// Whether this column waits for a period of its own, so that it may have to be there.
    pub waits: bool,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// How many people were looked for.
    pub people: u64,
    /// In how many columns.
    pub columns: u64,
    /// Where something was found.
    pub hits: Vec<Hit>,
}

/// Whether it is time to search behind a sweep: a week has passed since the last search, or somebody asked. One search
/// reads the whole store, and every tenant's people lie in the columns of the same dataset: those of one sweep stand for
/// all.
pub async fn is_due(store: &Store, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let (last, asked) = store.last_scan().await?;
    let Some(last) = last else { return Ok(true) };
    Ok(now - last >= TimeDelta::days(7) || asked.is_some_and(|asked| asked > last))
}

impl Sample {
    /// Remembers what identifies some of a plan's people, before they are erased.
    pub async fn take(store: &Store, fitted: &Fitted<'_>, plan: &Plan) -> Result<Self, StoreError> {
        let rows = store
            .rows(&fitted.sample_of_plan(&plan.id, plan.subjects, MOST))
            .await?;
        let kinds: Vec<Identifying> = fitted.identifying().into_iter().map(|(_, kind)| kind).collect();
        let person = |row: Vec<Value>| {
            let mut row = row.into_iter();
            let key = match row.next()? {
                Value::Integer(number) => SubjectKey::Integer(number),
                Value::Text(text) => SubjectKey::Text(text),
                Value::Null | Value::Real(_) => return None,
            };
            let texts = row.map(|value| match value {
                Value::Text(text) => text.trim().to_owned(),
                _ => String::new(),
            });
            Some((key, values(&kinds, &texts.collect::<Vec<_>>())))
        };
        Ok(Self {
            people: rows.into_iter().filter_map(person).collect(),
        })
    }

    /// Whether there is nobody to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Only those who were erased: who became active again has every right to stand there.
    async fn of_erased(self, store: &Store, fitted: &Fitted<'_>) -> Result<Self, StoreError> {
        let keys: Vec<SubjectKey> = self.people.iter().map(|(key, _)| key.clone()).collect();
        if keys.is_empty() {
            return Ok(self);
        }
        let erased: BTreeSet<String> = store
            .rows(&fitted.erased_of(&keys))
            .await?
            .into_iter()
            .filter_map(|row| row.into_iter().next())
            .map(|key| shown(&key))
            .collect();
        let people = self.people.into_iter();
        Ok(Self {
            people: people
                .filter(|(key, _)| erased.contains(&key.to_string()))
                .collect(),
        })
    }
}

fn shown(key: &Value) -> String {
    match key {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Null | Value::Real(_) => String::new(),
    }
}

/// What to look for: addresses as they are, and full names. A name is full with a space in it, or beside what else the
/// person is found by.
fn values(kinds: &[Identifying], texts: &[String]) -> Vec<Pii<String>> {
    let of = |kind: Identifying| {
        let pairs = kinds.iter().zip(texts);
        pairs
            .filter(move |(found, text)| **found == kind && !text.is_empty())
            .map(|(_, text)| text)
    };
    let mut values: Vec<String> = of(Identifying::Contact).cloned().collect();
    for name in of(Identifying::Name) {
        if name.contains(char::is_whitespace) {
            values.push(name.clone());
        }
        for beside in of(Identifying::Beside)
            .filter(|beside| beside.chars().all(|c| c.is_alphabetic() || " -'.".contains(c)))
        {
            values.push(format!("{beside} {name}"));
            values.push(format!("{name} {beside}"));
        }
    }
    values.into_iter().map(Pii::new).collect()
}

/// Searches every table for a sample of erased people, and notes what was found.
pub async fn scan(
    store: &Store,
    fitted: &Fitted<'_>,
    tenant: &TenantName,
    sample: Sample,
    now: DateTime<Utc>,
) -> Result<Scan, StoreError> {
    let sample = sample.of_erased(store, fitted).await?;
    let people = sample.people.len() as u64;
    let values: Vec<Pii<String>> = sample.people.into_iter().flat_map(|(_, values)| values).collect();
    let found = Scan {
        people,
        ..search(store, fitted, &values).await?
    };
    let row = ScanRow {
        at: now,
        tenant: tenant.clone(),
        people,
        columns: found.columns,
        hits: serde_json::json!(found.hits),
    };
    store.keep_scan(&row).await?;
    Ok(found)
}

/// Searches every table for these values, and keeps nothing.
pub async fn search(store: &Store, fitted: &Fitted<'_>, values: &[Pii<String>]) -> Result<Scan, StoreError> {
    let needles = Needles::of(values);
    let tables = fitted.searched(&store.own_texts().await?);
    let columns = tables.iter().map(|table| table.columns.len() as u64).sum();
    let mut hits = Vec::new();
    for table in tables.into_iter().filter(|_| !needles.is_empty()) {
        hits.extend(search_table(store, table, &needles).await?);
    }
    Ok(Scan {
        people: 0,
        columns,
        hits,
    })
}

async fn search_table(store: &Store, mut table: Searched, needles: &Needles) -> Result<Vec<Hit>, StoreError> {
    // A table without row numbers says so when the statement is prepared.
    if table.in_pages && store.shape(&table.statement.sql).await?.is_err() {
        table = table.in_one_piece();
    }
    let mut rows: BTreeMap<usize, u64> = BTreeMap::new();
    loop {
        let look = |row: &str| {
            if needles.may_stand_in(row) {
                for (column, text) in row.split(BETWEEN).enumerate() {
                    *rows.entry(column).or_default() += u64::from(needles.stand_in(text));
                }
            }
        };
        let (read, last) = store.texts(&table.statement, look).await?;
        match last.filter(|_| table.in_pages && read > 0) {
            Some(last) => table.statement.binds[0] = Value::Integer(last),
            None => break,
        }
    }
    let hit = |(column, rows): (usize, u64)| {
        let column = table.columns.get(column).filter(|_| rows > 0)?;
        Some(Hit {
            table: table.table.clone(),
            column: column.clone(),
            rows,
            waits: table.waiting.contains(column),
        })
    };
    Ok(rows.into_iter().filter_map(hit).collect())
}

/// What is looked for.
struct Needles {
    texts: AhoCorasick,
    digits: AhoCorasick,
    some: bool,
}

impl Needles {
    fn of(values: &[Pii<String>]) -> Self {
        let texts: BTreeSet<String> = values
            .iter()
            .map(|value| value.reveal().trim().to_lowercase())
            .filter(|value| value.chars().count() >= SHORTEST)
            .collect();
        let is_phone = |text: &&String| text.chars().all(|c| c.is_ascii_digit() || "+()/-. ".contains(c));
        let digits: BTreeSet<String> = texts
            .iter()
            .filter(is_phone)
            .map(|text| digits_of(text))
            .filter(|digits| digits.len() >= DIGITS)
            .collect();
        let automaton = |needles: &BTreeSet<String>| {
            AhoCorasick::new(needles).expect("a few hundred short texts are far from any bound")
        };
        Self {
            some: !texts.is_empty(),
            texts: automaton(&texts),
            digits: automaton(&digits),
        }
    }

    fn is_empty(&self) -> bool {
        !self.some
    }

    /// A quick look at a whole row.
    fn may_stand_in(&self, row: &str) -> bool {
        self.texts.is_match(&row.to_lowercase()) || self.digits.is_match(&digits_of(row))
    }

    /// Whether a value stands in a text as a whole: `anna@mail.example` does not stand in `joanna@mail.example`.
    fn stand_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let whole = |found: aho_corasick::Match| {
            let before = text[..found.start()].chars().next_back();
            let behind = text[found.end()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
        };
        self.texts.find_overlapping_iter(&text).any(whole) || self.digits.is_match(&digits_of(&text))
    }
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stands(value: &str, text: &str) -> bool {
        Needles::of(&[Pii::new(value.to_owned())]).stand_in(text)
    }

    #[test]
    fn a_value_is_found_as_a_whole_whatever_its_case() {
        assert!(stands("anna@mail.example", "to: Anna@Mail.Example, by hand"));
        assert!(!stands("anna@mail.example", "joanna@mail.example"));
        assert!(stands("Anna Gruber", "{\"for\":\"anna gruber\"}"));
        assert!(!stands("Anna Gruber", "Anna Gruberova"));
    }

    #[test]
    fn a_phone_number_is_found_however_it_is_written() {
        assert!(stands("+43155500123", "+43 1 555 00-123"));
        assert!(stands("+43 (1) 555 00 123", "call 0043155500123"));
        assert!(!stands("+43155500123", "+43155500124"));
    }

    #[test]
    fn a_name_is_full_with_what_stands_beside_it() {
        let kinds = [
            Identifying::Contact,
            Identifying::Name,
            Identifying::Beside,
            Identifying::Beside,
        ];
        let texts = ["anna@mail.example", "Gruber", "K-17", "Anna"].map(str::to_owned);
        let values: Vec<String> = values(&kinds, &texts)
            .iter()
            .map(|value| value.reveal().clone())
            .collect();
        assert_eq!(values, ["anna@mail.example", "Anna Gruber", "Gruber Anna"]);
    }
}
