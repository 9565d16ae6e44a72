//! Whether a platform that moved to another database took its people along as they were.
//!
//! Holds, requests, pseudonyms and the erasure journal know a person by key *and* instant of creation, both as the store
//! says them. Whose record reads differently in the new database would be a stranger there: a hold would not keep them, and
//! a restored backup would bring them back unnoticed.

use std::collections::{BTreeSet, HashMap};

use lapsed_dataset::Fitted;
use lapsed_model::{Held, SubjectKey, Value};
use lapsed_store::{RequestFilter, Row, Store, StoreError};

/// How many people are asked about in one statement.
const PIECE: usize = 500;

/// How many people are looked at of whom the daemon has written nothing down.
const SAMPLE: usize = 2_000;

/// A store, with the dataset that fits it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The store.
    pub store: &'a Store,
    /// The dataset.
    pub fitted: &'a Fitted<'a>,
}

/// What came of comparing people of two stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many were looked at.
    pub people: u64,
    /// Keys that the new store does not have.
    pub missing: Vec<SubjectKey>,
    /// Keys whose record says another instant of creation.
    pub changed: Vec<SubjectKey>,
}

impl Compared {
    /// Whether everybody is who they were.
    #[must_use]
    pub fn is_the_same(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty()
    }
}

/// Compares everybody whom a hold or a request of the old store names, and some of all the others.
pub async fn compare(old: Side<'_>, new: Side<'_>) -> Result<Compared, StoreError> {
    let mut people = named(old.store).await?;
    people.extend(sample(old).await?);
    let people: Vec<SubjectKey> = people.into_iter().collect();
    let mut compared = Compared::default();
    for piece in people.chunks(PIECE) {
        let before = created(old, piece).await?;
        let after = created(new, piece).await?;
        for person in piece {
            // Whom the old store does not have either, the platform has deleted since.
            let Some(then) = before.get(person) else { continue };
            compared.people += 1;
            match after.get(person) {
                None => compared.missing.push(person.clone()),
                Some(now) if now != then => compared.changed.push(person.clone()),
                Some(_) => {}
            }
        }
    }
    Ok(compared)
}

/// Whom holds and requests name.
async fn named(store: &Store) -> Result<BTreeSet<SubjectKey>, StoreError> {
    let held = store
        .holds(None, None)
        .await?
        .into_iter()
        .filter_map(|hold| match hold.on {
            Held::Person { subject, .. } => subject,
            _ => None,
        });
    let requests = store.requests(&RequestFilter::default()).await?;
    Ok(held
        .chain(requests.into_iter().filter_map(|request| request.subject))
        .collect())
}

/// Some of the first people of the store, evenly.
async fn sample(side: Side<'_>) -> Result<Vec<SubjectKey>, StoreError> {
    let page = side.store.people(&side.fitted.page_of_people(None)).await?;
    let step = page.len().div_ceil(SAMPLE).max(1);
    Ok(page
        .into_iter()
        .step_by(step)
        .map(|person| person.subject)
        .collect())
}

async fn created(side: Side<'_>, people: &[SubjectKey]) -> Result<HashMap<SubjectKey, Value>, StoreError> {
    let rows = side.store.rows(&side.fitted.creations(people)).await?;
    Ok(rows.into_iter().filter_map(read).collect())
}

fn read(row: Row) -> Option<(SubjectKey, Value)> {
    let mut values = row.into_iter();
    let key = match values.next()? {
        Value::Integer(number) => SubjectKey::Integer(number),
        Value::Text(text) => SubjectKey::Text(text),
        Value::Null | Value::Real(_) => return None,
    };
    Some((key, values.next()?))
}
