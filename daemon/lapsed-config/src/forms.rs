//! The forms of text that several files know: periods, dates, percentages, numbers of people.

use chrono::NaiveDate;
use lapsed_model::{Period, PeriodError, Unit};

use crate::{Complaint, Form, nearest};

/// `3 years`: a [`Period`].
pub static PERIOD: Form = Form {
    what: "a retention period",
    how: "a number and a unit, such as `2 years`, `18 months` or `30 days`",
    example: "3 years",
    pattern: Some(r"^\s*[0-9]+\s*(day|week|month|year)s?\s*$"),
    check: |text| match text.parse::<Period>() {
        Ok(_) => Ok(()),
        Err(why) => Err(period_complaint(text, &why)),
    },
};

/// `2026-11-01`: a date.
pub static DATE: Form = Form {
    what: "a date",
    how: "year, month and day with hyphens, such as `2026-11-01`",
    example: "2026-11-01",
    pattern: Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    check: |text| parse_date(text).map(|_| ()),
};

/// `5 %`: a share.
pub static PERCENT: Form = Form {
    what: "a share in per cent",
    how: "a whole number from 1 to 100 and a `%`, such as `5 %`",
    example: "5 %",
    pattern: Some(r"^\s*[0-9]+\s*%\s*$"),
    check: |text| parse_percent(text).map(|_| ()),
};

/// `500 people`: how many.
pub static COUNT_OF_PEOPLE: Form = Form {
    what: "a number of people",
    how: "a whole number and the word `people`, such as `500 people`",
    example: "500 people",
    pattern: Some(r"^\s*[0-9]+\s*(people|person)\s*$"),
    check: |text| parse_count_of_people(text).map(|_| ()),
};

/// Reads a [`DATE`].
pub fn parse_date(text: &str) -> Result<NaiveDate, Complaint> {
    let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('-').collect();
    if let [year, month, day] = parts[..]
        && digits(year, 4)
        && digits(month, 2)
        && digits(day, 2)
    {
        return text.parse().map_err(|_| {
            let title = format!("there is no day `{text}` in the calendar");
            Complaint::new(
                title,
                "the form is year-month-day: check the month (01 to 12) and the day",
            )
        });
    }
    Err(match day_first(text) {
        Some(date) => Complaint::help(format!("dates are written year-month-day: `\"{date}\"`")),
        None => Complaint::default(),
    })
}

/// The date that `31.12.2026`, `31/12/2026` or `1.2.26` means on this side of the Atlantic.
pub(crate) fn day_first(text: &str) -> Option<NaiveDate> {
    let mut parts = text
        .trim()
        .trim_end_matches('.')
        .split(['.', '/', '-'])
        .map(str::trim);
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || day.len() > 2 || month.len() > 2 {
        return None;
    }
    let year: i32 = match year.len() {
        4 => year.parse().ok()?,
        2 => 2000 + year.parse::<i32>().ok()?,
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)
}

/// Reads a [`PERCENT`]: 1 to 100.
pub fn parse_percent(text: &str) -> Result<u8, Complaint> {
    let Some(number) = text.trim().strip_suffix('%') else {
        return Err(match text.trim().parse::<u64>() {
            Ok(number) => Complaint::help(format!("say that it is a share: `\"{number} %\"`")),
            Err(_) => Complaint::default(),
        });
    };
    let number = number.trim();
    match number.parse::<u64>() {
        Ok(number @ 1..=100) => Ok(u8::try_from(number).unwrap_or(100)),
        Ok(0) => Err(Complaint::new(
            "`0 %` is none at all",
            "leave the line out, or write at least `1 %`",
        )),
        Ok(_) => Err(Complaint::new(
            format!("`{text}` is more than all there is"),
            "a share is at most `100 %`",
        )),
        Err(_) => Err(Complaint::default()),
    }
}

/// Reads a [`COUNT_OF_PEOPLE`]: at least one.
pub fn parse_count_of_people(text: &str) -> Result<u64, Complaint> {
    let text = text.trim();
    let letters = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, word) = text.split_at(letters);
    match (digits.parse::<u64>(), word.trim()) {
        (Ok(0), _) => Err(Complaint::new(
            "`0 people` would make every plan wait",
            "leave the line out, or write at least `1 person`",
        )),
        (Ok(number), "people" | "person") => Ok(number),
        (Ok(number), word) if !word.contains(|c: char| c.is_ascii_digit() || c == '%') => Err(
            Complaint::help(format!("say what is counted: `\"{number} people\"`")),
        ),
        _ if separated(text).is_some() => {
            let number = separated(text).unwrap_or_default();
            Err(Complaint::help(format!(
                "write the number without separators: `\"{number} people\"`"
            )))
        }
        _ => Err(Complaint::default()),
    }
}

/// `1.000 people`, `1,000` or `1 000`: the digits of a number that was written for the eye.
fn separated(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || ".,' ’\u{a0}".contains(c)))
        .unwrap_or(text.len());
    let number = text[..end].trim();
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (digits != number && digits.len() > 3 && digits.len() < 16).then_some(digits)
}

fn period_complaint(text: &str, why: &PeriodError) -> Complaint {
    match why {
        PeriodError::Zero => {
            Complaint::new("a period of nothing keeps nobody", "a period is at least `1 day`")
        }
        PeriodError::TooLong => Complaint::new(
            format!("`{}` is longer than anybody lives", text.trim()),
            "a period is at most `100 years`",
        ),
        PeriodError::Form | PeriodError::Unit(_) => match meant(text) {
            Some(period) => Complaint::help(format!("write `\"{period}\"`")),
            None => Complaint::default(),
        },
    }
}

/// What a period in another language, in words or in short means: `2 Jahre`, `two years`, `30d`.
fn meant(text: &str) -> Option<Period> {
    const NUMBERS: [&str; 12] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    ];
    let text = text.trim().to_lowercase();
    if let Some(months) = parts_of_years(&text) {
        return Period::new(months, Unit::Months).ok();
    }
    let (count, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(0) => {
            let (word, unit) = text.split_once(char::is_whitespace)?;
            (
                u32::try_from(NUMBERS.iter().position(|number| *number == word)? + 1).ok()?,
                unit.trim(),
            )
        }
        Some(letters) => (text[..letters].parse().ok()?, text[letters..].trim()),
        None => return None,
    };
    let unit = match unit.trim_end_matches('.') {
        "d" | "tag" | "tage" | "tagen" | "jour" | "jours" | "giorno" | "giorni" | "día" | "días" | "dia"
        | "dias" | "ден" | "дни" => Unit::Days,
        "w" | "wk" | "wks" | "woche" | "wochen" | "semaine" | "semaines" | "settimana" | "settimane"
        | "semana" | "semanas" | "седмица" | "седмици" => Unit::Weeks,
        "mo" | "mon" | "mth" | "mths" | "monat" | "monate" | "monaten" | "mois" | "mese" | "mesi" | "mes"
        | "meses" | "месец" | "месеца" => Unit::Months,
        "y" | "yr" | "yrs" | "jahr" | "jahre" | "jahren" | "an" | "ans" | "année" | "années" | "anno"
        | "anni" | "año" | "años" | "година" | "години" => Unit::Years,
        unit => {
            let known = nearest(unit, Unit::ALL.map(Unit::word));
            // A slip of the finger keeps the general sentence; a number in words or other capitals is translated.
            let exact = known.filter(|word| *word == unit || word.trim_end_matches('s') == unit)?;
            Unit::ALL
                .into_iter()
                .find(|candidate| candidate.word() == exact)?
        }
    };
    Period::new(count, unit).ok()
}

/// `1.5 years` and `2,5 years` as months.
fn parts_of_years(text: &str) -> Option<u32> {
    let (number, "year" | "years") = text.split_once(' ')? else {
        return None;
    };
    let (whole, part) = number.split_once(['.', ','])?;
    let whole: u32 = whole.parse().ok()?;
    match part {
        "5" => Some(whole.checked_mul(12)? + 6),
        "25" => Some(whole.checked_mul(12)? + 3),
        "75" => Some(whole.checked_mul(12)? + 9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(form: &Form, text: &str) -> Option<String> {
        (form.check)(text).expect_err("a mistake").help
    }

    #[test]
    fn periods_in_other_words_are_translated() {
        for text in ["2 Jahre", "2 ans", "two years", "2yrs", "2 YEARS", "2 години"] {
            assert_eq!(
                help(&PERIOD, text).as_deref(),
                Some("write `\"2 years\"`"),
                "{text}"
            );
        }
        assert_eq!(
            help(&PERIOD, "1,5 years").as_deref(),
            Some("write `\"18 months\"`")
        );
        assert_eq!(help(&PERIOD, "2 yars"), None);
        assert_eq!(help(&PERIOD, "2"), None);
    }

    #[test]
    fn a_date_with_the_day_first_is_turned_round() {
        let expected = Some("dates are written year-month-day: `\"2026-12-31\"`");
        for text in ["31.12.2026", "31/12/2026", "31.12.26", "31-12-2026"] {
            assert_eq!(help(&DATE, text).as_deref(), expected, "{text}");
        }
        assert!((DATE.check)("2026-02-30").expect_err("no day").title.is_some());
        assert_eq!(help(&DATE, "1 November 2026"), None);
    }

    #[test]
    fn a_share_is_a_whole_number_of_hundredths() {
        assert_eq!(parse_percent("5 %"), Ok(5));
        assert_eq!(parse_percent("100%"), Ok(100));
        for text in ["0 %", "101 %", "5", "5,5 %", "-5 %", "five %", "%"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn people_are_counted_with_their_word() {
        assert_eq!(parse_count_of_people("500 people"), Ok(500));
        assert_eq!(parse_count_of_people("1 person"), Ok(1));
        assert_eq!(
            help(&COUNT_OF_PEOPLE, "500").as_deref(),
            Some("say what is counted: `\"500 people\"`")
        );
        assert_eq!(
            help(&COUNT_OF_PEOPLE, "1.000 people").as_deref(),
            Some("write the number without separators: `\"1000 people\"`")
        );
        for text in ["0 people", "many", "people", "-5 people", "5 %"] {
            assert!(parse_count_of_people(text).is_err(), "{text}");
        }
    }
}
