//! What other daemons on the same store erased: copied from the ledger into this node's own journal, so that any node can tell
//! that a backup was restored, and erase again.
//!
//! The store is looked at every few seconds for batches that the journal does not have. The first look holds the whole
//! journal against it, so that a node that was away, or is new, catches up; later ones look at the last quarter of an hour.
//! A batch that a restore takes away within these seconds still stands in the journal of the node that did it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{Head, Sealed};
use lapsed_store::Store;
use serde::Deserialize;

use super::note::{Done, Intended, Note};
use super::{Files, Journal, JournalError};
use crate::JobError;

/// Later looks go back so far: a batch is committed at most that long after the time that it bears.
const LATELY: TimeDelta = TimeDelta::minutes(15);

/// How many names are read at a time.
const PIECE: u32 = 1_000;

/// What the ledger says of a batch, as far as the journal needs it.
#[derive(Deserialize)]
struct Entry {
    workgroup: String,
    store_key: String,
    way: String,
    language: String,
    zone: String,
    policy: String,
    #[serde(default)]
    by_rule: BTreeMap<String, Vec<String>>,
}

impl Journal {
    /// Copies what other daemons erased since `from` and this journal lacks. Answers how many batches that were.
    pub async fn copy_others(
        &self,
        store: &Store,
        from: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<u64, JobError> {
        let from = if self.knows_its_batches() {
            from.max(now - LATELY)
        } else {
            from
        };
        let known = self.batches().await?;
        let mut copied = 0;
        let mut after = String::new();
        loop {
            let piece = store.erasures(from, &after, PIECE).await?;
            let Some(last) = piece.last() else { break };
            after.clone_from(last);
            for batch in piece.iter().filter(|batch| !known.contains(*batch)) {
                copied += u64::from(self.copy(store, batch).await?);
            }
        }
        Ok(copied)
    }

    /// Copies one batch; an entry whose particulars are gone, or which erased people once more, has nothing to copy.
    async fn copy(&self, store: &Store, batch: &str) -> Result<bool, JobError> {
        let Some(head) = store.erasure_head(batch).await? else {
            return Ok(false);
        };
        let entries = store
            .ledger(&head.tenant, head.sequence.saturating_sub(1), 1)
            .await?;
        let note = entries.first().and_then(|sealed| intended(batch, &head, sealed));
        let Some(note) = note else {
            return Ok(false);
        };
        let at = note.at;
        self.append(&Note::Intended(note)).await?;
        self.append(&Note::Done(Done {
            batch: batch.to_owned(),
            at,
            tenant: head.tenant.clone(),
            head: (&head).into(),
        }))
        .await?;
        Ok(true)
    }

    fn knows_its_batches(&self) -> bool {
        self.0.batches.lock().is_ok_and(|batches| batches.is_some())
    }

    /// The batches that stand in the journal; the first time it is read from end to end.
    async fn batches(&self) -> Result<BTreeSet<String>, JournalError> {
        self.blocking(Files::batches).await
    }
}

impl Files {
    fn batches(&self) -> Result<BTreeSet<String>, JournalError> {
        let mut batches = self.batches.lock().map_err(|_crashed| JournalError::Ended)?;
        if batches.is_none() {
            *batches = Some(self.names()?);
        }
        Ok(batches.clone().unwrap_or_default())
    }

    /// A batch that stands in the journal from now on.
    pub(super) fn knows(&self, batch: &str) {
        if let Ok(mut batches) = self.batches.lock()
            && let Some(batches) = batches.as_mut()
        {
            batches.insert(batch.to_owned());
        }
    }
}

fn intended(batch: &str, head: &Head, sealed: &Sealed) -> Option<Intended> {
    let entry: Entry = serde_json::from_str(&sealed.entry.payload).ok()?;
    Some(Intended {
        batch: batch.to_owned(),
        at: sealed.entry.at,
        tenant: head.tenant.clone(),
        workgroup: entry.workgroup.split_once('/')?.1.to_owned(),
        store_key: entry.store_key,
        way: entry.way.parse().ok()?,
        language: entry.language.parse().ok()?,
        zone: entry.zone.parse().ok()?,
        policy: entry.policy.parse().ok()?,
        people: entry.by_rule.into_values().flatten().collect(),
    })
}
