//! the first date on which the answer changes, found by living through every day.

use std::collections::BTreeSet;
use std::mem::discriminant;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use lapsed_model::{At, Bounds, Happening, Period, Rule, Rules, Switch, Test, Texts, Unit, Verdict};
use lapsed_policy::{judge, next_change};
use lapsed_tests::World;
use proptest::prelude::*;
use proptest::sample::select;

use super::agreement::{on_stores, runtime};
use super::calendar::{cut_off, first_instant};

/// One person's life before and after now, by the places of facts.
#[derive(Clone, Debug)]
struct Life {
    zone: Tz,
    now: DateTime<Utc>,
    count: u32,
    unit: Unit,
    happened: Vec<(prop::sample::Index, At)>,
}

/// Nothing lies farther from now, so that every change is behind after this and the longest period.
const REACH: i64 = 400;
const HORIZON: i64 = REACH + 18 * 31 + 40;

fn life() -> impl Strategy<Value = Life> {
    let zone = select(vec![
        Tz::Europe__Vienna,
        Tz::America__Havana,
        Tz::Asia__Beirut,
        Tz::Pacific__Auckland,
    ]);
    let hour = 3_600_000_i64;
    // 2024 to 2028, now and then on the hour.
    let now = (473_000_i64..508_000, prop_oneof![Just(0_i64), 0..hour]).prop_map(move |(hours, rest)| {
        DateTime::from_timestamp_millis(hours * hour + rest).expect("an instant")
    });
    let period = prop_oneof![
        (1_u32..=60).prop_map(|count| (count, Unit::Days)),
        (1_u32..=18).prop_map(|count| (count, Unit::Months)),
        Just((1, Unit::Years)),
    ];
    (zone, now, period).prop_flat_map(move |(zone, now, (count, unit))| {
        let day_start = (-REACH..REACH, -1_i64..=1).prop_map(move |(days, beside)| {
            let day = now.with_timezone(&zone).date_naive() + TimeDelta::days(days);
            first_instant(zone, day) + TimeDelta::milliseconds(beside)
        });
        let anywhen = (-REACH * 24..REACH * 24).prop_map(move |hours| now + TimeDelta::hours(hours));
        let at = prop_oneof![
            4 => day_start.prop_map(At::Instant),
            4 => anywhen.prop_map(At::Instant),
            1 => select(vec![At::Never, At::Unknown, At::Unreadable]),
        ];
        prop::collection::vec((any::<prop::sample::Index>(), at), 0..5).prop_map(move |happened| Life {
            zone,
            now,
            count,
            unit,
            happened,
        })
    })
}

#[test]
fn r10_the_answer_changes_first_on_the_day_that_explain_names() {
    let world = runtime().block_on(World::new());
    changes_first_when_lived(&world.fitted.dataset().rules);
}

#[test]
fn r10_and_so_it_does_by_rules_of_every_kind() {
    let rule = |fact: &str, is: Test, without: &[&str]| Rule {
        name: fact.to_owned(),
        says: Texts::one(fact),
        fact: fact.to_owned(),
        is,
        without: without.iter().map(|fact| (*fact).to_owned()).collect(),
        switch: None,
    };
    changes_first_when_lived(&Rules {
        candidates: vec![
            rule("left", Test::BeforeNow, &[]),
            rule("came", Test::BeforeCutOff, &[]),
            rule("asked", Test::Present, &["comes"]),
        ],
        keeps: vec![
            rule("comes", Test::AfterNow, &[]),
            rule("bought", Test::AfterCutOff, &["asked"]),
        ],
        open: Vec::new(),
    });
}

fn changes_first_when_lived(rules: &Rules) {
    let facts: BTreeSet<&String> = rules
        .candidates
        .iter()
        .chain(&rules.keeps)
        .map(|rule| &rule.fact)
        .collect();
    let facts = Vec::from_iter(facts);
    let changed = AtomicUsize::new(0);
    on_stores(10, life, |_, life| {
        let happening = |(fact, at): &(prop::sample::Index, At)| Happening {
            fact: (*fact.get(&facts)).clone(),
            at: *at,
            record: String::new(),
        };
        let happenings: Vec<Happening> = life.happened.iter().map(happening).collect();
        let told = told(&life, rules, &happenings);
        changed.fetch_add(usize::from(told.is_some()), Ordering::Relaxed);
        prop_assert_eq!(told, lived(&life, rules, &happenings));
        Ok(())
    });
    assert!(changed.into_inner() > 20);
}

fn told(life: &Life, rules: &Rules, happenings: &[Happening]) -> Option<(DateTime<Utc>, Verdict)> {
    let period = Period::new(life.count, life.unit).expect("a period");
    next_change(rules, &Switch::ALL, happenings, life.now, life.zone, period)
}

/// Day after day, and at every instant at which something happens, and just after it.
fn lived(life: &Life, rules: &Rules, happenings: &[Happening]) -> Option<(DateTime<Utc>, Verdict)> {
    let answer = |now| {
        let bounds = Bounds {
            now,
            cut_off: cut_off(now, life.zone, life.count, life.unit),
            zone: life.zone,
        };
        judge(rules, &Switch::ALL, happenings, &bounds)
    };
    let today = life.now.with_timezone(&life.zone).date_naive();
    let mut moments: Vec<DateTime<Utc>> = (1..HORIZON)
        .map(|days| first_instant(life.zone, today + TimeDelta::days(days)))
        .collect();
    for happening in happenings {
        if let At::Instant(instant) = happening.at {
            moments.extend([instant, instant + TimeDelta::milliseconds(1)]);
        }
    }
    moments.retain(|moment| *moment > life.now);
    moments.sort_unstable();
    let present = discriminant(&answer(life.now));
    moments
        .into_iter()
        .map(|moment| (moment, answer(moment)))
        .find(|(_, verdict)| discriminant(verdict) != present)
}
