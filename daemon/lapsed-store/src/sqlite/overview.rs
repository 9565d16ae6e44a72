//! How everything stands, read at one moment (`lapsed status`).
//!
//! One snapshot for all of it: an operator who compares two lines of the answer compares the same store. What could be
//! ten thousand rows is counted, and only the first few are read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapsed_model::{Plan, Run, RunState, Schedule, TenantName, Workgroup};
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::daemon::{Serving, read_serving};
use super::in_force::InForce;
use super::ledger::parse;
use super::pauses::{Pause, read_pause};
use super::runs::read_run;
use super::schedules::{instant, read_schedule};
use crate::error::{Result, StoreError};

const DOING: &str = "look how everything stands";

/// How many runs and plans are named; the others are counted.
const MOST_NAMED: u32 = 20;

const RUNNING: &str = "SELECT * FROM lapsed_run \
    WHERE finished_at IS NULL AND state = 'running' AND ($1 IS NULL OR tenant = $1) ORDER BY claimed_at, id LIMIT $2";
const DISCARDED: &str = "SELECT * FROM lapsed_run \
    WHERE state = 'discarded' AND ($1 IS NULL OR tenant = $1) ORDER BY id DESC LIMIT $2";

/// How everything stands, or everything of one tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// Who serves the store, or served it last.
    pub serving: Option<Serving>,
    /// Every stop that touches what is looked at.
    pub pauses: Vec<Pause>,
    /// Which version of its policy each tenant has in force.
    pub in_force: Vec<InForce>,
    /// How many runs are unfinished or discarded, by state.
    pub runs: BTreeMap<RunState, u64>,
    /// The first of those that run.
    pub running: Vec<Run>,
    /// The newest of those that failed too often.
    pub discarded: Vec<Run>,
    /// Schedules that do not rest, those first whose slot comes first: as many as were asked for.
    pub next: Vec<Schedule>,
    /// How many schedules are stopped by themselves.
    pub schedules_paused: u64,
    /// The oldest plans that wait for an approval.
    pub waiting: Vec<WaitingPlan>,
    /// How many wait.
    pub plans_waiting: u64,
    /// What people asked for and have no answer to.
    pub requests: OpenRequests,
    /// Since when the store's files may hold what was erased, and how many batches wrote it.
    pub remnants: Option<(DateTime<Utc>, u64)>,
    /// The newest search for remains of erased people.
    pub last_scan: Option<LastScan>,
}

/// A plan that waits for an approval.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct WaitingPlan {
    /// Its id.
    pub plan: String,
    /// Whose people.
    pub workgroup: Workgroup,
    /// How many people it is about.
    pub people: u64,
    /// Since when it waits.
    pub since: DateTime<Utc>,
}

/// Requests without an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct OpenRequests {
    /// How many.
    pub open: u64,
    /// How many of them should have one.
    pub overdue: u64,
    /// When the next answer is due; in the past where one is overdue.
    pub next_due_at: Option<DateTime<Utc>>,
}

/// A search for remains of erased people.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LastScan {
    /// When.
    pub at: DateTime<Utc>,
    /// Whose people.
    pub tenant: TenantName,
    /// How many were looked for.
    pub people: u64,
    /// In how many columns something was found.
    pub hits: u64,
}

impl Store {
    /// How everything stands at `now`, or everything of `tenant`; `most` schedules are read.
    pub async fn overview(
        &self,
        tenant: Option<&TenantName>,
        now: DateTime<Utc>,
        most: u32,
    ) -> Result<Overview> {
        let mut snapshot = self.readers.begin().await.map_err(StoreError::of(DOING))?;
        let looking = &mut Looking {
            connection: &mut snapshot,
            tenant: tenant.map(TenantName::as_str),
        };
        let (waiting, plans_waiting) = looking.waiting(now).await?;
        Ok(Overview {
            serving: looking.serving().await?,
            pauses: looking.pauses().await?,
            in_force: looking.in_force().await?,
            runs: looking.runs().await?,
            running: looking.named(RUNNING).await?,
            discarded: looking.named(DISCARDED).await?,
            next: looking.next(most).await?,
            schedules_paused: looking.schedules_paused().await?,
            waiting,
            plans_waiting,
            requests: looking.requests(now).await?,
            remnants: looking.remnants().await?,
            last_scan: looking.last_scan().await?,
        })
    }
}

/// One look at a snapshot; without a tenant it is a look at all.
struct Looking<'a> {
    connection: &'a mut SqliteConnection,
    tenant: Option<&'a str>,
}

impl Looking<'_> {
    async fn serving(&mut self) -> Result<Option<Serving>> {
        let row = sqlx::query("SELECT * FROM lapsed_daemon")
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(StoreError::of(DOING))?;
        Ok(row.as_ref().map(read_serving))
    }

    async fn pauses(&mut self) -> Result<Vec<Pause>> {
        let rows =
            sqlx::query("SELECT * FROM lapsed_pause WHERE $1 IS NULL OR tenant IN ('*', $1) ORDER BY tenant")
                .bind(self.tenant)
                .fetch_all(&mut *self.connection)
                .await
                .map_err(StoreError::of(DOING))?;
        rows.iter().map(read_pause).collect()
    }

    async fn in_force(&mut self) -> Result<Vec<InForce>> {
        let rows = sqlx::query(
            "SELECT * FROM lapsed_policy_in_force WHERE $1 IS NULL OR tenant = $1 ORDER BY tenant",
        )
        .bind(self.tenant)
        .fetch_all(&mut *self.connection)
        .await
        .map_err(StoreError::of(DOING))?;
        rows.iter()
            .map(|row| {
                let tenant: String = row.get("tenant");
                Ok(InForce {
                    hash: row.get("hash"),
                    since: instant(row.get("since")),
                    tenant: parse(&tenant, "lapsed_policy_in_force", &tenant, "tenant")?,
                })
            })
            .collect()
    }

    async fn runs(&mut self) -> Result<BTreeMap<RunState, u64>> {
        let rows = sqlx::query(
            "SELECT state, count(*) AS runs FROM lapsed_run INDEXED BY lapsed_run_unfinished \
             WHERE finished_at IS NULL AND ($1 IS NULL OR tenant = $1) GROUP BY state UNION ALL \
             SELECT state, count(*) FROM lapsed_run \
             WHERE state = 'discarded' AND ($1 IS NULL OR tenant = $1) GROUP BY state",
        )
        .bind(self.tenant)
        .fetch_all(&mut *self.connection)
        .await
        .map_err(StoreError::of(DOING))?;
        rows.iter()
            .map(|row| {
                let state: String = row.get("state");
                let state = parse(&state, "lapsed_run", "", "state")?;
                Ok((state, row.get::<i64, _>("runs").unsigned_abs()))
            })
            .collect()
    }

    /// Runs of a statement that names their state, as the index over it wants.
    async fn named(&mut self, sql: &'static str) -> Result<Vec<Run>> {
        let rows = sqlx::query(sql)
            .bind(self.tenant)
            .bind(MOST_NAMED)
            .fetch_all(&mut *self.connection)
            .await
            .map_err(StoreError::of(DOING))?;
        rows.iter().map(read_run).collect()
    }

    /// A tenant's own schedules are shown while they are stopped too; of all, those count that will do something.
    async fn next(&mut self, most: u32) -> Result<Vec<Schedule>> {
        let rows = sqlx::query(
            "SELECT s.*, s.paused_at IS NOT NULL \
                 OR EXISTS (SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', s.tenant)) AS paused, \
             (SELECT count(*) FROM lapsed_run r WHERE r.schedule = s.id AND r.finished_at IS NULL) AS unfinished \
             FROM lapsed_schedule s WHERE s.next_slot_at IS NOT NULL \
               AND CASE WHEN $1 IS NULL THEN s.paused_at IS NULL AND NOT EXISTS ( \
                   SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', s.tenant)) ELSE s.tenant = $1 END \
             ORDER BY s.next_slot_at, s.id LIMIT $2",
        )
        .bind(self.tenant)
        .bind(most)
        .fetch_all(&mut *self.connection)
        .await
        .map_err(StoreError::of(DOING))?;
        rows.iter().map(read_schedule).collect()
    }

    async fn schedules_paused(&mut self) -> Result<u64> {
        self.count(
            "SELECT count(*) FROM lapsed_schedule WHERE paused_at IS NOT NULL AND ($1 IS NULL OR tenant = $1)",
        )
        .await
    }

    async fn count(&mut self, sql: &'static str) -> Result<u64> {
        let counted: i64 = sqlx::query_scalar(sql)
            .bind(self.tenant)
            .fetch_one(&mut *self.connection)
            .await
            .map_err(StoreError::of(DOING))?;
        Ok(counted.unsigned_abs())
    }

    /// The oldest plans that wait, and how many do.
    async fn waiting(&mut self, now: DateTime<Utc>) -> Result<(Vec<WaitingPlan>, u64)> {
        let rows = sqlx::query(
            "SELECT p.id, p.tenant, p.workgroup, p.subjects, a.asked_at, count(*) OVER () AS waiting \
             FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan \
             WHERE a.approved_at IS NULL AND a.replaced_by IS NULL AND a.asked_at > $2 \
               AND ($1 IS NULL OR p.tenant = $1) ORDER BY a.asked_at, p.id LIMIT $3",
        )
        .bind(self.tenant)
        .bind((now - Plan::VALID_FOR).timestamp_millis())
        .bind(MOST_NAMED)
        .fetch_all(&mut *self.connection)
        .await
        .map_err(StoreError::of(DOING))?;
        let waiting = rows
            .first()
            .map_or(0, |row| row.get::<i64, _>("waiting").unsigned_abs());
        let plans = rows.iter().map(|row| {
            let plan: String = row.get("id");
            let workgroup = format!(
                "{}/{}",
                row.get::<String, _>("tenant"),
                row.get::<String, _>("workgroup")
            );
            Ok(WaitingPlan {
                workgroup: parse(&workgroup, "lapsed_plan", &plan, "workgroup")?,
                people: row.get::<i64, _>("subjects").unsigned_abs(),
                since: instant(row.get("asked_at")),
                plan,
            })
        });
        Ok((plans.collect::<Result<_>>()?, waiting))
    }

    async fn requests(&mut self, now: DateTime<Utc>) -> Result<OpenRequests> {
        let row = sqlx::query(
            "SELECT count(*) AS open, count(*) FILTER (WHERE due_at < $2) AS overdue, min(due_at) AS next_due_at \
             FROM lapsed_request WHERE state = 'open' AND ($1 IS NULL OR tenant = $1)",
        )
        .bind(self.tenant)
        .bind(now.timestamp_millis())
        .fetch_one(&mut *self.connection)
        .await
        .map_err(StoreError::of(DOING))?;
        Ok(OpenRequests {
            open: row.get::<i64, _>("open").unsigned_abs(),
            overdue: row.get::<i64, _>("overdue").unsigned_abs(),
            next_due_at: row.get::<Option<i64>, _>("next_due_at").map(instant),
        })
    }

    async fn remnants(&mut self) -> Result<Option<(DateTime<Utc>, u64)>> {
        let row = sqlx::query("SELECT since, batches FROM lapsed_remnants")
            .fetch_optional(&mut *self.connection)
            .await
            .map_err(StoreError::of(DOING))?;
        Ok(row.map(|row| {
            (
                instant(row.get("since")),
                row.get::<i64, _>("batches").unsigned_abs(),
            )
        }))
    }

    async fn last_scan(&mut self) -> Result<Option<LastScan>> {
        let row = sqlx::query(
            "SELECT at, tenant, people, json_array_length(hits) AS hits FROM lapsed_scan \
             WHERE $1 IS NULL OR tenant = $1 ORDER BY id DESC LIMIT 1",
        )
        .bind(self.tenant)
        .fetch_optional(&mut *self.connection)
        .await
        .map_err(StoreError::of(DOING))?;
        row.map(|row| {
            let tenant: String = row.get("tenant");
            Ok(LastScan {
                at: instant(row.get("at")),
                tenant: parse(&tenant, "lapsed_scan", &tenant, "tenant")?,
                people: row.get::<i64, _>("people").unsigned_abs(),
                hits: row.get::<i64, _>("hits").unsigned_abs(),
            })
        })
        .transpose()
    }
}
