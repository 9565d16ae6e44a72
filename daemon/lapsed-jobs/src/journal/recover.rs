//! After a restart: telling a crash from a restored backup, and erasing again whom the backup brought back.
//!
//! It runs whenever a program takes the store, before anything else. Nobody is judged: these people were erased, and no
//! rule, hold or pause that came back with the backup has a say. Killed at any point it goes on at the next start: the entry
//! that names the lost head is written first and only once, of every tenant before anybody is touched; every lost batch
//! becomes known in the transaction that erases its people again, a tenant's newest last, by whose head the next start knows
//! that this backup was spoken of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use lapsed_model::{Entry, Head, TenantName, fault};
use lapsed_policy::Policy;
use lapsed_store::Seal;
use serde::Serialize;

use super::again::{Found, find_again};
use super::note::{Note, Restored};
use super::read_back::{LostBatch, ReadBack};
use crate::JobError;
use crate::apply::{Tools, remove_remnants};

/// What was found at the start, and done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// Batches that were committed right before a kill: the journal says so now.
    pub finished: u64,
    /// Batches that a kill kept from being committed: their plans go on.
    pub crashed: u64,
    /// Batches of which nobody can tell whether they were committed: a line behind them cannot be read.
    pub doubtful_batches: u64,
    /// How many people stand in those.
    pub doubtful_people: u64,
    /// Tenants whose people a restored backup brought back.
    pub restored: Vec<RestoredTenant>,
    /// Lines of the journal that could not be read: `lapsed journal check` names them.
    pub damaged: u64,
    /// Whether `watch_only` kept these people from being erased again.
    pub only_watched: bool,
}

/// What a restored backup brought back of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoredTenant {
    /// Whose.
    pub tenant: TenantName,
    /// The end that the ledger had, and lost.
    pub lost: Head,
    /// How many batches the backup did not know.
    pub batches: u64,
    /// How many people those had erased.
    pub people: u64,
    /// How many of them were there again, and were erased once more.
    pub erased_again: u64,
    /// How many people have the key of an erased one, without a creation instant that could tell whether they are the
    /// same: they are left alone.
    pub doubtful: u64,
    /// Batches whose people are not known, because that line of the journal is damaged.
    pub nameless: u64,
}

impl RestoredTenant {
    /// How many people of those batches are not there, as far as anybody can tell.
    #[must_use]
    pub fn not_found(&self) -> u64 {
        self.people
            .saturating_sub(self.erased_again)
            .saturating_sub(self.doubtful)
    }
}

impl Recovered {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let Self {
            finished,
            restored,
            damaged,
            doubtful_batches,
            ..
        } = self;
        *finished == 0 && *damaged == 0 && *doubtful_batches == 0 && restored.is_empty()
    }

    /// What there is to tell, a sentence each.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences: Vec<String> = self
            .restored
            .iter()
            .flat_map(|tenant| self.of_tenant(tenant))
            .collect();
        if self.finished > 0 {
            sentences.push(format!(
                "{} batches were committed right before a kill",
                self.finished
            ));
        }
        if self.damaged > 0 {
            sentences.push(format!(
                "{} lines of the journal cannot be read: `lapsed journal check` names them",
                self.damaged
            ));
        }
        if self.doubtful_batches > 0 {
            sentences.push(format!(
                "whether {} batches with {} people were committed cannot be told, because a line behind them cannot be read: if a backup \
                 was restored, these people may be there again; `lapsed journal check` names the batches",
                self.doubtful_batches, self.doubtful_people
            ));
        }
        if !self.restored.is_empty() {
            sentences.push(
                "holds, pauses and requests that were recorded after the backup was made are gone with it: put them back before you \
                 approve the next plans, which wait for that"
                    .to_owned(),
            );
        }
        sentences
    }

    fn of_tenant(&self, tenant: &RestoredTenant) -> Vec<String> {
        let RestoredTenant {
            tenant: name,
            lost,
            batches,
            people,
            erased_again,
            ..
        } = tenant;
        let head = format!(
            "{name}: a backup was restored that lacks {batches} batches; the ledger's lost end is entry {}",
            lost.sequence
        );
        let mut sentences = vec![if self.only_watched {
            format!(
                "{head}; `watch_only` keeps the {erased_again} people who are there again from being erased"
            )
        } else {
            format!("{head}; {erased_again} of {people} people were there again and are erased once more")
        }];
        if tenant.doubtful > 0 {
            sentences.push(format!(
                "{name}: {} people have the key of an erased one and no creation instant that tells whether they are the same: they are left alone",
                tenant.doubtful
            ));
        }
        if tenant.not_found() > 0 {
            sentences.push(format!(
                "{name}: {} people whom these batches erased were not found among those who are identified: they came after the backup \
                 was made, or were erased again already, or the platform knows them by another key now, and then they stay: look at it",
                tenant.not_found()
            ));
        }
        if tenant.nameless > 0 {
            sentences.push(format!(
                "{name}: whom {} batches erased cannot be read any more: their lines in the journal are damaged",
                tenant.nameless
            ));
        }
        sentences
    }
}

/// Holds the journal against the store and does what follows, by one program at a time. `policies` are those in force now, as
/// far as they are known.
pub async fn recover(
    tools: &Tools<'_>,
    policies: &BTreeMap<TenantName, Policy>,
) -> Result<Recovered, JobError> {
    let _alone = tools.store.alone().await?;
    tools.store.accept_keys(tools.keys).await?;
    let read = read_back(tools).await?;
    let mut recovered = Recovered {
        finished: finish(tools, &read).await?,
        crashed: read.crashed,
        doubtful_batches: read.doubtful.len() as u64,
        doubtful_people: read.doubtful.iter().map(|batch| batch.people.len() as u64).sum(),
        damaged: read.damaged,
        ..Recovered::default()
    };
    if read.lost.is_empty() {
        return Ok(recovered);
    }
    let mut tenants = begin_all(tools, policies, &read.lost).await?;
    if !tools.watch_only {
        for batch in &read.lost {
            let Some(of) = tenants.get_mut(&batch.done.tenant) else {
                continue;
            };
            of.restored.erased_again += of.found.erase(tools, of.policy.as_deref(), batch).await?;
            fault::point("recover-batch");
        }
        remove_remnants(tools.store, tools.fitted).await?;
    }
    recovered.only_watched = tools.watch_only;
    recovered.restored = tenants.into_values().map(|of| of.restored).collect();
    Ok(recovered)
}

/// A line that cannot be read in one folder may be whole in another.
async fn read_back(tools: &Tools<'_>) -> Result<ReadBack, JobError> {
    let read = tools.journal.read_back(tools.store).await?;
    if read.damaged == 0 || tools.journal.folders().count() < 2 {
        return Ok(read);
    }
    tools.journal.heal(true).await?;
    tools.journal.read_back(tools.store).await
}

/// Says *done* of what was committed right before a kill.
async fn finish(tools: &Tools<'_>, read: &ReadBack) -> Result<u64, JobError> {
    for intended in &read.unfinished {
        let Some(head) = tools.store.erasure_head(&intended.batch).await? else {
            continue;
        };
        let recorded = lapsed_model::Recorded {
            batch: intended.batch.clone(),
            at: intended.at,
            head,
        };
        tools.journal.done(&recorded).await?;
        fault::point("recover-finished");
    }
    Ok(read.unfinished.len() as u64)
}

/// A tenant whose people are erased again.
struct Restoring<'p> {
    restored: RestoredTenant,
    found: Found,
    policy: Option<Cow<'p, Policy>>,
}

/// Looks for the people of every tenant, and says of every tenant that a backup was restored, before anybody is touched.
async fn begin_all<'p>(
    tools: &Tools<'_>,
    policies: &'p BTreeMap<TenantName, Policy>,
    lost: &[LostBatch],
) -> Result<BTreeMap<TenantName, Restoring<'p>>, JobError> {
    let mut by_tenant: BTreeMap<&TenantName, Vec<&LostBatch>> = BTreeMap::new();
    for batch in lost {
        by_tenant.entry(&batch.done.tenant).or_default().push(batch);
    }
    let mut tenants = BTreeMap::new();
    for (tenant, lost) in by_tenant {
        let restoring = begin(tools, policies.get(tenant), tenant, &lost).await?;
        tenants.insert(tenant.clone(), restoring);
    }
    Ok(tenants)
}

async fn begin<'p>(
    tools: &Tools<'_>,
    policy: Option<&'p Policy>,
    tenant: &TenantName,
    lost: &[&LostBatch],
) -> Result<Restoring<'p>, JobError> {
    let found = find_again(tools, lost).await?;
    let last = lost
        .iter()
        .max_by_key(|batch| batch.done.head.sequence)
        .expect("a tenant is listed for the batches that it lost");
    let mut restored = RestoredTenant {
        tenant: tenant.clone(),
        lost: last.done.head.of(tenant),
        batches: lost.len() as u64,
        people: lost.iter().map(|batch| batch.people().len() as u64).sum(),
        erased_again: found.people(),
        doubtful: found.doubtful,
        nameless: lost.iter().filter(|batch| batch.intended.is_none()).count() as u64,
    };
    let policy = match policy {
        Some(policy) => Some(Cow::Borrowed(policy)),
        None => super::again::last_policy(tools, tenant).await?.map(Cow::Owned),
    };
    if !tools.watch_only {
        say_restored(tools, &restored).await?;
        restored.erased_again = 0;
    }
    Ok(Restoring {
        restored,
        found,
        policy,
    })
}

/// Writes that a backup was restored, into the ledger and then into the journal, unless an interrupted recovery did.
async fn say_restored(tools: &Tools<'_>, restored: &RestoredTenant) -> Result<(), JobError> {
    let head = match said(tools, restored).await? {
        Some(head) => head,
        None => {
            let seal = Seal {
                key: tools.keys.newest(),
                chance: tools.chance,
            };
            let payload = serde_json::json!({
                "lost": { "sequence": restored.lost.sequence, "hash": restored.lost.hash },
                "batches": restored.batches, "people": restored.people, "there_again": restored.erased_again,
                "doubtful": restored.doubtful, "nameless": restored.nameless,
            });
            let entry = Entry {
                tenant: restored.tenant.clone(),
                at: tools.clock.now(),
                kind: "restored".to_owned(),
                payload: payload.to_string(),
            };
            tools.store.note_restored(entry, &seal).await?
        }
    };
    fault::point("recover-ledger");
    let note = Restored {
        at: tools.clock.now(),
        tenant: restored.tenant.clone(),
        lost: (&restored.lost).into(),
        head: (&head).into(),
        batches: restored.batches,
    };
    tools.journal.append(&Note::Restored(note)).await?;
    fault::point("recover-journal");
    Ok(())
}

/// The end of the ledger behind the entry that names this lost head already.
async fn said(tools: &Tools<'_>, restored: &RestoredTenant) -> Result<Option<Head>, JobError> {
    let entries = tools.store.entries_of(&restored.tenant, "restored").await?;
    let hash = restored.lost.hash.to_string();
    let names_it = |payload: &str| {
        serde_json::from_str::<serde_json::Value>(payload)
            .is_ok_and(|payload| payload["lost"]["hash"] == hash.as_str())
    };
    Ok(entries
        .into_iter()
        .find(|(_, payload)| names_it(payload))
        .map(|(head, _)| head))
}

impl Found {
    /// How many people were found again.
    fn people(&self) -> u64 {
        self.by_batch.values().map(|people| people.len() as u64).sum()
    }
}

impl LostBatch {
    /// The pseudonyms of its people, as far as they are known.
    pub(super) fn people(&self) -> &[String] {
        self.intended.as_ref().map_or(&[], |intended| &intended.people)
    }
}
