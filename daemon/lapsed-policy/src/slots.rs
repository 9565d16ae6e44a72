//! The judge of schedules: when the next slot is, and what becomes of slots whose time has come (O-2).
//!
//! Pure: it knows neither clock nor store. A slot is always computed from the slot before it and never from *now*
//! backwards, so that a clock that was set back makes nothing due a second time.
//!
//! # What a clock change does
//!
//! A **fixed time** (`0 3 * * *`, `30 2 1-7 * MON`, also `0 2,14 * * *`) comes once on each of its days. Where the
//! clocks are put forward over it, it comes at the first instant after the gap; where they are put back over it, at
//! the first of the two. Several times inside one gap are one slot.
//!
//! An **interval** has a wildcard or a step in the field of the hour (`0 * * * *`, `0 */2 * * *`). It comes whenever
//! the clocks show it: twice in the hour that is repeated, and not at all in the hour that is left out.
//!
//! `croner` walks the calendar, which has no clock changes; its times become instants here. Asked for instants
//! itself, it loses 23:30 on the days whose gap ends at midnight (Nuuk), and finds no way across a day that never
//! was (Apia, 30 December 2011).

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use lapsed_model::first_instant;

/// How many parsed patterns are kept. Many schedules share few of them: *at night* alone has 240 for all workgroups
/// of the world. A parsed pattern is six kilobytes and takes ten microseconds to make.
const PATTERNS_KEPT: usize = 1024;

/// The first slot of `cron` strictly after `after`, by the clocks of `zone`; none where the pattern never comes
/// again, or is not cron text of five fields.
#[must_use]
pub fn next_slot(cron: &str, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let pattern = pattern(cron)?;
    if pattern.is_interval {
        next_of_interval(&pattern.cron, zone, after)
    } else {
        next_of_fixed_time(&pattern.cron, zone, after)
    }
}

/// The version of the time-zone database that slots are computed with, such as `2025b`.
#[must_use]
pub fn tz_database() -> &'static str {
    chrono_tz::IANA_TZDB_VERSION
}

/// The next time by the calendar that is not over: what lies in the half of a repeated hour that is over is.
fn next_of_fixed_time(cron: &Cron, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut local = after.with_timezone(&zone).naive_local();
    loop {
        local = cron.find_next_occurrence(&local, false).ok()?;
        let slot = first_instant(zone, local);
        if slot > after {
            return Some(slot);
        }
    }
}

/// The earliest instant after `after` at which the clocks show a time of the pattern.
///
/// In the first pass of a repeated hour the clocks are about to show earlier times again: the search begins with
/// those, and ends with the first time that lies ahead by the clocks, too.
fn next_of_interval(cron: &Cron, zone: Tz, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let shown = after.with_timezone(&zone).naive_local();
    let mut local = shown - repeated(zone, shown);
    let mut earliest: Option<DateTime<Utc>> = None;
    loop {
        local = cron.find_next_occurrence(&local, false).ok()?;
        let ahead = instants(zone, local).into_iter().flatten().find(|at| *at > after);
        earliest = [earliest, ahead].into_iter().flatten().min();
        if earliest.is_some() && local > shown {
            return earliest;
        }
    }
}

/// How much of the clocks' time is shown twice around `local`.
fn repeated(zone: Tz, local: NaiveDateTime) -> TimeDelta {
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Ambiguous(first, second) => second - first,
        MappedLocalTime::Single(_) | MappedLocalTime::None => TimeDelta::zero(),
    }
}

/// The instants at which the clocks show `local`, in their order.
fn instants(zone: Tz, local: NaiveDateTime) -> [Option<DateTime<Utc>>; 2] {
    let utc = |at: DateTime<Tz>| Some(at.with_timezone(&Utc));
    match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => [utc(at), None],
        MappedLocalTime::Ambiguous(first, second) => [utc(first), utc(second)],
        MappedLocalTime::None => [None, None],
    }
}

/// Cron text that was parsed.
struct Pattern {
    cron: Cron,
    is_interval: bool,
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let cron = parser().parse(text).ok()?;
        let hour = text.split_whitespace().nth(1)?;
        Some(Self {
            cron,
            is_interval: hour.contains(['*', '/']),
        })
    }
}

/// Cron text of five fields, and nothing else.
pub(crate) fn parser() -> CronParser {
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
}

/// The pattern of a text, parsed once for all schedules that share it. Full, the memory starts over: whoever has
/// more patterns than it holds pays for the parsing, and nobody for the book-keeping.
fn pattern(text: &str) -> Option<Arc<Pattern>> {
    static KEPT: LazyLock<RwLock<HashMap<String, Arc<Pattern>>>> = LazyLock::new(RwLock::default);
    if let Some(pattern) = KEPT.read().unwrap_or_else(PoisonError::into_inner).get(text) {
        return Some(Arc::clone(pattern));
    }
    let pattern = Arc::new(Pattern::parse(text)?);
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= PATTERNS_KEPT {
        kept.clear();
    }
    kept.insert(text.to_owned(), Arc::clone(&pattern));
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first slots after `after`, as the zone's clocks show them.
    fn slots(cron: &str, zone: Tz, after: &str, count: usize) -> Vec<String> {
        let mut at: DateTime<Utc> = after.parse().expect("an instant");
        let next = |_| {
            at = next_slot(cron, zone, at)?;
            Some(at.with_timezone(&zone).format("%m-%d %H:%M %z").to_string())
        };
        (0..count).map_while(next).collect()
    }

    #[test]
    fn o2_a_time_in_the_gap_of_spring_runs_at_the_first_instant_after_it() {
        let vienna = slots("30 2 * * *", Tz::Europe__Vienna, "2026-03-27T12:00:00Z", 3);
        assert_eq!(
            vienna,
            ["03-28 02:30 +0100", "03-29 03:00 +0200", "03-30 02:30 +0200"]
        );
        let nuuk = slots("30 23 * * SAT", Tz::America__Nuuk, "2026-03-22T12:00:00Z", 2);
        assert_eq!(nuuk, ["03-29 00:00 -0100", "04-04 23:30 -0100"]);
    }

    #[test]
    fn o2_a_time_in_the_overlap_of_autumn_runs_once_and_at_the_first() {
        let vienna = slots("30 2 * * *", Tz::Europe__Vienna, "2026-10-24T12:00:00Z", 2);
        assert_eq!(vienna, ["10-25 02:30 +0200", "10-26 02:30 +0100"]);
        let between = slots("30 2 * * *", Tz::Europe__Vienna, "2026-10-25T01:15:00Z", 1);
        assert_eq!(
            between,
            ["10-26 02:30 +0100"],
            "asked in the second pass of the hour"
        );
    }

    #[test]
    fn o2_times_in_one_gap_are_one_slot() {
        let both = slots("0 1,2,3 * * *", Tz::Europe__Vienna, "2026-03-28T12:00:00Z", 3);
        assert_eq!(
            both,
            ["03-29 01:00 +0100", "03-29 03:00 +0200", "03-30 01:00 +0200"]
        );
    }

    #[test]
    fn o2_a_day_that_never_was_is_crossed() {
        let apia = slots("30 4 * * *", Tz::Pacific__Apia, "2011-12-29T00:00:00Z", 3);
        assert_eq!(
            apia,
            ["12-29 04:30 -1000", "12-31 00:00 +1400", "12-31 04:30 +1400"]
        );
        let hours = slots("0 */12 * * *", Tz::Pacific__Apia, "2011-12-29T11:00:00Z", 3);
        assert_eq!(
            hours,
            ["12-29 12:00 -1000", "12-31 00:00 +1400", "12-31 12:00 +1400"]
        );
    }

    #[test]
    fn o2_an_interval_goes_on_through_the_repeated_hour_and_leaves_the_gap_out() {
        let autumn = slots("0 * * * *", Tz::Europe__Vienna, "2026-10-24T23:30:00Z", 4);
        assert_eq!(
            autumn,
            [
                "10-25 02:00 +0200",
                "10-25 02:00 +0100",
                "10-25 03:00 +0100",
                "10-25 04:00 +0100"
            ]
        );
        let spring = slots("0 */2 * * *", Tz::Europe__Vienna, "2026-03-28T22:30:00Z", 3);
        assert_eq!(
            spring,
            ["03-29 00:00 +0100", "03-29 04:00 +0200", "03-29 06:00 +0200"]
        );
        let half_an_hour = slots("45 * * * *", Tz::Australia__Lord_Howe, "2026-04-04T14:00:00Z", 3);
        assert_eq!(
            half_an_hour,
            ["04-05 01:45 +1100", "04-05 01:45 +1030", "04-05 02:45 +1030"]
        );
    }

    #[test]
    fn o2_a_slot_lies_strictly_after_what_was_asked() {
        let exactly = slots("0 3 * * *", Tz::UTC, "2026-01-01T03:00:00Z", 1);
        assert_eq!(exactly, ["01-02 03:00 +0000"]);
        let just_before = slots("0 3 * * *", Tz::UTC, "2026-01-01T02:59:59.999Z", 1);
        assert_eq!(just_before, ["01-01 03:00 +0000"]);
    }

    #[test]
    fn a_pattern_that_never_comes_has_no_slot() {
        let after = DateTime::UNIX_EPOCH;
        for cron in [
            "0 3 30 2 *",
            "0 3 31 2,4,6,9,11 *",
            "three o'clock",
            "0 3 * *",
            "",
        ] {
            assert_eq!(next_slot(cron, Tz::Europe__Vienna, after), None, "{cron}");
        }
    }

    #[test]
    fn more_patterns_than_are_kept_are_understood_all_the_same() {
        let after = DateTime::UNIX_EPOCH;
        for minute in 0..PATTERNS_KEPT + 100 {
            let cron = format!("{} {} * * *", minute % 60, minute / 60 % 24);
            let minutes = i64::try_from(minute % 1440).expect("few minutes");
            let expected = after + TimeDelta::minutes(if minutes == 0 { 1440 } else { minutes });
            assert_eq!(next_slot(&cron, Tz::UTC, after), Some(expected), "{cron}");
        }
    }
}
