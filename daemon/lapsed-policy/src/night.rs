//! *At night*: a minute of its own for every workgroup.
//!
//! Hundreds of workgroups that all began at 03:00 would queue for the one writer of the store. So each has a
//! minute between 01:00 and 05:00 that follows from its name: stable across restarts, edits and machines. The
//! hours in which the tenant's clocks change are left out: there a minute comes twice, or not at all.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use chrono::{Days, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use lapsed_model::Workgroup;

/// Zones change their clocks at the same hours year after year; fixed years keep the minute stable.
const YEARS: std::ops::Range<i32> = 2020..2031;
const HOURS: std::ops::Range<u32> = 1..5;

/// The hour and the minute of a workgroup's night.
pub(crate) fn night(workgroup: &Workgroup, zone: Tz) -> (u32, u32) {
    let hours = quiet_hours(zone);
    let minute = stable_hash(&workgroup.to_string()) % (hours.len() as u64 * 60);
    let minute = usize::try_from(minute).unwrap_or_default();
    (hours[minute / 60], u32::try_from(minute % 60).unwrap_or_default())
}

/// The hours of the night in which no clock changes; all of them where there is none. Finding them walks through years of
/// days, so that it is done once per zone: a start may read policies by the ten thousand.
fn quiet_hours(zone: Tz) -> Arc<[u32]> {
    static KNOWN: LazyLock<RwLock<HashMap<Tz, Arc<[u32]>>>> = LazyLock::new(RwLock::default);
    if let Some(hours) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&zone) {
        return Arc::clone(hours);
    }
    let changing = changing_days(zone);
    let quiet: Vec<u32> = HOURS
        .filter(|hour| changing.iter().all(|day| is_whole(zone, *day, *hour)))
        .collect();
    let hours: Arc<[u32]> = if quiet.is_empty() {
        HOURS.collect()
    } else {
        quiet.into()
    };
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(zone).or_insert(hours))
}

/// The days on which the distance to UTC changes, and those after them.
fn changing_days(zone: Tz) -> Vec<NaiveDate> {
    let offset = |day: NaiveDate| {
        let noon = day.and_time(NaiveTime::MIN) + chrono::TimeDelta::hours(12);
        chrono::Offset::fix(&zone.offset_from_utc_datetime(&noon))
    };
    let first = NaiveDate::from_ymd_opt(YEARS.start, 1, 1).unwrap_or_default();
    let days = first
        .iter_days()
        .take_while(|day| chrono::Datelike::year(day) < YEARS.end);
    days.filter(|day| offset(*day) != offset(*day + Days::new(1)))
        .flat_map(|day| [day, day + Days::new(1)])
        .collect()
}

/// Whether every quarter of an hour exists once.
fn is_whole(zone: Tz, day: NaiveDate, hour: u32) -> bool {
    let once = |minute| {
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default();
        zone.from_local_datetime(&day.and_time(time)).single().is_some()
    };
    [0, 15, 30, 45].into_iter().all(once)
}

/// FNV-1a: the standard library's hash differs from one release to the next.
pub(crate) fn stable_hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(workgroup: &str, zone: Tz) -> (u32, u32) {
        night(&workgroup.parse().expect("a workgroup"), zone)
    }

    #[test]
    fn o2_the_night_never_falls_into_a_clock_change() {
        for number in 0..300 {
            let name = format!("theatre/house-{number}");
            assert_ne!(
                of(&name, Tz::Europe__Vienna).0,
                2,
                "Vienna changes between two and three"
            );
            assert_ne!(
                of(&name, Tz::Europe__London).0,
                1,
                "London changes between one and two"
            );
            assert!(HOURS.contains(&of(&name, Tz::UTC).0));
        }
    }

    #[test]
    fn the_night_stays_the_same_and_differs_between_workgroups() {
        assert_eq!(
            of("stadttheater/grosses-haus", Tz::Europe__Vienna),
            of("stadttheater/grosses-haus", Tz::Europe__Vienna)
        );
        let minutes: std::collections::BTreeSet<(u32, u32)> = (0..50)
            .map(|number| of(&format!("theatre/house-{number}"), Tz::Europe__Vienna))
            .collect();
        assert!(minutes.len() > 35, "{} of 50 differ", minutes.len());
    }
}
