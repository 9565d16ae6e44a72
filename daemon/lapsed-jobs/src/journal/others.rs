//! What other daemons on the same store erased: copied from the ledger into this node's own journal, so that any node can tell
//! that a backup was restored, and erase again.
//!
//! The store is looked at every few seconds for batches that the journal does not have. How far that went is remembered by
//! the ledger itself, which knows no clock: a tenant's entries are committed in the order of their numbers, so behind the last
//! one that was looked at there is only what is new, however long this node was cut off and whatever time the others'
//! machines have. Where that entry is not in the ledger any more a backup was restored, and the tenant is looked through from
//! the beginning, as every tenant is at a start.
//! A batch that a restore takes away within these seconds still stands in the journal of the node that did it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use lapsed_model::{Dialect, Digest, Head, Sealed};
use lapsed_store::Store;
use serde::Deserialize;

use super::note::{Done, Intended, Note};
use super::{Files, Journal, JournalError};
use crate::JobError;

/// How many batches are read at a time.
const PIECE: usize = 1_000;

/// How many tenants are asked about at a time.
const TENANTS: usize = 500;

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
    /// Copies what other daemons erased since `from` and this journal lacks. Answers how many batches that were: none on
    /// SQLite, where nobody else is.
    pub async fn copy_others(&self, store: &Store, from: DateTime<Utc>) -> Result<u64, JobError> {
        if store.dialect() == Dialect::Sqlite {
            return Ok(0);
        }
        // What is committed from here on is behind these ends, and seen the next time.
        let ends = self.0.not_copied(store.heads().await?);
        let mut copied = 0;
        for ends in ends.chunks(TENANTS) {
            copied += self.copy_until(store, ends, from).await?;
        }
        Ok(copied)
    }

    /// Copies what these tenants have behind what was copied of them, and remembers that it went to these ends.
    async fn copy_until(&self, store: &Store, ends: &[Head], from: DateTime<Utc>) -> Result<u64, JobError> {
        let mut behind = self.0.copied(ends);
        let mut copied = 0;
        loop {
            let piece = store.erasures_behind(&behind, from, PIECE).await?;
            let is_all = piece.len() < PIECE;
            let last = piece.last().map(|(_, head)| head.clone());
            for (batch, head) in self.lacking(piece).await? {
                copied += u64::from(self.copy(store, &batch, &head).await?);
            }
            match last {
                Some(last) if !is_all => behind = behind_of(behind, last),
                _ => break,
            }
        }
        self.0.remember_copied(ends);
        Ok(copied)
    }

    /// Copies one batch; an entry whose particulars are gone, or which erased people once more, has nothing to copy.
    async fn copy(&self, store: &Store, batch: &str, head: &Head) -> Result<bool, JobError> {
        let entries = store
            .ledger(&head.tenant, head.sequence.saturating_sub(1), 1)
            .await?;
        let note = entries.first().and_then(|sealed| intended(batch, head, sealed));
        let Some(note) = note else {
            return Ok(false);
        };
        let at = note.at;
        self.append(&Note::Intended(note)).await?;
        self.append(&Note::Done(Done {
            batch: batch.to_owned(),
            at,
            tenant: head.tenant.clone(),
            head: head.into(),
        }))
        .await?;
        Ok(true)
    }

    /// Those of these batches that do not stand in the journal; the first time it is read from end to end.
    async fn lacking(&self, batches: Vec<(String, Head)>) -> Result<Vec<(String, Head)>, JournalError> {
        self.blocking(|files| files.lacking(batches)).await
    }
}

/// What is left to read behind a piece that ended here: the tenants come in their order.
fn behind_of(behind: Vec<Head>, last: Head) -> Vec<Head> {
    let left = behind.into_iter().filter(|head| head.tenant > last.tenant);
    let left: Vec<Head> = left.collect();
    std::iter::once(last).chain(left).collect()
}

impl Files {
    fn lacking(&self, mut batches: Vec<(String, Head)>) -> Result<Vec<(String, Head)>, JournalError> {
        let mut known = self.batches.lock().map_err(|_crashed| JournalError::Ended)?;
        let known: &mut BTreeSet<String> = match &mut *known {
            Some(known) => known,
            unread => unread.insert(self.names()?),
        };
        batches.retain(|(batch, _)| !known.contains(batch));
        Ok(batches)
    }

    /// Of these ends those to which nothing was copied yet.
    fn not_copied(&self, mut ends: Vec<Head>) -> Vec<Head> {
        if let Ok(copied) = self.copied.lock() {
            ends.retain(|end| copied.get(&end.tenant) != Some(end));
        }
        ends
    }

    /// How far these tenants were copied; the beginning of their chains where they were not.
    fn copied(&self, ends: &[Head]) -> Vec<Head> {
        let copied = self.copied.lock();
        let of = |end: &Head| copied.as_ref().ok()?.get(&end.tenant).cloned();
        let beginning = |end: &Head| Head {
            tenant: end.tenant.clone(),
            sequence: 0,
            hash: Digest::ZERO,
        };
        ends.iter()
            .map(|end| of(end).unwrap_or_else(|| beginning(end)))
            .collect()
    }

    fn remember_copied(&self, ends: &[Head]) {
        if let Ok(mut copied) = self.copied.lock() {
            copied.extend(ends.iter().map(|end| (end.tenant.clone(), end.clone())));
        }
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
