//! Policies in force, with their schedules (O-1).
//!
//! A policy takes effect in one transaction: the version is kept (D-3), it is the one in force, the ledger says so, and
//! its schedules stand. Thousands of tenants are grouped into one transaction, because a commit costs more than all
//! that stands in it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lapsed_model::{Digest, Entry, TenantName, Timetable};
use serde_json::json;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::apply::Seal;
use super::ledger::{append, append_all, parse};
use super::policies::PolicyVersion;
use super::schedules::instant;
use crate::error::{Result, StoreError};

/// A schedule that comes with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSchedule {
    /// When it runs.
    pub timetable: Timetable,
    /// Its next slot from now on.
    pub next_slot_at: Option<DateTime<Utc>>,
}

/// A policy that takes effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPolicy {
    /// Over the file.
    pub hash: Digest,
    /// The file, word for word.
    pub text: String,
    /// Whose, when, and what the ledger says of it.
    pub entry: Entry,
    /// Every schedule of the tenant.
    pub schedules: Vec<NewSchedule>,
}

/// Which version a tenant has in force.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InForce {
    /// Whose.
    pub tenant: TenantName,
    /// The version's hash.
    pub hash: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Store {
    /// Puts policies in force. One that is in force already only has its schedules brought up to date, without an
    /// entry. A schedule that a policy does not name any more sleeps; one whose times changed counts from now.
    pub async fn put_in_force(&self, policies: &[NewPolicy], seal: &Seal<'_>) -> Result<()> {
        let doing = "put a policy in force";
        let mut transaction = self.begin(doing).await?;
        keep(&mut transaction, policies, seal).await?;
        lapsed_model::fault::point("policy-kept");
        bring_up_to_date(&mut transaction, policies).await?;
        transaction.commit().await.map_err(StoreError::of(doing))
    }

    /// Takes tenants' policies out of force: their files are gone. Their schedules sleep.
    pub async fn withdraw(&self, entries: Vec<Entry>, seal: &Seal<'_>) -> Result<()> {
        let doing = "take a policy out of force";
        let mut transaction = self.begin(doing).await?;
        for entry in entries {
            let gone = sqlx::query("DELETE FROM lapsed_policy_in_force WHERE tenant = $1")
                .bind(entry.tenant.as_str())
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::of(doing))?;
            sqlx::query("UPDATE lapsed_schedule SET next_slot_at = NULL WHERE tenant = $1")
                .bind(entry.tenant.as_str())
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::of(doing))?;
            if gone.rows_affected() > 0 {
                append(&mut transaction, entry, seal).await?;
            }
        }
        transaction.commit().await.map_err(StoreError::of(doing))
    }

    /// Which version every tenant has in force.
    pub async fn in_force(&self) -> Result<Vec<InForce>> {
        let rows = sqlx::query("SELECT tenant, hash, since FROM lapsed_policy_in_force ORDER BY tenant")
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read which policies are in force"))?;
        rows.iter()
            .map(|row| {
                let tenant: String = row.get("tenant");
                Ok(InForce {
                    tenant: parse(&tenant, "lapsed_policy_in_force", &tenant, "tenant")?,
                    hash: row.get("hash"),
                    since: instant(row.get("since")),
                })
            })
            .collect()
    }

    /// The version that a tenant has in force; none where its file is gone, or never was.
    pub async fn policy_in_force(&self, tenant: &TenantName) -> Result<Option<PolicyVersion>> {
        let row: Option<(String, i64, String)> = sqlx::query_as(
            "SELECT p.hash, f.since, p.text FROM lapsed_policy_in_force f \
             JOIN lapsed_policy p ON p.tenant = f.tenant AND p.hash = f.hash WHERE f.tenant = $1",
        )
        .bind(tenant.as_str())
        .fetch_optional(&self.readers)
        .await
        .map_err(StoreError::of("read the policy in force"))?;
        Ok(row.map(|(hash, since, text)| PolicyVersion {
            hash,
            in_force_from: instant(since),
            text,
        }))
    }
}

/// Keeps the versions and makes them those in force, with a ledger entry for each that was not: a handful of statements,
/// whatever their number.
async fn keep(connection: &mut SqliteConnection, policies: &[NewPolicy], seal: &Seal<'_>) -> Result<()> {
    let doing = "keep policies";
    let rows: Vec<serde_json::Value> = policies
        .iter()
        .map(|policy| {
            let Entry { tenant, at, .. } = &policy.entry;
            json!([tenant, policy.hash, policy.text, at.timestamp_millis()])
        })
        .collect();
    let rows = json!(rows).to_string();
    sqlx::query(
        "INSERT INTO lapsed_policy (tenant, hash, text, in_force_from) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each($1) WHERE true \
         ON CONFLICT DO NOTHING",
    )
    .bind(&rows)
    .execute(&mut *connection)
    .await
    .map_err(StoreError::of(doing))?;
    let changed: Vec<String> = sqlx::query_scalar(
        "INSERT INTO lapsed_policy_in_force (tenant, hash, since) \
         SELECT value ->> 0, value ->> 1, value ->> 3 FROM json_each($1) WHERE true \
         ON CONFLICT (tenant) DO UPDATE SET hash = excluded.hash, since = excluded.since \
         WHERE hash <> excluded.hash RETURNING tenant",
    )
    .bind(&rows)
    .fetch_all(&mut *connection)
    .await
    .map_err(StoreError::of(doing))?;
    let changed: BTreeSet<String> = changed.into_iter().collect();
    let entries = policies.iter().map(|policy| &policy.entry);
    let entries = entries.filter(|entry| changed.contains(entry.tenant.as_str()));
    append_all(connection, entries.cloned().collect(), seal)
        .await
        .map(|_| ())
}

/// The tenants' schedules as their policies say them: two statements, whatever their number.
async fn bring_up_to_date(connection: &mut SqliteConnection, policies: &[NewPolicy]) -> Result<()> {
    let doing = "store schedules";
    let row = |policy: &NewPolicy| -> Vec<serde_json::Value> {
        let at = policy.entry.at;
        policy.schedules.iter().map(|new| row(new, at)).collect()
    };
    let rows: Vec<serde_json::Value> = policies.iter().flat_map(row).collect();
    let tenants: Vec<&TenantName> = policies.iter().map(|policy| &policy.entry.tenant).collect();
    let rows = json!(rows).to_string();
    sqlx::query(
        "INSERT INTO lapsed_schedule (id, tenant, workgroup, job, said, cron, zone, if_missed, overlap, catch_up_ms, \
         jitter_ms, next_slot_at, counts_from) \
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
         value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12 \
         FROM json_each($1) WHERE true \
         ON CONFLICT (id) DO UPDATE SET said = excluded.said, cron = excluded.cron, zone = excluded.zone, \
         if_missed = excluded.if_missed, overlap = excluded.overlap, catch_up_ms = excluded.catch_up_ms, \
         jitter_ms = excluded.jitter_ms, \
         next_slot_at = CASE WHEN cron = excluded.cron AND zone = excluded.zone AND next_slot_at IS NOT NULL \
             THEN next_slot_at ELSE excluded.next_slot_at END, \
         counts_from = CASE WHEN cron = excluded.cron AND zone = excluded.zone AND next_slot_at IS NOT NULL \
             THEN counts_from ELSE excluded.counts_from END",
    )
    .bind(&rows)
    .execute(&mut *connection)
    .await
    .map_err(StoreError::of(doing))?;
    sqlx::query(
        "UPDATE lapsed_schedule SET next_slot_at = NULL \
         WHERE tenant IN (SELECT value FROM json_each($2)) AND next_slot_at IS NOT NULL \
         AND id NOT IN (SELECT value ->> 0 FROM json_each($1))",
    )
    .bind(&rows)
    .bind(json!(tenants).to_string())
    .execute(connection)
    .await
    .map(|_| ())
    .map_err(StoreError::of(doing))
}

fn row(new: &NewSchedule, at: DateTime<Utc>) -> serde_json::Value {
    let timetable = &new.timetable;
    json!([
        timetable.id(),
        timetable.workgroup.tenant,
        timetable.workgroup.name,
        timetable.job,
        timetable.said,
        timetable.cron,
        timetable.zone.name(),
        timetable.if_missed.words(),
        timetable.overlap.words(),
        timetable.catch_up.num_milliseconds(),
        timetable.jitter.num_milliseconds(),
        new.next_slot_at.map(|next| next.timestamp_millis()),
        at.timestamp_millis(),
    ])
}
