//! Telling the journal of a batch, inside the transaction that erases.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_model::{KeyRing, Language, Plan, Recorded};
use lapsed_store::{Erased, Witness, Witnessed};

use super::note::{Done, Intended, Note};
use super::{Journal, JournalError};
use crate::apply::pseudonym;

/// A batch waits no longer for its line: whoever wants to buy waits for the batch. A line that comes too late is an intention
/// that nothing came of, as a crash leaves one.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the journal is told of the batches of a plan.
pub(crate) struct BatchWitness<'a> {
    pub(crate) journal: &'a Journal,
    pub(crate) keys: &'a KeyRing,
    pub(crate) plan: &'a Plan,
    pub(crate) language: Language,
    pub(crate) zone: Tz,
    pub(crate) now: DateTime<Utc>,
}

impl BatchWitness<'_> {
    fn intent(&self, batch: &str, erased: &[Erased]) -> Intended {
        let tenant = &self.plan.workgroup.tenant;
        let people = erased
            .iter()
            .map(|person| pseudonym(self.keys, tenant.as_str(), &self.plan.store_key, person).0);
        Intended {
            batch: batch.to_owned(),
            at: self.now,
            tenant: tenant.clone(),
            workgroup: self.plan.workgroup.name.clone(),
            store_key: self.plan.store_key.clone(),
            way: self.plan.way,
            language: self.language,
            zone: self.zone,
            policy: self.plan.policy,
            people: people.collect(),
        }
    }
}

impl Witness for BatchWitness<'_> {
    fn intended<'w>(&'w self, batch: &'w str, erased: &'w [Erased]) -> Witnessed<'w> {
        let note = Note::Intended(self.intent(batch, erased));
        Box::pin(async move {
            let appended = tokio::time::timeout(PATIENCE, self.journal.append(&note)).await;
            Ok(appended.unwrap_or(Err(JournalError::Slow(PATIENCE)))?)
        })
    }
}

impl Journal {
    /// Says that a batch was committed.
    pub(crate) async fn done(&self, recorded: &Recorded) -> Result<(), JournalError> {
        let done = Done {
            batch: recorded.batch.clone(),
            at: recorded.at,
            tenant: recorded.head.tenant.clone(),
            head: (&recorded.head).into(),
        };
        self.append(&Note::Done(done)).await
    }
}
