//! The stop button: for one tenant or for everything, and it survives a restart.

use chrono::{DateTime, Utc};
use lapsed_model::{Plan, TenantName};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::ledger::parse;
use super::schedules::instant;
use crate::error::{Result, StoreError};

/// What stands for every tenant.
const EVERYTHING: &str = "*";

/// A stop.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Pause {
    /// Whose; everything where there is none.
    pub tenant: Option<TenantName>,
    /// Since when.
    pub at: DateTime<Utc>,
    /// Who pressed it.
    pub by: String,
    /// Why.
    pub because: String,
}

impl Store {
    /// Stops sending, exporting and erasing at once: a batch that begins after this returns does not commit. A stop
    /// that is there already keeps its who and why.
    pub async fn pause(&self, pause: &Pause) -> Result<()> {
        sqlx::query(
            "INSERT INTO lapsed_pause (tenant, at, by, because) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(pause.tenant.as_ref().map_or(EVERYTHING, TenantName::as_str))
        .bind(pause.at.timestamp_millis())
        .bind(&pause.by)
        .bind(&pause.because)
        .execute(&self.writer)
        .await
        .map(|_| ())
        .map_err(StoreError::of("pause"))
    }

    /// Lets go on; schedules count from now. Answers whether there was a stop.
    pub async fn resume(&self, tenant: Option<&TenantName>, at: DateTime<Utc>) -> Result<bool> {
        let doing = "resume";
        let mut transaction = self.begin(doing).await?;
        let resumed = sqlx::query("DELETE FROM lapsed_pause WHERE tenant = $1")
            .bind(tenant.map_or(EVERYTHING, TenantName::as_str))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of(doing))?;
        if resumed.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("UPDATE lapsed_schedule SET counts_from = $2 WHERE $1 IS NULL OR tenant = $1")
            .bind(tenant.map(TenantName::as_str))
            .bind(at.timestamp_millis())
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of(doing))?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(true)
    }

    /// Every stop.
    pub async fn pauses(&self) -> Result<Vec<Pause>> {
        let rows = sqlx::query("SELECT tenant, at, by, because FROM lapsed_pause ORDER BY tenant")
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read pauses"))?;
        rows.iter().map(read_pause).collect()
    }

    /// What stops this tenant: its own stop, or the one for everything.
    pub async fn paused(&self, tenant: &TenantName) -> Result<Option<Pause>> {
        let pauses = self.pauses().await?;
        let stops = |pause: &Pause| pause.tenant.as_ref().is_none_or(|paused| paused == tenant);
        Ok(pauses.into_iter().find(stops))
    }
}

pub(super) fn read_pause(row: &SqliteRow) -> Result<Pause> {
    let tenant: String = row.get("tenant");
    Ok(Pause {
        tenant: match tenant.as_str() {
            EVERYTHING => None,
            name => Some(parse(name, "lapsed_pause", name, "tenant")?),
        },
        at: instant(row.get("at")),
        by: row.get("by"),
        because: row.get("because"),
    })
}

/// Refuses a batch of a tenant that was stopped; asked inside the batch's own transaction.
pub(super) async fn refuse_paused(connection: &mut SqliteConnection, tenant: &TenantName) -> Result<()> {
    let paused: Option<String> = sqlx::query_scalar(
        "SELECT by || ': ' || because FROM lapsed_pause WHERE tenant IN ('*', $1) LIMIT 1",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await
    .map_err(StoreError::of("look whether it is paused"))?;
    match paused {
        Some(who) => Err(StoreError::Paused(tenant.to_string(), who)),
        None => Ok(()),
    }
}

/// Refuses a batch whose plan was made under a policy that is no longer in force. Whoever carries a plan out by
/// hand brings the tenant's file; a run works by what is in force, from one batch to the next.
pub(super) async fn refuse_other_policy(connection: &mut SqliteConnection, plan: &Plan) -> Result<()> {
    let in_force: Option<String> =
        sqlx::query_scalar("SELECT hash FROM lapsed_policy_in_force WHERE tenant = $1")
            .bind(plan.workgroup.tenant.as_str())
            .fetch_optional(connection)
            .await
            .map_err(StoreError::of("look which policy is in force"))?;
    if in_force.is_some_and(|hash| hash == plan.policy.to_string()) {
        return Ok(());
    }
    Err(StoreError::OtherPolicy(plan.id.clone(), plan.workgroup.clone()))
}

/// Refuses a batch whose run somebody else has now; a batch that goes on is progress, so that the run's attempts
/// count anew.
pub(super) async fn refuse_lost(connection: &mut SqliteConnection, lease: lapsed_model::Lease) -> Result<()> {
    let held = sqlx::query(
        "UPDATE lapsed_run SET attempt = 1 WHERE id = $1 AND owner = $2 AND fence = $3 AND state = 'running'",
    )
    .bind(lease.run)
    .bind(lease.owner)
    .bind(lease.fence)
    .execute(connection)
    .await
    .map_err(StoreError::of("look after a lease"))?;
    if held.rows_affected() == 0 {
        return Err(StoreError::LeaseLost(lease.run));
    }
    Ok(())
}
