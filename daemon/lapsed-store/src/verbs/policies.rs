//! Every policy that was ever in force (D-3).

use chrono::{DateTime, Utc};
use lapsed_model::{Digest, TenantName};

use super::schedules::instant;
use crate::Store;
use crate::error::Result;
use crate::row::Record;
use crate::sql::values;

/// A version of a tenant's policy. Its text may have been edited since: [`PolicyVersion::is_genuine`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PolicyVersion {
    /// The hash that plans name it by.
    pub hash: String,
    /// Since when it was in force for the first time.
    pub in_force_from: DateTime<Utc>,
    /// The file, word for word.
    pub text: String,
}

impl PolicyVersion {
    /// Whether the text is the one that the hash was made of.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        Digest::sha256(&self.text).to_string() == self.hash
    }
}

impl Store {
    /// A tenant's policies, the newest first.
    pub async fn policies(&self, tenant: &TenantName) -> Result<Vec<PolicyVersion>> {
        let mut session = self.read("read policies").await?;
        let rows = session
            .all(
                "SELECT hash, in_force_from, text FROM lapsed_policy WHERE tenant = $1 \
                 ORDER BY in_force_from DESC, hash",
                &values![tenant.as_str()],
            )
            .await?;
        Ok(rows.iter().map(read_version).collect())
    }
}

pub(super) fn read_version(row: &Record) -> PolicyVersion {
    PolicyVersion {
        hash: row.get("hash"),
        in_force_from: instant(row.get("in_force_from")),
        text: row.get("text"),
    }
}
