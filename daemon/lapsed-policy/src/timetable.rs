//! What a policy says of a workgroup becomes the timetable of its schedule.

use chrono::TimeDelta;
use lapsed_model::{Overlap, Timetable, Workgroup};

use crate::night::stable_hash;
use crate::{Automatic, Policy, Retention};

/// The job of a workgroup's retention.
pub const RETENTION: &str = "retention";

/// How long a missed run is made up for: longer than any machine is away for repair, and within it even a monthly
/// run is not lost. After that the next slot is as good.
const CATCH_UP: TimeDelta = TimeDelta::days(31);

/// Runs *at night* begin somewhere in their minute, so that workgroups that share it do not begin in one second.
const JITTER_MS: u64 = 60_000;

/// When the automatic way of a workgroup runs; not at all where it is off.
///
/// A run that would meet the one before it is left out: it would make the same plan once more. Who wrote a time gets
/// that time; only who said *at night* is moved within the minute.
#[must_use]
pub fn timetable(workgroup: &Workgroup, policy: &Policy, retention: &Retention) -> Option<Timetable> {
    if retention.automatic == Automatic::Off {
        return None;
    }
    let schedule = &retention.schedule;
    let mut timetable = Timetable {
        workgroup: workgroup.clone(),
        job: RETENTION.to_owned(),
        said: schedule.said.clone(),
        cron: schedule.cron.clone(),
        zone: policy.zone,
        if_missed: retention.if_missed,
        overlap: Overlap::Skip,
        catch_up: CATCH_UP,
        jitter: TimeDelta::zero(),
    };
    if schedule.is_at_night() {
        timetable.jitter = jitter(&timetable.id());
    }
    Some(timetable)
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
    fn o2_at_night_is_a_place_of_its_own_within_the_minute() {
        let timetable = of("schedule = \"At  night\"").expect("a timetable");
        assert_eq!(timetable.jitter, jitter(&timetable.id()));
        let places: BTreeSet<TimeDelta> = (0..100).map(|number| jitter(&format!("s-{number}"))).collect();
        assert!(places.len() > 95, "{} of 100 differ", places.len());
        assert!(places.iter().all(|place| *place < TimeDelta::minutes(1)));
    }
}
