//! Periods by the calendar: `2 years`, `18 months`, `30 days`.

use std::fmt;
use std::str::FromStr;

use chrono::{Days, Months, NaiveDate};

/// What a period is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Days of the calendar, whatever number of hours they have.
    Days,
    /// Seven days.
    Weeks,
    /// Months of the calendar; a day that a month lacks becomes its last.
    Months,
    /// Twelve months.
    Years,
}

impl Unit {
    /// Every unit, shortest first.
    pub const ALL: [Unit; 4] = [Unit::Days, Unit::Weeks, Unit::Months, Unit::Years];

    /// The plural that a tenant writes: `years`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Unit::Days => "days",
            Unit::Weeks => "weeks",
            Unit::Months => "months",
            Unit::Years => "years",
        }
    }
}

/// A length of time by the calendar. At least one unit, at most a hundred years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    count: u32,
    unit: Unit,
}

/// Why a text is no period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not of the form *number unit*.
    #[error("write a number and a unit, such as `2 years`, `18 months` or `30 days`")]
    Form,
    /// The number is fine, the unit is not.
    #[error("`{0}` is no unit of time: use days, weeks, months or years")]
    Unit(String),
    /// Zero of anything.
    #[error("a period is at least one day")]
    Zero,
    /// More than a hundred years.
    #[error("a period is at most 100 years")]
    TooLong,
}

impl Period {
    /// `count` units, within the bounds that the type promises.
    pub fn new(count: u32, unit: Unit) -> Result<Self, PeriodError> {
        let longest = match unit {
            Unit::Days => 36_525,
            Unit::Weeks => 5_218,
            Unit::Months => 1_200,
            Unit::Years => 100,
        };
        match count {
            0 => Err(PeriodError::Zero),
            _ if count > longest => Err(PeriodError::TooLong),
            _ => Ok(Self { count, unit }),
        }
    }

    /// How many units.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// What it is counted in.
    #[must_use]
    pub fn unit(self) -> Unit {
        self.unit
    }

    /// The date that lies this period before `date`: 31 March less a month is the last day of February, and a
    /// leap day less a year is 28 February. Dates before the calendar begins stay at its first.
    #[must_use]
    pub fn before(self, date: NaiveDate) -> NaiveDate {
        match self.unit {
            Unit::Days => date.checked_sub_days(Days::new(self.count.into())),
            Unit::Weeks => date.checked_sub_days(Days::new(u64::from(self.count) * 7)),
            Unit::Months => date.checked_sub_months(Months::new(self.count)),
            Unit::Years => date.checked_sub_months(Months::new(self.count * 12)),
        }
        .unwrap_or(NaiveDate::MIN)
    }

    /// The date that lies this period after `date`: 31 January and a month is the last day of February. Dates behind
    /// the calendar's end stay at its last.
    #[must_use]
    pub fn after(self, date: NaiveDate) -> NaiveDate {
        match self.unit {
            Unit::Days => date.checked_add_days(Days::new(self.count.into())),
            Unit::Weeks => date.checked_add_days(Days::new(u64::from(self.count) * 7)),
            Unit::Months => date.checked_add_months(Months::new(self.count)),
            Unit::Years => date.checked_add_months(Months::new(self.count * 12)),
        }
        .unwrap_or(NaiveDate::MAX)
    }

    /// Whether this period is certainly the shorter one, counting from `date`.
    #[must_use]
    pub fn is_shorter_than(self, other: Period, date: NaiveDate) -> bool {
        self.before(date) > other.before(date)
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    /// One number and one unit, in singular or plural, with any white space between them or none.
    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let text = text.trim();
        let letters = text
            .find(|c: char| !c.is_ascii_digit())
            .ok_or(PeriodError::Form)?;
        let (count, unit) = text.split_at(letters);
        let unit = unit.trim();
        if count.is_empty() || unit.is_empty() || !unit.chars().all(char::is_alphabetic) {
            return Err(PeriodError::Form);
        }
        let unit = match unit {
            "day" | "days" => Unit::Days,
            "week" | "weeks" => Unit::Weeks,
            "month" | "months" => Unit::Months,
            "year" | "years" => Unit::Years,
            other => return Err(PeriodError::Unit(other.to_owned())),
        };
        let count = count.parse().map_err(|_too_many_digits| PeriodError::TooLong)?;
        Self::new(count, unit)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.unit.word();
        let word = if self.count == 1 {
            word.trim_end_matches('s')
        } else {
            word
        };
        write!(f, "{} {word}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(period: &str, date: &str) -> String {
        let period: Period = period.parse().expect("a period");
        period.before(date.parse().expect("a date")).to_string()
    }

    #[test]
    fn a_day_that_the_month_lacks_becomes_its_last() {
        assert_eq!(before("1 month", "2026-03-31"), "2026-02-28");
        assert_eq!(before("1 month", "2024-03-31"), "2024-02-29");
        assert_eq!(before("18 months", "2026-08-31"), "2025-02-28");
    }

    #[test]
    fn a_leap_day_less_a_year_is_the_28th() {
        assert_eq!(before("1 year", "2024-02-29"), "2023-02-28");
        assert_eq!(before("4 years", "2024-02-29"), "2020-02-29");
    }

    #[test]
    fn a_period_can_be_looked_at_from_its_other_end() {
        let after = |period: &str, date: &str| {
            let period: Period = period.parse().expect("a period");
            period.after(date.parse().expect("a date")).to_string()
        };
        assert_eq!(after("1 month", "2026-01-31"), "2026-02-28");
        assert_eq!(after("30 days", "2026-11-22"), "2026-12-22");
        assert_eq!(after("1 year", "2024-02-29"), "2025-02-28");
    }

    #[test]
    fn days_and_weeks_ignore_clock_changes() {
        assert_eq!(before("1 day", "2026-03-30"), "2026-03-29");
        assert_eq!(before("2 weeks", "2026-10-26"), "2026-10-12");
    }

    #[test]
    fn what_is_written_is_what_is_shown() {
        for text in ["1 day", "30 days", "1 week", "18 months", "1 year", "10 years"] {
            assert_eq!(text.parse::<Period>().expect("a period").to_string(), text);
        }
    }

    #[test]
    fn what_is_no_period_says_why() {
        let why = |text: &str| text.parse::<Period>().expect_err("no period");
        assert_eq!(why("2 yars"), PeriodError::Unit("yars".to_owned()));
        assert_eq!(why("two years"), PeriodError::Form);
        assert_eq!(why("2"), PeriodError::Form);
        assert_eq!(why("1.5 years"), PeriodError::Form);
        assert_eq!(why("-2 years"), PeriodError::Form);
        assert_eq!(why("0 days"), PeriodError::Zero);
        assert_eq!(why("101 years"), PeriodError::TooLong);
        assert_eq!(why("99999999999999999999 days"), PeriodError::TooLong);
    }
}
