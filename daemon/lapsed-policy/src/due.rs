//! What becomes of a schedule whose next slot has come: every slot is a run, or is left out and counted (O-2).
//!
//! Slots are looked at from the oldest to the newest. One is *left out* if it lies before the moment from which the
//! schedule counts, if the schedule is paused, or if it is older than the catch-up window, in this order. One that
//! is older than [`GRACE`] was *missed*: all missed slots together are made up for by one run, for the last of them,
//! or are left out if the tenant wants that. What is left is on time, and each slot runs by itself.
//!
//! A run that would meet an unfinished one of its schedule is subject to [`Overlap`]. With [`Overlap::Skip`] a slot that is
//! on time makes up for the missed ones: of two runs begun in one second, the second could only be left out.

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{Due, IfMissed, Overlap, Schedule, SkipReason, Skipped};

use crate::next_slot;

/// A slot as late as this is still on time. A daemon that was restarted, or a machine that was rebooted, is not
/// late: nobody would say that the run was missed.
const GRACE: TimeDelta = TimeDelta::minutes(10);

/// How many slots are looked at one by one before what is older than the catch-up window is passed over: a year of
/// hours. Whoever counts from a clock that was years off gets an answer soon all the same.
const SLOTS_AT_ONCE: usize = 10_000;

/// What is to become of `schedule` at `now`.
///
/// Its next slot afterwards lies after `now`. If more than 10,000 slots are due, those behind them that are older than
/// the catch-up window are left out uncounted; if more than another 10,000 lie inside the window, so are the rest.
#[must_use]
pub fn due(schedule: &Schedule, now: DateTime<Utc>) -> Due {
    let mut judging = Judging {
        schedule,
        now,
        missed: None,
        unfinished: schedule.unfinished,
        due: Due::default(),
    };
    let after = |slot| next_slot(&schedule.timetable.cron, schedule.timetable.zone, slot);
    let mut next = schedule.next_slot_at;
    let window = judging.window();
    for jump_to in [window, now] {
        for _ in 0..SLOTS_AT_ONCE {
            let Some(slot) = next.filter(|slot| *slot <= now) else {
                break;
            };
            judging.slot(slot);
            next = after(slot);
        }
        if next.is_some_and(|slot| slot <= jump_to) {
            next = after(jump_to);
        }
    }
    judging.end(next)
}

/// Slots are judged one after the other.
struct Judging<'a> {
    schedule: &'a Schedule,
    now: DateTime<Utc>,
    /// The last missed slot: it runs unless another one makes up for it.
    missed: Option<DateTime<Utc>>,
    /// How many runs of the schedule are not finished, with those that were just decided.
    unfinished: u64,
    due: Due,
}

impl Judging<'_> {
    /// The last instant that is older than the catch-up window.
    fn window(&self) -> DateTime<Utc> {
        let catch_up = self.schedule.timetable.catch_up + TimeDelta::milliseconds(1);
        self.now
            .checked_sub_signed(catch_up)
            .unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    fn slot(&mut self, slot: DateTime<Utc>) {
        if slot < self.schedule.counts_from {
            self.skip(slot, SkipReason::Edited);
        } else if self.schedule.paused {
            self.skip(slot, SkipReason::Paused);
        } else if slot <= self.window() {
            self.skip(slot, SkipReason::TooOld);
        } else if self.now - slot > GRACE {
            self.missed(slot);
        } else {
            self.make_up(self.schedule.timetable.overlap != Overlap::Skip);
            self.run(slot);
        }
    }

    fn end(mut self, next_slot_at: Option<DateTime<Utc>>) -> Due {
        self.make_up(true);
        self.due.next_slot_at = next_slot_at;
        self.due
    }

    fn missed(&mut self, slot: DateTime<Utc>) {
        if self.schedule.timetable.if_missed == IfMissed::Skip {
            self.skip(slot, SkipReason::Missed);
        } else if let Some(earlier) = self.missed.replace(slot) {
            self.skip(earlier, SkipReason::Missed);
        }
    }

    /// The missed slots are made up for: by a run of their own, or by the slot that follows.
    fn make_up(&mut self, by_own_run: bool) {
        match self.missed.take() {
            Some(last) if by_own_run => self.run(last),
            Some(last) => self.skip(last, SkipReason::Missed),
            None => {}
        }
    }

    fn run(&mut self, slot: DateTime<Utc>) {
        let may_wait_for = match self.schedule.timetable.overlap {
            Overlap::Skip => 0,
            Overlap::QueueOne => 1,
            Overlap::Allow => u64::MAX,
        };
        if self.unfinished > may_wait_for {
            self.skip(slot, SkipReason::Overlap);
        } else {
            self.unfinished += 1;
            self.due.runs.push(slot);
        }
    }

    /// Counts a slot, with the one before it where that was left out for the same reason.
    fn skip(&mut self, slot: DateTime<Utc>, reason: SkipReason) {
        match self.due.skipped.last_mut() {
            Some(stretch) if stretch.reason == reason => {
                stretch.last = slot;
                stretch.slots += 1;
            }
            _ => self.due.skipped.push(Skipped {
                first: slot,
                last: slot,
                slots: 1,
                reason,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapsed_model::Timetable;

    use super::*;
    use crate::RETENTION;

    const MORNING: &str = "2026-06-10T03:05:00Z";

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    /// Every day at three, since the first of June; the slots of nine days have come by the morning of the tenth.
    fn every_day() -> Schedule {
        let timetable = Timetable {
            workgroup: "theatre/house".parse().expect("a workgroup"),
            job: RETENTION.to_owned(),
            said: "every day at 03:00".to_owned(),
            cron: "0 3 * * *".to_owned(),
            zone: Tz::UTC,
            if_missed: IfMissed::CatchUp,
            overlap: Overlap::Skip,
            catch_up: TimeDelta::days(31),
            jitter: TimeDelta::zero(),
        };
        Schedule {
            id: timetable.id(),
            timetable,
            next_slot_at: Some(at("2026-06-10T03:00:00Z")),
            counts_from: at("2026-06-01T00:00:00Z"),
            paused: false,
            unfinished: 0,
        }
    }

    fn away_since(day: &str) -> Schedule {
        Schedule {
            next_slot_at: Some(at(&format!("{day}T03:00:00Z"))),
            ..every_day()
        }
    }

    /// The days of the runs, and what was left out: how often and why.
    fn judged(schedule: &Schedule, now: &str) -> (Vec<String>, Vec<(u64, SkipReason)>) {
        let due = due(schedule, at(now));
        assert!(due.next_slot_at.is_some_and(|next| next > at(now)), "{due:?}");
        let days = due.runs.iter().map(|slot| slot.format("%m-%d").to_string());
        (
            days.collect(),
            due.skipped.iter().map(|of| (of.slots, of.reason)).collect(),
        )
    }

    fn days(days: &[&str]) -> Vec<String> {
        days.iter().map(|day| (*day).to_owned()).collect()
    }

    #[test]
    fn o2_a_slot_that_is_on_time_runs() {
        assert_eq!(judged(&every_day(), MORNING), (days(&["06-10"]), vec![]));
    }

    #[test]
    fn o2_a_clock_that_was_set_back_makes_nothing_due() {
        let schedule = every_day();
        let untouched = Due {
            next_slot_at: schedule.next_slot_at,
            ..Due::default()
        };
        assert_eq!(due(&schedule, at("2026-06-09T03:05:00Z")), untouched);
    }

    #[test]
    fn o2_missed_slots_are_made_up_for_by_one_run_for_the_last() {
        let away = away_since("2026-06-05");
        assert_eq!(
            judged(&away, "2026-06-09T12:00:00Z"),
            (days(&["06-09"]), vec![(4, SkipReason::Missed)])
        );
    }

    #[test]
    fn o2_missed_slots_are_left_out_where_the_tenant_wants_that() {
        let mut away = away_since("2026-06-05");
        away.timetable.if_missed = IfMissed::Skip;
        assert_eq!(
            judged(&away, "2026-06-09T12:00:00Z"),
            (vec![], vec![(5, SkipReason::Missed)])
        );
        assert_eq!(
            judged(&away, MORNING),
            (days(&["06-10"]), vec![(5, SkipReason::Missed)])
        );
    }

    #[test]
    fn o2_a_slot_on_time_makes_up_for_the_missed_ones_unless_both_may_run() {
        let mut away = away_since("2026-06-08");
        assert_eq!(
            judged(&away, MORNING),
            (days(&["06-10"]), vec![(2, SkipReason::Missed)])
        );
        for overlap in [Overlap::QueueOne, Overlap::Allow] {
            away.timetable.overlap = overlap;
            let both = days(&["06-09", "06-10"]);
            assert_eq!(judged(&away, MORNING), (both, vec![(1, SkipReason::Missed)]));
        }
    }

    #[test]
    fn o2_what_is_older_than_the_window_is_too_old() {
        let mut away = away_since("2026-06-05");
        away.timetable.catch_up = TimeDelta::days(2);
        assert_eq!(
            judged(&away, "2026-06-09T03:00:00Z"),
            (
                days(&["06-09"]),
                vec![(2, SkipReason::TooOld), (2, SkipReason::Missed)]
            )
        );
    }

    #[test]
    fn o2_an_edited_schedule_counts_from_that_moment() {
        let mut edited = away_since("2026-06-05");
        edited.counts_from = at("2026-06-07T03:00:00Z");
        assert_eq!(
            judged(&edited, MORNING),
            (
                days(&["06-10"]),
                vec![(2, SkipReason::Edited), (3, SkipReason::Missed)]
            )
        );
    }

    #[test]
    fn o2_a_paused_schedule_runs_nothing_and_counts_everything() {
        let mut paused = away_since("2026-06-08");
        paused.paused = true;
        assert_eq!(judged(&paused, MORNING), (vec![], vec![(3, SkipReason::Paused)]));
    }

    #[test]
    fn o2_a_run_that_is_not_finished_is_not_overtaken() {
        let mut busy = every_day();
        for (overlap, unfinished, runs) in [
            (Overlap::Skip, 1, 0),
            (Overlap::QueueOne, 1, 1),
            (Overlap::QueueOne, 2, 0),
            (Overlap::Allow, 7, 1),
        ] {
            busy.timetable.overlap = overlap;
            busy.unfinished = unfinished;
            let (ran, skipped) = judged(&busy, MORNING);
            assert_eq!(ran.len(), runs, "{overlap} with {unfinished}");
            let left_out = if runs == 0 {
                vec![(1, SkipReason::Overlap)]
            } else {
                vec![]
            };
            assert_eq!(skipped, left_out, "{overlap} with {unfinished}");
        }
    }

    #[test]
    fn o2_slots_of_one_look_meet_each_other() {
        let mut often = every_day();
        often.timetable.cron = "*/2 * * * *".to_owned();
        for (overlap, runs) in [(Overlap::Skip, 1), (Overlap::QueueOne, 2), (Overlap::Allow, 3)] {
            often.timetable.overlap = overlap;
            let due = due(&often, at(MORNING));
            assert_eq!(due.runs.len(), runs, "{overlap}");
            let left_out: u64 = due.skipped.iter().map(|of| of.slots).sum();
            assert_eq!(left_out, 3 - runs as u64, "{overlap}");
        }
    }

    #[test]
    fn o2_years_away_are_bounded_work_and_the_window_is_whole() {
        let mut away = away_since("1996-06-01");
        away.timetable.cron = "0 * * * *".to_owned();
        away.counts_from = DateTime::UNIX_EPOCH;
        let due = due(&away, at("2026-06-10T03:30:00Z"));
        assert_eq!(due.runs, [at("2026-06-10T03:00:00Z")]);
        let counted: Vec<(SkipReason, u64)> = due.skipped.iter().map(|of| (of.reason, of.slots)).collect();
        assert_eq!(
            counted,
            [(SkipReason::TooOld, 10_000), (SkipReason::Missed, 31 * 24 - 1)],
            "every hour of the window"
        );
        assert_eq!(due.next_slot_at, Some(at("2026-06-10T04:00:00Z")));
    }
}
