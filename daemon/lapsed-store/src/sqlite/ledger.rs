//! The ledger's rows.

use std::collections::BTreeMap;

use chrono::DateTime;
use lapsed_model::{Digest, Entry, Head, Link, Sealed, TenantName};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::apply::Seal;
use crate::error::{Result, StoreError};

/// Seals an entry behind its tenant's head and writes both. The last thing a transaction does before it commits.
pub(super) async fn append(connection: &mut SqliteConnection, entry: Entry, seal: &Seal<'_>) -> Result<Head> {
    let tenant = entry.tenant.clone();
    let mut heads = append_all(connection, vec![entry], seal).await?;
    Ok(heads.remove(&tenant).expect("whose entry was written has a head"))
}

/// Seals many entries, each behind its tenant's head: three statements, whatever their number. Answers the new heads.
pub(super) async fn append_all(
    connection: &mut SqliteConnection,
    entries: Vec<Entry>,
    seal: &Seal<'_>,
) -> Result<BTreeMap<TenantName, Head>> {
    let doing = "write ledger entries";
    if entries.is_empty() {
        return Ok(BTreeMap::new());
    }
    let tenants: Vec<&TenantName> = entries.iter().map(|entry| &entry.tenant).collect();
    let heads = sqlx::query(
        "SELECT tenant, sequence, hash FROM lapsed_ledger_head WHERE tenant IN (SELECT value FROM json_each($1))",
    )
    .bind(json!(tenants).to_string())
    .fetch_all(&mut *connection)
    .await
    .map_err(StoreError::of(doing))?;
    let heads: Result<Vec<Head>> = heads.iter().map(read_head).collect();
    let mut heads: BTreeMap<TenantName, Head> = heads?
        .into_iter()
        .map(|head| (head.tenant.clone(), head))
        .collect();
    let mut rows = Vec::new();
    for entry in entries {
        let head = heads.get(&entry.tenant).cloned();
        let sealed = entry.seal(head.as_ref(), &seal.chance.token(), seal.key);
        heads.insert(sealed.entry.tenant.clone(), sealed.head());
        let Sealed { entry, link, .. } = sealed;
        rows.push(json!([
            entry.tenant,
            link.sequence,
            entry.at.timestamp_millis(),
            entry.kind,
            entry.payload,
            link.salt,
            link.payload_digest,
            link.hash,
            link.key,
            link.mac,
        ]));
    }
    sqlx::query(
        "INSERT INTO lapsed_ledger (tenant, sequence, at, kind, payload, salt, payload_digest, hash, key, mac) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
         value ->> 7, value ->> 8, value ->> 9 FROM json_each($1)",
    )
    .bind(json!(rows).to_string())
    .execute(&mut *connection)
    .await
    .map_err(StoreError::of(doing))?;
    let rows: Vec<serde_json::Value> = heads
        .values()
        .map(|head| json!([head.tenant, head.sequence, head.hash]))
        .collect();
    sqlx::query(
        "INSERT INTO lapsed_ledger_head (tenant, sequence, hash) \
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1) WHERE true \
         ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash",
    )
    .bind(json!(rows).to_string())
    .execute(connection)
    .await
    .map_err(StoreError::of(doing))?;
    Ok(heads)
}

impl Store {
    /// A tenant's entries behind number `after`, in order, at most `most`: a chain is walked in pieces, so that
    /// its length costs no memory.
    pub async fn ledger(&self, tenant: &TenantName, after: u64, most: u32) -> Result<Vec<Sealed>> {
        let rows = sqlx::query(
            "SELECT tenant, sequence, at, kind, payload, salt, payload_digest, hash, key, mac FROM lapsed_ledger \
             WHERE tenant = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
        )
        .bind(tenant.as_str())
        .bind(number(after))
        .bind(most)
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read the ledger"))?;
        rows.iter().map(read_sealed).collect()
    }

    /// How many rows a tenant's chain has, whatever their numbers say.
    pub async fn ledger_rows(&self, tenant: &TenantName) -> Result<u64> {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM lapsed_ledger WHERE tenant = $1")
            .bind(tenant.as_str())
            .fetch_one(&self.readers)
            .await
            .map_err(StoreError::of("count the ledger"))?;
        Ok(rows.unsigned_abs())
    }

    /// The head of every chain.
    pub async fn heads(&self) -> Result<Vec<Head>> {
        let rows = sqlx::query("SELECT tenant, sequence, hash FROM lapsed_ledger_head ORDER BY tenant")
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read the ledger's heads"))?;
        rows.iter().map(read_head).collect()
    }

    /// Tenants that have entries, whether or not they have a head.
    pub async fn tenants_in_ledger(&self) -> Result<Vec<TenantName>> {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT tenant FROM lapsed_ledger UNION SELECT tenant FROM lapsed_ledger_head ORDER BY tenant",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read the ledger's tenants"))?;
        names
            .iter()
            .map(|name| parse(name, "lapsed_ledger", name, "tenant"))
            .collect()
    }
}

/// A sequence as the store keeps it. Past 2^63 entries a chain has other worries.
fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn read_head(row: &SqliteRow) -> Result<Head> {
    let tenant: String = row.get("tenant");
    let hash: String = row.get("hash");
    Ok(Head {
        tenant: parse(&tenant, "lapsed_ledger_head", &tenant, "tenant")?,
        sequence: row.get::<i64, _>("sequence").unsigned_abs(),
        hash: parse(&hash, "lapsed_ledger_head", &tenant, "hash")?,
    })
}

/// A row as it stands. What no digest could be is read as a digest that fits nothing: `verify` names the entry.
fn read_sealed(row: &SqliteRow) -> Result<Sealed> {
    let tenant: String = row.get("tenant");
    let sequence: i64 = row.get("sequence");
    let payload: Option<String> = row.get("payload");
    let digest = |column| row.get::<String, _>(column).parse().unwrap_or(Digest::ZERO);
    let entry = Entry {
        tenant: parse(
            &tenant,
            "lapsed_ledger",
            &format!("{tenant} #{sequence}"),
            "tenant",
        )?,
        at: DateTime::from_timestamp_millis(row.get("at")).unwrap_or_default(),
        kind: row.get("kind"),
        payload: payload.clone().unwrap_or_default(),
    };
    let link = Link {
        sequence: sequence.unsigned_abs(),
        salt: row.get("salt"),
        payload_digest: digest("payload_digest"),
        hash: digest("hash"),
        key: row.get("key"),
        mac: row.get("mac"),
    };
    Ok(Sealed {
        entry,
        has_payload: payload.is_some(),
        link,
    })
}

pub(super) fn parse<T: std::str::FromStr>(
    text: &str,
    table: &'static str,
    row: &str,
    column: &'static str,
) -> Result<T> {
    text.parse().map_err(|_unreadable| StoreError::Inconsistent {
        table,
        row: row.to_owned(),
        column,
        found: format!("`{text}`"),
    })
}
