//! The ledger's rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use lapsed_model::{Digest, Entry, Head, Link, Sealed, TenantName};
use serde_json::json;

use super::apply::Seal;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::{Record, column};
use crate::session::Session;
use crate::sql::{side_by_side, values};

/// Seals an entry behind its tenant's head and writes both. The last thing a transaction does before it commits.
pub(super) async fn append(session: &mut Session, entry: Entry, seal: &Seal<'_>) -> Result<Head> {
    let tenant = entry.tenant.clone();
    let mut heads = append_all(session, vec![entry], seal).await?;
    Ok(heads.remove(&tenant).expect("whose entry was written has a head"))
}

/// Seals many entries, each behind its tenant's head: a few statements, whatever their number. Answers the new heads.
pub(super) async fn append_all(
    session: &mut Session,
    entries: Vec<Entry>,
    seal: &Seal<'_>,
) -> Result<BTreeMap<TenantName, Head>> {
    if entries.is_empty() {
        return Ok(BTreeMap::new());
    }
    session.doing("write ledger entries");
    let mut heads = lock_heads(session, &entries).await?;
    let mut rows = Vec::new();
    for entry in entries {
        let head = heads.get(&entry.tenant).filter(|head| head.sequence > 0);
        let sealed = entry.seal(head, &seal.chance.token(), seal.key);
        heads.insert(sealed.entry.tenant.clone(), sealed.head());
        rows.push(row(&sealed));
    }
    session
        .run(side_by_side!("ledger_append"), &values![json!(rows).to_string()])
        .await?;
    let rows: Vec<serde_json::Value> = heads
        .values()
        .map(|head| json!([head.tenant, head.sequence, head.hash]))
        .collect();
    session
        .run(side_by_side!("ledger_heads"), &values![json!(rows).to_string()])
        .await?;
    Ok(heads)
}

/// The heads behind which entries come, locked in the order of their tenants. A chain that begins has a head of number 0
/// for as long as the transaction lasts, so that two beginnings cannot meet.
async fn lock_heads(session: &mut Session, entries: &[Entry]) -> Result<BTreeMap<TenantName, Head>> {
    let tenants: BTreeSet<&str> = entries.iter().map(|entry| entry.tenant.as_str()).collect();
    let heads = session
        .all(
            side_by_side!("ledger_lock_heads"),
            &values![json!(tenants).to_string(), Digest::ZERO.to_string()],
        )
        .await?;
    let heads = heads.iter().map(|row| {
        let head = read_head(row)?;
        Ok((head.tenant.clone(), head))
    });
    heads.collect()
}

fn row(sealed: &Sealed) -> serde_json::Value {
    let Sealed { entry, link, .. } = sealed;
    json!([
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
    ])
}

impl Store {
    /// A tenant's entries behind number `after`, in order, at most `most`: a chain is walked in pieces, so that
    /// its length costs no memory.
    pub async fn ledger(&self, tenant: &TenantName, after: u64, most: u32) -> Result<Vec<Sealed>> {
        let mut session = self.read("read the ledger").await?;
        let rows = session
            .all(
                "SELECT tenant, sequence, at, kind, payload, salt, payload_digest, hash, key, mac FROM lapsed_ledger \
                 WHERE tenant = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
                &values![tenant.as_str(), number(after), most],
            )
            .await?;
        rows.iter().map(read_sealed).collect()
    }

    /// How many rows a tenant's chain has, whatever their numbers say.
    pub async fn ledger_rows(&self, tenant: &TenantName) -> Result<u64> {
        let mut session = self.read("count the ledger").await?;
        let rows = session
            .one(
                "SELECT count(*) FROM lapsed_ledger WHERE tenant = $1",
                &values![tenant.as_str()],
            )
            .await?;
        Ok(rows.get::<i64>(0).unsigned_abs())
    }

    /// The head of every chain.
    pub async fn heads(&self) -> Result<Vec<Head>> {
        let mut session = self.read("read the ledger's heads").await?;
        let rows = session
            .all(
                "SELECT tenant, sequence, hash FROM lapsed_ledger_head ORDER BY tenant",
                &[],
            )
            .await?;
        rows.iter().map(read_head).collect()
    }

    /// Tenants that have entries, whether or not they have a head.
    pub async fn tenants_in_ledger(&self) -> Result<Vec<TenantName>> {
        let mut session = self.read("read the ledger's tenants").await?;
        let names = session
            .all(
                "SELECT tenant FROM lapsed_ledger UNION SELECT tenant FROM lapsed_ledger_head ORDER BY tenant",
                &[],
            )
            .await?;
        column::<String>(&names)
            .iter()
            .map(|name| parse(name, "lapsed_ledger", name, "tenant"))
            .collect()
    }
}

/// A sequence as the store keeps it. Past 2^63 entries a chain has other worries.
fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

fn read_head(row: &Record) -> Result<Head> {
    let tenant: String = row.get("tenant");
    let hash: String = row.get("hash");
    Ok(Head {
        tenant: parse(&tenant, "lapsed_ledger_head", &tenant, "tenant")?,
        sequence: row.get::<i64>("sequence").unsigned_abs(),
        hash: parse(&hash, "lapsed_ledger_head", &tenant, "hash")?,
    })
}

/// A row as it stands. What no digest could be is read as a digest that fits nothing: `verify` names the entry.
fn read_sealed(row: &Record) -> Result<Sealed> {
    let tenant: String = row.get("tenant");
    let sequence: i64 = row.get("sequence");
    let payload: Option<String> = row.get("payload");
    let digest = |column| row.get::<String>(column).parse().unwrap_or(Digest::ZERO);
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
