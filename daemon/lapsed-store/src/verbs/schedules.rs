//! Schedules and their slots (O-2).
//!
//! The store moves schedules on and inserts their runs in one transaction; *which* slots become runs is judged by
//! whoever calls. A run is unique on (schedule, slot), so that whatever the clock does, whoever restarts and however
//! often a step is repeated, no slot runs twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{Due, Schedule, SkipReason, Skipped, TenantName, Timetable, Workgroup};
use serde_json::json;

use super::ledger::parse;
use super::runs::{await_turn, promote};
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::{Record, column};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

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
    /// When there is something to do. Reads three index entries and changes nothing.
    pub async fn wake(&self) -> Result<Wake> {
        let mut session = self.read("look for what is due").await?;
        let row = session
            .one(
                "SELECT (SELECT min(next_slot_at) FROM lapsed_schedule WHERE next_slot_at IS NOT NULL) AS slot, \
                 (SELECT min(due_at) FROM lapsed_run WHERE state IN ('scheduled', 'retryable')) AS due, \
                 (SELECT 1 FROM lapsed_turn t WHERE t.waiting = 1 AND (t.tenant = '' OR NOT EXISTS ( \
                     SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', t.tenant))) \
                  ORDER BY t.vtime, t.tenant LIMIT 1) IS NOT NULL AS waiting",
                &[],
            )
            .await?;
        Ok(Wake {
            next_slot_at: row.get::<Option<i64>>("slot").map(instant),
            next_due_at: row.get::<Option<i64>>("due").map(instant),
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
        let mut session = self.write(doing, Beside::Anybody).await?;
        let rows = lock_due(&mut session, now, most).await?;
        let (mut moved, mut damaged) = (Moved::default(), Vec::new());
        for row in &rows {
            match read_schedule(row) {
                Ok(schedule) => moved.note(&schedule, judge(&schedule)),
                // One row that nobody can read must not hold up everybody else's.
                Err(why) => {
                    moved.put_to_sleep(&row.get::<String>("id"));
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
            done.runs = moved.write(&mut session, now).await?;
        }
        lapsed_model::fault::point("materialised");
        done.promoted = promote(&mut session, now).await?;
        session.doing(doing);
        session.commit().await?;
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
        let tomorrow = (now + TimeDelta::hours(26)).timestamp_millis();
        let now = now.timestamp_millis();
        let mut session = self.read(doing).await?;
        let earlier = too_far_ahead(&mut session, tomorrow, next).await?;
        drop(session);
        let mut session = self.write(doing, Beside::Anybody).await?;
        let slots = session
            .run(
                side_by_side!("schedules_bring_back"),
                &values![json!(earlier).to_string(), now],
            )
            .await?;
        let runs = session
            .run(side_by_side!("runs_bring_back"), &values![now, tomorrow])
            .await?;
        session.commit().await?;
        Ok((slots, runs))
    }

    /// Every schedule, or those of one tenant, in the order of workgroups; the dormant ones too.
    pub async fn schedules(&self, tenant: Option<&TenantName>) -> Result<Vec<Schedule>> {
        let mut session = self.read("read schedules").await?;
        let rows = session
            .all(
                schedules!(
                    "WHERE CAST($1 AS TEXT) IS NULL OR s.tenant = $1 ORDER BY s.tenant, s.workgroup, s.job"
                ),
                &values![tenant.map(TenantName::as_str)],
            )
            .await?;
        rows.iter().map(read_schedule).collect()
    }

    /// One schedule.
    pub async fn schedule(&self, id: &str) -> Result<Option<Schedule>> {
        let mut session = self.read("read a schedule").await?;
        let row = session.first(schedules!("WHERE s.id = $1"), &values![id]).await?;
        row.as_ref().map(read_schedule).transpose()
    }

    /// Stops one schedule. Answers whether there is one that was not stopped already.
    pub async fn pause_schedule(&self, id: &str, by: &str, because: &str, at: DateTime<Utc>) -> Result<bool> {
        let mut session = self.write("pause a schedule", Beside::Anybody).await?;
        let paused = session
            .run(
                "UPDATE lapsed_schedule SET paused_at = $2, paused_by = $3, paused_because = $4 \
                 WHERE id = $1 AND paused_at IS NULL",
                &values![id, at.timestamp_millis(), by, because],
            )
            .await?;
        session.commit().await?;
        Ok(paused > 0)
    }

    /// Lets one schedule go on; it counts from now. Answers whether it was stopped.
    pub async fn resume_schedule(&self, id: &str, at: DateTime<Utc>) -> Result<bool> {
        let mut session = self.write("resume a schedule", Beside::Anybody).await?;
        let resumed = session
            .run(
                "UPDATE lapsed_schedule \
                 SET paused_at = NULL, paused_by = NULL, paused_because = NULL, counts_from = $2 \
                 WHERE id = $1 AND paused_at IS NOT NULL",
                &values![id, at.timestamp_millis()],
            )
            .await?;
        session.commit().await?;
        Ok(resumed > 0)
    }

    /// The slots of a schedule that were left out, the newest first.
    pub async fn skipped(&self, schedule: &str, most: u32) -> Result<Vec<Skipped>> {
        let mut session = self.read("read skipped slots").await?;
        let rows = session
            .all(
                "SELECT first_slot, last_slot, reason, slots FROM lapsed_skipped WHERE schedule = $1 \
                 ORDER BY first_slot DESC LIMIT $2",
                &values![schedule, most],
            )
            .await?;
        rows.iter().map(|row| read_skipped(row, schedule)).collect()
    }
}

/// The schedules that are due, locked. What decides about their slots is read in a second statement: it sees the runs
/// that another daemon inserted until these were locked.
async fn lock_due(session: &mut Session, now: DateTime<Utc>, most: u32) -> Result<Vec<Record>> {
    let due = session
        .all(
            side_by_side!("schedules_lock_due"),
            &values![now.timestamp_millis(), most],
        )
        .await?;
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let due = json!(column::<String>(&due)).to_string();
    session.all(side_by_side!("schedules_due"), &values![due]).await
}

/// Rows of a schedule, the slot that it should have, and the one that it has behind `tomorrow`.
async fn too_far_ahead(
    session: &mut Session,
    tomorrow: i64,
    next: impl Fn(&Schedule) -> Option<DateTime<Utc>>,
) -> Result<Vec<serde_json::Value>> {
    let (mut earlier, mut after) = (Vec::new(), String::new());
    loop {
        let rows = session
            .all(
                schedules!("WHERE s.next_slot_at > $1 AND s.id > $2 ORDER BY s.id LIMIT 1000"),
                &values![tomorrow, &after],
            )
            .await?;
        let Some(last) = rows.last() else {
            return Ok(earlier);
        };
        after = last.get("id");
        for row in &rows {
            let schedule = read_schedule(row)?;
            let slot = schedule.next_slot_at;
            let next = next(&schedule).filter(|next| slot.is_some_and(|slot| *next < slot));
            let slot = slot.map(|slot| slot.timestamp_millis());
            earlier.extend(next.map(|next| json!([schedule.id, next.timestamp_millis(), slot])));
        }
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
    async fn write(&self, session: &mut Session, now: DateTime<Utc>) -> Result<u64> {
        let doing = "move schedules on";
        let text = |rows: &[serde_json::Value]| json!(rows).to_string();
        let now = now.timestamp_millis();
        let runs = session
            .run(side_by_side!("runs_of_slots"), &values![text(&self.runs), now])
            .await?;
        lapsed_model::fault::point("runs-inserted");
        await_turn(session, &self.tenants).await?;
        session
            .doing(doing)
            .run(
                side_by_side!("schedules_move_on"),
                &values![text(&self.schedules)],
            )
            .await?;
        if !self.skipped.is_empty() {
            session
                .run(side_by_side!("skipped_count"), &values![text(&self.skipped), now])
                .await?;
        }
        Ok(runs)
    }
}

/// Milliseconds as the store keeps them. Beyond chrono's years there is nothing to schedule.
pub(super) fn instant(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
}

fn read_skipped(row: &Record, schedule: &str) -> Result<Skipped> {
    let reason: String = row.get("reason");
    Ok(Skipped {
        first: instant(row.get("first_slot")),
        last: instant(row.get("last_slot")),
        slots: row.get::<i64>("slots").unsigned_abs(),
        reason: parse(&reason, "lapsed_skipped", schedule, "reason")?,
    })
}

pub(super) fn read_schedule(row: &Record) -> Result<Schedule> {
    const TABLE: &str = "lapsed_schedule";
    let id: String = row.get("id");
    let text = |column: &'static str| row.get::<String>(column);
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
        next_slot_at: row.get::<Option<i64>>("next_slot_at").map(instant),
        counts_from: instant(row.get("counts_from")),
        paused: row.get("paused"),
        unfinished: row.get::<i64>("unfinished").unsigned_abs(),
        id,
    })
}
