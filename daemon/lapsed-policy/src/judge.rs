//! The rules, judged over one person's happenings.
//!
//! The planner asks the same rules in SQL, about everybody at once. Here they are asked about one person, with
//! everything that happened to them on the table, so that `explain` can say why and until when. No clock and no
//! database inside: the same happenings and bounds give the same answer, always.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use lapsed_model::{At, Bounds, Happening, Period, Rule, Rules, Switch, Test, Verdict, day_start};

/// What the rules say of a person to whom this happened.
#[must_use]
pub fn judge(rules: &Rules, on: &[Switch], happenings: &[Happening], bounds: &Bounds) -> Verdict {
    let first = |rules: &[Rule]| {
        rules
            .iter()
            .position(|rule| rule.is_on(on) && holds(rule, happenings, bounds))
    };
    match (first(&rules.keeps), first(&rules.candidates)) {
        (Some(keep), _) => Verdict::Kept(keep),
        (None, Some(candidate)) => Verdict::Due(candidate),
        (None, None) => Verdict::NotDue,
    }
}

/// Whether a rule holds, whatever its switch says.
#[must_use]
pub fn holds(rule: &Rule, happenings: &[Happening], bounds: &Bounds) -> bool {
    let happened = |fact: &String| happenings.iter().any(|happening| happening.fact == *fact);
    !rule.without.iter().any(happened)
        && happenings
            .iter()
            .any(|happening| happening.fact == rule.fact && passes(rule.is, happening.at, bounds))
}

/// The happening to show beside a rule: the latest of those that make it hold; where none does, the latest that
/// it looked at.
#[must_use]
pub fn telling<'h>(rule: &Rule, happenings: &'h [Happening], bounds: &Bounds) -> Option<&'h Happening> {
    let latest = |happenings: &mut dyn Iterator<Item = &'h Happening>| {
        happenings.max_by_key(|happening| order(happening.at))
    };
    let looked_at = || happenings.iter().filter(|happening| happening.fact == rule.fact);
    latest(&mut looked_at().filter(|happening| passes(rule.is, happening.at, bounds)))
        .or_else(|| latest(&mut looked_at()))
}

fn order(at: At) -> (u8, Option<DateTime<Utc>>) {
    match at {
        At::Unknown => (0, None),
        At::Unreadable => (1, None),
        At::Instant(instant) => (2, Some(instant)),
        At::Never => (3, None),
    }
}

/// strictly before or strictly after; what has no end is after everything.
fn passes(test: Test, at: At, bounds: &Bounds) -> bool {
    let (before, bound) = match test {
        Test::Present => return true,
        Test::BeforeCutOff => (true, bounds.cut_off),
        Test::AfterCutOff => (false, bounds.cut_off),
        Test::BeforeNow => (true, bounds.now),
        Test::AfterNow => (false, bounds.now),
    };
    match at {
        At::Instant(instant) if before => instant < bound,
        At::Instant(instant) => instant > bound,
        At::Never | At::Unreadable => !before,
        At::Unknown => false,
    }
}

/// The first instant after `now` at which the answer is another one if nothing else happens, and that answer.
///
/// It is searched for and not computed by adding the period: 28 to 31 March less a month are the same day, so
/// there is no sum that says when the cut-off passes a date.
#[must_use]
pub fn next_change(
    rules: &Rules,
    on: &[Switch],
    happenings: &[Happening],
    now: DateTime<Utc>,
    zone: Tz,
    period: Period,
) -> Option<(DateTime<Utc>, Verdict)> {
    let answer = |at| judge(rules, on, happenings, &Bounds::new(at, zone, period));
    let present = std::mem::discriminant(&answer(now));
    let mut turns: Vec<DateTime<Utc>> = happenings
        .iter()
        .filter_map(|happening| match happening.at {
            At::Instant(instant) => Some(instant),
            At::Never | At::Unknown | At::Unreadable => None,
        })
        .flat_map(|instant| turning_points(instant, now, zone, period))
        .filter(|turn| *turn > now)
        .collect();
    turns.sort_unstable();
    turns.dedup();
    turns
        .into_iter()
        .map(|turn| (turn, answer(turn)))
        .find(|(_, verdict)| std::mem::discriminant(verdict) != present)
}

/// When a comparison with `instant` can turn: as now reaches and passes it, and as the cut-off does.
fn turning_points(
    instant: DateTime<Utc>,
    now: DateTime<Utc>,
    zone: Tz,
    period: Period,
) -> Vec<DateTime<Utc>> {
    let cut_off = |today: NaiveDate| day_start(zone, period.before(today));
    let mut turns = vec![instant, instant + TimeDelta::milliseconds(1)];
    turns.extend(first_day(now, zone, |today| cut_off(today) >= instant));
    turns.extend(first_day(now, zone, |today| cut_off(today) > instant));
    turns
}

/// The start of the first day after today on which `reached` is true; it must stay true from then on.
fn first_day(now: DateTime<Utc>, zone: Tz, reached: impl Fn(NaiveDate) -> bool) -> Option<DateTime<Utc>> {
    // A period is at most a hundred years, and what ends later than in another hundred never ends.
    const HORIZON_DAYS: u64 = 200 * 366;
    let day = |number| Bounds::today(now, zone).checked_add_days(Days::new(number));
    let (mut before, mut after) = (0, HORIZON_DAYS);
    if reached(day(before)?) || !reached(day(after)?) {
        return None;
    }
    while after - before > 1 {
        let middle = before.midpoint(after);
        if reached(day(middle)?) {
            after = middle;
        } else {
            before = middle;
        }
    }
    Some(day_start(zone, day(after)?))
}

#[cfg(test)]
mod tests {
    use lapsed_model::Texts;

    use super::*;

    const VIENNA: Tz = Tz::Europe__Vienna;

    fn rule(name: &str, fact: &str, is: Test) -> Rule {
        Rule {
            name: name.to_owned(),
            says: Texts::one(name),
            fact: fact.to_owned(),
            is,
            without: Vec::new(),
            switch: None,
        }
    }

    fn rules() -> Rules {
        Rules {
            candidates: vec![rule("came", "visit", Test::BeforeCutOff)],
            keeps: vec![
                rule("came lately", "visit", Test::AfterCutOff),
                rule("member", "membership", Test::AfterNow),
            ],
            open: Vec::new(),
        }
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn happened(fact: &str, at: At) -> Happening {
        Happening {
            fact: fact.to_owned(),
            at,
            record: "A-1".to_owned(),
        }
    }

    fn at(text: &str) -> At {
        At::Instant(instant(text))
    }

    fn ask(happenings: &[Happening], now: &str, period: &str) -> Verdict {
        judge(
            &rules(),
            &[],
            happenings,
            &Bounds::new(instant(now), VIENNA, period.parse().expect("a period")),
        )
    }

    #[test]
    fn r4_a_date_equal_to_the_cut_off_neither_makes_a_candidate_nor_keeps_one() {
        let on_it = [happened("visit", at("2025-11-22T00:00:00+01:00"))];
        let before = [happened("visit", at("2025-11-21T23:59:59.999+01:00"))];
        let after = [happened("visit", at("2025-11-22T00:00:00.001+01:00"))];
        assert_eq!(ask(&on_it, "2026-11-22T12:00:00Z", "1 year"), Verdict::NotDue);
        assert_eq!(ask(&before, "2026-11-22T12:00:00Z", "1 year"), Verdict::Due(0));
        assert_eq!(ask(&after, "2026-11-22T12:00:00Z", "1 year"), Verdict::Kept(0));
    }

    #[test]
    fn r4_what_has_no_end_keeps_and_makes_no_candidate() {
        let visit = happened("visit", at("2019-01-01T00:00:00Z"));
        let for_life = [visit.clone(), happened("membership", At::Never)];
        assert_eq!(ask(&for_life, "2026-11-22T12:00:00Z", "1 year"), Verdict::Kept(1));
        assert_eq!(
            ask(
                &[happened("visit", At::Unknown)],
                "2026-11-22T12:00:00Z",
                "1 year"
            ),
            Verdict::NotDue
        );
        let damaged = [visit, happened("membership", At::Unreadable)];
        assert_eq!(ask(&damaged, "2026-11-22T12:00:00Z", "1 year"), Verdict::Kept(1));
    }

    #[test]
    fn r10_the_date_of_the_next_change_is_searched_for_by_the_calendar() {
        let visit = [happened("visit", at("2026-02-28T12:00:00+01:00"))];
        let next = |now| {
            next_change(
                &rules(),
                &[],
                &visit,
                instant(now),
                VIENNA,
                "1 month".parse().expect("a period"),
            )
            .map(|(turn, verdict)| (turn.with_timezone(&VIENNA).to_rfc3339(), verdict))
        };
        // From 28 to 31 March the cut-off stays at the start of 28 February; on 1 April it is 1 March.
        let expected = Some(("2026-04-01T00:00:00+02:00".to_owned(), Verdict::Due(0)));
        assert_eq!(next("2026-03-15T09:00:00Z"), expected);
        assert_eq!(next("2026-03-30T09:00:00Z"), expected);
        assert_eq!(next("2026-04-01T09:00:00Z"), None);
    }

    #[test]
    fn r10_what_ends_changes_the_answer_at_its_very_instant() {
        let member = [
            happened("visit", at("2019-01-01T00:00:00Z")),
            happened("membership", at("2026-12-31T23:00:00Z")),
        ];
        let period = "1 year".parse().expect("a period");
        let next = next_change(
            &rules(),
            &[],
            &member,
            instant("2026-11-22T12:00:00Z"),
            VIENNA,
            period,
        );
        assert_eq!(next, Some((instant("2026-12-31T23:00:00Z"), Verdict::Due(0))));
    }
}
