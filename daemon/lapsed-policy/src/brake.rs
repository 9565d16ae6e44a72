//! The brake: whether a plan is so unusual that somebody has to look at it first.
//!
//! A mistake in a policy, a platform that loses its orders, a clock that runs ahead: each shows as a plan that is
//! larger than plans are. What was anonymised in the last seven days counts with the plan, so that a large mistake
//! in small slices waits as well.

use lapsed_model::{BrakeFigures, Unusual};

use crate::Retention;

/// So few people never wait, whatever share of a small workgroup they are, once its first plan was approved.
pub const NEVER_WAIT: u64 = 10;

/// Everything that is unusual about a plan; nothing, and it does not wait. A plan with nobody in it never does.
#[must_use]
pub fn brake(retention: &Retention, figures: &BrakeFigures) -> Vec<Unusual> {
    let BrakeFigures {
        first,
        plan,
        recent,
        people: identified,
        restored,
    } = *figures;
    let mut unusual = Vec::new();
    if plan == 0 {
        return unusual;
    }
    if first {
        unusual.push(Unusual::FirstPlan { people: plan });
    }
    // However few they are: somebody of them may have been held.
    unusual.extend(restored.map(|at| Unusual::Restored { at }));
    let (people, of) = (plan.saturating_add(recent), identified.saturating_add(recent));
    if people <= NEVER_WAIT {
        return unusual;
    }
    if people > retention.ask_me_above {
        unusual.push(Unusual::Number {
            people,
            recent,
            above: retention.ask_me_above,
        });
    }
    let above = retention.ask_me_above_share;
    // In whole numbers: people / of > above / 100.
    if u128::from(people) * 100 > u128::from(above) * u128::from(of) {
        unusual.push(Unusual::Share {
            people,
            recent,
            of,
            above,
        });
    }
    unusual
}

#[cfg(test)]
mod tests {
    use lapsed_config::File;

    use super::*;
    use crate::{Limits, read};

    fn retention(number: u64, share: u8) -> Retention {
        let text = format!(
            "name = \"Theatre\"\nlanguage = \"en\"\ntime_zone = \"Europe/Vienna\"\n[retention]\n\
             anonymise_after = \"3 years\"\nby_staff = true\nask_me_above = \"{number} people\"\n\
             ask_me_above_share = \"{share} %\"\n[workgroups.house]\n"
        );
        let now = "2026-11-22T12:00:00Z".parse().expect("an instant");
        let tenant = "theatre".parse().expect("a name");
        let file = File::new("theatre.toml", &text);
        let (policy, findings) = read(&tenant, &file, &Limits::default(), now);
        let policy = policy.unwrap_or_else(|| panic!("{findings:#?}"));
        policy.workgroups["house"].clone()
    }

    fn words(retention: &Retention, first: bool, plan: u64, recent: u64, people: u64) -> Vec<&'static str> {
        let figures = BrakeFigures {
            first,
            plan,
            recent,
            people,
            restored: None,
        };
        brake(retention, &figures).iter().map(Unusual::word).collect()
    }

    #[test]
    fn r11_the_first_plan_with_anybody_in_it_waits_however_small() {
        let retention = retention(500, 5);
        assert_eq!(words(&retention, true, 1, 0, 100_000), ["first plan"]);
        assert_eq!(words(&retention, true, 0, 0, 100_000), [""; 0]);
        assert_eq!(words(&retention, false, 1, 0, 100_000), [""; 0]);
    }

    #[test]
    fn r11_ten_people_never_wait_and_the_eleventh_is_counted() {
        let retention = retention(5, 5);
        assert_eq!(words(&retention, false, 10, 0, 10), [""; 0]);
        assert_eq!(words(&retention, false, 4, 6, 10), [""; 0]);
        assert_eq!(words(&retention, false, 11, 0, 11), ["number", "share"]);
        assert_eq!(words(&retention, false, 1, 10, 1), ["number", "share"]);
    }

    #[test]
    fn r11_the_number_itself_passes_and_one_more_waits() {
        let retention = retention(500, 5);
        assert_eq!(words(&retention, false, 500, 0, 1_000_000), [""; 0]);
        assert_eq!(words(&retention, false, 501, 0, 1_000_000), ["number"]);
        assert_eq!(words(&retention, false, 1, 500, 1_000_000), ["number"]);
        assert_eq!(words(&retention, false, 0, 501, 1_000_000), [""; 0]);
    }

    #[test]
    fn r11_the_share_itself_passes_and_one_more_waits() {
        let retention = retention(500, 5);
        assert_eq!(words(&retention, false, 50, 0, 1_000), [""; 0]);
        assert_eq!(words(&retention, false, 51, 0, 1_000), ["share"]);
        // Whoever was anonymised this week was one of the workgroup when the week began.
        assert_eq!(words(&retention, false, 25, 25, 975), [""; 0]);
        assert_eq!(words(&retention, false, 26, 25, 975), ["share"]);
    }

    #[test]
    fn r11_every_reason_is_named_with_its_figures() {
        let figures = BrakeFigures {
            first: true,
            plan: 600,
            recent: 20,
            people: 1_000,
            restored: None,
        };
        let expected = [
            Unusual::FirstPlan { people: 600 },
            Unusual::Number {
                people: 620,
                recent: 20,
                above: 500,
            },
            Unusual::Share {
                people: 620,
                recent: 20,
                of: 1_020,
                above: 5,
            },
        ];
        assert_eq!(brake(&retention(500, 5), &figures), expected);
    }

    #[test]
    fn r11_no_figure_is_too_large_to_be_judged() {
        let retention = retention(500, 5);
        assert_eq!(
            words(&retention, true, u64::MAX, u64::MAX, u64::MAX),
            ["first plan", "number", "share"]
        );
    }
}
