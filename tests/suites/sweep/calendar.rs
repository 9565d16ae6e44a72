//! The cut-off of R-1, worked out once more with pencil and paper: no period arithmetic and no search for a day's
//! start is shared with the daemon.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use lapsed_model::Unit;

/// The start of today in `zone`, less `count` units by the calendar.
pub(crate) fn cut_off(now: DateTime<Utc>, zone: Tz, count: u32, unit: Unit) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let date = match unit {
        Unit::Days => days_before(today, count),
        Unit::Weeks => days_before(today, 7 * count),
        Unit::Months => months_before(today, count),
        Unit::Years => months_before(today, 12 * count),
    };
    first_instant(zone, date)
}

/// The first instant at which `zone`'s calendars show `date`; the start of the day after, if they skip it.
///
/// Found by looking at the wall: every hour from long before, until the calendar has turned, and then every minute
/// of the hours before that, in case it had turned before and was turned back.
pub(crate) fn first_instant(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    let shows_earlier = |instant: DateTime<Utc>| instant.with_timezone(&zone).date_naive() < date;
    let mut instant = Utc.from_utc_datetime(&date.and_time(NaiveTime::MIN)) - TimeDelta::hours(27);
    while shows_earlier(instant) {
        instant += TimeDelta::hours(1);
    }
    instant -= TimeDelta::hours(3);
    while shows_earlier(instant) {
        instant += TimeDelta::minutes(1);
    }
    instant
}

fn days_before(mut date: NaiveDate, days: u32) -> NaiveDate {
    for _ in 0..days {
        date = date.pred_opt().expect("a day before");
    }
    date
}

/// One month after the other; a day that the month lacks becomes its last, and only at the end: 31 March less two
/// months is 31 January.
fn months_before(date: NaiveDate, months: u32) -> NaiveDate {
    let (mut year, mut month) = (date.year(), date.month());
    for _ in 0..months {
        (year, month) = if month == 1 {
            (year - 1, 12)
        } else {
            (year, month - 1)
        };
    }
    NaiveDate::from_ymd_opt(year, month, date.day().min(last_day(year, month))).expect("a day of that month")
}

fn last_day(year: i32, month: u32) -> u32 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
