//! `lapsed status [TENANT]`: what runs, what is due next, what waits, what is broken, and which policy is in force
//!
//! It only looks, and asks nobody's leave: a store that is served is read beside its daemon, in one snapshot. What is
//! broken is shown and is no alarm: the exit code is 0 whenever it could look. `/health` and `/metrics` are for alarms.

mod files;
mod folders;
mod show;

use std::path::Path;

use chrono::{DateTime, Utc};
use lapsed_model::{Clock, Run, Schedule, SystemClock, TenantName};
use lapsed_store::{Overview, Store};
use serde_json::{Value, json};

use crate::cli::StatusArgs;
use crate::commands::schedule::next_slots;
use crate::failure::Result;
use crate::installation::{must_be_a_tenant, read_settings};
use crate::output::Output;
use crate::owner;
use crate::settings::Settings;

use files::PolicyFile;

/// How many slots are shown: of everything, or of each schedule of a tenant.
const SLOTS: usize = 5;
/// How many schedules of a tenant are shown: one for each workgroup.
const MOST_SCHEDULES: u32 = 1_000;

/// How everything stands.
struct Status {
    now: DateTime<Utc>,
    tenant: Option<TenantName>,
    /// Whether a program serves the store at this moment; not known where its lock may not be looked at.
    served: Option<bool>,
    overview: Overview,
    policies: Vec<PolicyFile>,
    /// What keeps policies from being read at all.
    folder: Option<String>,
    /// Folders of the journal that cannot be written, and a journal that is empty and should not be.
    journal: Vec<String>,
    next: Vec<Next>,
}

/// A slot that will come, with the schedule whose it is.
struct Next {
    schedule: Schedule,
    slots: Vec<DateTime<Utc>>,
}

/// Shows how everything stands, or everything of one tenant.
pub(crate) async fn run(config: &Path, args: &StatusArgs, out: &Output) -> Result {
    let settings = read_settings(config, out)?;
    let store = crate::stores::open(&settings).await?;
    store.must_be_served().await?;
    if let Some(tenant) = &args.tenant {
        must_be_a_tenant(&settings, &store, tenant).await?;
    }
    let status = look(&settings, &store, args.tenant.as_ref()).await?;
    out.object(&object(&status));
    show::show(&status, out);
    Ok(())
}

async fn look(settings: &Settings, store: &Store, tenant: Option<&TenantName>) -> Result<Status> {
    let now = SystemClock.now();
    let most = tenant.map_or(u32::try_from(SLOTS).unwrap_or(u32::MAX), |_| MOST_SCHEDULES);
    let overview = store.overview(tenant, now, most).await?;
    let (policies, folder) = files::look(settings, tenant, &overview.in_force, now);
    Ok(Status {
        now,
        tenant: tenant.cloned(),
        served: owner::is_served_at(store, &settings.store).await.ok(),
        policies,
        folder,
        journal: folders::look(settings, store, now).await?,
        next: next(&overview.next, tenant.is_some()),
        overview,
    })
}

/// The next slots: of each schedule, or the first few of them all. The first few of all belong to the schedules that come
/// first, so that no others need to be read.
fn next(schedules: &[Schedule], each: bool) -> Vec<Next> {
    let of = |schedule: &Schedule| Next {
        slots: next_slots(schedule, SLOTS),
        schedule: schedule.clone(),
    };
    let all: Vec<Next> = schedules.iter().map(of).collect();
    if each {
        return all;
    }
    let one = |next: &Next, slot: DateTime<Utc>| Next {
        schedule: next.schedule.clone(),
        slots: vec![slot],
    };
    let mut slots: Vec<Next> = all
        .iter()
        .flat_map(|next| next.slots.iter().map(move |slot| one(next, *slot)))
        .collect();
    slots.sort_by_key(|next| next.slots[0]);
    slots.truncate(SLOTS);
    slots
}

fn object(status: &Status) -> Value {
    let overview = &status.overview;
    let runs: serde_json::Map<String, Value> = overview
        .runs
        .iter()
        .map(|(state, runs)| (state.words().to_owned(), json!(runs)))
        .collect();
    json!({
        "at": status.now,
        "tenant": status.tenant,
        "daemon": { "serves": status.served, "last": overview.serving.first(), "all": overview.serving },
        "pauses": overview.pauses,
        "runs": runs,
        "running": overview.running.iter().map(run_object).collect::<Vec<_>>(),
        "next": status.next.iter().map(next_object).collect::<Vec<_>>(),
        "schedules_paused": overview.schedules_paused,
        "waiting": { "plans": overview.plans_waiting, "oldest": overview.waiting, "requests": overview.requests },
        "broken": {
            "policies": status.policies.iter().filter(|file| file.is_broken()).count(),
            "folder": status.folder,
            "journal": status.journal,
            "discarded": overview.discarded.iter().map(run_object).collect::<Vec<_>>(),
        },
        "policies": status.policies,
        "remnants": overview.remnants.map(|(since, batches)| json!({ "since": since, "batches": batches })),
        "last_scan": overview.last_scan,
    })
}

fn next_object(next: &Next) -> Value {
    let timetable = &next.schedule.timetable;
    json!({
        "workgroup": timetable.workgroup, "job": timetable.job, "schedule": timetable.said,
        "time_zone": timetable.zone.name(), "paused": next.schedule.paused, "slots": next.slots,
    })
}

/// A run without its payload, which holds keys of people.
fn run_object(run: &Run) -> Value {
    json!({
        "run": run.id, "tenant": run.tenant, "workgroup": run.workgroup, "job": run.job, "state": run.state,
        "due_at": run.due_at, "attempt": run.attempt, "claimed_at": run.claimed_at, "finished_at": run.finished_at,
        "asked_by": run.asked_by, "error": run.error,
    })
}
