//! Plans: stored whole, in one transaction.

use chrono::DateTime;
use lapsed_model::{
    Bounds, Digest, Plan, PlanState, Statement, SubjectKey, TenantName, Value, Way, Workgroup, fault,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::approvals::{Brake, pull};
use super::ledger::parse;
use super::rows::{query, subject_key, value};
use crate::error::{Result, StoreError};

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
    /// The run that makes it: if it comes back, it goes on with this plan.
    pub run: Option<i64>,
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
        let mut transaction = self.begin(doing).await?;
        let made = sqlx::query(include_str!("../../sql/plan_insert.sql"))
            .bind(&id)
            .bind(new.workgroup.tenant.as_str())
            .bind(&new.workgroup.name)
            .bind(&new.store_key)
            .bind(new.way.word())
            .bind(new.bounds.now.timestamp_millis())
            .bind(new.bounds.cut_off.timestamp_millis())
            .bind(new.bounds.zone.name())
            .bind(new.policy.to_string())
            .bind(new.dataset.to_string())
            .bind(serde_json::json!(new.rules).to_string())
            .bind(new.run)
            .bind(brake.is_some_and(|brake| !brake.replaces))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of(doing))?;
        if made.rows_affected() == 0 {
            transaction.rollback().await.map_err(StoreError::of(doing))?;
            return self.plan(&id).await;
        }
        let inserted = query(subjects)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of("judge a workgroup"))?;
        let hash = hash_subjects(&mut transaction, &id, new.asked()).await?;
        let counts = sqlx::query(
            "SELECT rule, count(*) AS people FROM lapsed_plan_subject WHERE plan = $1 AND rule IS NOT NULL GROUP BY rule",
        )
        .bind(&id)
        .fetch_all(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        let counts: serde_json::Map<String, serde_json::Value> = counts
            .iter()
            .filter_map(|row| {
                let place = usize::try_from(row.get::<i64, _>("rule")).ok()?.checked_sub(1)?;
                Some((new.rules.get(place)?.clone(), row.get::<i64, _>("people").into()))
            })
            .collect();
        sqlx::query("UPDATE lapsed_plan SET hash = $2, counts = $3, subjects = $4 WHERE id = $1")
            .bind(&id)
            .bind(hash.to_string())
            .bind(serde_json::Value::Object(counts).to_string())
            .bind(i64::try_from(inserted.rows_affected()).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of(doing))?;
        fault::point("plan-stored");
        if let Some(brake) = brake {
            pull(&mut transaction, brake, new, &id, inserted.rows_affected()).await?;
        }
        fault::point("plan-judged");
        transaction.commit().await.map_err(StoreError::of(doing))?;
        self.plan(&id).await
    }

    /// The hash over a stored plan as it stands now: another one than it was stored with, and it was edited.
    pub async fn hash_of(&self, plan: &Plan) -> Result<Digest> {
        let by = [plan.policy, plan.dataset];
        let asked = asked(&plan.workgroup, &plan.store_key, plan.way, &plan.bounds, by);
        let mut connection = self
            .readers
            .acquire()
            .await
            .map_err(StoreError::of("hash a plan"))?;
        hash_subjects(&mut connection, &plan.id, asked).await
    }

    /// The plan of this id.
    pub async fn plan(&self, id: &str) -> Result<Plan> {
        let row = sqlx::query("SELECT * FROM lapsed_plan WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::of("read a plan"))?;
        row.as_ref()
            .map_or_else(|| Err(StoreError::NoPlan(id.to_owned())), read_plan)
    }

    /// The plan that a run made before it came back, if it did.
    pub async fn plan_of_run(&self, run: i64) -> Result<Option<Plan>> {
        let row = sqlx::query("SELECT * FROM lapsed_plan WHERE run = $1 ORDER BY planned_at DESC LIMIT 1")
            .bind(run)
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::of("read a run's plan"))?;
        row.as_ref().map(read_plan).transpose()
    }

    /// A tenant's plans, the newest first.
    pub async fn plans(&self, tenant: &TenantName) -> Result<Vec<Plan>> {
        let rows = sqlx::query("SELECT * FROM lapsed_plan WHERE tenant = $1 ORDER BY planned_at DESC, id")
            .bind(tenant.as_str())
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read plans"))?;
        rows.iter().map(read_plan).collect()
    }

    /// The people whom a plan named and its batches dropped.
    pub async fn dropped(&self, plan: &str) -> Result<Vec<SubjectKey>> {
        let rows = sqlx::query(
            "SELECT subject FROM lapsed_plan_subject WHERE plan = $1 AND dropped = 1 ORDER BY subject",
        )
        .bind(plan)
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read a plan's people"))?;
        rows.iter().map(|row| read_subject(row, 0, plan)).collect()
    }
}

/// Folds the plan's people into its hash, in key order and in pieces, so that a plan of a million costs no memory.
async fn hash_subjects(connection: &mut SqliteConnection, plan: &str, asked: Digest) -> Result<Digest> {
    let mut hash = asked;
    let mut after = super::apply::before_everybody();
    loop {
        let piece = Statement {
            sql: include_str!("../../sql/plan_piece.sql").to_owned(),
            binds: vec![plan.into(), after],
        };
        let row = query(&piece)
            .fetch_one(&mut *connection)
            .await
            .map_err(StoreError::of("hash a plan"))?;
        let people: String = row.get(0);
        let last = value(&row, 1).map_err(StoreError::of("hash a plan"))?;
        if last == Value::Null {
            return Ok(hash);
        }
        hash = Digest::of(&[hash.to_string().as_bytes(), people.as_bytes()]);
        after = last;
    }
}

pub(super) fn read_plan(row: &SqliteRow) -> Result<Plan> {
    const TABLE: &str = "lapsed_plan";
    let id: String = row.get("id");
    let text = |column: &'static str| row.get::<String, _>(column);
    let damaged = |column: &'static str| StoreError::Inconsistent {
        table: TABLE,
        row: id.clone(),
        column,
        found: "not readable".to_owned(),
    };
    let instant = |column: &'static str| {
        DateTime::from_timestamp_millis(row.get(column)).ok_or_else(|| damaged(column))
    };
    let count = |column: &'static str| row.get::<i64, _>(column).unsigned_abs();
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
        applied_to: value(row, "applied_to")
            .map_err(StoreError::of("read a plan"))
            .map(subject_key)?,
        anonymised: count("anonymised"),
        dropped: count("dropped"),
        id,
    })
}

pub(super) fn read_subject(row: &SqliteRow, index: usize, plan: &str) -> Result<SubjectKey> {
    let key = value(row, index).map_err(StoreError::of("read a person's key"))?;
    subject_key(key).ok_or_else(|| StoreError::Inconsistent {
        table: "lapsed_plan_subject",
        row: plan.to_owned(),
        column: "subject",
        found: "no key".to_owned(),
    })
}
