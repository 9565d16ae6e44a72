//! Legal holds: placing one, lifting one, and noticing that one is over.
//!
//! Who is held is decided where people are judged, in SQL. Here is what stands around it: a hold names somebody who is
//! there, lasts into the future, and leaves entries that name nobody; and whoever it held is judged again when it
//! is gone.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_dataset::{Fitted, Noted};
use lapsed_model::{
    Entry, Held, Hold, KeyRing, Lifted, Pii, Pseudonym, SubjectKey, TenantName, Value, Workgroup,
};
use lapsed_store::{NewHold, Store};
use serde::Serialize;
use serde_json::json;

use crate::apply::pseudonym_of;
use crate::clerk::Clerk;
use crate::explain::{Person, person_of};
use crate::{JobError, Refusal};

/// A tenant's workgroups by the store's key of each.
pub type StoreKeys = BTreeMap<String, Workgroup>;

/// What a hold is to lie on.
#[derive(Clone, Copy, Debug)]
pub enum On<'a> {
    /// Everybody of the tenant.
    Tenant,
    /// A customer of a workgroup.
    Person {
        /// The workgroup.
        workgroup: &'a Workgroup,
        /// The store's key of the customer.
        customer: &'a str,
    },
    /// Everybody whom a record leads to.
    Record {
        /// What the dataset calls such a record.
        kind: &'a str,
        /// What staff call it by.
        record: &'a str,
    },
}

/// A hold that is to be placed.
#[derive(Clone)]
pub struct Placing<'a> {
    /// Whose people.
    pub tenant: &'a TenantName,
    /// The tenant's workgroups.
    pub keys: &'a StoreKeys,
    /// On what.
    pub on: On<'a>,
    /// Why.
    pub reason: Pii<String>,
    /// Who places it.
    pub by: &'a str,
    /// When it ends by itself.
    pub ends_at: Option<DateTime<Utc>>,
}

/// A hold as it is shown to whoever asks about a person: with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldReport {
    /// Its id.
    pub hold: String,
    /// `tenant`, `person`, or what the dataset calls the record.
    pub kind: String,
    /// The record, if it lies on one.
    pub record: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub placed_at: DateTime<Utc>,
    /// Who placed it.
    pub placed_by: String,
    /// When it ends by itself.
    pub ends_at: Option<DateTime<Utc>>,
}

impl From<&Hold> for HoldReport {
    fn from(hold: &Hold) -> Self {
        Self {
            hold: hold.id.clone(),
            kind: hold.on.kind().to_owned(),
            record: match &hold.on {
                Held::Record { record, .. } => Some(record.clone()),
                Held::Tenant | Held::Person { .. } => None,
            },
            reason: hold.reason.as_ref().map(|reason| reason.reveal().clone()),
            placed_at: hold.placed_at,
            placed_by: hold.placed_by.clone(),
            ends_at: hold.ends_at,
        }
    }
}

/// Places a hold. Answers it, with the people whom it names.
pub async fn place(clerk: &Clerk<'_>, placing: &Placing<'_>) -> Result<(Hold, Vec<SubjectKey>), JobError> {
    let now = clerk.clock.now();
    if placing.ends_at.is_some_and(|ends| ends <= now) {
        return Err(Refusal::HoldInThePast.into());
    }
    let people = named(clerk, placing).await?;
    let hold = Hold {
        id: format!("h-{}", &clerk.chance.token()[..12]),
        tenant: placing.tenant.clone(),
        on: held(placing.on, &people),
        reason: Some(placing.reason.clone()),
        placed_at: now,
        placed_by: placing.by.to_owned(),
        ends_at: placing.ends_at,
        lifted: None,
        ended_at: None,
    };
    let keys: Vec<SubjectKey> = people.iter().map(|person| person.key.clone()).collect();
    let there = match (&hold.on, people.as_slice()) {
        (Held::Person { .. }, [person]) => {
            Some(clerk.fitted.identified_person(&person.store_key, &person.key))
        }
        _ => None,
    };
    let new = NewHold {
        hold: &hold,
        people: &keys,
        created: match (&hold.on, people.as_slice()) {
            (Held::Person { .. }, [person]) => person.created.clone(),
            _ => Value::Null,
        },
        there: there.as_ref(),
    };
    clerk.store.accept_keys(clerk.keys).await?;
    let entry = placed_entry(clerk.keys, &hold, &people);
    if !clerk.store.place_hold(&new, entry, &clerk.seal()).await? {
        return Err(match placing.on {
            On::Person { workgroup, customer } => {
                Refusal::AlreadyAnonymised(workgroup.clone(), customer.to_owned())
            }
            On::Tenant | On::Record { .. } => Refusal::HoldOver(hold.id),
        }
        .into());
    }
    Ok((hold, keys))
}

/// Lifts a hold before its end, and has its people judged again. Answers how many they are; of a hold on the whole
/// tenant the next sweep judges everybody.
pub async fn lift(
    clerk: &Clerk<'_>,
    keys: &StoreKeys,
    hold: &Hold,
    by: &str,
    because: Pii<String>,
) -> Result<u64, JobError> {
    let lifted = Lifted {
        at: clerk.clock.now(),
        by: by.to_owned(),
        because: Some(because),
    };
    let people = judged_again(clerk.store, clerk.fitted, keys, hold).await?;
    clerk.store.accept_keys(clerk.keys).await?;
    let entry = Entry {
        tenant: hold.tenant.clone(),
        at: lifted.at,
        kind: "hold-lifted".to_owned(),
        payload: json!({ "hold": hold.id, "kind": hold.on.kind(), "by": by }).to_string(),
    };
    let done = clerk
        .store
        .lift_hold(hold, &lifted, &people, entry, &clerk.seal())
        .await?;
    if !done {
        return Err(Refusal::HoldOver(hold.id.clone()).into());
    }
    Ok(people.len() as u64)
}

/// Notes that a hold has come to its end, and has its people judged again. Answers whether it did, once per hold:
/// [`Store::holds_that_ended`] knows which.
pub async fn end(
    store: &Store,
    fitted: &Fitted<'_>,
    keys: &StoreKeys,
    hold: &Hold,
    now: DateTime<Utc>,
) -> Result<bool, JobError> {
    let people = judged_again(store, fitted, keys, hold).await?;
    Ok(store.end_hold(hold, &people, now).await?)
}

/// The holds that a person is under at `now`, the one that lasts longest first.
pub async fn holds_of(
    store: &Store,
    fitted: &Fitted<'_>,
    tenant: &TenantName,
    subject: &SubjectKey,
    now: DateTime<Utc>,
) -> Result<Vec<Hold>, JobError> {
    let rows = store
        .rows(&fitted.holds_of(tenant.as_str(), subject, now))
        .await?;
    let mut holds = Vec::with_capacity(rows.len());
    for id in rows.into_iter().flatten() {
        if let Value::Text(id) = id {
            holds.push(store.hold(&id).await?);
        }
    }
    Ok(holds)
}

/// Refuses to touch somebody who is under a hold, whoever asks.
pub async fn refuse_held(
    store: &Store,
    fitted: &Fitted<'_>,
    workgroup: &Workgroup,
    subject: &SubjectKey,
    now: DateTime<Utc>,
) -> Result<(), JobError> {
    let holds = holds_of(store, fitted, &workgroup.tenant, subject, now).await?;
    match holds.first() {
        Some(hold) => Err(Refusal::held(workgroup, subject, hold).into()),
        None => Ok(()),
    }
}

/// The last instant of a hold, which people know by its day; none where only lifting ends it.
#[must_use]
pub fn last_instant(ends_at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    ends_at.map(|ends| ends - TimeDelta::milliseconds(1))
}

/// Everybody whom a hold would name; nobody where it names nobody in particular.
async fn named(clerk: &Clerk<'_>, placing: &Placing<'_>) -> Result<Vec<Person>, JobError> {
    match placing.on {
        On::Tenant => Ok(Vec::new()),
        On::Person { workgroup, customer } => {
            let key = placing.keys.iter().find(|(_, known)| *known == workgroup);
            let Some((store_key, _)) = key else {
                let known = placing.keys.values().map(|known| known.name.clone()).collect();
                return Err(Refusal::NoWorkgroup(workgroup.clone(), known).into());
            };
            let person = person_of(clerk.store, clerk.fitted, workgroup, store_key, customer).await?;
            if person.anonymised {
                return Err(Refusal::AlreadyAnonymised(workgroup.clone(), customer.to_owned()).into());
            }
            Ok(vec![person])
        }
        On::Record { kind, record } => {
            let kinds = || {
                clerk
                    .fitted
                    .dataset()
                    .holdables
                    .iter()
                    .map(|known| known.name.value.clone())
            };
            let people = of_record(clerk.store, clerk.fitted, placing.keys, kind, record).await?;
            let people =
                people.ok_or_else(|| Refusal::NoSuchRecordKind(kind.to_owned(), kinds().collect()))?;
            if people.is_empty() {
                let (kind, record) = (kind.to_owned(), record.to_owned());
                return Err(Refusal::RecordOfNobody(placing.tenant.clone(), kind, record).into());
            }
            Ok(people)
        }
    }
}

fn held(on: On<'_>, people: &[Person]) -> Held {
    match on {
        On::Tenant => Held::Tenant,
        On::Person { workgroup, .. } => Held::Person {
            workgroup: workgroup.name.clone(),
            subject: people.first().map(|person| person.key.clone()),
        },
        On::Record { kind, record } => Held::Record {
            kind: kind.to_owned(),
            record: record.to_owned(),
        },
    }
}

/// The tenant's people whom a record leads to, those who are anonymised already among them; none for a kind that the
/// dataset does not know.
async fn of_record(
    store: &Store,
    fitted: &Fitted<'_>,
    keys: &StoreKeys,
    kind: &str,
    record: &str,
) -> Result<Option<Vec<Person>>, JobError> {
    let workgroups: Vec<String> = keys.keys().cloned().collect();
    let Some(statement) = fitted.people_of_record(&workgroups, kind, record) else {
        return Ok(None);
    };
    let rows = store.rows(&statement).await?;
    Ok(Some(rows.into_iter().filter_map(Person::of).collect()))
}

/// Whom to judge again when a hold is gone, each in the workgroup that they belong to by now.
async fn judged_again(
    store: &Store,
    fitted: &Fitted<'_>,
    keys: &StoreKeys,
    hold: &Hold,
) -> Result<Vec<(String, SubjectKey)>, JobError> {
    let people = match &hold.on {
        Held::Tenant | Held::Person { subject: None, .. } => Vec::new(),
        Held::Person {
            subject: Some(subject),
            ..
        } => {
            let other = fitted.is_somebody_else(Noted::Hold, &hold.id);
            if !store.rows(&other).await?.is_empty() {
                return Ok(Vec::new());
            }
            let workgroups: Vec<String> = keys.keys().cloned().collect();
            let rows = store.rows(&fitted.person(&workgroups, subject)).await?;
            rows.into_iter().filter_map(Person::of).collect()
        }
        Held::Record { kind, record } => of_record(store, fitted, keys, kind, record)
            .await?
            .unwrap_or_default(),
    };
    let identified = people.into_iter().filter(|person| !person.anonymised);
    Ok(identified
        .filter_map(|person| Some((keys.get(&person.store_key)?.name.clone(), person.key)))
        .collect())
}

/// No reason, no record and no key: what the ledger holds leads to nobody without the key ring.
fn placed_entry(keys: &KeyRing, hold: &Hold, people: &[Person]) -> Entry {
    let people: Vec<Pseudonym> = people
        .iter()
        .map(|person| pseudonym_of(keys, hold.tenant.as_str(), person))
        .collect();
    let payload = json!({
        "hold": hold.id,
        "kind": hold.on.kind(),
        "people": people,
        "ends_at": hold.ends_at,
        "by": hold.placed_by,
    });
    Entry {
        tenant: hold.tenant.clone(),
        at: hold.placed_at,
        kind: "hold".to_owned(),
        payload: payload.to_string(),
    }
}
