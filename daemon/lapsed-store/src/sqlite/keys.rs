//! Noticing a wrong key before anything is sealed with it.

use std::collections::{BTreeMap, BTreeSet};

use lapsed_model::KeyRing;

use super::Store;
use crate::error::{Result, StoreError};

impl Store {
    /// Holds a key ring against the check values of this store: every key that was ever used here must be in
    /// the ring with the same secret. New keys are noted.
    pub async fn accept_keys(&self, ring: &KeyRing) -> Result<()> {
        let known: Vec<(String, String)> = sqlx::query_as("SELECT id, check_value FROM lapsed_key")
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read the keys' check values"))?;
        let known: BTreeMap<String, String> = known.into_iter().collect();
        if let Some(missing) = known.keys().find(|id| ring.get(id).is_none()) {
            return Err(StoreError::MissingKey(missing.clone()));
        }
        if let Some(wrong) = ring.keys().iter().find(|key| {
            known
                .get(&key.id)
                .is_some_and(|value| *value != key.check_value())
        }) {
            return Err(StoreError::WrongKey(wrong.id.clone()));
        }
        for key in ring.keys().iter().filter(|key| !known.contains_key(&key.id)) {
            sqlx::query("INSERT INTO lapsed_key (id, check_value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(&key.id)
                .bind(key.check_value())
                .execute(&self.writer)
                .await
                .map_err(StoreError::of("note a key's check value"))?;
        }
        Ok(())
    }

    /// The names of the keys that this store was served with.
    pub async fn key_ids(&self) -> Result<BTreeSet<String>> {
        let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM lapsed_key")
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read the keys' names"))?;
        Ok(ids.into_iter().collect())
    }
}
