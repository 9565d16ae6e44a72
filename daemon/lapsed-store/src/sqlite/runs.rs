//! Runs: claimed in turn, done under a lease, finished once.
//!
//! Every claim of a run raises its fence. Whoever finishes it, hands it back, or commits a batch on its behalf names
//! owner and fence; where the store knows others, the lease was lost and nothing is written.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapsed_model::{Lease, Run, RunState, TenantName};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::ledger::parse;
use super::schedules::instant;
use crate::error::{Result, StoreError};

/// Something that somebody asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Whose; none where it is the daemon's own.
    pub tenant: Option<TenantName>,
    /// The workgroup's name, where it concerns one.
    pub workgroup: Option<String>,
    /// What is to be done.
    pub job: String,
    /// What the job needs to know. A person stands in it as `subject` or `customer`, or by their `request`: once they
    /// are anonymised the run no longer says whom it was about.
    pub payload: serde_json::Value,
    /// Who asks.
    pub asked_by: Option<String>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// How a run ended, this time.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It was done.
    Completed(serde_json::Value),
    /// It was not done, for a reason that trying again would not change.
    Cancelled(serde_json::Value),
    /// It failed and is tried again then.
    Retry {
        /// Why.
        error: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// It failed too often.
    Discarded {
        /// Why, the last time.
        error: String,
    },
    /// Nothing became of it, perhaps for a reason of the moment: it is available again as if it had not been claimed.
    HandedBack(Option<String>),
}

/// The end of a run, by whoever holds its lease.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    /// The lease.
    pub lease: Lease,
    /// How it ended.
    pub end: End,
}

/// Which runs to look at.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Of one tenant.
    pub tenant: Option<TenantName>,
    /// Of one schedule.
    pub schedule: Option<String>,
    /// In one of these states; in any where there is none.
    pub states: Vec<RunState>,
    /// At most so many.
    pub most: u32,
}

impl Store {
    /// Asks for a run. Answers its number.
    pub async fn enqueue(&self, new: &NewRun) -> Result<i64> {
        let mut transaction = self.begin("enqueue a run").await?;
        let id = insert(&mut transaction, new).await?;
        transaction
            .commit()
            .await
            .map_err(StoreError::of("enqueue a run"))?;
        Ok(id)
    }

    /// Leases at most `room` runs: tenants in turn, the least served first, and of each its oldest runs. What is
    /// paused is passed over.
    pub async fn claim(&self, now: DateTime<Utc>, owner: i64, room: u32) -> Result<Vec<(Run, Lease)>> {
        let doing = "claim runs";
        let mut transaction = self.begin(doing).await?;
        let tenants: Vec<String> = sqlx::query_scalar(
            "SELECT t.tenant FROM lapsed_turn t WHERE t.waiting = 1 AND (t.tenant = '' OR NOT EXISTS ( \
             SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', t.tenant))) ORDER BY t.vtime, t.tenant LIMIT $1",
        )
        .bind(room)
        .fetch_all(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        let each = room.div_ceil(u32::try_from(tenants.len()).unwrap_or(1));
        let chosen: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM ( \
                 SELECT r.id, row_number() OVER (PARTITION BY r.tenant ORDER BY r.due_at, r.id) AS place, t.key AS turn \
                 FROM json_each($1) t JOIN lapsed_run r ON r.id IN ( \
                     SELECT o.id FROM lapsed_run o WHERE o.tenant = t.value AND o.state = 'available' \
                     ORDER BY o.due_at, o.id LIMIT $2)) \
             ORDER BY place, turn LIMIT $3",
        )
        .bind(json!(tenants).to_string())
        .bind(each)
        .bind(room)
        .fetch_all(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        let claimed = lease(&mut transaction, &chosen, owner, now).await?;
        lapsed_model::fault::point("claimed");
        serve(&mut transaction, &tenants, &claimed).await?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(claimed)
    }

    /// Writes down how runs ended, all in one transaction. Answers the leases that were lost: of these nothing was
    /// written.
    pub async fn finish(&self, ends: &[Finish], now: DateTime<Utc>) -> Result<Vec<Lease>> {
        let doing = "finish runs";
        let rows: Vec<serde_json::Value> = ends.iter().map(|finish| row(finish, now)).collect();
        let mut transaction = self.begin(doing).await?;
        let finished: Vec<i64> = sqlx::query_scalar(
            "UPDATE lapsed_run SET state = e.value ->> 3, finished_at = e.value ->> 4, outcome = e.value ->> 5, \
             error = coalesce(e.value ->> 6, CASE e.value ->> 3 WHEN 'completed' THEN NULL ELSE error END), \
             due_at = coalesce(e.value ->> 7, due_at), attempt = max(0, attempt - (e.value ->> 8)), owner = NULL \
             FROM json_each($1) e \
             WHERE lapsed_run.id = e.value ->> 0 AND +lapsed_run.owner = e.value ->> 1 \
             AND lapsed_run.fence = e.value ->> 2 AND +lapsed_run.state = 'running' RETURNING id",
        )
        .bind(json!(rows).to_string())
        .fetch_all(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        forget_people(&mut transaction, &finished).await?;
        if ends.iter().any(|finish| matches!(finish.end, End::HandedBack(_))) {
            wait_again(&mut transaction).await?;
        }
        lapsed_model::fault::point("finished");
        transaction.commit().await.map_err(StoreError::of(doing))?;
        let lost = ends.iter().map(|finish| finish.lease);
        Ok(lost.filter(|lease| !finished.contains(&lease.run)).collect())
    }

    /// Which of these leases were lost.
    pub async fn lost(&self, leases: &[Lease]) -> Result<Vec<Lease>> {
        let rows: Vec<serde_json::Value> = leases
            .iter()
            .map(|lease| json!([lease.run, lease.owner, lease.fence]))
            .collect();
        let held: Vec<i64> = sqlx::query_scalar(
            "SELECT r.id FROM json_each($1) l JOIN lapsed_run r ON r.id = l.value ->> 0 \
             WHERE +r.owner = l.value ->> 1 AND r.fence = l.value ->> 2 AND +r.state = 'running'",
        )
        .bind(json!(rows).to_string())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("look after leases"))?;
        let leases = leases.iter().filter(|lease| !held.contains(&lease.run));
        Ok(leases.copied().collect())
    }

    /// One run.
    pub async fn run(&self, id: i64) -> Result<Option<Run>> {
        let row = sqlx::query("SELECT * FROM lapsed_run WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::of("read a run"))?;
        row.as_ref().map(read_run).transpose()
    }

    /// Runs, the newest first.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>> {
        let states: Vec<&str> = filter.states.iter().map(|state| state.words()).collect();
        let rows = sqlx::query(
            "SELECT * FROM lapsed_run WHERE ($1 IS NULL OR tenant = $1) AND ($2 IS NULL OR schedule = $2) \
             AND ($3 = '[]' OR state IN (SELECT value FROM json_each($3))) ORDER BY id DESC LIMIT $4",
        )
        .bind(filter.tenant.as_ref().map(TenantName::as_str))
        .bind(filter.schedule.as_deref())
        .bind(json!(states).to_string())
        .bind(filter.most)
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read runs"))?;
        rows.iter().map(read_run).collect()
    }

    /// How many runs are unfinished or discarded, by tenant and state.
    pub async fn run_counts(&self) -> Result<Vec<(Option<TenantName>, RunState, u64)>> {
        let rows = sqlx::query(
            "SELECT tenant, state, count(*) AS runs FROM lapsed_run INDEXED BY lapsed_run_unfinished \
             WHERE finished_at IS NULL GROUP BY tenant, state UNION ALL \
             SELECT tenant, state, count(*) FROM lapsed_run WHERE state = 'discarded' GROUP BY tenant, state",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("count runs"))?;
        rows.iter()
            .map(|row| {
                let state = parse(&row.get::<String, _>("state"), "lapsed_run", "", "state")?;
                Ok((
                    tenant(row.get::<&str, _>("tenant"))?,
                    state,
                    row.get::<i64, _>("runs").unsigned_abs(),
                ))
            })
            .collect()
    }

    /// Since when the oldest available run has been due.
    pub async fn oldest_available(&self) -> Result<Option<DateTime<Utc>>> {
        let due: Option<i64> =
            sqlx::query_scalar("SELECT min(due_at) FROM lapsed_run WHERE state = 'available'")
                .fetch_one(&self.readers)
                .await
                .map_err(StoreError::of("look for the oldest run"))?;
        Ok(due.map(instant))
    }
}

/// Inserts a run that may be claimed at once, inside somebody's transaction.
pub(super) async fn insert(connection: &mut SqliteConnection, new: &NewRun) -> Result<i64> {
    let doing = "enqueue a run";
    let tenant = new.tenant.as_ref().map_or("", TenantName::as_str);
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO lapsed_run (tenant, workgroup, job, payload, asked_by, created_at, due_at, state, subject) \
         VALUES ($1, $2, $3, $4, $5, $6, $6, 'available', coalesce( \
             json_extract($4, '$.subject'), json_extract($4, '$.customer'), \
             (SELECT r.subject FROM lapsed_request r WHERE r.id = json_extract($4, '$.request')))) RETURNING id",
    )
    .bind(tenant)
    .bind(new.workgroup.as_deref())
    .bind(&new.job)
    .bind(new.payload.to_string())
    .bind(new.asked_by.as_deref())
    .bind(new.at.timestamp_millis())
    .fetch_one(&mut *connection)
    .await
    .map_err(StoreError::of(doing))?;
    await_turn(connection, &[tenant.to_owned()]).await?;
    Ok(id)
}

/// A run that ends behind the erasure of its person, as the one that erased them does, no longer says whom it was about.
async fn forget_people(connection: &mut SqliteConnection, finished: &[i64]) -> Result<()> {
    sqlx::query(
        "UPDATE lapsed_run SET payload = json_remove(payload, '$.subject', '$.customer'), error = NULL, \
         outcome = json_replace(json_remove(outcome, '$.subject', '$.customer'), \
             '$.refused', 'the person is anonymised') \
         WHERE id IN (SELECT value FROM json_each($1)) AND finished_at IS NOT NULL AND subject IS NULL \
         AND job IN ('anonymise', 'judge', 'request') \
         AND CASE WHEN json_valid(payload) THEN coalesce(json_type(payload, '$.subject'), \
             json_type(payload, '$.customer'), json_type(payload, '$.request')) IS NOT NULL END",
    )
    .bind(json!(finished).to_string())
    .execute(connection)
    .await
    .map(|_| ())
    .map_err(StoreError::of("take a person out of a run"))
}

/// Makes the runs available whose time has come. Answers how many.
pub(super) async fn promote(connection: &mut SqliteConnection, now: DateTime<Utc>) -> Result<u64> {
    let tenants: Vec<String> = sqlx::query_scalar(
        "UPDATE lapsed_run SET state = 'available' WHERE id IN ( \
             SELECT id FROM lapsed_run WHERE state IN ('scheduled', 'retryable') AND due_at <= $1 LIMIT 10000) \
         RETURNING tenant",
    )
    .bind(now.timestamp_millis())
    .fetch_all(&mut *connection)
    .await
    .map_err(StoreError::of("make runs available"))?;
    await_turn(connection, &tenants).await?;
    Ok(tenants.len() as u64)
}

/// Every tenant with available runs waits for its turn.
pub(super) async fn wait_again(connection: &mut SqliteConnection) -> Result<()> {
    let tenants: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT tenant FROM lapsed_run WHERE state = 'available'")
            .fetch_all(&mut *connection)
            .await
            .map_err(StoreError::of("put tenants in turn"))?;
    await_turn(connection, &tenants).await
}

/// A tenant that did not wait joins at the turn of those who do: having been idle is no credit.
pub(super) async fn await_turn(
    connection: &mut SqliteConnection,
    tenants: impl IntoIterator<Item = &String>,
) -> Result<()> {
    let tenants: Vec<&String> = tenants.into_iter().collect();
    if tenants.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO lapsed_turn (tenant, waiting, vtime) \
         SELECT DISTINCT value, 1, coalesce( \
             (SELECT min(vtime) FROM lapsed_turn WHERE waiting = 1), (SELECT max(vtime) FROM lapsed_turn), 0) \
         FROM json_each($1) WHERE true \
         ON CONFLICT (tenant) DO UPDATE SET waiting = 1, vtime = max(vtime, excluded.vtime) WHERE waiting = 0",
    )
    .bind(json!(tenants).to_string())
    .execute(&mut *connection)
    .await
    .map(|_| ())
    .map_err(StoreError::of("put tenants in turn"))
}

/// Moves the tenants that were looked at on by what they were served; who has nothing available leaves the line.
async fn serve(
    connection: &mut SqliteConnection,
    tenants: &[String],
    claimed: &[(Run, Lease)],
) -> Result<()> {
    let mut served: BTreeMap<&str, u64> = tenants.iter().map(|tenant| (tenant.as_str(), 0)).collect();
    for (run, _) in claimed {
        *served
            .entry(run.tenant.as_ref().map_or("", TenantName::as_str))
            .or_default() += 1;
    }
    let served: Vec<(&str, u64)> = served.into_iter().collect();
    sqlx::query(
        "UPDATE lapsed_turn SET vtime = vtime + (s.value ->> 1), \
         waiting = EXISTS (SELECT 1 FROM lapsed_run r WHERE r.tenant = lapsed_turn.tenant AND r.state = 'available') \
         FROM json_each($1) s WHERE lapsed_turn.tenant = s.value ->> 0",
    )
    .bind(json!(served).to_string())
    .execute(connection)
    .await
    .map(|_| ())
    .map_err(StoreError::of("move tenants on"))
}

async fn lease(
    connection: &mut SqliteConnection,
    runs: &[i64],
    owner: i64,
    now: DateTime<Utc>,
) -> Result<Vec<(Run, Lease)>> {
    let rows = sqlx::query(
        "UPDATE lapsed_run SET state = 'running', attempt = attempt + 1, fence = fence + 1, owner = $2, claimed_at = $3 \
         WHERE id IN (SELECT value FROM json_each($1)) AND state = 'available' RETURNING *",
    )
    .bind(json!(runs).to_string())
    .bind(owner)
    .bind(now.timestamp_millis())
    .fetch_all(&mut *connection)
    .await
    .map_err(StoreError::of("claim runs"))?;
    rows.iter()
        .map(|row| {
            let run = read_run(row)?;
            let lease = Lease {
                run: run.id,
                owner,
                fence: row.get("fence"),
            };
            Ok((run, lease))
        })
        .collect()
}

/// `[run, owner, fence, state, finished, outcome, error, due, attempts given back]`
fn row(finish: &Finish, now: DateTime<Utc>) -> serde_json::Value {
    let Lease { run, owner, fence } = finish.lease;
    let now = now.timestamp_millis();
    match &finish.end {
        End::Completed(outcome) => {
            json!([
                run,
                owner,
                fence,
                "completed",
                now,
                outcome.to_string(),
                null,
                null,
                0
            ])
        }
        End::Cancelled(outcome) => {
            json!([
                run,
                owner,
                fence,
                "cancelled",
                now,
                outcome.to_string(),
                null,
                null,
                0
            ])
        }
        End::Retry { error, at } => {
            let at = at.timestamp_millis();
            json!([run, owner, fence, "retryable", null, null, error, at, 0])
        }
        End::Discarded { error } => json!([run, owner, fence, "discarded", now, null, error, null, 0]),
        End::HandedBack(error) => json!([run, owner, fence, "available", null, null, error, null, 1]),
    }
}

fn tenant(name: &str) -> Result<Option<TenantName>> {
    if name.is_empty() {
        return Ok(None);
    }
    parse(name, "lapsed_run", name, "tenant").map(Some)
}

pub(super) fn read_run(row: &SqliteRow) -> Result<Run> {
    let id: i64 = row.get("id");
    let moment = |column: &'static str| row.get::<Option<i64>, _>(column).map(instant);
    Ok(Run {
        id,
        schedule: row.get("schedule"),
        slot_at: moment("slot_at"),
        tenant: tenant(row.get::<&str, _>("tenant"))?,
        workgroup: row.get("workgroup"),
        job: row.get("job"),
        payload: row.get("payload"),
        asked_by: row.get("asked_by"),
        due_at: instant(row.get("due_at")),
        state: parse(
            &row.get::<String, _>("state"),
            "lapsed_run",
            &id.to_string(),
            "state",
        )?,
        attempt: row.get::<u32, _>("attempt"),
        claimed_at: moment("claimed_at"),
        finished_at: moment("finished_at"),
        outcome: row.get("outcome"),
        error: row.get("error"),
    })
}
