//! A reader of the promise: knows what was written and what time it is, and says whether a look at the clock was right.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_model::{IfMissed, Overlap, SkipReason, Skipped};

use super::change::{History, Pattern, Wish};
use super::oracle::{daily, every, minute};

/// What is late by more than this was missed.
const GRACE: TimeDelta = TimeDelta::minutes(10);

/// How far a history goes at most.
const REACH: TimeDelta = TimeDelta::days(55);

/// Why slots were left out in all of the histories together.
pub(crate) static REASONS: Mutex<BTreeSet<SkipReason>> = Mutex::new(BTreeSet::new());

/// What became of a schedule's slots.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) runs: BTreeSet<DateTime<Utc>>,
    pub(crate) skipped: Vec<Skipped>,
}

/// What a reader of the promise knows of a schedule.
pub(crate) struct Reader {
    pub(crate) id: String,
    wish: Wish,
    /// Every slot of the pattern since it was written.
    slots: Vec<DateTime<Utc>>,
    /// Earlier slots do not count.
    pub(crate) counts_from: DateTime<Utc>,
    /// The latest moment at which the daemon looked, or the schedule was written.
    seen: DateTime<Utc>,
    /// The latest moment that anything was known of before it was written: later only where the clock was set back.
    known: DateTime<Utc>,
    told: Told,
}

impl Reader {
    /// Takes up what the policy says of the schedule `id` from `now` on.
    pub(crate) fn begin(id: String, history: &History, wish: Wish, now: DateTime<Utc>) -> Self {
        let slots = promised(history, wish.pattern);
        Self {
            id,
            wish,
            slots: slots.into_iter().filter(|slot| *slot > now).collect(),
            counts_from: now,
            seen: now,
            known: now,
            told: Told::default(),
        }
    }

    /// Reads what an edit says at `now`. Only other times begin anew.
    pub(crate) fn reads(&mut self, history: &History, wish: Wish, now: DateTime<Utc>) {
        if self.wish.pattern == wish.pattern {
            self.wish = wish;
            return;
        }
        let before = std::mem::replace(self, Self::begin(self.id.clone(), history, wish, now));
        self.known = before.known.max(before.seen);
        self.told = before.told;
    }

    /// Takes down what became of the slots until `now`.
    pub(crate) fn takes_down(&mut self, told: Told, now: DateTime<Utc>) {
        self.seen = self.seen.max(now);
        self.told = told;
    }
}

/// Every slot of a pattern that a history can get to: it goes a day back or ahead at each of its steps.
fn promised(history: &History, pattern: Pattern) -> Vec<DateTime<Utc>> {
    type Asked = (&'static str, DateTime<Utc>, Pattern);
    static ASKED: Mutex<BTreeMap<Asked, Vec<DateTime<Utc>>>> = Mutex::new(BTreeMap::new());
    let read = || {
        let (from, until) = (history.begins - REACH, history.begins + REACH);
        let (zone, from, until) = (history.zone, minute(from), minute(until));
        match pattern {
            Pattern::Daily(hour, minute) => {
                daily(zone, &[(hour, minute)], from, until).remove(&(hour, minute))
            }
            Pattern::Every(hours) => Some(every(zone, hours, from, until)),
        }
    };
    let mut asked = ASKED.lock().expect("nobody panics while holding it");
    let slots = asked.entry((history.zone.name(), history.begins, pattern));
    slots.or_insert_with(|| read().unwrap_or_default()).clone()
}

/// What a look at the clock did to one schedule.
pub(crate) struct Look<'a> {
    pub(crate) now: DateTime<Utc>,
    pub(crate) paused: bool,
    pub(crate) unfinished: usize,
    pub(crate) reader: &'a Reader,
    pub(crate) told: &'a Told,
}

impl Look<'_> {
    pub(crate) fn is_right(&self) -> Result<(), String> {
        let before = &self.reader.told;
        let mut skipped = self.told.skipped.clone();
        skipped.retain(|stretch| !before.skipped.contains(stretch));
        let new: Vec<DateTime<Utc>> = self.told.runs.difference(&before.runs).copied().collect();
        self.every_slot_once(&skipped)?;
        if let Some(run) = new.iter().find(|run| !self.may_run(**run)) {
            return Err(format!("{run} should not have run"));
        }
        for stretch in &skipped {
            REASONS
                .lock()
                .expect("nobody panics while holding it")
                .insert(stretch.reason);
            if !self.holds(stretch, &skipped, &new) {
                return Err(format!("{stretch:?} is no reason; runs {new:?}, all {skipped:?}"));
            }
        }
        Ok(())
    }

    /// The slots that came since the last look.
    fn came(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let slots = self.reader.slots.iter().copied();
        slots.filter(|slot| (self.reader.seen < *slot) && *slot <= self.now)
    }

    /// Every slot that came is a run, or is in one stretch, and nothing else is. Where somebody set the clock back behind
    /// a slot and then edited the schedule, the slot came twice: it is known, and nothing more is asked of it.
    fn every_slot_once(&self, skipped: &[Skipped]) -> Result<(), String> {
        let (known, came): (Vec<_>, Vec<_>) = self.came().partition(|slot| *slot <= self.reader.known);
        let stretches =
            |of: &[Skipped], slot| of.iter().filter(|of| (of.first..=of.last).contains(slot)).count();
        let times = |of: &[Skipped], slot| stretches(of, slot) + usize::from(self.told.runs.contains(slot));
        if let Some(slot) = known.iter().find(|slot| times(&self.told.skipped, *slot) == 0) {
            return Err(format!("{slot} came twice and was not counted"));
        }
        if let Some(slot) = came.iter().find(|slot| times(skipped, *slot) != 1) {
            let times = times(skipped, slot);
            return Err(format!(
                "{slot} was counted {times} times: {:?}, {skipped:?}",
                self.told.runs
            ));
        }
        let ran = self.told.runs.difference(&self.reader.told.runs).count() as u64;
        let left_out: u64 = skipped.iter().map(|of| of.slots).sum();
        if known.is_empty() && ran + left_out != came.len() as u64 {
            return Err(format!(
                "{} came, {ran} ran and {left_out} were left out",
                came.len()
            ));
        }
        Ok(())
    }

    fn may_run(&self, slot: DateTime<Utc>) -> bool {
        !self.paused && slot >= self.reader.counts_from && slot >= self.now - self.reader.wish.catch_up
    }

    fn holds(&self, stretch: &Skipped, skipped: &[Skipped], new: &[DateTime<Utc>]) -> bool {
        let wish = self.reader.wish;
        match stretch.reason {
            SkipReason::Edited => stretch.last < self.reader.counts_from,
            SkipReason::Paused => self.paused,
            SkipReason::TooOld => stretch.last < self.now - wish.catch_up,
            SkipReason::Missed => {
                let overlapped = |of: &Skipped| of.reason == SkipReason::Overlap && of.last > stretch.last;
                let made_up = new.iter().any(|run| *run > stretch.last) || skipped.iter().any(overlapped);
                let late = self.now - stretch.last > GRACE;
                self.may_run(stretch.first) && late && (wish.if_missed == IfMissed::Skip || made_up)
            }
            SkipReason::Overlap => {
                let others = self.unfinished + new.iter().filter(|run| **run < stretch.first).count();
                match wish.overlap {
                    Overlap::Skip => others >= 1,
                    Overlap::QueueOne => others >= 2,
                    Overlap::Allow => false,
                }
            }
        }
    }
}
