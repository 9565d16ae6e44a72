//! The stop button: for one tenant or for everything, and it survives a restart.

use chrono::{DateTime, Utc};
use lapsed_model::{Dialect, Lease, Plan, Right, TenantName};

use super::ledger::parse;
use super::schedules::instant;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::Record;
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

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
        let mut session = self.write("pause", beside(pause.tenant.as_ref())).await?;
        session
            .run(
                "INSERT INTO lapsed_pause (tenant, at, by, because) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                &values![
                    pause.tenant.as_ref().map_or(EVERYTHING, TenantName::as_str),
                    pause.at.timestamp_millis(),
                    &pause.by,
                    &pause.because,
                ],
            )
            .await?;
        session.commit().await
    }

    /// Lets go on; schedules count from now. Answers whether there was a stop.
    pub async fn resume(&self, tenant: Option<&TenantName>, at: DateTime<Utc>) -> Result<bool> {
        let mut session = self.write("resume", beside(tenant)).await?;
        let named = tenant.map_or(EVERYTHING, TenantName::as_str);
        let resumed = session
            .run("DELETE FROM lapsed_pause WHERE tenant = $1", &values![named])
            .await?;
        if resumed == 0 {
            return Ok(false);
        }
        session
            .run(
                "UPDATE lapsed_schedule SET counts_from = $2 WHERE $1 = '*' OR tenant = $1",
                &values![named, at.timestamp_millis()],
            )
            .await?;
        session.commit().await?;
        Ok(true)
    }

    /// Every stop.
    pub async fn pauses(&self) -> Result<Vec<Pause>> {
        let mut session = self.read("read pauses").await?;
        let rows = session
            .all(
                "SELECT tenant, at, by, because FROM lapsed_pause ORDER BY tenant",
                &[],
            )
            .await?;
        rows.iter().map(read_pause).collect()
    }

    /// What stops this tenant: its own stop, or the one for everything.
    pub async fn paused(&self, tenant: &TenantName) -> Result<Option<Pause>> {
        let pauses = self.pauses().await?;
        let stops = |pause: &Pause| pause.tenant.as_ref().is_none_or(|paused| paused == tenant);
        Ok(pauses.into_iter().find(stops))
    }
}

pub(super) fn read_pause(row: &Record) -> Result<Pause> {
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

/// A stop waits for the batches that are under way, and those that follow see it.
fn beside(tenant: Option<&TenantName>) -> Beside<'_> {
    tenant.map_or(Beside::Nobody, Beside::OtherTenants)
}

/// Refuses a batch of a tenant that was stopped; asked inside the batch's own transaction.
pub(super) async fn refuse_paused(session: &mut Session, tenant: &TenantName) -> Result<()> {
    let paused = session
        .doing("look whether it is paused")
        .first(
            "SELECT by || ': ' || because FROM lapsed_pause WHERE tenant IN ('*', $1) LIMIT 1",
            &values![tenant.as_str()],
        )
        .await?;
    match paused {
        Some(who) => Err(StoreError::Paused(tenant.to_string(), who.get(0))),
        None => Ok(()),
    }
}

/// Refuses a batch whose plan was made under a policy that is no longer in force. A run works by what is in force,
/// from one batch to the next. Whoever carries a plan out by hand brings the tenant's file, and is refused once another
/// policy than `before` came into force behind their back.
pub(super) async fn refuse_other_policy(
    session: &mut Session,
    plan: &Plan,
    right: Option<Right>,
    before: Option<&str>,
) -> Result<()> {
    let in_force = session
        .doing("look which policy is in force")
        .first(
            "SELECT hash FROM lapsed_policy_in_force WHERE tenant = $1",
            &values![plan.workgroup.tenant.as_str()],
        )
        .await?;
    let in_force = in_force.map(|row| row.get::<String>(0));
    let by_hand = !matches!(right, Some(Right::Run(_)));
    let unchanged = by_hand && in_force.as_deref() == before;
    if unchanged || in_force == Some(plan.policy.to_string()) {
        return Ok(());
    }
    Err(StoreError::OtherPolicy(plan.id.clone(), plan.workgroup.clone()))
}

/// Refuses whoever lost the right by which they came.
pub(super) async fn refuse_without(session: &mut Session, right: Option<Right>) -> Result<()> {
    match right {
        Some(Right::Run(lease)) => refuse_lost(session, lease).await,
        Some(Right::Program(start)) => refuse_silent(session, start).await,
        None => Ok(()),
    }
}

/// A batch is progress, and a run's attempts count anew.
pub(super) async fn note_progress(session: &mut Session, right: Option<Right>) -> Result<()> {
    if let Some(run) = right.and_then(Right::run) {
        session
            .doing("note a run's progress")
            .run("UPDATE lapsed_run SET attempt = 1 WHERE id = $1", &values![run])
            .await?;
    }
    Ok(())
}

/// A program without a run that was silent for too long. On SQLite nobody else serves the store meanwhile.
async fn refuse_silent(session: &mut Session, start: i64) -> Result<()> {
    if session.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let alive = session
        .doing("look after a lease")
        .all(
            "SELECT 1 FROM lapsed_daemon WHERE start = $1 AND lease_until > statement_timestamp()",
            &values![start],
        )
        .await?;
    if alive.is_empty() {
        return Err(StoreError::Silent);
    }
    Ok(())
}

/// Refuses whoever's run somebody else has now. The run's row stays locked until the transaction ends: nobody takes the run
/// over in between.
async fn refuse_lost(session: &mut Session, lease: Lease) -> Result<()> {
    let held = session
        .doing("look after a lease")
        .run(
            side_by_side!("hold_on"),
            &values![lease.run, lease.owner, lease.fence],
        )
        .await?;
    if held == 0 {
        return Err(StoreError::LeaseLost(lease.run));
    }
    Ok(())
}
