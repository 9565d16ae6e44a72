//! Random histories: what people, clocks and power cuts do to a daemon and its schedules, one thing after the other.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use lapsed_model::{IfMissed, Overlap};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A moment at which a history begins, in a zone whose clocks are about to be changed, and what happens from then on.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) zone: Tz,
    pub(crate) begins: DateTime<Utc>,
    pub(crate) first: [Wish; 2],
    pub(crate) changes: Vec<Change>,
}

/// How often something comes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pattern {
    /// Once a day, at this hour and minute.
    Daily(i64, i64),
    /// Every so many hours.
    Every(i64),
}

/// What a policy says of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) pattern: Pattern,
    pub(crate) if_missed: IfMissed,
    pub(crate) overlap: Overlap,
    pub(crate) catch_up: TimeDelta,
}

/// One of the two schedules, each of a tenant of its own.
pub(crate) type Which = usize;

/// Whom a stop stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    Schedule(Which),
    Tenant(Which),
    Everything,
}

/// How a run ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Completed,
    Retry,
    Discarded,
    HandedBack,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Time passes, or somebody sets the clock.
    Clock(TimeDelta),
    /// The daemon looks at the clock.
    Look,
    /// A tenant edits its policy.
    Write(Which, Wish),
    Pause(Stop),
    Resume(Stop),
    /// The daemon is killed, and another one takes the store.
    Crash,
    /// The daemon begins runs.
    Claim(u32),
    /// One of the runs that were begun comes to its end.
    End(Index, Ending),
    /// Somebody who lost a run says how it ended.
    EndLost(Index, Ending),
}

impl Pattern {
    pub(crate) fn cron(self) -> String {
        match self {
            Pattern::Daily(hour, minute) => format!("{minute} {hour} * * *"),
            Pattern::Every(1) => "0 * * * *".to_owned(),
            Pattern::Every(hours) => format!("0 */{hours} * * *"),
        }
    }
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let times = vec![(2, 30), (0, 0), (23, 30), (3, 0), (1, 45)];
    prop_oneof![
        3 => select(times).prop_map(|(hour, minute)| Pattern::Daily(hour, minute)),
        1 => select(vec![1, 2, 6]).prop_map(Pattern::Every),
    ]
}

fn wish() -> impl Strategy<Value = Wish> {
    let days = select(vec![1, 3, 31]);
    (
        pattern(),
        select(IfMissed::ALL.to_vec()),
        select(Overlap::ALL.to_vec()),
        days,
    )
        .prop_map(|(pattern, if_missed, overlap, days)| Wish {
            pattern,
            if_missed,
            overlap,
            catch_up: TimeDelta::days(days),
        })
}

fn which() -> impl Strategy<Value = Which> {
    0..2_usize
}

fn stop() -> impl Strategy<Value = Stop> {
    prop_oneof![
        which().prop_map(Stop::Schedule),
        which().prop_map(Stop::Tenant),
        Just(Stop::Everything),
    ]
}

/// Minutes pass, hours, or days without the daemon; sometimes the clock is set, by up to a day and back too.
fn clock() -> impl Strategy<Value = Change> {
    const DAY: i64 = 86_400_000;
    prop_oneof![
        4 => 1_000..1_800_000_i64,
        6 => 1_800_000..DAY,
        2 => -DAY..=DAY,
        1 => Just(3_600_000_i64),
        1 => -600_000..0_i64,
    ]
    .prop_map(|ms| Change::Clock(TimeDelta::milliseconds(ms)))
}

fn ending() -> impl Strategy<Value = Ending> {
    select(vec![
        Ending::Completed,
        Ending::Completed,
        Ending::Retry,
        Ending::Discarded,
        Ending::HandedBack,
    ])
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        8 => clock(),
        8 => Just(Change::Look),
        2 => (which(), wish()).prop_map(|(which, wish)| Change::Write(which, wish)),
        1 => stop().prop_map(Change::Pause),
        2 => stop().prop_map(Change::Resume),
        2 => Just(Change::Crash),
        4 => (1_u32..4).prop_map(Change::Claim),
        4 => (any::<Index>(), ending()).prop_map(|(which, ending)| Change::End(which, ending)),
        2 => (any::<Index>(), ending()).prop_map(|(which, ending)| Change::EndLost(which, ending)),
    ]
}

/// Days on which clocks are put forward or back, in zones that do it differently.
const BEGINNINGS: [(Tz, &str); 10] = [
    (Tz::Europe__Vienna, "2026-03-28T12:00:00Z"),
    (Tz::Europe__Vienna, "2026-10-24T12:00:00Z"),
    (Tz::Europe__Vienna, "2026-06-10T12:00:00Z"),
    (Tz::America__Nuuk, "2026-03-28T12:00:00Z"),
    (Tz::America__Nuuk, "2026-10-24T12:00:00Z"),
    (Tz::America__Havana, "2026-03-07T12:00:00Z"),
    (Tz::America__Havana, "2026-10-31T12:00:00Z"),
    (Tz::Australia__Lord_Howe, "2026-04-03T12:00:00Z"),
    (Tz::Australia__Lord_Howe, "2026-10-02T12:00:00Z"),
    (Tz::Pacific__Apia, "2011-12-29T12:00:00Z"),
];

/// A random history.
pub(crate) fn history() -> impl Strategy<Value = History> {
    let changes = prop::collection::vec(change(), 1..50);
    (select(BEGINNINGS.to_vec()), [wish(), wish()], changes).prop_map(|((zone, begins), first, changes)| {
        History {
            zone,
            begins: begins.parse().expect("an instant"),
            first,
            changes,
        }
    })
}
