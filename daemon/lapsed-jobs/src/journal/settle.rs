//! Batches of which this program does not know whether they were committed: the connection was cut in the middle of the commit.
//!
//! The plan goes on either way, behind whatever was committed. But the journal must say *done* of what was, or a backup that is
//! restored later would be taken for a crash.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::Recorded;
use lapsed_store::Store;

use super::note::Note;
use super::{Files, Journal};
use crate::JobError;

/// Whoever hears that a batch was committed says so at once: after so long nobody will.
const UNHEARD: TimeDelta = TimeDelta::seconds(5);

/// A commit that was under way for longer will not come any more: the server ends transactions that are idle for so long.
const UNDER_WAY: TimeDelta = TimeDelta::minutes(2);

impl Journal {
    /// Says *done* of what was intended a while ago and turns out to be committed. Answers how many batches that were.
    pub async fn settle(&self, store: &Store, now: DateTime<Utc>) -> Result<u64, JobError> {
        let mut settled = 0;
        for (batch, at) in self.0.open_before(now - UNHEARD) {
            if let Some(head) = store.erasure_head(&batch).await? {
                self.done(&Recorded { batch, at, head }).await?;
                settled += 1;
            } else if at < now - UNDER_WAY {
                self.0.closes(&batch);
            }
        }
        Ok(settled)
    }
}

impl Files {
    /// What a note that was just written says about batches.
    pub(super) fn remember(&self, note: &Note) {
        match note {
            Note::Intended(intended) => {
                if let Ok(mut open) = self.open.lock() {
                    open.insert(intended.batch.clone(), intended.at);
                }
                self.knows(&intended.batch);
            }
            Note::Done(done) => self.closes(&done.batch),
            Note::Restored(_) | Note::Pruned { .. } => {}
        }
    }

    fn closes(&self, batch: &str) {
        if let Ok(mut open) = self.open.lock() {
            open.remove(batch);
        }
    }

    fn open_before(&self, until: DateTime<Utc>) -> BTreeMap<String, DateTime<Utc>> {
        let Ok(open) = self.open.lock() else {
            return BTreeMap::new();
        };
        let old = open.iter().filter(|(_, at)| **at < until);
        old.map(|(batch, at)| (batch.clone(), *at)).collect()
    }
}
