//! What each machine's files said when it took them up.
//!
//! Several daemons on one store have a folder of tenants' files each. A machine puts a policy in force when its own file
//! changed, and not because it differs from what is in force: that may be what another machine's newer file says.

use lapsed_model::{Dialect, Digest, TenantName};
use serde_json::json;

use super::ledger::parse;
use crate::Store;
use crate::error::Result;
use crate::session::Beside;
use crate::sql::{side_by_side, values};

/// A tenant's file, as far as this machine knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    /// Whose.
    pub tenant: TenantName,
    /// The hash of what it said, or of what is in force where there was none here.
    pub said: Digest,
    /// Whether it was this machine's.
    pub is_here: bool,
}

impl Store {
    /// What the files of this machine said when they were taken up. Of tenants of whom only other machines had a file,
    /// what is in force.
    pub async fn policy_files(&self, node: &str) -> Result<Vec<PolicyFile>> {
        let mut session = self.read("read what the policies' files said").await?;
        let rows = session.all(side_by_side!("policy_files"), &values![node]).await?;
        rows.iter()
            .map(|row| {
                let tenant: String = row.get("tenant");
                let hash: String = row.get("hash");
                Ok(PolicyFile {
                    said: parse(&hash, "lapsed_policy_file", &tenant, "hash")?,
                    is_here: row.get("is_here"),
                    tenant: parse(&tenant, "lapsed_policy_file", &tenant, "tenant")?,
                })
            })
            .collect()
    }

    /// Notes what files of this machine say. On SQLite there is one machine, and what its files said is in force.
    pub async fn note_policy_files(&self, node: &str, files: &[(TenantName, Digest)]) -> Result<()> {
        if self.dialect() == Dialect::Sqlite || files.is_empty() {
            return Ok(());
        }
        let rows = json!(files).to_string();
        let mut session = self
            .write("note what a policy's file says", Beside::Anybody)
            .await?;
        session
            .run(
                include_str!("../../sql/postgres/policy_files_note.sql"),
                &values![node, rows],
            )
            .await?;
        session.commit().await
    }

    /// Forgets files of this machine that are gone; nothing to do on SQLite, likewise.
    pub async fn forget_policy_files(&self, node: &str, tenants: &[TenantName]) -> Result<()> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let tenants = json!(tenants).to_string();
        let mut session = self.write("forget a policy's file", Beside::Anybody).await?;
        session
            .run(
                "DELETE FROM lapsed_policy_file WHERE node = $1 \
                 AND tenant IN (SELECT jsonb_array_elements_text($2::jsonb))",
                &values![node, tenants],
            )
            .await?;
        session.commit().await
    }
}
