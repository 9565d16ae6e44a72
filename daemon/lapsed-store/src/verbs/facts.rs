//! What a tenant's report says of the store: counts, plans and dates, and nobody's name.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapsed_model::{Plan, TenantName, Unusual};

use super::ledger::parse;
use super::plans::read_plan;
use super::schedules::instant;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::{Record, column};
use crate::session::Session;
use crate::sql::values;

/// What stands in the store about a tenant, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantFacts {
    /// The newest automatic plan of each workgroup that has one, by its name.
    pub last_plans: BTreeMap<String, Plan>,
    /// The plans that wait for an approval, the oldest first.
    pub waiting: Vec<Waiting>,
    /// The people under a hold of their own.
    pub people_held: u64,
    /// Holds on orders and other records.
    pub records_held: u64,
    /// Whether a hold on the whole tenant is in force.
    pub tenant_held: bool,
    /// Requests of people that are not answered.
    pub requests_open: u64,
    /// Those of them that are overdue.
    pub requests_overdue: u64,
    /// When the next answer is due, overdue ones included.
    pub request_due_at: Option<DateTime<Utc>>,
    /// People who are to be warned by now.
    pub warnings_due: u64,
}

/// A plan that waits for an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub plan: String,
    /// Whose people.
    pub workgroup: String,
    /// How many people it is about.
    pub subjects: u64,
    /// How many the automatic plan before it was about; none where there is none.
    pub previous: Option<u64>,
    /// Since when it waits.
    pub since: DateTime<Utc>,
    /// Why.
    pub because: Vec<Unusual>,
}

impl Store {
    /// What stands in the store about a tenant.
    pub async fn tenant_facts(&self, tenant: &TenantName, now: DateTime<Utc>) -> Result<TenantFacts> {
        let mut session = self.read("read a tenant's facts").await?;
        let mut facts = counts(&mut session, tenant, now).await?;
        facts.last_plans = last_plans(&mut session, tenant).await?;
        facts.waiting = waiting(&mut session, tenant, now).await?;
        Ok(facts)
    }

    /// The tenants that have a policy in force and no schedule at all.
    pub async fn tenants_without_schedules(&self) -> Result<Vec<TenantName>> {
        let mut session = self.read("read which policies have no schedules").await?;
        let names = session
            .all(
                "SELECT f.tenant FROM lapsed_policy_in_force f \
                 WHERE NOT EXISTS (SELECT 1 FROM lapsed_schedule s WHERE s.tenant = f.tenant) ORDER BY f.tenant",
                &[],
            )
            .await?;
        column::<String>(&names)
            .iter()
            .map(|name| parse(name, "lapsed_policy_in_force", name, "tenant"))
            .collect()
    }
}

async fn counts(session: &mut Session, tenant: &TenantName, now: DateTime<Utc>) -> Result<TenantFacts> {
    let row = session
        .doing("count a tenant's holds and requests")
        .one(
            include_str!("../../sql/tenant_counts.sql"),
            &values![tenant.as_str(), now.timestamp_millis()],
        )
        .await?;
    let count = |column: &str| row.get::<i64>(column).unsigned_abs();
    Ok(TenantFacts {
        people_held: count("people_held"),
        records_held: count("records_held"),
        tenant_held: count("tenant_held") > 0,
        requests_open: count("requests_open"),
        requests_overdue: count("requests_overdue"),
        request_due_at: row.get::<Option<i64>>("request_due_at").map(instant),
        warnings_due: count("warnings_due"),
        ..TenantFacts::default()
    })
}

async fn last_plans(session: &mut Session, tenant: &TenantName) -> Result<BTreeMap<String, Plan>> {
    let rows = session
        .doing("read a tenant's last plans")
        .all(
            "SELECT p.* FROM (SELECT DISTINCT workgroup AS name FROM lapsed_plan WHERE tenant = $1) w \
             JOIN lapsed_plan p ON p.id = ( \
                 SELECT id FROM lapsed_plan WHERE tenant = $1 AND workgroup = w.name AND way = 'automatic' \
                 ORDER BY planned_at DESC, id DESC LIMIT 1)",
            &values![tenant.as_str()],
        )
        .await?;
    let by_workgroup = |row| read_plan(row).map(|plan| (plan.workgroup.name.clone(), plan));
    rows.iter().map(by_workgroup).collect()
}

async fn waiting(session: &mut Session, tenant: &TenantName, now: DateTime<Utc>) -> Result<Vec<Waiting>> {
    let oldest = now - Plan::VALID_FOR;
    let rows = session
        .doing("read what waits for an approval")
        .all(
            "SELECT p.id, p.workgroup, p.subjects, a.asked_at, a.because, previous.subjects AS previous \
             FROM lapsed_plan p JOIN lapsed_approval a ON a.plan = p.id \
             LEFT JOIN lapsed_plan previous ON previous.id = a.previous \
             WHERE p.tenant = $1 AND p.planned_at > $2 AND a.approved_at IS NULL AND a.replaced_by IS NULL \
             ORDER BY a.asked_at, p.id",
            &values![tenant.as_str(), oldest.timestamp_millis()],
        )
        .await?;
    rows.iter().map(read_waiting).collect()
}

fn read_waiting(row: &Record) -> Result<Waiting> {
    let plan: String = row.get("id");
    let because: String = row.get("because");
    let because = serde_json::from_str(&because).map_err(|_unreadable| StoreError::Inconsistent {
        table: "lapsed_approval",
        row: plan.clone(),
        column: "because",
        found: because,
    })?;
    Ok(Waiting {
        workgroup: row.get("workgroup"),
        subjects: row.get::<i64>("subjects").unsigned_abs(),
        previous: row.get::<Option<i64>>("previous").map(i64::unsigned_abs),
        since: instant(row.get("asked_at")),
        because,
        plan,
    })
}
