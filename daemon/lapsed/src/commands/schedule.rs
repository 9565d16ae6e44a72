//! `lapsed schedule list|now|pause|resume|history`

mod became;

use std::path::Path;

use chrono::{DateTime, Utc};
use lapsed_model::{Run, Schedule, TenantName, Workgroup};
use lapsed_policy::next_slot;
use lapsed_store::{NewRun, RunFilter};
use serde_json::{Value, json};

use crate::cli::{ScheduleArgs, ScheduleCommand, ScheduledJob};
use crate::failure::{Failure, Result};
use crate::follow::follow;
use crate::installation::Installation;
use crate::output::{Output, moment};
use crate::owner;

/// Schedules and their runs.
pub(crate) async fn run(config: &Path, args: &ScheduleArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    match &args.command {
        ScheduleCommand::List { tenant, slots } => {
            list(&installation, tenant.as_ref(), usize::from(*slots), out).await
        }
        ScheduleCommand::Now { workgroup, job } => now(&installation, workgroup, *job, out).await,
        ScheduleCommand::Pause {
            workgroup,
            by,
            reason,
            job,
        } => pause(&installation, (workgroup, *job), by, reason, out).await,
        ScheduleCommand::Resume { workgroup, job } => resume(&installation, (workgroup, *job), out).await,
        ScheduleCommand::History { workgroup, job, last } => {
            let of = workgroup.as_ref().map(|workgroup| (workgroup, *job));
            history(&installation, of, *last, out).await
        }
    }
}

async fn list(
    installation: &Installation,
    tenant: Option<&TenantName>,
    slots: usize,
    out: &Output,
) -> Result {
    let schedules = installation.store.schedules(tenant).await?;
    // Those of a tenant that went are shown all the same: they sleep.
    if let (true, Some(tenant)) = (schedules.is_empty(), tenant) {
        installation.must_know(tenant).await?;
    }
    if schedules.is_empty() {
        out.line("there are no schedules: `lapsed run` makes them from the policies");
    }
    let mut rows = Vec::new();
    for schedule in &schedules {
        let next = next_slots(schedule, slots);
        out.object(&object(schedule, &next));
        let shown = next.iter().map(|slot| moment(*slot, schedule.timetable.zone));
        rows.push(vec![
            schedule.timetable.workgroup.to_string(),
            schedule.timetable.job.clone(),
            schedule.timetable.said.clone(),
            state(schedule).to_owned(),
            shown.collect::<Vec<_>>().join("\n"),
            schedule.timetable.zone.name().to_owned(),
        ]);
    }
    out.table(&["workgroup", "job", "schedule", "", "next", "zone"], rows, &[]);
    Ok(())
}

/// The next slots of a schedule, the first of them as the store has it.
pub(crate) fn next_slots(schedule: &Schedule, most: usize) -> Vec<DateTime<Utc>> {
    let timetable = &schedule.timetable;
    let after = |slot: &DateTime<Utc>| next_slot(&timetable.cron, timetable.zone, *slot);
    std::iter::successors(schedule.next_slot_at, after)
        .take(most)
        .collect()
}

fn object(schedule: &Schedule, next: &[DateTime<Utc>]) -> Value {
    let timetable = &schedule.timetable;
    json!({
        "id": schedule.id,
        "workgroup": timetable.workgroup,
        "job": timetable.job,
        "schedule": timetable.said,
        "cron": timetable.cron,
        "time_zone": timetable.zone.name(),
        "if_missed": timetable.if_missed,
        "overlap": timetable.overlap.words(),
        "paused": schedule.paused,
        "state": state(schedule),
        "unfinished_runs": schedule.unfinished,
        "next": next,
    })
}

fn state(schedule: &Schedule) -> &'static str {
    match (schedule.paused, schedule.next_slot_at) {
        (_, None) => "asleep",
        (true, _) => "paused",
        (false, _) if schedule.unfinished > 0 => "running",
        (false, _) => "",
    }
}

/// A run of its own, beside the schedule's.
async fn now(installation: &Installation, workgroup: &Workgroup, job: ScheduledJob, out: &Output) -> Result {
    if !owner::is_served(installation).await? {
        let by_hand = match job {
            ScheduledJob::Retention => format!("`lapsed plan {workgroup} --save` and `lapsed apply` do"),
            ScheduledJob::Export => format!("`lapsed export workgroup {workgroup}` does"),
        };
        return Err(Failure::because(format!(
            "no daemon serves the store: {by_hand} the same by hand"
        )));
    }
    let new = NewRun {
        tenant: Some(workgroup.tenant.clone()),
        workgroup: Some(workgroup.name.clone()),
        job: job.name().to_owned(),
        payload: json!({}),
        asked_by: Some("lapsed schedule now".to_owned()),
        at: installation.now(),
    };
    let outcome = follow(installation, &new, out, async || {}).await?;
    if job == ScheduledJob::Export {
        let path = outcome["path"].as_str().unwrap_or_default();
        let people = outcome["people"].as_u64().unwrap_or_default();
        out.line(format!(
            "{workgroup}: {} in {path}",
            crate::output::people(people)
        ));
        out.object(&outcome);
        return Ok(());
    }
    let people = outcome["people"].as_u64().unwrap_or_default();
    let became = outcome["became"].as_str().unwrap_or_default();
    let plan = outcome["plan"].as_str().unwrap_or_default();
    out.line(format!(
        "{workgroup}: plan {plan} names {people} people; {}",
        became.replace('-', " ")
    ));
    if became == "waits" {
        out.line(format!(
            "  `lapsed approve {plan} --by WHO --reason WHY` lets it go"
        ));
    }
    out.object(&outcome);
    Ok(())
}

async fn pause(
    installation: &Installation,
    (workgroup, job): (&Workgroup, ScheduledJob),
    by: &str,
    reason: &str,
    out: &Output,
) -> Result {
    let schedule = of(installation, workgroup, job).await?;
    let at = installation.now();
    if !installation
        .store
        .pause_schedule(&schedule.id, by, reason, at)
        .await?
    {
        return Err(Failure::because(format!(
            "the schedule of {workgroup} is paused already"
        )));
    }
    out.line(format!(
        "{workgroup}: its schedule is paused; what was asked for by hand still runs"
    ));
    out.object(&json!({ "id": schedule.id, "workgroup": workgroup, "at": at, "by": by, "because": reason }));
    Ok(())
}

async fn resume(
    installation: &Installation,
    (workgroup, job): (&Workgroup, ScheduledJob),
    out: &Output,
) -> Result {
    let schedule = of(installation, workgroup, job).await?;
    let at = installation.now();
    if !installation.store.resume_schedule(&schedule.id, at).await? {
        return Err(Failure::because(format!(
            "the schedule of {workgroup} is not paused"
        )));
    }
    let zone = schedule.timetable.zone;
    let next = next_slot(&schedule.timetable.cron, zone, at);
    let next_shown = next.map_or_else(|| "never".to_owned(), |next| moment(next, zone));
    out.line(format!(
        "{workgroup}: its schedule goes on; next {next_shown} ({zone})"
    ));
    out.object(&json!({ "id": schedule.id, "workgroup": workgroup, "at": at, "next": next }));
    Ok(())
}

async fn of(installation: &Installation, workgroup: &Workgroup, job: ScheduledJob) -> Result<Schedule> {
    let schedules = installation.store.schedules(Some(&workgroup.tenant)).await?;
    schedules
        .into_iter()
        .find(|schedule| schedule.timetable.workgroup == *workgroup && schedule.timetable.job == job.name())
        .ok_or_else(|| {
            let needs = match job {
                ScheduledJob::Retention => "`automatic`",
                ScheduledJob::Export => "a `schedule` below `[export]`",
            };
            Failure::because(format!(
                "{workgroup} has no such schedule: its policy needs {needs}, and `lapsed run` makes it"
            ))
        })
}

async fn history(
    installation: &Installation,
    schedule_of: Option<(&Workgroup, ScheduledJob)>,
    last: u32,
    out: &Output,
) -> Result {
    let schedule = match schedule_of {
        Some((workgroup, job)) => Some(of(installation, workgroup, job).await?),
        None => None,
    };
    let filter = RunFilter {
        schedule: schedule.as_ref().map(|schedule| schedule.id.clone()),
        most: last,
        ..RunFilter::default()
    };
    let runs = installation.store.runs(&filter).await?;
    let zone = schedule
        .as_ref()
        .map_or(chrono_tz::Tz::UTC, |schedule| schedule.timetable.zone);
    runs.iter().for_each(|run| out.object(&became::object(run)));
    let rows = runs.iter().map(|run| line(run, zone)).collect();
    out.table(
        &["run", "", "job", "slot", "state", "attempt", "what became of it"],
        rows,
        &[0],
    );
    let Some(schedule) = schedule else { return Ok(()) };
    for skipped in installation.store.skipped(&schedule.id, last).await? {
        out.line(format!(
            "  {} left out ({}): {} to {}",
            crate::output::counted(skipped.slots, "slot", "slots"),
            skipped.reason,
            moment(skipped.first, zone),
            moment(skipped.last, zone)
        ));
        out.object(&json!({
            "schedule": schedule.id, "skipped": skipped.slots, "reason": skipped.reason,
            "first": skipped.first, "last": skipped.last,
        }));
    }
    Ok(())
}

fn line(run: &Run, zone: chrono_tz::Tz) -> Vec<String> {
    let whose = match (&run.tenant, &run.workgroup) {
        (Some(tenant), Some(workgroup)) => format!("{tenant}/{workgroup}"),
        (Some(tenant), None) => tenant.to_string(),
        (None, _) => "the daemon's own".to_owned(),
    };
    vec![
        run.id.to_string(),
        whose,
        run.job.clone(),
        run.slot_at
            .map_or_else(|| "asked for".to_owned(), |slot| moment(slot, zone)),
        run.state.to_string(),
        run.attempt.to_string(),
        became::sentence(run),
    ]
}
