//! When the automatic way runs next, and when files are exported.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use lapsed_model::{Timetable, Workgroup};
use lapsed_policy::{Automatic, Policy, export_timetable, next_slot, timetable};
use lapsed_store::StoreError;

use super::layout::Page;
use super::{Subject, words};
use crate::phrase::Phrase;

/// How many runs are shown.
const SHOWN: usize = 5;

/// Writes the section: a line per workgroup, and its next slots.
pub(super) async fn write(subject: &Subject<'_>, page: &mut Page) -> Result<(), StoreError> {
    let language = subject.language;
    page.heading(words::RUNS.get(language));
    let Some(policy) = subject.policy() else {
        page.line(1, words::NONE_YET.get(language));
        return Ok(());
    };
    let schedules = subject.sources.store.schedules(Some(subject.tenant)).await?;
    let paused: BTreeSet<String> = schedules
        .into_iter()
        .filter(|schedule| schedule.paused)
        .map(|schedule| schedule.id)
        .collect();
    for workgroup in policy.all_workgroups() {
        of_workgroup(subject, policy, &workgroup, &paused, page);
        if let Some(timetable) = export_timetable(&workgroup, policy) {
            let exports = words::EXPORTS.get(language);
            let said = format!("{}, {exports}: {}", workgroup.name, timetable.said);
            scheduled(subject, &timetable, said, &paused, page);
        }
    }
    Ok(())
}

fn of_workgroup(
    subject: &Subject<'_>,
    policy: &Policy,
    workgroup: &Workgroup,
    paused: &BTreeSet<String>,
    page: &mut Page,
) {
    let (language, name) = (subject.language, &workgroup.name);
    let says = |sentence: &Phrase| format!("{name}: {}", sentence.get(language));
    let Some(retention) = policy.workgroups.get(name) else {
        return page.line(1, &says(&words::NO_RETENTION));
    };
    let Some(timetable) = timetable(workgroup, policy, retention) else {
        return page.line(1, &says(&words::AUTOMATIC_OFF));
    };
    let mut said = format!("{name}: {}", timetable.said);
    if retention.automatic == Automatic::PlanOnly {
        said = format!("{said}; {}", words::PLAN_ONLY.get(language));
    }
    scheduled(subject, &timetable, said, paused, page);
}

/// What is said of a schedule, and its next slots.
fn scheduled(
    subject: &Subject<'_>,
    timetable: &Timetable,
    mut said: String,
    paused: &BTreeSet<String>,
    page: &mut Page,
) {
    let language = subject.language;
    if paused.contains(&timetable.id()) {
        said = format!("{said}; {}", words::PAUSED.get(language));
    }
    page.line(1, &said);
    let slots = next_slots(timetable, subject.sources.now);
    if slots.is_empty() {
        page.line(2, words::NEVER_AGAIN.get(language));
    }
    for slot in slots {
        page.line(2, &subject.moment(slot));
    }
}

fn next_slots(timetable: &Timetable, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let next = |after: DateTime<Utc>| next_slot(&timetable.cron, timetable.zone, after);
    std::iter::successors(next(now), |slot| next(*slot))
        .take(SHOWN)
        .collect()
}
