//! O-2: every zone of the world whose clocks change in 2026 or 2027, through the store.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use lapsed_model::{Overlap, Skipped, Timetable};
use lapsed_policy::next_slot;

use super::book::{Book, timetable};
use super::oracle::{Minute, changes, daily, every, instant, minute};

/// Times of day at which clocks are changed somewhere, and some beside them.
const TIMES: [(i64, i64); 11] = [
    (0, 0),
    (0, 30),
    (1, 0),
    (1, 30),
    (2, 0),
    (2, 30),
    (2, 45),
    (3, 0),
    (4, 0),
    (23, 0),
    (23, 30),
];

/// How far before and after a change the daemon is there on every day; in between it is away.
const AROUND: TimeDelta = TimeDelta::days(3);

/// The slots of a time of day in a zone.
type Promised = BTreeMap<String, Vec<DateTime<Utc>>>;

fn years() -> (Minute, Minute) {
    let new_year = |year: &str| minute(year.parse().expect("an instant"));
    (new_year("2026-01-01T00:00:00Z"), new_year("2028-01-01T00:00:00Z"))
}

/// The zones whose clocks change, those together that change on the same days.
static ZONES: LazyLock<Vec<(Vec<Minute>, Vec<Tz>)>> = LazyLock::new(|| {
    let (from, until) = years();
    let mut by_days: BTreeMap<Vec<Minute>, Vec<Tz>> = BTreeMap::new();
    for zone in TZ_VARIANTS {
        by_days.entry(changes(zone, from, until)).or_default().push(zone);
    }
    by_days.into_iter().filter(|(days, _)| !days.is_empty()).collect()
});

/// Every day at each of the times: the timetables, and what the oracle says of each.
fn schedules(zones: &[Tz]) -> (Vec<Timetable>, Promised) {
    let (from, until) = years();
    let (mut timetables, mut promised) = (Vec::new(), Promised::new());
    for (number, zone) in zones.iter().enumerate() {
        for (time, slots) in daily(*zone, &TIMES, from, until) {
            let (hour, minute) = time;
            let workgroup = format!("theatre/zone-{number}-at-{hour:02}-{minute:02}");
            let mut timetable = timetable(&workgroup, &format!("{minute} {hour} * * *"), *zone);
            timetable.overlap = Overlap::Allow;
            promised.insert(timetable.id(), slots);
            timetables.push(timetable);
        }
    }
    (timetables, promised)
}

/// When the daemon looks at the clock: twice a day around a change.
fn looks(days: &[Minute]) -> Vec<DateTime<Utc>> {
    let (from, until) = years();
    let half_days = (from..until).step_by(12 * 60).map(instant);
    let near = |at: &DateTime<Utc>| days.iter().any(|day| (*at - instant(*day)).abs() <= AROUND);
    half_days.filter(near).chain([instant(until - 1)]).collect()
}

/// The slots that the oracle has in a stretch.
fn within(slots: &[DateTime<Utc>], stretch: &Skipped) -> Vec<DateTime<Utc>> {
    let inside = |slot: &&DateTime<Utc>| (stretch.first..=stretch.last).contains(*slot);
    slots.iter().filter(inside).copied().collect()
}

/// Lets two years pass and holds what became of every slot against the oracle. Answers how many runs there were.
async fn two_years(days: &[Minute], zones: &[Tz]) -> usize {
    let (timetables, promised) = schedules(zones);
    let book = Book::at(instant(years().0)).await;
    book.write("theatre", timetables.clone()).await;
    for look in looks(days) {
        book.turn_to(look);
        book.look().await;
    }
    let ran = book.ran().await;
    for timetable in &timetables {
        let (id, about) = (
            timetable.id(),
            format!("{} in {}", timetable.cron, timetable.zone),
        );
        let mut became = ran[&id].clone();
        for stretch in book.skipped(&id).await {
            let slots = within(&promised[&id], &stretch);
            assert_eq!(
                (slots.first(), slots.last()),
                (Some(&stretch.first), Some(&stretch.last)),
                "{about}"
            );
            assert_eq!(slots.len() as u64, stretch.slots, "{about}: {stretch:?}");
            became.extend(slots);
        }
        became.sort();
        assert_eq!(became, promised[&id], "{about}");
        let around = |slot: &&DateTime<Utc>| {
            days.iter()
                .any(|day| (**slot - instant(*day)).abs() < AROUND - TimeDelta::days(1))
        };
        let missing: Vec<_> = promised[&id]
            .iter()
            .filter(around)
            .filter(|slot| !ran[&id].contains(slot))
            .collect();
        assert_eq!(
            missing,
            Vec::<&DateTime<Utc>>::new(),
            "{about}: left out though the daemon was there"
        );
    }
    ran.values().map(Vec::len).sum()
}

#[test]
fn o2_a_daily_time_keeps_its_word_in_every_zone_whose_clocks_change() {
    let cases: usize = ZONES.iter().map(|(_, zones)| zones.len() * TIMES.len()).sum();
    assert!(cases >= 2_000, "only {cases} cases");
    let (queue, runs) = (Mutex::new(ZONES.iter()), Mutex::new(0));
    let work = || {
        let next = || queue.lock().expect("nobody panics while holding it").next();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        while let Some((days, zones)) = next() {
            let ran = runtime.block_on(two_years(days, zones));
            *runs.lock().expect("nobody panics while holding it") += ran;
        }
    };
    std::thread::scope(|threads| {
        for worker in [threads.spawn(work), threads.spawn(work)] {
            worker.join().expect("what a group found");
        }
    });
    assert!(*runs.lock().expect("nobody panics while holding it") > cases * 8);
}

#[test]
fn o2_an_interval_comes_whenever_the_clock_shows_it() {
    for (days, zones) in &*ZONES {
        let around = days.iter().map(|day| (day - 24 * 60, day + 3 * 24 * 60));
        for (from, until) in around {
            let both = [("0 * * * *", 1), ("0 */2 * * *", 2)];
            for ((cron, hours), zone) in both
                .iter()
                .flat_map(|both| zones.iter().map(move |zone| (*both, *zone)))
            {
                let mut slots = vec![];
                let mut slot = next_slot(cron, zone, instant(from));
                while let Some(at) = slot.filter(|at| *at < instant(until)) {
                    slots.push(at);
                    slot = next_slot(cron, zone, at);
                }
                assert_eq!(slots, every(zone, hours, from, until), "{cron} in {zone}");
            }
        }
    }
}
