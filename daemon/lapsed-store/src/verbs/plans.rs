//! Plans: stored whole, in one transaction.

use chrono::DateTime;
use lapsed_model::{
    Bounds, Dialect, Digest, Plan, PlanState, Right, Statement, SubjectKey, TenantName, Value, Way,
    Workgroup, fault,
};
use serde_json::json;

use super::apply::before_everybody;
use super::approvals::{Brake, pull};
use super::ledger::parse;
use super::pauses::refuse_without;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::{Record, subject_key};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

/// A plan that is about to be made.
#[derive(Clone, Debug)]
pub struct NewPlan {
    /// Whose people.
    pub workgroup: Workgroup,
    /// The store's key of the workgroup.
    pub store_key: String,
    /// Which way in.
    pub way: Way,
    /// Judged by these.
    pub bounds: Bounds,
    /// The policy in force.
    pub policy: Digest,
    /// The dataset.
    pub dataset: Digest,
    /// The names of the candidate rules, in their order.
    pub rules: Vec<String>,
    /// What tells two plans of one instant apart.
    pub nonce: String,
    /// On whose behalf; a run that comes back goes on with this plan.
    pub right: Option<Right>,
}

impl NewPlan {
    /// The id that the plan will have.
    #[must_use]
    pub fn id(&self) -> String {
        let id = Digest::of(&[self.asked().to_string().as_bytes(), self.nonce.as_bytes()]);
        format!("p-{}", id.short())
    }

    fn asked(&self) -> Digest {
        asked(
            &self.workgroup,
            &self.store_key,
            self.way,
            &self.bounds,
            [self.policy, self.dataset],
        )
    }
}

/// Everything that a plan is about but its people.
fn asked(workgroup: &Workgroup, store_key: &str, way: Way, bounds: &Bounds, by: [Digest; 2]) -> Digest {
    Digest::of(&[
        workgroup.to_string().as_bytes(),
        store_key.as_bytes(),
        way.word().as_bytes(),
        &bounds.now.timestamp_millis().to_be_bytes(),
        &bounds.cut_off.timestamp_millis().to_be_bytes(),
        by[0].to_string().as_bytes(),
        by[1].to_string().as_bytes(),
    ])
}

impl Store {
    /// Makes a plan: `subjects` inserts the people who are due under its id. The plan's hash covers everything
    /// that was asked and everybody who was found. A plan that was made already stays as it is.
    ///
    /// In the same transaction the `brake` decides whether the plan waits: plans of the automatic way have one,
    /// plans that somebody decided have none.
    pub async fn save_plan(
        &self,
        new: &NewPlan,
        subjects: &Statement,
        brake: Option<&Brake<'_>>,
    ) -> Result<Plan> {
        let doing = "store a plan";
        let id = new.id();
        // The brake looks at the tenant's other plans and at what was anonymised lately, so nobody else makes a plan of
        // this tenant meanwhile or carries one out. Judging a big workgroup takes seconds, and whoever places a hold
        // for this tenant waits for that long: then it comes behind the plan and before its first batch.
        let mut session = self
            .write(doing, Beside::OtherTenants(&new.workgroup.tenant))
            .await?;
        // Whoever has the run now makes a plan of their own.
        refuse_without(&mut session, new.right).await?;
        if !insert(&mut session, new, &id, brake).await? {
            session.roll_back().await?;
            return self.plan(&id).await;
        }
        let people = session.doing("judge a workgroup").run_statement(subjects).await?;
        sum_up(session.doing(doing), new, &id, people).await?;
        fault::point("plan-stored");
        if let Some(brake) = brake {
            pull(&mut session, brake, new, &id, people).await?;
        }
        fault::point("plan-judged");
        session.doing(doing);
        session.commit().await?;
        self.plan(&id).await
    }

    /// The hash over a stored plan as it stands now: another one than it was stored with, and it was edited.
    pub async fn hash_of(&self, plan: &Plan) -> Result<Digest> {
        let by = [plan.policy, plan.dataset];
        let asked = asked(&plan.workgroup, &plan.store_key, plan.way, &plan.bounds, by);
        let mut session = self.read("hash a plan").await?;
        hash_subjects(&mut session, &plan.id, asked).await
    }

    /// The plan of this id.
    pub async fn plan(&self, id: &str) -> Result<Plan> {
        let mut session = self.read("read a plan").await?;
        let row = session
            .first("SELECT * FROM lapsed_plan WHERE id = $1", &values![id])
            .await?;
        row.as_ref()
            .map_or_else(|| Err(StoreError::NoPlan(id.to_owned())), read_plan)
    }

    /// The plan that a run made before it came back, if it did.
    pub async fn plan_of_run(&self, run: i64) -> Result<Option<Plan>> {
        let mut session = self.read("read a run's plan").await?;
        let row = session
            .first(
                "SELECT * FROM lapsed_plan WHERE run = $1 ORDER BY planned_at DESC LIMIT 1",
                &values![run],
            )
            .await?;
        row.as_ref().map(read_plan).transpose()
    }

    /// A tenant's plans, the newest first.
    pub async fn plans(&self, tenant: &TenantName) -> Result<Vec<Plan>> {
        let mut session = self.read("read plans").await?;
        let rows = session
            .all(
                "SELECT * FROM lapsed_plan WHERE tenant = $1 ORDER BY planned_at DESC, id",
                &values![tenant.as_str()],
            )
            .await?;
        rows.iter().map(read_plan).collect()
    }

    /// The people whom a plan named and its batches dropped.
    pub async fn dropped(&self, plan: &str) -> Result<Vec<SubjectKey>> {
        let mut session = self.read("read a plan's people").await?;
        let rows = session
            .all(
                "SELECT subject FROM lapsed_plan_subject WHERE plan = $1 AND dropped = 1 ORDER BY subject",
                &values![plan],
            )
            .await?;
        rows.iter().map(|row| read_subject(row, plan)).collect()
    }
}

/// Answers whether the plan is a new one.
async fn insert(session: &mut Session, new: &NewPlan, id: &str, brake: Option<&Brake<'_>>) -> Result<bool> {
    let made = session
        .run(
            include_str!("../../sql/plan_insert.sql"),
            &values![
                id,
                new.workgroup.tenant.as_str(),
                &new.workgroup.name,
                &new.store_key,
                new.way.word(),
                new.bounds.now.timestamp_millis(),
                new.bounds.cut_off.timestamp_millis(),
                new.bounds.zone.name(),
                new.policy.to_string(),
                new.dataset.to_string(),
                json!(new.rules).to_string(),
                new.right.and_then(Right::run),
                brake.is_some_and(|brake| !brake.replaces),
            ],
        )
        .await?;
    Ok(made > 0)
}

/// Writes into the plan's row what its people come to: their hash, their number, and how many each rule found.
async fn sum_up(session: &mut Session, new: &NewPlan, id: &str, people: u64) -> Result<()> {
    let hash = hash_subjects(session, id, new.asked()).await?;
    let counts = session
        .all(
            "SELECT rule, count(*) AS people FROM lapsed_plan_subject \
             WHERE plan = $1 AND rule IS NOT NULL GROUP BY rule",
            &values![id],
        )
        .await?;
    let count = |row: &Record| {
        let place = usize::try_from(row.get::<i64>("rule")).ok()?.checked_sub(1)?;
        Some((new.rules.get(place)?.clone(), row.get::<i64>("people").into()))
    };
    let counts: serde_json::Map<String, serde_json::Value> = counts.iter().filter_map(count).collect();
    session
        .run(
            "UPDATE lapsed_plan SET hash = $2, counts = $3, subjects = $4 WHERE id = $1",
            &values![
                id,
                hash.to_string(),
                json!(counts).to_string(),
                i64::try_from(people).unwrap_or(i64::MAX),
            ],
        )
        .await
        .map(|_| ())
}

/// Folds the plan's people into its hash, in key order and in pieces, so that a plan of a million costs no memory.
async fn hash_subjects(session: &mut Session, plan: &str, asked: Digest) -> Result<Digest> {
    let mut hash = asked;
    let mut after = before_everybody(session);
    read_in_order(session, true).await?;
    loop {
        let piece = session
            .one(side_by_side!("plan_piece"), &values![plan, after])
            .await?;
        let last = piece.value("last");
        if *last == Value::Null {
            read_in_order(session, false).await?;
            return Ok(hash);
        }
        after = session.key_value(last);
        let people: String = piece.get("people");
        hash = Digest::of(&[hash.to_string().as_bytes(), people.as_bytes()]);
    }
}

/// Has a plan read piece by piece along its index. PostgreSQL takes a plan that was just made for a short one, and would
/// read and sort all of it for every piece.
pub(super) async fn read_in_order(session: &mut Session, in_order: bool) -> Result<()> {
    let sort = match (session.dialect(), in_order) {
        (Dialect::Sqlite, _) => return Ok(()),
        (Dialect::Postgres, true) => "SET LOCAL enable_sort TO off",
        (Dialect::Postgres, false) => "SET LOCAL enable_sort TO DEFAULT",
    };
    session.run(sort, &[]).await.map(|_| ())
}

pub(super) fn read_plan(row: &Record) -> Result<Plan> {
    const TABLE: &str = "lapsed_plan";
    let id: String = row.get("id");
    let text = |column: &'static str| row.get::<String>(column);
    let damaged = |column: &'static str| StoreError::Inconsistent {
        table: TABLE,
        row: id.clone(),
        column,
        found: "not readable".to_owned(),
    };
    let instant = |column: &'static str| {
        DateTime::from_timestamp_millis(row.get(column)).ok_or_else(|| damaged(column))
    };
    let count = |column: &'static str| row.get::<i64>(column).unsigned_abs();
    let workgroup = Workgroup::new(parse(&text("tenant"), TABLE, &id, "tenant")?, &text("workgroup"));
    Ok(Plan {
        workgroup: workgroup.map_err(|_refused| damaged("workgroup"))?,
        store_key: text("store_key"),
        way: text("way").parse::<Way>().map_err(|()| damaged("way"))?,
        bounds: Bounds {
            now: instant("planned_at")?,
            cut_off: instant("cut_off")?,
            zone: text("zone").parse().map_err(|_unknown| damaged("zone"))?,
        },
        policy: parse(&text("policy_hash"), TABLE, &id, "policy_hash")?,
        dataset: parse(&text("dataset_hash"), TABLE, &id, "dataset_hash")?,
        hash: parse(&text("hash"), TABLE, &id, "hash")?,
        rules: serde_json::from_str(&text("rules")).map_err(|_unreadable| damaged("rules"))?,
        counts: serde_json::from_str(&text("counts")).map_err(|_unreadable| damaged("counts"))?,
        subjects: count("subjects"),
        state: PlanState::ALL
            .into_iter()
            .find(|state| state.word() == text("state"))
            .ok_or_else(|| damaged("state"))?,
        applied_to: subject_key(row.value("applied_to")),
        anonymised: count("anonymised"),
        dropped: count("dropped"),
        id,
    })
}

fn read_subject(row: &Record, plan: &str) -> Result<SubjectKey> {
    subject_key(row.value("subject")).ok_or_else(|| StoreError::Inconsistent {
        table: "lapsed_plan_subject",
        row: plan.to_owned(),
        column: "subject",
        found: "no key".to_owned(),
    })
}
