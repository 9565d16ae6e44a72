//! The two instants that every rule compares with: now, and the cut-off of R-1.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

use crate::Period;

/// What rules are judged by. Fixed when a plan is made, and the same for every person in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// When the plan was made.
    pub now: DateTime<Utc>,
    /// the first instant of the day that lies the retention period before today, in the tenant's zone.
    pub cut_off: DateTime<Utc>,
    /// The tenant's zone: a date without a time begins and ends by its calendar.
    pub zone: Tz,
}

impl Bounds {
    /// The bounds of somebody who keeps customers for `period` and asks at `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>, zone: Tz, period: Period) -> Self {
        Self {
            now,
            cut_off: day_start(zone, period.before(Self::today(now, zone))),
            zone,
        }
    }

    /// The date that `zone`'s calendars show at `now`.
    #[must_use]
    pub fn today(now: DateTime<Utc>, zone: Tz) -> NaiveDate {
        now.with_timezone(&zone).date_naive()
    }

    /// The date of the cut-off in the tenant's zone.
    #[must_use]
    pub fn cut_off_date(&self) -> NaiveDate {
        Self::today(self.cut_off, self.zone)
    }
}

/// The first instant of `date` in `zone`.
///
/// A clock change can take midnight away (Beirut, Havana), give it twice, or take the whole day (Apia,
/// 30 December 2011): then it is the first instant after it, the first of the two, or the start of the day after.
#[must_use]
pub fn day_start(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    first_instant(zone, date.and_time(NaiveTime::MIN))
}

/// The first instant at which `zone`'s clocks show `local` or, where a clock change leaves it out, something later:
/// of two instants the earlier, and for a time inside a gap the first instant after the gap.
#[must_use]
pub fn first_instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let shown = zone.from_local_datetime(&local).earliest();
    let after_gap = || GapInfo::new(&local, &zone).and_then(|gap| gap.end);
    shown
        .or_else(after_gap)
        .map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(zone: Tz, date: &str) -> String {
        day_start(zone, date.parse().expect("a date"))
            .with_timezone(&zone)
            .to_rfc3339()
    }

    #[test]
    fn an_ordinary_day_begins_at_midnight() {
        assert_eq!(
            start(Tz::Europe__Vienna, "2026-11-22"),
            "2026-11-22T00:00:00+01:00"
        );
    }

    #[test]
    fn r1_a_day_without_midnight_begins_with_its_first_instant() {
        assert_eq!(
            start(Tz::Africa__Cairo, "2026-04-24"),
            "2026-04-24T01:00:00+03:00"
        );
        assert_eq!(
            start(Tz::America__Havana, "2026-03-08"),
            "2026-03-08T01:00:00-04:00"
        );
    }

    #[test]
    fn r1_of_two_midnights_the_first_counts() {
        assert_eq!(
            start(Tz::America__Havana, "2026-11-01"),
            "2026-11-01T00:00:00-04:00"
        );
    }

    #[test]
    fn r1_a_day_that_never_was_begins_with_the_next() {
        assert_eq!(
            start(Tz::Pacific__Apia, "2011-12-30"),
            "2011-12-31T00:00:00+14:00"
        );
    }

    #[test]
    fn o2_a_time_that_clocks_leave_out_is_the_first_instant_after_the_gap() {
        let first = |zone: Tz, local: &str| {
            let at = first_instant(zone, local.parse().expect("a time"));
            at.with_timezone(&zone).to_rfc3339()
        };
        let vienna = Tz::Europe__Vienna;
        assert_eq!(first(vienna, "2026-03-29T02:00:00"), "2026-03-29T03:00:00+02:00");
        assert_eq!(first(vienna, "2026-03-29T02:59:59"), "2026-03-29T03:00:00+02:00");
        assert_eq!(first(vienna, "2026-10-25T02:30:00"), "2026-10-25T02:30:00+02:00");
        let nuuk = first(Tz::America__Nuuk, "2026-03-28T23:30:00");
        assert_eq!(nuuk, "2026-03-29T00:00:00-01:00");
    }

    #[test]
    fn r1_today_is_the_tenants_today() {
        let now = "2026-03-01T11:30:00Z".parse().expect("an instant");
        let period = "1 day".parse().expect("a period");
        let auckland = Bounds::new(now, Tz::Pacific__Auckland, period);
        let honolulu = Bounds::new(now, Tz::Pacific__Honolulu, period);
        assert_eq!(auckland.cut_off_date().to_string(), "2026-03-01");
        assert_eq!(honolulu.cut_off_date().to_string(), "2026-02-28");
    }
}
