//! Approvals: plans that wait, and who let them go.
//!
//! Whether a plan waits is decided in the transaction that stores it, and looked at again in every transaction that
//! carries it out: there is no moment at which a plan is there and its row is not.

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{
    Approval, Approved, BrakeFigures, Entry, Plan, Statement, TenantName, Unusual, Way, Workgroup, fault,
};
use serde_json::json;

use super::apply::Seal;
use super::ledger::{append, parse};
use super::plans::{NewPlan, read_plan};
use super::runs::{self, NewRun};
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::Record;
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

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
        // Whose plan it is stays; how it stands is read again as soon as nobody else decides about it.
        let tenant = self.plan(plan).await?.workgroup.tenant;
        let mut session = self
            .write("approve a plan", Beside::OtherTenants(&tenant))
            .await?;
        let plan = plan_of(&mut session, plan).await?;
        let Some(mut approval) = of_plan(&mut session, &plan.id).await? else {
            return Ok(Decision::NotWaiting);
        };
        if let Some(decided) = decided(&approval, &plan, approved.at) {
            return Ok(decided);
        }
        approval.approved = Some(approved.clone());
        note(&mut session, &plan, approved).await?;
        fault::point("approved");
        let run = if carry_out {
            Some(runs::insert(&mut session, &run_of(&plan, approved)).await?)
        } else {
            None
        };
        fault::point("approved-and-enqueued");
        append(&mut session, entry(&plan, &approval), seal).await?;
        fault::point("approved-with-entry");
        session.commit().await?;
        Ok(Decision::Approved(Box::new(approval), run))
    }

    /// Refuses a plan that waits for an approval or was replaced.
    pub async fn must_be_approved(&self, plan: &Plan) -> Result<()> {
        let mut session = self.read("read an approval").await?;
        refuse_unapproved(&mut session, plan).await
    }

    /// Whether and why a plan waits, or waited.
    pub async fn approval(&self, plan: &str) -> Result<Option<Approval>> {
        let mut session = self.read("read an approval").await?;
        of_plan(&mut session, plan).await
    }

    /// Every plan of a tenant that waits or waited, the newest first.
    pub async fn approvals(&self, tenant: &TenantName) -> Result<Vec<Approval>> {
        let mut session = self.read("read approvals").await?;
        let rows = session
            .all(side_by_side!("approval_list"), &values![tenant.as_str()])
            .await?;
        rows.iter().map(read).collect()
    }

    /// What waits for an approval at `now`, of a tenant or of all, the oldest first.
    pub async fn waiting(&self, tenant: Option<&TenantName>, now: DateTime<Utc>) -> Result<Vec<Approval>> {
        let mut session = self.read("read approvals").await?;
        let rows = session
            .all(
                "SELECT a.*, p.tenant, p.workgroup FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan \
                 WHERE a.approved_at IS NULL AND a.replaced_by IS NULL \
                   AND (CAST($1 AS TEXT) IS NULL OR p.tenant = $1) AND a.asked_at > $2 \
                 ORDER BY a.asked_at, a.plan",
                &values![
                    tenant.map(TenantName::as_str),
                    (now - Plan::VALID_FOR).timestamp_millis(),
                ],
            )
            .await?;
        rows.iter().map(read).collect()
    }
}

/// Decides, in the transaction that stores a plan, whether it waits; one that waited until now is replaced.
pub(super) async fn pull(
    session: &mut Session,
    brake: &Brake<'_>,
    new: &NewPlan,
    plan: &str,
    people: u64,
) -> Result<()> {
    if brake.replaces {
        replace(session, new, plan).await?;
        fault::point("replaced-waiting-plan");
    }
    if people == 0 {
        return Ok(());
    }
    let figures = figures(session, brake, new, plan, people).await?;
    let because = (brake.judge)(&figures);
    if because.is_empty() {
        return Ok(());
    }
    let previous = previous(session, new, plan).await?;
    session
        .doing("let a plan wait")
        .run(
            "INSERT INTO lapsed_approval (plan, because, previous, asked_at) VALUES ($1, $2, $3, $4)",
            &values![
                plan,
                json!(because).to_string(),
                previous,
                new.bounds.now.timestamp_millis(),
            ],
        )
        .await
        .map(|_| ())
}

/// Refuses, in the transaction that carries a batch out, a plan that waits or was replaced.
pub(super) async fn refuse_unapproved(session: &mut Session, plan: &Plan) -> Result<()> {
    match of_plan(session, &plan.id).await? {
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
async fn replace(session: &mut Session, new: &NewPlan, plan: &str) -> Result<()> {
    session
        .doing("replace a plan that waits")
        .run(
            "UPDATE lapsed_approval SET replaced_by = $1 WHERE approved_at IS NULL AND replaced_by IS NULL \
             AND plan IN (SELECT id FROM lapsed_plan WHERE tenant = $2 AND workgroup = $3 AND id <> $1)",
            &values![plan, new.workgroup.tenant.as_str(), &new.workgroup.name],
        )
        .await
        .map(|_| ())
}

/// What the rules anonymised in the last seven days counts by when it was, whenever its plan was made. A plan of one person
/// who was judged again counts there, and does not stand for a first plan that somebody has looked at.
async fn figures(
    session: &mut Session,
    brake: &Brake<'_>,
    new: &NewPlan,
    plan: &str,
    people: u64,
) -> Result<BrakeFigures> {
    let row = session
        .doing("judge how unusual a plan is")
        .one(
            include_str!("../../sql/brake_figures.sql"),
            &values![
                new.workgroup.tenant.as_str(),
                &new.workgroup.name,
                Way::Automatic.word(),
                plan,
                (new.bounds.now - COUNTED_IN).timestamp_millis(),
            ],
        )
        .await?;
    Ok(BrakeFigures {
        first: row.get::<i64>("earlier") == 0,
        plan: people,
        recent: row.get::<i64>("recent").unsigned_abs(),
        people: identified(session, &brake.people).await?,
        restored: restored(session, new).await?,
    })
}

async fn identified(session: &mut Session, people: &Statement) -> Result<u64> {
    let doing = "count a workgroup's people";
    let rows = session.doing(doing).rows_of(people).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound);
    Ok(row.map_err(StoreError::of(doing))?.get::<i64>(0).unsigned_abs())
}

/// Lets the open automatic plans of a tenant wait, because a backup was restored, whoever let them go before.
pub(super) async fn ask_again(session: &mut Session, tenant: &TenantName, at: DateTime<Utc>) -> Result<()> {
    let because = json!(Unusual::Restored { at }).to_string();
    let values = values![tenant.as_str(), because, Way::Automatic.word()];
    session.doing("let open plans wait");
    session.run(side_by_side!("approval_ask_again"), &values).await?;
    session
        .run(
            "INSERT INTO lapsed_approval (plan, because, asked_at) \
             SELECT p.id, '[' || $2 || ']', p.planned_at FROM lapsed_plan p \
             WHERE p.tenant = $1 AND p.way = $3 AND p.state <> 'applied' \
               AND NOT EXISTS (SELECT 1 FROM lapsed_approval a WHERE a.plan = p.id)",
            &values,
        )
        .await
        .map(|_| ())
}

/// When a restored backup was noticed, unless somebody approved a plan that was made since, and so was told of it.
async fn restored(session: &mut Session, new: &NewPlan) -> Result<Option<DateTime<Utc>>> {
    let row = session
        .doing("look for a restored backup")
        .one(
            "SELECT max(l.at) FROM lapsed_ledger l WHERE l.tenant = $1 AND l.kind = 'restored' AND NOT EXISTS \
             (SELECT 1 FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan \
              LEFT JOIN lapsed_run r ON r.id = p.run AND r.job = 'judge' \
              WHERE p.tenant = $1 AND p.workgroup = $2 AND p.way = $3 AND r.id IS NULL \
                AND a.approved_at IS NOT NULL AND a.asked_at >= l.at)",
            &values![
                new.workgroup.tenant.as_str(),
                &new.workgroup.name,
                Way::Automatic.word(),
            ],
        )
        .await?;
    Ok(row
        .get::<Option<i64>>(0)
        .and_then(DateTime::from_timestamp_millis))
}

/// The workgroup's automatic plan before this one; a plan of one person who was judged again is none to compare with.
async fn previous(session: &mut Session, new: &NewPlan, plan: &str) -> Result<Option<String>> {
    let before = session
        .doing("look for the plan before")
        .first(
            side_by_side!("plan_before"),
            &values![
                new.workgroup.tenant.as_str(),
                &new.workgroup.name,
                Way::Automatic.word(),
                plan,
                new.bounds.now.timestamp_millis(),
            ],
        )
        .await?;
    Ok(before.map(|row| row.get(0)))
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

async fn plan_of(session: &mut Session, id: &str) -> Result<Plan> {
    let row = session
        .first("SELECT * FROM lapsed_plan WHERE id = $1", &values![id])
        .await?;
    row.as_ref()
        .map_or_else(|| Err(StoreError::NoPlan(id.to_owned())), read_plan)
}

async fn of_plan(session: &mut Session, plan: &str) -> Result<Option<Approval>> {
    let row = session
        .doing("read an approval")
        .first(
            "SELECT a.*, p.tenant, p.workgroup FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan \
             WHERE a.plan = $1",
            &values![plan],
        )
        .await?;
    row.as_ref().map(read).transpose()
}

async fn note(session: &mut Session, plan: &Plan, approved: &Approved) -> Result<()> {
    session
        .doing("approve a plan")
        .run(
            "UPDATE lapsed_approval SET approved_at = $2, approved_by = $3, reason = $4 WHERE plan = $1",
            &values![
                &plan.id,
                approved.at.timestamp_millis(),
                &approved.by,
                &approved.reason,
            ],
        )
        .await
        .map(|_| ())
}

/// A row as it stands. Reasons that cannot be read are no reason to let a plan go: the row itself makes it wait.
fn read(row: &Record) -> Result<Approval> {
    const TABLE: &str = "lapsed_approval";
    let plan: String = row.get("plan");
    let damaged = |column: &'static str| StoreError::Inconsistent {
        table: TABLE,
        row: plan.clone(),
        column,
        found: "not readable".to_owned(),
    };
    let text = |column: &'static str| row.get::<Option<String>>(column);
    let instant = |milliseconds: i64, column| {
        DateTime::from_timestamp_millis(milliseconds).ok_or_else(|| damaged(column))
    };
    let tenant: String = row.get("tenant");
    let workgroup = Workgroup::new(
        parse(&tenant, "lapsed_plan", &plan, "tenant")?,
        &row.get::<String>("workgroup"),
    );
    let approved = match row.get::<Option<i64>>("approved_at") {
        None => None,
        Some(at) => Some(Approved {
            at: instant(at, "approved_at")?,
            by: text("approved_by").unwrap_or_default(),
            reason: text("reason").unwrap_or_default(),
        }),
    };
    Ok(Approval {
        workgroup: workgroup.map_err(|_refused| damaged("workgroup"))?,
        because: serde_json::from_str(&row.get::<String>("because"))
            .map_err(|_unreadable| damaged("because"))?,
        previous: text("previous"),
        asked_at: instant(row.get("asked_at"), "asked_at")?,
        approved,
        replaced_by: text("replaced_by"),
        plan,
    })
}
