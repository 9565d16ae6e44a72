//! Warnings (`warn_customer`): who is to be told that they will be anonymised, noted with every automatic plan.
//!
//! The rules say it: who is not due today and would be within the warning's period, if nothing happened until then.
//! The first day on which they would be is found by asking again with each earlier day. The message itself is the
//! channels' to send.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use lapsed_dataset::{Fitted, Warned};
use lapsed_model::{Bounds, Period, Statement, day_start};
use lapsed_store::{Store, WarningsChanged};

use crate::JobError;
use crate::retention::Case;

/// Brings the warnings of a workgroup up to date, as of `bounds`. Rows that are there keep their instants.
pub async fn update(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    bounds: &Bounds,
) -> Result<WarningsChanged, JobError> {
    let Some(ahead) = case.retention.warn_customer else {
        let forgotten = store.forget_warnings(&case.workgroup).await?;
        return Ok(WarningsChanged { noted: 0, forgotten });
    };
    let switches = case.retention.switches();
    let warned = Warned {
        today: case.question(bounds, &switches),
        workgroup: &case.workgroup.name,
    };
    let days = Ahead::of(bounds, case.retention.anonymise_after);
    let last = ahead.after(days.today);
    let last_bounds = days.bounds(last);
    let forget = fitted.forget_warnings(&warned, &last_bounds);
    let note = fitted.note_warnings(&warned, &last_bounds, days.start(last));
    let earlier = days.back_from(last).map(|(day, day_after)| -> Statement {
        let (at, start, after) = (days.bounds(day), days.start(day), days.start(day_after));
        fitted.warnings_due_earlier(&warned, &at, start, after)
    });
    Ok(store
        .update_warnings(&case.workgroup, &forget, &note, earlier)
        .await?)
}

/// The days to come, as plans of those days would judge them: made at this hour.
#[derive(Clone, Copy)]
struct Ahead {
    bounds: Bounds,
    today: NaiveDate,
    into_the_day: TimeDelta,
    anonymise_after: Period,
}

impl Ahead {
    fn of(bounds: &Bounds, anonymise_after: Period) -> Self {
        let today = Bounds::today(bounds.now, bounds.zone);
        // The shortest day of a clock change has so many hours.
        let longest = TimeDelta::hours(22);
        Self {
            bounds: *bounds,
            today,
            into_the_day: (bounds.now - day_start(bounds.zone, today)).min(longest),
            anonymise_after,
        }
    }

    fn starts(&self, day: NaiveDate) -> DateTime<Utc> {
        day_start(self.bounds.zone, day)
    }

    /// As rows have it.
    fn start(&self, day: NaiveDate) -> i64 {
        self.starts(day).timestamp_millis()
    }

    fn bounds(&self, day: NaiveDate) -> Bounds {
        let now = self.starts(day) + self.into_the_day;
        Bounds::new(now, self.bounds.zone, self.anonymise_after)
    }

    /// From the day before `last` back to tomorrow, each with the day after it.
    fn back_from(self, last: NaiveDate) -> impl Iterator<Item = (NaiveDate, NaiveDate)> + Send {
        let before = |day: &NaiveDate| day.checked_sub_days(Days::new(1));
        std::iter::successors(Some(last), before)
            .map_while(move |day_after| Some((before(&day_after)?, day_after)))
            .take_while(move |(day, _)| *day > self.today)
    }
}
