//! How everything stands, read at one moment (`lapsed status`).
//!
//! One snapshot for all of it: an operator who compares two lines of the answer compares the same store. What could be
//! ten thousand rows is counted, and only the first few are read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapsed_model::{Plan, Run, RunState, Schedule, TenantName, Workgroup};

use super::daemon::{Serving, serving};
use super::in_force::InForce;
use super::ledger::parse;
use super::pauses::{Pause, read_pause};
use super::runs::read_run;
use super::schedules::{instant, read_schedule};
use crate::Store;
use crate::error::Result;
use crate::row::Record;
use crate::session::Session;
use crate::sql::{Sql, side_by_side, values};

/// How many runs and plans are named; the others are counted.
const MOST_NAMED: u32 = 20;

const RUNNING: &str = "SELECT * FROM lapsed_run \
    WHERE finished_at IS NULL AND state = 'running' AND (CAST($1 AS TEXT) IS NULL OR tenant = $1) \
    ORDER BY claimed_at, id LIMIT $2";
const DISCARDED: &str = "SELECT * FROM lapsed_run \
    WHERE state = 'discarded' AND (CAST($1 AS TEXT) IS NULL OR tenant = $1) ORDER BY id DESC LIMIT $2";

/// How everything stands, or everything of one tenant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overview {
    /// Everybody who serves the store, or who served it last.
    pub serving: Vec<Serving>,
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
        let mut session = self.read("look how everything stands").await?;
        let looking = &mut Looking {
            session: &mut session,
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
    session: &'a mut Session,
    tenant: Option<&'a str>,
}

impl Looking<'_> {
    async fn serving(&mut self) -> Result<Vec<Serving>> {
        serving(self.session).await
    }

    /// The rows of a statement that wants to know the tenant and nothing else.
    async fn rows(&mut self, sql: impl Into<Sql>) -> Result<Vec<Record>> {
        self.session.all(sql, &values![self.tenant]).await
    }

    async fn pauses(&mut self) -> Result<Vec<Pause>> {
        let rows = self
            .rows(
                "SELECT * FROM lapsed_pause \
                 WHERE CAST($1 AS TEXT) IS NULL OR tenant IN ('*', $1) ORDER BY tenant",
            )
            .await?;
        rows.iter().map(read_pause).collect()
    }

    async fn in_force(&mut self) -> Result<Vec<InForce>> {
        let rows = self
            .rows(
                "SELECT * FROM lapsed_policy_in_force \
                 WHERE CAST($1 AS TEXT) IS NULL OR tenant = $1 ORDER BY tenant",
            )
            .await?;
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
        let rows = self.rows(side_by_side!("run_counts_by_state")).await?;
        rows.iter()
            .map(|row| {
                let state: String = row.get("state");
                let state = parse(&state, "lapsed_run", "", "state")?;
                Ok((state, row.get::<i64>("runs").unsigned_abs()))
            })
            .collect()
    }

    /// Runs of a statement that names their state, as the index over it wants.
    async fn named(&mut self, sql: &'static str) -> Result<Vec<Run>> {
        let rows = self.session.all(sql, &values![self.tenant, MOST_NAMED]).await?;
        rows.iter().map(read_run).collect()
    }

    /// A tenant's own schedules are shown while they are stopped too; of all, those count that will do something.
    async fn next(&mut self, most: u32) -> Result<Vec<Schedule>> {
        let rows = self
            .session
            .all(
                include_str!("../../sql/schedules_next.sql"),
                &values![self.tenant, most],
            )
            .await?;
        rows.iter().map(read_schedule).collect()
    }

    async fn schedules_paused(&mut self) -> Result<u64> {
        let rows = self
            .rows(
                "SELECT count(*) FROM lapsed_schedule \
                 WHERE paused_at IS NOT NULL AND (CAST($1 AS TEXT) IS NULL OR tenant = $1)",
            )
            .await?;
        Ok(rows[0].get::<i64>(0).unsigned_abs())
    }

    /// The oldest plans that wait, and how many do.
    async fn waiting(&mut self, now: DateTime<Utc>) -> Result<(Vec<WaitingPlan>, u64)> {
        let oldest = (now - Plan::VALID_FOR).timestamp_millis();
        let rows = self
            .session
            .all(
                "SELECT p.id, p.tenant, p.workgroup, p.subjects, a.asked_at, count(*) OVER () AS waiting \
                 FROM lapsed_approval a JOIN lapsed_plan p ON p.id = a.plan \
                 WHERE a.approved_at IS NULL AND a.replaced_by IS NULL AND a.asked_at > $2 \
                   AND (CAST($1 AS TEXT) IS NULL OR p.tenant = $1) ORDER BY a.asked_at, p.id LIMIT $3",
                &values![self.tenant, oldest, MOST_NAMED],
            )
            .await?;
        let waiting = rows
            .first()
            .map_or(0, |row| row.get::<i64>("waiting").unsigned_abs());
        let plans = rows.iter().map(read_waiting);
        Ok((plans.collect::<Result<_>>()?, waiting))
    }

    async fn requests(&mut self, now: DateTime<Utc>) -> Result<OpenRequests> {
        let row = self
            .session
            .one(
                "SELECT count(*) AS open, count(*) FILTER (WHERE due_at < $2) AS overdue, \
                 min(due_at) AS next_due_at FROM lapsed_request \
                 WHERE state = 'open' AND (CAST($1 AS TEXT) IS NULL OR tenant = $1)",
                &values![self.tenant, now.timestamp_millis()],
            )
            .await?;
        Ok(OpenRequests {
            open: row.get::<i64>("open").unsigned_abs(),
            overdue: row.get::<i64>("overdue").unsigned_abs(),
            next_due_at: row.get::<Option<i64>>("next_due_at").map(instant),
        })
    }

    async fn remnants(&mut self) -> Result<Option<(DateTime<Utc>, u64)>> {
        let row = self
            .session
            .first("SELECT since, batches FROM lapsed_remnants", &[])
            .await?;
        let batches = |row: &Record| row.get::<i64>("batches").unsigned_abs();
        Ok(row.map(|row| (instant(row.get("since")), batches(&row))))
    }

    async fn last_scan(&mut self) -> Result<Option<LastScan>> {
        let rows = self.rows(side_by_side!("scan_last")).await?;
        rows.first().map(read_scan).transpose()
    }
}

fn read_waiting(row: &Record) -> Result<WaitingPlan> {
    let plan: String = row.get("id");
    let (tenant, workgroup): (String, String) = (row.get("tenant"), row.get("workgroup"));
    let workgroup = format!("{tenant}/{workgroup}");
    Ok(WaitingPlan {
        workgroup: parse(&workgroup, "lapsed_plan", &plan, "workgroup")?,
        people: row.get::<i64>("subjects").unsigned_abs(),
        since: instant(row.get("asked_at")),
        plan,
    })
}

fn read_scan(row: &Record) -> Result<LastScan> {
    let tenant: String = row.get("tenant");
    Ok(LastScan {
        at: instant(row.get("at")),
        tenant: parse(&tenant, "lapsed_scan", &tenant, "tenant")?,
        people: row.get::<i64>("people").unsigned_abs(),
        hits: row.get::<i64>("hits").unsigned_abs(),
    })
}
