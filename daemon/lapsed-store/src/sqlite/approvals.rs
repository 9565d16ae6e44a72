//! Approvals: plans that wait, and who let them go.
//!
//! Whether a plan waits is decided in the transaction that stores it, and looked at again in every transaction that
//! carries it out: there is no moment at which a plan is there and its row is not.

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{
    Approval, Approved, BrakeFigures, Entry, Plan, Statement, TenantName, Unusual, Way, Workgroup, fault,
};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::apply::Seal;
use super::ledger::{append, parse};
use super::plans::{NewPlan, read_plan};
use super::rows::query;
use super::runs::{self, NewRun};
use crate::error::{Result, StoreError};

/// What was anonymised for so long before a plan counts with it.
const COUNTED_IN: TimeDelta = TimeDelta::days(7);

/// What decides whether an automatic plan waits.
#[derive(Clone)]
pub struct Brake<'a> {
    /// Counts the people of the workgroup who are not yet anonymised.
    pub people: Statement,
    /// Says what is unusual about a plan; nothing, and it does not wait.
    pub judge: &'a (dyn Fn(&BrakeFigures) -> Vec<Unusual> + Send + Sync),
    /// Whether the plan is about the whole workgroup, and so takes the place of one that still waits. A plan of one
    /// person who is judged again takes nobody's place.
    pub replaces: bool,
}

impl std::fmt::Debug for Brake<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Brake")
            .field("people", &self.people)
            .field("replaces", &self.replaces)
            .finish_non_exhaustive()
    }
}

/// What became of an attempt to approve a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be carried out now, and the run that does so waits to be claimed if one was asked for.
    Approved(Box<Approval>, Option<i64>),
    /// There is nothing to approve: the plan does not wait.
    NotWaiting,
    /// Somebody did so before.
    Already(Approved),
    /// Another plan took its place.
    Replaced(String),
    /// It is too old to be carried out.
    Ended,
}

impl Store {
    /// Lets a waiting plan go. `entry` makes the ledger entry. With `carry_out` a run that carries it out is enqueued
    /// in the same transaction.
    pub async fn approve(
        &self,
        plan: &str,
        approved: &Approved,
        carry_out: bool,
        entry: impl FnOnce(&Plan, &Approval) -> Entry,
        seal: &Seal<'_>,
    ) -> Result<Decision> {
        let doing = "approve a plan";
        let mut transaction = self.begin(doing).await?;
        let row = sqlx::query("SELECT * FROM lapsed_plan WHERE id = $1")
            .bind(plan)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(StoreError::of(doing))?;
        let Some(row) = row else {
            return Err(StoreError::NoPlan(plan.to_owned()));
        };
        let plan = read_plan(&row)?;
        let Some(mut approval) = of_plan(&mut transaction, &plan.id).await? else {
            return Ok(Decision::NotWaiting);
        };
        if let Some(decided) = decided(&approval, &plan, approved.at) {
            return Ok(decided);
        }
        approval.approved = Some(approved.clone());
        sqlx::query(
            "UPDATE lapsed_approval SET approved_at = $2, approved_by = $3, reason = $4 WHERE plan = $1",
        )
        .bind(&plan.id)
        .bind(approved.at.timestamp_millis())
        .bind(&approved.by)
        .bind(&approved.reason)
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        fault::point("approved");
        let run = if carry_out {
            Some(runs::insert(&mut transaction, &run_of(&plan, approved)).await?)
        } else {
            None
        };
        fault::point("approved-and-enqueued");
        append(&mut transaction, entry(&plan, &approval), seal).await?;
        fault::point("approved-with-entry");
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(Decision::Approved(Box::new(approval), run))
    }

    /// Refuses a plan that waits for an approval or was replaced.
    pub async fn must_be_approved(&self, plan: &Plan) -> Result<()> {
        let mut connection = self
            .readers
            .acquire()
            .await
            .map_err(StoreError::of("read an approval"))?;
        refuse_unapproved(&mut connection, plan).await
    }

    /// Whether and why a plan waits, or waited.
    pub async fn approval(&self, plan: &str) -> Result<Option<Approval>> {
        let mut connection = self
            .readers
            .acquire()
            .await
            .map_err(StoreError::of("read an approval"))?;
        of_plan(&mut connection, plan).await
    }

    /// Every plan of a tenant that waits or waited, the newest first.
    pub async fn approvals(&self, tenant: &TenantName) -> Result<Vec<Approval>> {
        let rows = sqlx::query(
            "SELECT a.*, p.tenant, p.workgroup FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan \
             WHERE p.tenant = $1 ORDER BY p.planned_at DESC, p.rowid DESC",
        )
        .bind(tenant.as_str())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read approvals"))?;
        rows.iter().map(read).collect()
    }

    /// What waits for an approval at `now`, of a tenant or of all, the oldest first.
    pub async fn waiting(&self, tenant: Option<&TenantName>, now: DateTime<Utc>) -> Result<Vec<Approval>> {
        let rows = sqlx::query(
            "SELECT a.*, p.tenant, p.workgroup FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan \
             WHERE a.approved_at IS NULL AND a.replaced_by IS NULL AND ($1 IS NULL OR p.tenant = $1) \
               AND a.asked_at > $2 \
             ORDER BY a.asked_at, a.plan",
        )
        .bind(tenant.map(TenantName::as_str))
        .bind((now - Plan::VALID_FOR).timestamp_millis())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read approvals"))?;
        rows.iter().map(read).collect()
    }
}

/// Decides, in the transaction that stores a plan, whether it waits; one that waited until now is replaced.
pub(super) async fn pull(
    connection: &mut SqliteConnection,
    brake: &Brake<'_>,
    new: &NewPlan,
    plan: &str,
    people: u64,
) -> Result<()> {
    if brake.replaces {
        replace(connection, new, plan).await?;
        fault::point("replaced-waiting-plan");
    }
    if people == 0 {
        return Ok(());
    }
    let figures = figures(connection, brake, new, plan, people).await?;
    let because = (brake.judge)(&figures);
    if because.is_empty() {
        return Ok(());
    }
    let previous = previous(connection, new, plan).await?;
    sqlx::query("INSERT INTO lapsed_approval (plan, because, previous, asked_at) VALUES ($1, $2, $3, $4)")
        .bind(plan)
        .bind(json!(because).to_string())
        .bind(previous)
        .bind(new.bounds.now.timestamp_millis())
        .execute(&mut *connection)
        .await
        .map(|_| ())
        .map_err(StoreError::of("let a plan wait"))
}

/// Refuses, in the transaction that carries a batch out, a plan that waits or was replaced.
pub(super) async fn refuse_unapproved(connection: &mut SqliteConnection, plan: &Plan) -> Result<()> {
    match of_plan(connection, &plan.id).await? {
        None => Ok(()),
        Some(Approval {
            replaced_by: Some(by),
            ..
        }) => Err(StoreError::Replaced(plan.id.clone(), by)),
        Some(Approval {
            approved: Some(_), ..
        }) => Ok(()),
        Some(approval) => Err(StoreError::Waits(
            plan.id.clone(),
            plan.workgroup.clone(),
            approval.because,
        )),
    }
}

/// A plan that nobody approved is replaced by the next one.
async fn replace(connection: &mut SqliteConnection, new: &NewPlan, plan: &str) -> Result<()> {
    sqlx::query(
        "UPDATE lapsed_approval SET replaced_by = $1 WHERE approved_at IS NULL AND replaced_by IS NULL \
         AND plan IN (SELECT id FROM lapsed_plan WHERE tenant = $2 AND workgroup = $3 AND id <> $1)",
    )
    .bind(plan)
    .bind(new.workgroup.tenant.as_str())
    .bind(&new.workgroup.name)
    .execute(&mut *connection)
    .await
    .map(|_| ())
    .map_err(StoreError::of("replace a plan that waits"))
}

/// What the rules anonymised in the last seven days counts by when it was, whenever its plan was made. A plan of one person
/// who was judged again counts there, and does not stand for a first plan that somebody has looked at.
async fn figures(
    connection: &mut SqliteConnection,
    brake: &Brake<'_>,
    new: &NewPlan,
    plan: &str,
    people: u64,
) -> Result<BrakeFigures> {
    let doing = "judge how unusual a plan is";
    let row = sqlx::query(
        "SELECT count(CASE WHEN p.of_one = 0 AND p.subjects > 0 AND (p.state <> 'planned' OR a.approved_at IS NOT NULL) THEN 1 END) \
                    AS earlier, \
                (SELECT coalesce(sum(e.people), 0) FROM lapsed_erasure e \
                 WHERE e.tenant = $1 AND e.workgroup = $2 AND e.way = 'automatic' AND e.at > $5) AS recent \
         FROM lapsed_plan p LEFT JOIN lapsed_approval a ON a.plan = p.id \
         WHERE p.tenant = $1 AND p.workgroup = $2 AND p.way = $3 AND p.id <> $4",
    )
    .bind(new.workgroup.tenant.as_str())
    .bind(&new.workgroup.name)
    .bind(Way::Automatic.word())
    .bind(plan)
    .bind((new.bounds.now - COUNTED_IN).timestamp_millis())
    .fetch_one(&mut *connection)
    .await
    .map_err(StoreError::of(doing))?;
    let identified: i64 = query(&brake.people)
        .fetch_one(&mut *connection)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(StoreError::of("count a workgroup's people"))?;
    Ok(BrakeFigures {
        first: row.get::<i64, _>("earlier") == 0,
        plan: people,
        recent: row.get::<i64, _>("recent").unsigned_abs(),
        people: identified.unsigned_abs(),
        restored: restored(connection, new).await?,
    })
}

/// Lets the open automatic plans of a tenant wait, because a backup was restored, whoever let them go before.
pub(super) async fn ask_again(
    connection: &mut SqliteConnection,
    tenant: &TenantName,
    at: DateTime<Utc>,
) -> Result<()> {
    const WAIT_AGAIN: &str = "UPDATE lapsed_approval \
         SET because = json_insert(because, '$[#]', json($2)), approved_at = NULL, approved_by = NULL, reason = NULL \
         WHERE replaced_by IS NULL AND plan IN \
         (SELECT id FROM lapsed_plan WHERE tenant = $1 AND way = $3 AND state <> 'applied')";
    const WAIT: &str = "INSERT INTO lapsed_approval (plan, because, asked_at) \
         SELECT p.id, json_array(json($2)), p.planned_at FROM lapsed_plan p \
         WHERE p.tenant = $1 AND p.way = $3 AND p.state <> 'applied' \
           AND NOT EXISTS (SELECT 1 FROM lapsed_approval a WHERE a.plan = p.id)";
    for statement in [WAIT_AGAIN, WAIT] {
        sqlx::query(statement)
            .bind(tenant.as_str())
            .bind(json!(Unusual::Restored { at }).to_string())
            .bind(Way::Automatic.word())
            .execute(&mut *connection)
            .await
            .map_err(StoreError::of("let open plans wait"))?;
    }
    Ok(())
}

/// When a restored backup was noticed, unless somebody approved a plan that was made since, and so was told of it.
async fn restored(connection: &mut SqliteConnection, new: &NewPlan) -> Result<Option<DateTime<Utc>>> {
    let at: Option<i64> = sqlx::query_scalar(
        "SELECT max(l.at) FROM lapsed_ledger l WHERE l.tenant = $1 AND l.kind = 'restored' AND NOT EXISTS \
         (SELECT 1 FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan \
          LEFT JOIN lapsed_run r ON r.id = p.run AND r.job = 'judge' \
          WHERE p.tenant = $1 AND p.workgroup = $2 AND p.way = $3 AND r.id IS NULL \
            AND a.approved_at IS NOT NULL AND a.asked_at >= l.at)",
    )
    .bind(new.workgroup.tenant.as_str())
    .bind(&new.workgroup.name)
    .bind(Way::Automatic.word())
    .fetch_one(&mut *connection)
    .await
    .map_err(StoreError::of("look for a restored backup"))?;
    Ok(at.and_then(DateTime::from_timestamp_millis))
}

/// The workgroup's automatic plan before this one; a plan of one person who was judged again is none to compare with.
async fn previous(connection: &mut SqliteConnection, new: &NewPlan, plan: &str) -> Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT p.id FROM lapsed_plan p WHERE p.tenant = $1 AND p.workgroup = $2 AND p.way = $3 AND p.id <> $4 AND p.planned_at <= $5 \
         AND p.of_one = 0 ORDER BY p.planned_at DESC, p.rowid DESC LIMIT 1",
    )
    .bind(new.workgroup.tenant.as_str())
    .bind(&new.workgroup.name)
    .bind(Way::Automatic.word())
    .bind(plan)
    .bind(new.bounds.now.timestamp_millis())
    .fetch_optional(&mut *connection)
    .await
    .map_err(StoreError::of("look for the plan before"))
}

/// Why a plan cannot be approved, if it cannot.
fn decided(approval: &Approval, plan: &Plan, now: DateTime<Utc>) -> Option<Decision> {
    if let Some(by) = &approval.replaced_by {
        return Some(Decision::Replaced(by.clone()));
    }
    if let Some(approved) = &approval.approved {
        return Some(Decision::Already(approved.clone()));
    }
    (now >= plan.valid_until()).then_some(Decision::Ended)
}

fn run_of(plan: &Plan, approved: &Approved) -> NewRun {
    NewRun {
        tenant: Some(plan.workgroup.tenant.clone()),
        workgroup: Some(plan.workgroup.name.clone()),
        job: "apply".to_owned(),
        payload: json!({ "plan": plan.id }),
        asked_by: Some(approved.by.clone()),
        at: approved.at,
    }
}

async fn of_plan(connection: &mut SqliteConnection, plan: &str) -> Result<Option<Approval>> {
    let row = sqlx::query(
        "SELECT a.*, p.tenant, p.workgroup FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan WHERE a.plan = $1",
    )
    .bind(plan)
    .fetch_optional(&mut *connection)
    .await
    .map_err(StoreError::of("read an approval"))?;
    row.as_ref().map(read).transpose()
}

/// A row as it stands. Reasons that cannot be read are no reason to let a plan go: the row itself makes it wait.
fn read(row: &SqliteRow) -> Result<Approval> {
    const TABLE: &str = "lapsed_approval";
    let plan: String = row.get("plan");
    let damaged = |column: &'static str| StoreError::Inconsistent {
        table: TABLE,
        row: plan.clone(),
        column,
        found: "not readable".to_owned(),
    };
    let text = |column: &'static str| row.get::<Option<String>, _>(column);
    let instant = |milliseconds: i64, column| {
        DateTime::from_timestamp_millis(milliseconds).ok_or_else(|| damaged(column))
    };
    let tenant: String = row.get("tenant");
    let workgroup = Workgroup::new(
        parse(&tenant, "lapsed_plan", &plan, "tenant")?,
        &row.get::<String, _>("workgroup"),
    );
    let approved = match row.get::<Option<i64>, _>("approved_at") {
        None => None,
        Some(at) => Some(Approved {
            at: instant(at, "approved_at")?,
            by: text("approved_by").unwrap_or_default(),
            reason: text("reason").unwrap_or_default(),
        }),
    };
    Ok(Approval {
        workgroup: workgroup.map_err(|_refused| damaged("workgroup"))?,
        because: serde_json::from_str(&row.get::<String, _>("because"))
            .map_err(|_unreadable| damaged("because"))?,
        previous: text("previous"),
        asked_at: instant(row.get("asked_at"), "asked_at")?,
        approved,
        replaced_by: text("replaced_by"),
        plan,
    })
}
