//! What a policy says of a workgroup becomes the timetable of its schedule.

use chrono::TimeDelta;
use lapsed_model::{IfMissed, Overlap, Timetable, Workgroup};

use crate::night::stable_hash;
use crate::{Automatic, Policy, Retention, Schedule};

/// The job of a workgroup's retention.
pub const RETENTION: &str = "retention";

/// The job of a workgroup's exports.
pub const EXPORT: &str = "export";

/// How long a missed run is made up for: longer than any machine is away for repair, and within it even a monthly
/// run is not lost. After that the next slot is as good.
const CATCH_UP: TimeDelta = TimeDelta::days(31);

/// Runs *at night* begin somewhere in their minute, so that workgroups that share it do not begin in one second.
const JITTER_MS: u64 = 60_000;

/// When the automatic way of a workgroup runs; not at all where it is off.
#[must_use]
pub fn timetable(workgroup: &Workgroup, policy: &Policy, retention: &Retention) -> Option<Timetable> {
    if retention.automatic == Automatic::Off {
        return None;
    }
    let schedule = &retention.schedule;
    Some(of_schedule(
        workgroup,
        policy,
        RETENTION,
        schedule,
        retention.if_missed,
    ))
}

/// When the exports of a workgroup are written; not at all where nobody said when.
#[must_use]
pub fn export_timetable(workgroup: &Workgroup, policy: &Policy) -> Option<Timetable> {
    let export = policy.export(&workgroup.name)?;
    let schedule = export.schedule.as_ref()?;
    Some(of_schedule(workgroup, policy, EXPORT, schedule, export.if_missed))
}

/// A run that would meet the one before it is left out: it would do the same once more. Who wrote a time gets that time; only
/// who said *at night* is moved within the minute.
fn of_schedule(
    workgroup: &Workgroup,
    policy: &Policy,
    job: &str,
    schedule: &Schedule,
    if_missed: IfMissed,
) -> Timetable {
    let mut timetable = Timetable {
        workgroup: workgroup.clone(),
        job: job.to_owned(),
        said: schedule.said.clone(),
        cron: schedule.cron.clone(),
        zone: policy.zone,
        if_missed,
        overlap: Overlap::Skip,
        catch_up: CATCH_UP,
        jitter: TimeDelta::zero(),
    };
    if schedule.is_at_night() {
        timetable.jitter = jitter(&timetable.id());
    }
    timetable
}

/// The same for a schedule on every machine and for ever.
fn jitter(id: &str) -> TimeDelta {
    let ms = stable_hash(id) % JITTER_MS;
    TimeDelta::milliseconds(i64::try_from(ms).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{DateTime, Utc};
    use lapsed_config::File;
    use lapsed_model::TenantName;

    use super::*;
    use crate::{Limits, read};

    fn policy(retention: &str) -> Policy {
        let text = format!(
            "name = \"House\"\nlanguage = \"en\"\ntime_zone = \"Europe/Vienna\"\n\n[retention]\n\
             anonymise_after = \"2 years\"\n{retention}\n\n[workgroups.house]\n"
        );
        let file = File::new("tenants/house.toml", &text);
        let tenant: TenantName = "house".parse().expect("a name");
        let (policy, findings) = read(&tenant, &file, &Limits::default(), DateTime::<Utc>::UNIX_EPOCH);
        policy.unwrap_or_else(|| panic!("{findings:#?}"))
    }

    fn of(retention: &str) -> Option<Timetable> {
        let policy = policy(retention);
        let workgroup = "house/house".parse().expect("a workgroup");
        timetable(&workgroup, &policy, &policy.workgroups["house"])
    }

    #[test]
    fn o2_what_a_tenant_wrote_is_kept_to_the_second() {
        let timetable = of("automatic = \"on\"\nschedule = \"every day at 03:00\"").expect("a timetable");
        assert_eq!(timetable.cron, "0 3 * * *");
        assert_eq!(timetable.zone, chrono_tz::Tz::Europe__Vienna);
        assert_eq!(timetable.jitter, TimeDelta::zero());
    }

    #[test]
    fn r5_where_the_automatic_way_is_off_nothing_runs() {
        assert_eq!(of("automatic = \"off\""), None);
        assert!(of("automatic = \"plan only\"").is_some());
    }

    #[test]
    fn x3_exports_have_a_timetable_of_their_own_if_somebody_said_when() {
        let workgroup = "house/house".parse().expect("a workgroup");
        assert_eq!(export_timetable(&workgroup, &policy("")), None);
        let policy = policy("[export]\nschedule = \"on the 1st at 04:30\"\nif_missed = \"skip\"");
        let timetable = export_timetable(&workgroup, &policy).expect("a timetable");
        assert_eq!(
            (
                timetable.job.as_str(),
                timetable.cron.as_str(),
                timetable.if_missed
            ),
            (EXPORT, "30 4 1 * *", IfMissed::Skip)
        );
    }

    #[test]
    fn o2_at_night_is_a_place_of_its_own_within_the_minute() {
        let timetable = of("schedule = \"At  night\"").expect("a timetable");
        assert_eq!(timetable.jitter, jitter(&timetable.id()));
        let places: BTreeSet<TimeDelta> = (0..100).map(|number| jitter(&format!("s-{number}"))).collect();
        assert!(places.len() > 95, "{} of 100 differ", places.len());
        assert!(places.iter().all(|place| *place < TimeDelta::minutes(1)));
    }
}
