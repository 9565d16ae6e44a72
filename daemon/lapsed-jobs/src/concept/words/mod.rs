//! The texts of a deletion concept, in every language.
//!
//! A language is a value of [`Words`]: the compiler sees to it that none misses a text, and a test that each text has
//! the same gaps to fill in all of them.

mod bg;
mod de;
mod en;
mod es;
mod fr;
mod it;

use lapsed_model::{Language, Period, Unit};

macro_rules! words {
    ($($name:ident)*) => {
        /// Every text, under a name that says where it stands. `{gap}` is filled in when it is written.
        pub(super) struct Words {
            $(pub(super) $name: &'static str,)*
            /// Days, weeks, months and years: one of them, and several.
            pub(super) units: [(&'static str, &'static str); 4],
        }

        impl Words {
            #[cfg(test)]
            fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

words! {
    title intro
    as_of controller zone contact none_given policy policy_since policy_not_yet dataset

    h_principles cut_off judged_twice for_good for_good_server ledger restore

    h_workgroup h_workgroups h_without_retention without_retention
    period automatic automatic_on automatic_plan_only automatic_off if_missed_catch_up if_missed_skip
    by_staff by_staff_yes by_customer by_customer_yes not_allowed
    brake brake_says warning warning_says no_warning

    h_due due_intro h_kept kept_intro switched_off held

    h_classes class starts happens
    starts_last_dealings starts_at
    happens_record happens_cleared happens_deleted happens_stays happens_cut happens_later happens_later_with_rest
    consents consents_go daemons_own daemons_own_go

    h_fields fields_intro
    verb_keep verb_clear verb_empty verb_placeholder verb_cut verb_now verb_name_marker verb_note verb_rows
    h_nothing_personal

    h_requests requests_intro
    h_records records_intro record record_holds
    record_ledger record_ledger_holds record_journal record_journal_holds record_plans record_plans_holds
    record_runs record_runs_holds record_requests record_requests_holds record_holds_label record_holds_holds
    record_exports record_exports_holds record_warnings record_warnings_holds record_policies record_policies_holds
    until_anonymised for_ever
    h_traces traces_intro traces_place traces_until traces_views traces_views_until
    traces_pages traces_pages_until traces_log traces_log_until
    traces_replicas traces_replicas_until traces_backups traces_backups_for traces_as_planned
    h_destinations destinations
}

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &en::WORDS,
            Language::De => &de::WORDS,
            Language::Fr => &fr::WORDS,
            Language::It => &it::WORDS,
            Language::Es => &es::WORDS,
            Language::Bg => &bg::WORDS,
        }
    }

    /// `3 Jahre`.
    pub(super) fn length(&self, period: Period) -> String {
        let (one, several) = self.units[match period.unit() {
            Unit::Days => 0,
            Unit::Weeks => 1,
            Unit::Months => 2,
            Unit::Years => 3,
        }];
        let count = period.count();
        format!("{count} {}", if count == 1 { one } else { several })
    }
}

/// A text with its gaps filled.
pub(super) fn fill(text: &str, gaps: &[(&str, &str)]) -> String {
    let fill = |text: String, (gap, value): &(&str, &str)| text.replace(&format!("{{{gap}}}"), value);
    gaps.iter().fold(text.to_owned(), fill)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The gaps of a text, in the order of their names.
    fn gaps(text: &str) -> Vec<&str> {
        let mut gaps: Vec<&str> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect();
        gaps.sort_unstable();
        gaps.dedup();
        gaps
    }

    #[test]
    fn no_language_misses_a_text_or_a_gap_in_one() {
        let english = Words::of(Language::En).all();
        for language in Language::ALL {
            for ((name, text), (_, english)) in Words::of(language).all().iter().zip(&english) {
                assert!(!text.trim().is_empty(), "{language}: {name} is empty");
                assert_eq!(gaps(text), gaps(english), "{language}: {name}");
            }
        }
    }

    #[test]
    fn every_language_has_texts_of_its_own() {
        let english = Words::of(Language::En).all();
        for language in Language::ALL
            .into_iter()
            .filter(|language| *language != Language::En)
        {
            let same = Words::of(language).all();
            let same: Vec<&str> = same
                .iter()
                .zip(&english)
                .filter(|((_, text), (_, english))| text == english)
                .map(|((name, _), _)| *name)
                .collect();
            assert!(same.is_empty(), "{language} has the English {same:?}");
        }
    }

    #[test]
    fn one_year_and_several_are_two_words() {
        let length = |language, period: &str| {
            let period: Period = period.parse().expect("a period");
            Words::of(language).length(period)
        };
        assert_eq!(length(Language::De, "1 year"), "1 Jahr");
        assert_eq!(length(Language::De, "8 years"), "8 Jahre");
        assert_eq!(length(Language::Fr, "24 months"), "24 mois");
        assert_eq!(length(Language::Bg, "30 days"), "30 дни");
    }
}
