//! Schedules and their slots (O-2).
//!
//! The store moves schedules on and inserts their runs in one transaction; *which* slots become runs is judged by
//! whoever calls. A run is unique on (schedule, slot), so that whatever the clock does, whoever restarts and however
//! often a step is repeated, no slot runs twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{Due, Schedule, SkipReason, Skipped, TenantName, Timetable, Workgroup};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::ledger::parse;
use super::runs::{await_turn, promote};
use crate::error::{Result, StoreError};

/// Reads schedules with what decides about their slots: whether they are paused, and their unfinished runs.
macro_rules! schedules {
    ($condition:literal) => {
        concat!(
            "SELECT s.*, s.paused_at IS NOT NULL \
                 OR EXISTS (SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', s.tenant)) AS paused, \
             (SELECT count(*) FROM lapsed_run r WHERE r.schedule = s.id AND r.finished_at IS NULL) AS unfinished \
             FROM lapsed_schedule s ",
            $condition
        )
    };
}

/// What moving schedules on came to.
#[derive(Debug, Default)]
pub struct Materialised {
    /// Schedules whose slot had come.
    pub schedules: u64,
    /// Slots that became runs.
    pub runs: u64,
    /// Runs whose time had come.
    pub promoted: u64,
    /// Slots that were left out.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// Schedules that could not be read, and sleep from now on.
    pub damaged: Vec<StoreError>,
}

/// When there is something to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// The next slot of any schedule.
    pub next_slot_at: Option<DateTime<Utc>>,
    /// When the next run becomes available.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Whether a run may be claimed.
    pub waiting: bool,
}

impl Wake {
    /// The first instant at which schedules or runs have to be moved on.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<Utc>> {
        self.next_slot_at.into_iter().chain(self.next_due_at).min()
    }
}

impl Store {
    /// When there is something to do. Reads two index entries and changes nothing.
    pub async fn wake(&self) -> Result<Wake> {
        let row = sqlx::query(
            "SELECT (SELECT min(next_slot_at) FROM lapsed_schedule WHERE next_slot_at IS NOT NULL) AS slot, \
             (SELECT min(due_at) FROM lapsed_run WHERE state IN ('scheduled', 'retryable')) AS due, \
             EXISTS (SELECT 1 FROM lapsed_turn t WHERE t.waiting = 1 AND (t.tenant = '' OR NOT EXISTS ( \
                 SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', t.tenant)))) AS waiting",
        )
        .fetch_one(&self.readers)
        .await
        .map_err(StoreError::of("look for what is due"))?;
        Ok(Wake {
            next_slot_at: row.get::<Option<i64>, _>("slot").map(instant),
            next_due_at: row.get::<Option<i64>, _>("due").map(instant),
            waiting: row.get("waiting"),
        })
    }

    /// Moves at most `most` due schedules on by what `judge` says of each, inserts their runs, and makes the runs
    /// available whose time has come.
    pub async fn materialise(
        &self,
        now: DateTime<Utc>,
        most: u32,
        judge: impl Fn(&Schedule) -> Due,
    ) -> Result<Materialised> {
        let doing = "move schedules on";
        let mut transaction = self.begin(doing).await?;
        let rows = sqlx::query(schedules!(
            "WHERE s.next_slot_at <= $1 ORDER BY s.next_slot_at LIMIT $2"
        ))
        .bind(now.timestamp_millis())
        .bind(most)
        .fetch_all(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        let (mut moved, mut damaged) = (Moved::default(), Vec::new());
        for row in &rows {
            match read_schedule(row) {
                Ok(schedule) => moved.note(&schedule, judge(&schedule)),
                // One row that nobody can read must not hold up everybody else's.
                Err(why) => {
                    moved.put_to_sleep(row.get("id"));
                    damaged.push(why);
                }
            }
        }
        let mut done = Materialised {
            schedules: rows.len() as u64,
            damaged,
            skipped: moved.left_out.clone(),
            ..Materialised::default()
        };
        if !rows.is_empty() {
            done.runs = moved.write(&mut transaction, now).await?;
        }
        lapsed_model::fault::point("materialised");
        done.promoted = promote(&mut transaction, now).await?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(done)
    }

    /// Brings back what lies ahead of what it should: slots behind `next` of their schedule, and runs that wait longer
    /// than any pause between attempts. Answers how many of each. Only what lies more than a day ahead is looked at.
    pub async fn bring_back(
        &self,
        now: DateTime<Utc>,
        next: impl Fn(&Schedule) -> Option<DateTime<Utc>>,
    ) -> Result<(u64, u64)> {
        let doing = "bring schedules back";
        let tomorrow = now + TimeDelta::hours(26);
        let (mut earlier, mut after) = (Vec::new(), String::new());
        loop {
            let rows = sqlx::query(schedules!(
                "WHERE s.next_slot_at > $1 AND s.id > $2 ORDER BY s.id LIMIT 1000"
            ))
            .bind(tomorrow.timestamp_millis())
            .bind(&after)
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of(doing))?;
            let Some(last) = rows.last() else { break };
            after = last.get("id");
            for row in &rows {
                let schedule = read_schedule(row)?;
                let next =
                    next(&schedule).filter(|next| schedule.next_slot_at.is_some_and(|slot| *next < slot));
                earlier.extend(next.map(|next| json!([schedule.id, next.timestamp_millis()])));
            }
        }
        let mut transaction = self.begin(doing).await?;
        let slots = sqlx::query(
            "UPDATE lapsed_schedule SET next_slot_at = e.value ->> 1, counts_from = min(counts_from, $2) \
             FROM json_each($1) e WHERE lapsed_schedule.id = e.value ->> 0",
        )
        .bind(json!(earlier).to_string())
        .bind(now.timestamp_millis())
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        let runs = sqlx::query(
            "UPDATE lapsed_run SET due_at = $1 WHERE state IN ('scheduled', 'retryable') AND due_at > $2",
        )
        .bind(now.timestamp_millis())
        .bind(tomorrow.timestamp_millis())
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok((slots.rows_affected(), runs.rows_affected()))
    }

    /// Every schedule, or those of one tenant, in the order of workgroups; the dormant ones too.
    pub async fn schedules(&self, tenant: Option<&TenantName>) -> Result<Vec<Schedule>> {
        let rows = sqlx::query(schedules!(
            "WHERE $1 IS NULL OR s.tenant = $1 ORDER BY s.tenant, s.workgroup, s.job"
        ))
        .bind(tenant.map(TenantName::as_str))
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read schedules"))?;
        rows.iter().map(read_schedule).collect()
    }

    /// One schedule.
    pub async fn schedule(&self, id: &str) -> Result<Option<Schedule>> {
        let row = sqlx::query(schedules!("WHERE s.id = $1"))
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::of("read a schedule"))?;
        row.as_ref().map(read_schedule).transpose()
    }

    /// Stops one schedule. Answers whether there is one that was not stopped already.
    pub async fn pause_schedule(&self, id: &str, by: &str, because: &str, at: DateTime<Utc>) -> Result<bool> {
        let paused = sqlx::query(
            "UPDATE lapsed_schedule SET paused_at = $2, paused_by = $3, paused_because = $4 \
             WHERE id = $1 AND paused_at IS NULL",
        )
        .bind(id)
        .bind(at.timestamp_millis())
        .bind(by)
        .bind(because)
        .execute(&self.writer)
        .await
        .map_err(StoreError::of("pause a schedule"))?;
        Ok(paused.rows_affected() > 0)
    }

    /// Lets one schedule go on; it counts from now. Answers whether it was stopped.
    pub async fn resume_schedule(&self, id: &str, at: DateTime<Utc>) -> Result<bool> {
        let resumed = sqlx::query(
            "UPDATE lapsed_schedule SET paused_at = NULL, paused_by = NULL, paused_because = NULL, counts_from = $2 \
             WHERE id = $1 AND paused_at IS NOT NULL",
        )
        .bind(id)
        .bind(at.timestamp_millis())
        .execute(&self.writer)
        .await
        .map_err(StoreError::of("resume a schedule"))?;
        Ok(resumed.rows_affected() > 0)
    }

    /// The slots of a schedule that were left out, the newest first.
    pub async fn skipped(&self, schedule: &str, most: u32) -> Result<Vec<Skipped>> {
        let rows = sqlx::query(
            "SELECT first_slot, last_slot, reason, slots FROM lapsed_skipped WHERE schedule = $1 \
             ORDER BY first_slot DESC LIMIT $2",
        )
        .bind(schedule)
        .bind(most)
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read skipped slots"))?;
        rows.iter()
            .map(|row| {
                Ok(Skipped {
                    first: instant(row.get("first_slot")),
                    last: instant(row.get("last_slot")),
                    slots: row.get::<i64, _>("slots").unsigned_abs(),
                    reason: parse(
                        &row.get::<String, _>("reason"),
                        "lapsed_skipped",
                        schedule,
                        "reason",
                    )?,
                })
            })
            .collect()
    }
}

/// What became of the due schedules, on its way into the store as three JSON texts: a statement each, whatever their
/// number.
#[derive(Default)]
struct Moved {
    tenants: BTreeSet<String>,
    schedules: Vec<serde_json::Value>,
    runs: Vec<serde_json::Value>,
    skipped: Vec<serde_json::Value>,
    left_out: BTreeMap<SkipReason, u64>,
}

impl Moved {
    fn put_to_sleep(&mut self, schedule: &str) {
        self.schedules.push(json!([schedule, null]));
    }

    fn note(&mut self, schedule: &Schedule, due: Due) {
        let timetable = &schedule.timetable;
        let next = due.next_slot_at.map(|next| next.timestamp_millis());
        self.schedules.push(json!([schedule.id, next]));
        if !due.runs.is_empty() {
            self.tenants.insert(timetable.workgroup.tenant.to_string());
        }
        for slot in due.runs {
            self.runs.push(json!([
                schedule.id,
                slot.timestamp_millis(),
                timetable.workgroup.tenant,
                timetable.workgroup.name,
                timetable.job,
                (slot + timetable.jitter).timestamp_millis(),
            ]));
        }
        for skipped in due.skipped {
            *self.left_out.entry(skipped.reason).or_default() += skipped.slots;
            self.skipped.push(json!([
                schedule.id,
                skipped.first.timestamp_millis(),
                skipped.last.timestamp_millis(),
                skipped.reason,
                skipped.slots,
            ]));
        }
    }

    /// Answers how many runs are new.
    async fn write(&self, connection: &mut SqliteConnection, now: DateTime<Utc>) -> Result<u64> {
        let doing = "move schedules on";
        let text = |rows: &Vec<serde_json::Value>| serde_json::Value::from(rows.clone()).to_string();
        let now = now.timestamp_millis();
        let runs = sqlx::query(
            "INSERT INTO lapsed_run (schedule, slot_at, tenant, workgroup, job, due_at, created_at, state) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, $2, \
             iif(value ->> 5 <= $2, 'available', 'scheduled') FROM json_each($1) WHERE true ON CONFLICT DO NOTHING",
        )
        .bind(text(&self.runs))
        .bind(now)
        .execute(&mut *connection)
        .await
        .map_err(StoreError::of(doing))?;
        lapsed_model::fault::point("runs-inserted");
        await_turn(&mut *connection, &self.tenants).await?;
        sqlx::query(
            "UPDATE lapsed_schedule SET next_slot_at = moved.value ->> 1 FROM json_each($1) moved \
             WHERE lapsed_schedule.id = moved.value ->> 0",
        )
        .bind(text(&self.schedules))
        .execute(&mut *connection)
        .await
        .map_err(StoreError::of(doing))?;
        if !self.skipped.is_empty() {
            sqlx::query(
                "INSERT INTO lapsed_skipped (schedule, first_slot, last_slot, reason, slots, noted_at) \
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, $2 FROM json_each($1) \
                 WHERE true ON CONFLICT DO UPDATE SET last_slot = excluded.last_slot, slots = excluded.slots, \
                 noted_at = excluded.noted_at WHERE last_slot < excluded.last_slot",
            )
            .bind(text(&self.skipped))
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(StoreError::of(doing))?;
        }
        Ok(runs.rows_affected())
    }
}

/// Milliseconds as the store keeps them. Beyond chrono's years there is nothing to schedule.
pub(super) fn instant(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
}

pub(super) fn read_schedule(row: &SqliteRow) -> Result<Schedule> {
    const TABLE: &str = "lapsed_schedule";
    let id: String = row.get("id");
    let text = |column: &'static str| row.get::<String, _>(column);
    let damaged = |column: &'static str| StoreError::Inconsistent {
        table: TABLE,
        row: id.clone(),
        column,
        found: "not readable".to_owned(),
    };
    let tenant = parse(&text("tenant"), TABLE, &id, "tenant")?;
    let timetable = Timetable {
        workgroup: Workgroup::new(tenant, &text("workgroup")).map_err(|_refused| damaged("workgroup"))?,
        job: text("job"),
        said: text("said"),
        cron: text("cron"),
        zone: text("zone").parse().map_err(|_unknown| damaged("zone"))?,
        if_missed: parse(&text("if_missed"), TABLE, &id, "if_missed")?,
        overlap: parse(&text("overlap"), TABLE, &id, "overlap")?,
        catch_up: TimeDelta::milliseconds(row.get("catch_up_ms")),
        jitter: TimeDelta::milliseconds(row.get("jitter_ms")),
    };
    Ok(Schedule {
        timetable,
        next_slot_at: row.get::<Option<i64>, _>("next_slot_at").map(instant),
        counts_from: instant(row.get("counts_from")),
        paused: row.get("paused"),
        unfinished: row.get::<i64, _>("unfinished").unsigned_abs(),
        id,
    })
}
