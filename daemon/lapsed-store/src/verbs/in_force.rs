//! Policies in force, with their schedules (O-1).
//!
//! A policy takes effect in one transaction: the version is kept (D-3), it is the one in force, the ledger says so, and
//! its schedules stand. Thousands of tenants are grouped into one transaction, because a commit costs more than all
//! that stands in it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lapsed_model::{Digest, Entry, TenantName, Timetable};
use serde_json::json;

use super::apply::Seal;
use super::ledger::{append_all, parse};
use super::policies::{PolicyVersion, read_version};
use super::schedules::instant;
use crate::Store;
use crate::error::Result;
use crate::row::{Record, column};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

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
        let tenants = policies.iter().map(|policy| &policy.entry.tenant);
        let mut session = self.write("put a policy in force", beside(tenants)).await?;
        keep(&mut session, policies, seal).await?;
        lapsed_model::fault::point("policy-kept");
        bring_up_to_date(&mut session, policies).await?;
        session.doing("put a policy in force");
        session.commit().await
    }

    /// Takes tenants' policies out of force: their files are gone. Their schedules sleep.
    pub async fn withdraw(&self, entries: Vec<Entry>, seal: &Seal<'_>) -> Result<()> {
        let doing = "take a policy out of force";
        let tenants = entries.iter().map(|entry| &entry.tenant);
        let mut session = self.write(doing, beside(tenants)).await?;
        let mut gone = Vec::new();
        for entry in entries {
            if take_out_of_force(&mut session, &entry.tenant).await? {
                gone.push(entry);
            }
        }
        append_all(&mut session, gone, seal).await?;
        session.doing(doing);
        session.commit().await
    }

    /// Which version every tenant has in force.
    pub async fn in_force(&self) -> Result<Vec<InForce>> {
        let mut session = self.read("read which policies are in force").await?;
        let rows = session
            .all(
                "SELECT tenant, hash, since FROM lapsed_policy_in_force ORDER BY tenant",
                &[],
            )
            .await?;
        rows.iter().map(read_in_force).collect()
    }

    /// The version that a tenant has in force; none where its file is gone, or never was.
    pub async fn policy_in_force(&self, tenant: &TenantName) -> Result<Option<PolicyVersion>> {
        let mut session = self.read("read the policy in force").await?;
        let row = session
            .first(
                "SELECT p.hash, f.since AS in_force_from, p.text FROM lapsed_policy_in_force f \
                 JOIN lapsed_policy p ON p.tenant = f.tenant AND p.hash = f.hash WHERE f.tenant = $1",
                &values![tenant.as_str()],
            )
            .await?;
        Ok(row.as_ref().map(read_version))
    }
}

/// A policy is a decision about its tenant: the batches that work by the old one end before it takes effect. Those of
/// many tenants are one decision about all.
fn beside<'a>(mut tenants: impl Iterator<Item = &'a TenantName>) -> Beside<'a> {
    match (tenants.next(), tenants.next()) {
        (Some(only), None) => Beside::OtherTenants(only),
        _ => Beside::Nobody,
    }
}

fn read_in_force(row: &Record) -> Result<InForce> {
    let tenant: String = row.get("tenant");
    Ok(InForce {
        tenant: parse(&tenant, "lapsed_policy_in_force", &tenant, "tenant")?,
        hash: row.get("hash"),
        since: instant(row.get("since")),
    })
}

/// Answers whether there was one.
async fn take_out_of_force(session: &mut Session, tenant: &TenantName) -> Result<bool> {
    let gone = session
        .run(
            "DELETE FROM lapsed_policy_in_force WHERE tenant = $1",
            &values![tenant.as_str()],
        )
        .await?;
    session
        .run(
            "UPDATE lapsed_schedule SET next_slot_at = NULL WHERE tenant = $1",
            &values![tenant.as_str()],
        )
        .await?;
    Ok(gone > 0)
}

/// Keeps the versions and makes them those in force, with a ledger entry for each that was not: a handful of statements,
/// whatever their number.
async fn keep(session: &mut Session, policies: &[NewPolicy], seal: &Seal<'_>) -> Result<()> {
    let rows: Vec<serde_json::Value> = policies
        .iter()
        .map(|policy| {
            let Entry { tenant, at, .. } = &policy.entry;
            json!([tenant, policy.hash, policy.text, at.timestamp_millis()])
        })
        .collect();
    let rows = values![json!(rows).to_string()];
    session.doing("keep policies");
    session.run(side_by_side!("policies_keep"), &rows).await?;
    let changed = session.all(side_by_side!("policies_in_force"), &rows).await?;
    let changed: BTreeSet<String> = column(&changed).into_iter().collect();
    let entries = policies.iter().map(|policy| &policy.entry);
    let entries = entries.filter(|entry| changed.contains(entry.tenant.as_str()));
    append_all(session, entries.cloned().collect(), seal)
        .await
        .map(|_| ())
}

/// The tenants' schedules as their policies say them: two statements, whatever their number.
async fn bring_up_to_date(session: &mut Session, policies: &[NewPolicy]) -> Result<()> {
    let row = |policy: &NewPolicy| -> Vec<serde_json::Value> {
        let at = policy.entry.at;
        policy.schedules.iter().map(|new| row(new, at)).collect()
    };
    let rows: Vec<serde_json::Value> = policies.iter().flat_map(row).collect();
    let tenants: Vec<&TenantName> = policies.iter().map(|policy| &policy.entry.tenant).collect();
    let rows = json!(rows).to_string();
    session.doing("store schedules");
    session
        .run(side_by_side!("schedules_put"), &values![&rows])
        .await?;
    session
        .run(
            side_by_side!("schedules_sleep"),
            &values![&rows, json!(tenants).to_string()],
        )
        .await
        .map(|_| ())
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
