//! Whom a backup brought back, and erasing them again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use lapsed_config::File;
use lapsed_dataset::Erasure;
use lapsed_model::{Bounds, Entry, Key, Period, SubjectKey, TenantName, Unit, Value, fault};
use lapsed_policy::{Limits, Policy};
use lapsed_store::{Erased, Lost, Seal, StoreError};

use super::note::Intended;
use super::read_back::LostBatch;
use crate::JobError;
use crate::apply::{Tools, pseudonym_under, waits};

/// Who of the lost batches is there again.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By the name of the batch.
    pub(super) by_batch: BTreeMap<String, Vec<SubjectKey>>,
    /// People of whom nobody can tell.
    pub(super) doubtful: u64,
}

/// What is looked for: pseudonyms, and under which keys and workgroups they may have been made.
struct Wanted<'a> {
    tenant: &'a TenantName,
    batch_of: HashMap<&'a str, &'a str>,
    store_keys: BTreeSet<&'a str>,
    keys: Vec<&'a Key>,
}

/// Looks through everybody who was not anonymised, and not only the workgroups concerned: who moved between the backup
/// and the erasure is back in the old one.
pub(super) async fn find_again(tools: &Tools<'_>, lost: &[&LostBatch]) -> Result<Found, JobError> {
    let mut found = Found::default();
    let Some(wanted) = Wanted::of(tools, lost) else {
        return Ok(found);
    };
    let mut after = None;
    loop {
        let page = tools.fitted.page_of_people(after.as_ref());
        let people = tools.store.people(&page).await?;
        let Some(last) = people.last() else { break };
        after = Some(last.subject.clone());
        people
            .iter()
            .for_each(|person| wanted.look_at(person, &mut found));
    }
    Ok(found)
}

impl<'a> Wanted<'a> {
    fn of(tools: &'a Tools<'_>, lost: &[&'a LostBatch]) -> Option<Self> {
        let intended: Vec<&Intended> = lost.iter().filter_map(|batch| batch.intended.as_ref()).collect();
        let batch_of: HashMap<&str, &str> = intended
            .iter()
            .flat_map(|of| {
                of.people
                    .iter()
                    .map(|person| (person.as_str(), of.batch.as_str()))
            })
            .collect();
        let made_with: BTreeSet<&str> = batch_of
            .keys()
            .filter_map(|person| Some(person.split_once(':')?.0))
            .collect();
        Some(Self {
            tenant: &intended.first()?.tenant,
            batch_of,
            store_keys: intended.iter().map(|of| of.store_key.as_str()).collect(),
            keys: made_with
                .into_iter()
                .filter_map(|key| tools.keys.get(key))
                .collect(),
        })
    }

    /// The batch that erased this person, if one did. The person may have moved to another workgroup since the backup.
    fn batch(&self, person: &Erased) -> Option<&'a str> {
        self.keys.iter().find_map(|key| {
            self.store_keys.iter().find_map(|store_key| {
                let pseudonym = pseudonym_under(key, self.tenant.as_str(), store_key, person);
                self.batch_of.get(pseudonym.0.as_str()).copied()
            })
        })
    }

    /// A database that was restored hands out the same keys again: without the instant of creation on both sides nobody
    /// can tell a newcomer from an erased person.
    fn look_at(&self, person: &Erased, found: &mut Found) {
        let undated = Erased {
            created: Value::Null,
            ..person.clone()
        };
        match self.batch(person) {
            Some(batch) if person.created != Value::Null => {
                found
                    .by_batch
                    .entry(batch.to_owned())
                    .or_default()
                    .push(person.subject.clone());
            }
            Some(_) => found.doubtful += 1,
            None => found.doubtful += u64::from(self.batch(&undated).is_some()),
        }
    }
}

/// How often and how soon a batch is tried again that met a row which the platform holds.
const TRIES: u32 = 100;
const BETWEEN: Duration = Duration::from_millis(300);

impl Found {
    /// Erases those who are there again of one batch, as they were erased the first time. Answers how many.
    pub(super) async fn erase(
        &self,
        tools: &Tools<'_>,
        policy: Option<&Policy>,
        lost: &LostBatch,
    ) -> Result<u64, JobError> {
        let nobody = Vec::new();
        let people = self.by_batch.get(&lost.done.batch).unwrap_or(&nobody);
        let effects = lost
            .intended
            .as_ref()
            .map(|intended| tools.fitted.erase(&erasure(tools, policy, intended)))
            .unwrap_or_default();
        let lock = tools.fitted.lock_people();
        let (still_there, read) = (tools.fitted.still_there(), tools.fitted.read_batch());
        let batch = Lost {
            batch: &lost.done.batch,
            people,
            lock: lock.as_ref(),
            still_there: &still_there,
            read: &read,
            effects: &effects,
        };
        let seal = Seal {
            key: tools.keys.newest(),
            chance: tools.chance,
        };
        let wanted = Wanted::of(tools, &[lost]);
        let is_meant = |person: &Erased| {
            wanted
                .as_ref()
                .is_some_and(|wanted| wanted.batch(person).is_some())
        };
        let mut tries = 0;
        let (erased, _) = loop {
            let entry = |erased: &[Erased]| entry(tools, lost, erased);
            match tools.store.erase_again(&batch, &is_meant, entry, &seal).await {
                // The platform holds one of them at this moment: nobody else is let in before this is done.
                Err(StoreError::Busy) if tries < TRIES => tokio::time::sleep(BETWEEN).await,
                erased => break erased?,
            }
            tries += 1;
        };
        fault::point("again-committed");
        Ok(erased)
    }
}

fn entry(tools: &Tools<'_>, lost: &LostBatch, erased: &[Erased]) -> Entry {
    let tenant = &lost.done.tenant;
    let store_key = lost.intended.as_ref().map_or("", |intended| &intended.store_key);
    let people: Vec<_> = erased
        .iter()
        .map(|person| pseudonym_under(tools.keys.newest(), tenant.as_str(), store_key, person))
        .collect();
    let workgroup = lost
        .intended
        .as_ref()
        .map(|intended| format!("{tenant}/{}", intended.workgroup));
    let payload = serde_json::json!({
        "batch": lost.done.batch,
        "erased_at": lost.done.at,
        "way": lost.intended.as_ref().map(|intended| intended.way.word()),
        "workgroup": workgroup,
        "store_key": store_key,
        "dataset": tools.fitted.dataset().hash,
        "people": people,
    });
    Entry {
        tenant: tenant.clone(),
        at: tools.clock.now(),
        kind: "re-erased".to_owned(),
        payload: payload.to_string(),
    }
}

/// As they were erased the first time: the same name, and the note in the same language. What waits for a period of its
/// own waits by the policy in force.
fn erasure(tools: &Tools<'_>, policy: Option<&Policy>, intended: &Intended) -> Erasure {
    let now = tools.clock.now();
    let retention = policy.and_then(|policy| policy.workgroups.get(&intended.workgroup));
    let zone = policy.map_or(intended.zone, |policy| policy.zone);
    Erasure {
        tenant: intended.tenant.clone(),
        way: intended.way,
        language: intended.language,
        now,
        zone,
        waits: retention
            .map(|retention| waits(retention, zone, Bounds::today(now, zone)))
            .unwrap_or_default(),
    }
}

/// The policy that the store remembers as the last one in force.
pub(super) async fn last_policy(tools: &Tools<'_>, tenant: &TenantName) -> Result<Option<Policy>, JobError> {
    let limits = Limits {
        shortest_anonymise_after: Period::new(1, Unit::Days).expect("a day is a period"),
    };
    let read = |text: &str| {
        let file = File::new(&format!("{tenant}.toml"), text);
        lapsed_policy::read(tenant, &file, &limits, tools.clock.now()).0
    };
    let versions = tools.store.policies(tenant).await?;
    Ok(versions.iter().find_map(|version| read(&version.text)))
}
