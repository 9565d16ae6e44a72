//! Every policy that was ever in force (D-3).

use chrono::{DateTime, Utc};
use lapsed_model::{Digest, Entry, TenantName};

use super::Store;
use super::apply::Seal;
use super::ledger::append;
use crate::error::{Result, StoreError};

/// A version of a tenant's policy.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PolicyVersion {
    /// The hash that plans name it by.
    pub hash: String,
    /// Since when it was in force for the first time.
    pub in_force_from: DateTime<Utc>,
    /// The file, word for word.
    pub text: String,
}

impl Store {
    /// Keeps a policy that takes effect, with a ledger entry. One that is kept already stays as it is.
    pub async fn keep_policy(&self, hash: Digest, text: &str, entry: Entry, seal: &Seal<'_>) -> Result<()> {
        let mut transaction = self.begin("keep a policy").await?;
        let kept = sqlx::query(
            "INSERT INTO lapsed_policy (tenant, hash, text, in_force_from) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(entry.tenant.as_str())
        .bind(hash.to_string())
        .bind(text)
        .bind(entry.at.timestamp_millis())
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of("keep a policy"))?;
        if kept.rows_affected() > 0 {
            append(&mut transaction, entry, seal).await?;
        }
        transaction
            .commit()
            .await
            .map_err(StoreError::of("keep a policy"))
    }

    /// A tenant's policies, the newest first.
    pub async fn policies(&self, tenant: &TenantName) -> Result<Vec<PolicyVersion>> {
        let rows: Vec<(String, i64, String)> = sqlx::query_as(
            "SELECT hash, in_force_from, text FROM lapsed_policy WHERE tenant = $1 ORDER BY in_force_from DESC, hash",
        )
        .bind(tenant.as_str())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read policies"))?;
        let version = |(hash, from, text)| PolicyVersion {
            hash,
            in_force_from: DateTime::from_timestamp_millis(from).unwrap_or_default(),
            text,
        };
        Ok(rows.into_iter().map(version).collect())
    }
}
