//! Noticing a wrong key before anything is sealed with it.

use std::collections::{BTreeMap, BTreeSet};

use lapsed_model::KeyRing;

use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::column;
use crate::session::{Beside, Session};
use crate::sql::values;

/// The check values by the names of their keys.
type Known = BTreeMap<String, String>;

impl Store {
    /// Holds a key ring against the check values of this store: every key that was ever used here must be in
    /// the ring with the same secret. New keys are noted.
    pub async fn accept_keys(&self, ring: &KeyRing) -> Result<()> {
        let known = known(&mut self.read("read the keys' check values").await?).await?;
        judge(&known, ring)?;
        if is_new(&known, ring) {
            self.note_keys(ring).await?;
        }
        Ok(())
    }

    /// The names of the keys that this store was served with.
    pub async fn key_ids(&self) -> Result<BTreeSet<String>> {
        let mut session = self.read("read the keys' names").await?;
        let ids = session.all("SELECT id FROM lapsed_key", &[]).await?;
        Ok(column::<String>(&ids).into_iter().collect())
    }

    /// Notes what is new in a key ring. Somebody may have noted a key of the same name since we looked, so the ring is
    /// judged once more where nobody else writes.
    async fn note_keys(&self, ring: &KeyRing) -> Result<()> {
        let mut session = self.write("note a key's check value", Beside::Nobody).await?;
        judge(&known(&mut session).await?, ring)?;
        for key in ring.keys() {
            session
                .run(
                    "INSERT INTO lapsed_key (id, check_value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    &values![&key.id, key.check_value()],
                )
                .await?;
        }
        session.commit().await
    }
}

async fn known(session: &mut Session) -> Result<Known> {
    let rows = session.all("SELECT id, check_value FROM lapsed_key", &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn is_new(known: &Known, ring: &KeyRing) -> bool {
    ring.keys().iter().any(|key| !known.contains_key(&key.id))
}

/// Refuses a ring that lacks a key, or has another secret under its name.
fn judge(known: &Known, ring: &KeyRing) -> Result<()> {
    if let Some(missing) = known.keys().find(|id| ring.get(id).is_none()) {
        return Err(StoreError::MissingKey(missing.clone()));
    }
    let differs = |id: &str, value: String| known.get(id).is_some_and(|known| *known != value);
    match ring.keys().iter().find(|key| differs(&key.id, key.check_value())) {
        Some(wrong) => Err(StoreError::WrongKey(wrong.id.clone())),
        None => Ok(()),
    }
}
