//! Runs: claimed in turn, done under a lease, finished once.
//!
//! Every claim of a run raises its fence. Whoever finishes it, hands it back, or commits a batch on its behalf names
//! owner and fence; where the store knows others, the lease was lost and nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use lapsed_model::{Lease, Run, RunState, TenantName};
use serde_json::json;

use super::ledger::parse;
use super::schedules::instant;
use crate::Store;
use crate::error::Result;
use crate::row::{Record, column};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

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
    /// Something was in its way: it is tried again then, as if it had not been claimed.
    Later {
        /// What.
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

/// How many tenants one claim looks at. Each has to be moved on in the line, so a large claim takes several runs of each
/// and not one of each of hundreds; a small one, for runs that take long, is shared out one by one.
const AT_ONCE: u32 = 128;

impl Store {
    /// Asks for a run. Answers its number.
    pub async fn enqueue(&self, new: &NewRun) -> Result<i64> {
        let mut session = self.write("enqueue a run", Beside::Anybody).await?;
        let id = insert(&mut session, new).await?;
        session.commit().await?;
        Ok(id)
    }

    /// Leases at most `room` runs: tenants in turn, the least served first, and of each its oldest runs. What is
    /// paused is passed over. Fewer than `room` is no sign that nothing else waits.
    pub async fn claim(&self, now: DateTime<Utc>, owner: i64, room: u32) -> Result<Vec<(Run, Lease)>> {
        let mut session = self.write("claim runs", Beside::Anybody).await?;
        let tenants = session
            .all(
                "SELECT t.tenant FROM lapsed_turn t WHERE t.waiting = 1 AND (t.tenant = '' OR NOT EXISTS ( \
                 SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', t.tenant))) ORDER BY t.vtime, t.tenant LIMIT $1",
                &values![room.min(AT_ONCE)],
            )
            .await?;
        let tenants: Vec<String> = column(&tenants);
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        let each = room.div_ceil(u32::try_from(tenants.len()).unwrap_or(1));
        let claimed = session
            .all(
                side_by_side!("run_claim"),
                &values![
                    json!(tenants).to_string(),
                    each,
                    room,
                    owner,
                    now.timestamp_millis(),
                ],
            )
            .await?;
        let claimed: Vec<(Run, Lease)> = claimed.iter().map(read_lease).collect::<Result<_>>()?;
        lapsed_model::fault::point("claimed");
        serve(&mut session, &tenants, &claimed).await?;
        session.commit().await?;
        Ok(claimed)
    }

    /// Writes down how runs ended, all in one transaction. Answers the leases that were lost: of these nothing was
    /// written.
    pub async fn finish(&self, ends: &[Finish], now: DateTime<Utc>) -> Result<Vec<Lease>> {
        let rows: Vec<serde_json::Value> = ends.iter().map(|finish| row(finish, now)).collect();
        let mut session = self.write("finish runs", Beside::Anybody).await?;
        let finished = session
            .all(side_by_side!("run_finish"), &values![json!(rows).to_string()])
            .await?;
        let finished: Vec<i64> = column(&finished);
        forget_people(&mut session, &finished).await?;
        if ends.iter().any(|finish| matches!(finish.end, End::HandedBack(_))) {
            wait_again(&mut session).await?;
        }
        lapsed_model::fault::point("finished");
        session.commit().await?;
        let lost = ends.iter().map(|finish| finish.lease);
        Ok(lost.filter(|lease| !finished.contains(&lease.run)).collect())
    }

    /// Which of these leases were lost.
    pub async fn lost(&self, leases: &[Lease]) -> Result<Vec<Lease>> {
        let rows: Vec<serde_json::Value> = leases
            .iter()
            .map(|lease| json!([lease.run, lease.owner, lease.fence]))
            .collect();
        let mut session = self.read("look after leases").await?;
        let held = session
            .all(side_by_side!("run_held"), &values![json!(rows).to_string()])
            .await?;
        let held: Vec<i64> = column(&held);
        let leases = leases.iter().filter(|lease| !held.contains(&lease.run));
        Ok(leases.copied().collect())
    }

    /// One run.
    pub async fn run(&self, id: i64) -> Result<Option<Run>> {
        let mut session = self.read("read a run").await?;
        let row = session
            .first("SELECT * FROM lapsed_run WHERE id = $1", &values![id])
            .await?;
        row.as_ref().map(read_run).transpose()
    }

    /// Runs, the newest first.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<Run>> {
        let states: Vec<&str> = filter.states.iter().map(|state| state.words()).collect();
        let mut session = self.read("read runs").await?;
        let rows = session
            .all(
                side_by_side!("run_list"),
                &values![
                    filter.tenant.as_ref().map(TenantName::as_str),
                    filter.schedule.as_deref(),
                    json!(states).to_string(),
                    filter.most,
                ],
            )
            .await?;
        rows.iter().map(read_run).collect()
    }

    /// How many runs are unfinished or discarded, by tenant and state.
    pub async fn run_counts(&self) -> Result<Vec<(Option<TenantName>, RunState, u64)>> {
        let mut session = self.read("count runs").await?;
        let rows = session.all(side_by_side!("run_counts"), &[]).await?;
        rows.iter()
            .map(|row| {
                let state = parse(&row.get::<String>("state"), "lapsed_run", "", "state")?;
                Ok((
                    tenant(&row.get::<String>("tenant"))?,
                    state,
                    row.get::<i64>("runs").unsigned_abs(),
                ))
            })
            .collect()
    }

    /// Since when the oldest available run has been due.
    pub async fn oldest_available(&self) -> Result<Option<DateTime<Utc>>> {
        let mut session = self.read("look for the oldest run").await?;
        let oldest = session
            .one(
                "SELECT min(due_at) FROM lapsed_run WHERE state = 'available'",
                &[],
            )
            .await?;
        Ok(oldest.get::<Option<i64>>(0).map(instant))
    }
}

/// Inserts a run that may be claimed at once, inside somebody's transaction.
pub(super) async fn insert(session: &mut Session, new: &NewRun) -> Result<i64> {
    let tenant = new.tenant.as_ref().map_or("", TenantName::as_str);
    let id = session
        .doing("enqueue a run")
        .one(
            side_by_side!("run_insert"),
            &values![
                tenant,
                new.workgroup.as_deref(),
                &new.job,
                new.payload.to_string(),
                new.asked_by.as_deref(),
                new.at.timestamp_millis(),
            ],
        )
        .await?
        .get(0);
    await_turn(session, &[tenant.to_owned()]).await?;
    session.wake().await?;
    Ok(id)
}

/// A run that ends behind the erasure of its person, as the one that erased them does, no longer says whom it was about.
async fn forget_people(session: &mut Session, finished: &[i64]) -> Result<()> {
    session
        .doing("take a person out of a run")
        .run(
            side_by_side!("run_forget_people"),
            &values![json!(finished).to_string()],
        )
        .await?;
    Ok(())
}

/// Makes the runs available whose time has come. Answers how many.
pub(super) async fn promote(session: &mut Session, now: DateTime<Utc>) -> Result<u64> {
    let tenants = session
        .doing("make runs available")
        .all(side_by_side!("run_promote"), &values![now.timestamp_millis()])
        .await?;
    let tenants: Vec<String> = column(&tenants);
    await_turn(session, &tenants).await?;
    Ok(tenants.len() as u64)
}

/// Every tenant with available runs waits for its turn.
pub(super) async fn wait_again(session: &mut Session) -> Result<()> {
    let tenants = session
        .doing("put tenants in turn")
        .all(
            "SELECT DISTINCT tenant FROM lapsed_run WHERE state = 'available'",
            &[],
        )
        .await?;
    await_turn(session, &column::<String>(&tenants)).await
}

/// A tenant that did not wait joins at the turn of those who do: having been idle is no credit.
///
/// Even a row that does not change is locked by this until the transaction ends, so that whoever takes the tenant out of
/// the line in between looks again when the new run is there to be seen.
pub(super) async fn await_turn(
    session: &mut Session,
    tenants: impl IntoIterator<Item = &String>,
) -> Result<()> {
    let tenants: BTreeSet<&String> = tenants.into_iter().collect();
    if tenants.is_empty() {
        return Ok(());
    }
    session
        .doing("put tenants in turn")
        .run(side_by_side!("turn_await"), &values![json!(tenants).to_string()])
        .await?;
    Ok(())
}

/// Moves the tenants that were looked at on by what they were served; who has nothing available leaves the line.
async fn serve(session: &mut Session, tenants: &[String], claimed: &[(Run, Lease)]) -> Result<()> {
    let mut served: BTreeMap<&str, u64> = tenants.iter().map(|tenant| (tenant.as_str(), 0)).collect();
    for (run, _) in claimed {
        *served
            .entry(run.tenant.as_ref().map_or("", TenantName::as_str))
            .or_default() += 1;
    }
    let served: Vec<(&str, u64)> = served.into_iter().collect();
    let served = values![json!(served).to_string()];
    session.doing("move tenants on");
    // Locked in one statement and looked at in the next: what was enqueued before the lock is seen.
    session.all(side_by_side!("turn_lock"), &served).await?;
    session.run(side_by_side!("turn_serve"), &served).await?;
    Ok(())
}

fn read_lease(row: &Record) -> Result<(Run, Lease)> {
    let run = read_run(row)?;
    let lease = Lease {
        run: run.id,
        owner: row.get("owner"),
        fence: row.get("fence"),
    };
    Ok((run, lease))
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
        End::Later { error, at } => {
            let at = at.timestamp_millis();
            json!([run, owner, fence, "retryable", null, null, error, at, 1])
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

pub(super) fn read_run(row: &Record) -> Result<Run> {
    let id: i64 = row.get("id");
    let moment = |column: &str| row.get::<Option<i64>>(column).map(instant);
    Ok(Run {
        id,
        schedule: row.get("schedule"),
        slot_at: moment("slot_at"),
        tenant: tenant(&row.get::<String>("tenant"))?,
        workgroup: row.get("workgroup"),
        job: row.get("job"),
        payload: row.get("payload"),
        asked_by: row.get("asked_by"),
        due_at: instant(row.get("due_at")),
        state: parse(
            &row.get::<String>("state"),
            "lapsed_run",
            &id.to_string(),
            "state",
        )?,
        attempt: row.get::<u32>("attempt"),
        claimed_at: moment("claimed_at"),
        finished_at: moment("finished_at"),
        outcome: row.get("outcome"),
        error: row.get("error"),
    })
}
