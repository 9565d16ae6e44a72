//! The oracle: what the promise of O-2 means on a wall clock, minute by minute.
//!
//! Somebody sits before the clock on the wall and writes down every minute. A daily time has come at the first minute at
//! which the clock shows it or anything later. That is all: a gap is a clock that suddenly shows something later, an
//! overlap a clock that shows again what was over. An interval comes whenever the clock shows it.
//!
//! Nothing here knows cron, and nothing asks what instant a local time stands for.

use std::collections::BTreeMap;

use chrono::{DateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

const DAY: i64 = 24 * 60;

/// Whole minutes since 1970: of the world, or of a clock on a wall.
pub(crate) type Minute = i64;

/// The minute of an instant.
pub(crate) fn minute(at: DateTime<Utc>) -> Minute {
    at.timestamp().div_euclid(60)
}

/// The instant of a minute.
pub(crate) fn instant(minute: Minute) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

/// How far the zone's clocks are ahead of the world's, in minutes.
fn ahead(zone: Tz, at: Minute) -> Minute {
    let offset = zone.offset_from_utc_datetime(&instant(at).naive_utc()).fix();
    i64::from(offset.local_minus_utc()).div_euclid(60)
}

/// What the zone's clock shows at every minute from the beginning of the day of `from`. A government changes it at a
/// quarter of an hour; on days that begin and end with the same offset it shows nothing unusual.
pub(crate) fn clock(zone: Tz, from: Minute, until: Minute) -> impl Iterator<Item = (Minute, Minute)> {
    let days = (from - from.rem_euclid(DAY)..until).step_by(DAY as usize);
    days.flat_map(move |day| {
        let end = until.min(day + DAY);
        let piece = if ahead(zone, day) == ahead(zone, end) {
            DAY
        } else {
            15
        };
        let pieces = (day..end).step_by(piece as usize);
        pieces.flat_map(move |begin| {
            let offset = ahead(zone, begin);
            (begin..end.min(begin + piece)).map(move |minute| (minute, minute + offset))
        })
    })
}

/// When each of these times of day comes after `from`: the first minute at which the clock shows it or anything later.
pub(crate) fn daily(
    zone: Tz,
    times: &[(i64, i64)],
    from: Minute,
    until: Minute,
) -> BTreeMap<(i64, i64), Vec<DateTime<Utc>>> {
    let mut slots: BTreeMap<(i64, i64), Vec<DateTime<Utc>>> = BTreeMap::new();
    let mut asked = vec![None; DAY as usize];
    for time in times {
        asked[(time.0 * 60 + time.1) as usize] = Some(*time);
    }
    let mut latest_shown = None;
    for (now, shown) in clock(zone, from, until) {
        let later = latest_shown.map_or(shown, |latest| latest + 1);
        for passed in later..=shown {
            if let Some(time) = asked[passed.rem_euclid(DAY) as usize] {
                slots.entry(time).or_default().push(instant(now));
            }
        }
        latest_shown = latest_shown.max(Some(shown));
    }
    for slots in slots.values_mut() {
        slots.retain(|slot| *slot > instant(from));
        // Of two days the clock may pass over the same time in one minute; it is written down once.
        slots.dedup();
    }
    slots
}

/// Every minute after `from` at which the clock shows a whole hour that `hours` divides.
pub(crate) fn every(zone: Tz, hours: i64, from: Minute, until: Minute) -> Vec<DateTime<Utc>> {
    let whole = |shown: Minute| shown.rem_euclid(DAY) % (hours * 60) == 0;
    let minutes = clock(zone, from, until).filter(|(now, shown)| *now > from && whole(*shown));
    minutes.map(|(now, _)| instant(now)).collect()
}

/// The days, as minutes of the world, on which the zone's clocks are changed.
pub(crate) fn changes(zone: Tz, from: Minute, until: Minute) -> Vec<Minute> {
    let days = (from..until).step_by(DAY as usize);
    days.filter(|day| ahead(zone, *day) != ahead(zone, day + DAY))
        .collect()
}
