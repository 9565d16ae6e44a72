//! Schedules in words are shorthand for cron text.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_config::{Complaint, Form, nearest};
use lapsed_model::Workgroup;

use crate::night::night;
use crate::slots::parser;

/// `at night`, `every day at 03:00`, `0 3 * * *`.
pub(crate) static SCHEDULE: Form = Form {
    what: "a schedule",
    how: "for example `at night`, `every day at 03:00`, `every monday at 03:00`, `on the 1st at 04:30` \
          or `on the 1st monday at 10:00`",
    example: "at night",
    pattern: None,
    check: |text| Words::read(text).map(|_| ()),
};

const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

/// When something runs, in the tenant's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// As the tenant wrote it.
    pub said: String,
    /// The same as cron text of five fields.
    pub cron: String,
}

impl Schedule {
    /// Reads a schedule of `workgroup`, whose clocks are those of `zone`.
    pub fn read(text: &str, workgroup: &Workgroup, zone: Tz) -> Result<Self, Complaint> {
        let cron = match Words::read(text)? {
            Words::AtNight => {
                let (hour, minute) = night(workgroup, zone);
                format!("{minute} {hour} * * *")
            }
            Words::Cron(cron) => cron,
        };
        Ok(Self {
            said: text.trim().to_owned(),
            cron,
        })
    }

    /// Whether the tenant left the time to the daemon.
    #[must_use]
    pub fn is_at_night(&self) -> bool {
        matches!(Words::read(&self.said), Ok(Words::AtNight))
    }
}

/// What a schedule says, before it is known for whom.
enum Words {
    AtNight,
    Cron(String),
}

impl Words {
    fn read(text: &str) -> Result<Self, Complaint> {
        let text = text.trim().to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        if words == ["at", "night"] {
            return Ok(Self::AtNight);
        }
        let looks_like_cron =
            |word: &&str| word.starts_with(|c: char| c.is_ascii_digit() || "*@".contains(c));
        if words.first().is_some_and(looks_like_cron) {
            return cron(&words).map(Self::Cron);
        }
        let (days, time) = match words.iter().position(|word| *word == "at") {
            Some(at) => (&words[..at], words[at + 1..].join(" ")),
            None => return Err(without_time(&words)),
        };
        let days = Days::read(days)?;
        let (hour, minute) = time_of_day(&time)?;
        Ok(Self::Cron(format!(
            "{minute} {hour} {} * {}",
            days.of_month, days.of_week
        )))
    }
}

fn without_time(words: &[&str]) -> Complaint {
    match Days::read(words) {
        Ok(_) => Complaint::help(format!("say at what time: `\"{} at 03:00\"`", words.join(" "))),
        Err(complaint) => complaint,
    }
}

/// The two fields of cron text that pick days.
struct Days {
    of_month: String,
    of_week: String,
}

impl Days {
    fn read(words: &[&str]) -> Result<Self, Complaint> {
        let every = |of_week: &str| {
            Ok(Self {
                of_month: "*".to_owned(),
                of_week: of_week.to_owned(),
            })
        };
        match words {
            ["every", "day" | "night"] | ["daily"] => every("*"),
            ["every", "weekday"] | ["on", "weekdays"] => every("1-5"),
            ["every" | "on", days @ ..] if !days.is_empty() && days[0] != "the" => every(&weekdays(days)?),
            ["on", "the", "last", "day"] => Ok(Self {
                of_month: "L".to_owned(),
                of_week: "*".to_owned(),
            }),
            ["on", "the", "last", day] => every(&format!("{}#L", weekday(day)?)),
            ["on", "the", nth] => match ordinal(nth)? {
                day @ 1..=31 => Ok(Self {
                    of_month: day.to_string(),
                    of_week: "*".to_owned(),
                }),
                _ => Err(Complaint::new(
                    format!("no month has a `{nth}`"),
                    "write a day from `1st` to `31st`",
                )),
            },
            ["on", "the", nth, day] => match ordinal(nth)? {
                count @ 1..=4 => every(&format!("{}#{count}", weekday(day)?)),
                _ => Err(Complaint::new(
                    format!("not every month has a `{nth} {day}`"),
                    format!("write `1st` to `4th`, or `on the last {day}`"),
                )),
            },
            _ => Err(Complaint::default()),
        }
    }
}

/// `monday`, `mondays`, `monday, wednesday and friday`.
fn weekdays(words: &[&str]) -> Result<String, Complaint> {
    let names = words
        .iter()
        .map(|word| word.trim_end_matches(','))
        .filter(|word| *word != "and");
    let days: Vec<String> = names
        .map(|name| weekday(name).map(|day| day.to_string()))
        .collect::<Result<_, _>>()?;
    if days.is_empty() {
        Err(Complaint::default())
    } else {
        Ok(days.join(","))
    }
}

fn weekday(word: &str) -> Result<usize, Complaint> {
    let singular = word.strip_suffix('s').unwrap_or(word);
    if let Some(day) = WEEKDAYS.iter().position(|day| *day == word || *day == singular) {
        return Ok(day);
    }
    Err(match nearest(word, WEEKDAYS) {
        Some(day) => Complaint::help(format!("did you mean `{day}`?")),
        None => Complaint::default(),
    })
}

fn ordinal(word: &str) -> Result<u32, Complaint> {
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let wrong = || {
        Complaint::help(format!(
            "`{word}` is not a day of the month: write `1st`, `2nd`, `15th`"
        ))
    };
    match &word[digits.len()..] {
        "st" | "nd" | "rd" | "th" | "." | "" => digits.parse().map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

/// `03:00`, with two digits of minutes.
fn time_of_day(text: &str) -> Result<(u32, u32), Complaint> {
    let wrong = || {
        Complaint::help(format!(
            "`{text}` is not a time of day: write hours and minutes, such as `03:00` or `14:30`"
        ))
    };
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let number = |digits: &str, least, most| {
        let is_number =
            (least..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .parse::<u32>()
            .ok()
            .filter(|number| is_number && *number <= most)
            .ok_or_else(wrong)
    };
    Ok((number(hour, 1, 23)?, number(minute, 2, 59)?))
}

/// Cron text of five fields that runs at some time, and not all the time.
fn cron(fields: &[&str]) -> Result<String, Complaint> {
    const HOW: &str = "cron text has five fields, such as `0 3 * * *`: minute, hour, day, month, weekday";
    let text = fields.join(" ");
    if fields.len() != 5 {
        return Err(Complaint::help(match time_of_day(&text) {
            Ok(_) => format!("write `\"every day at {text}\"`"),
            Err(_) => HOW.to_owned(),
        }));
    }
    if is_known(&text) {
        return Ok(text);
    }
    let cron = parser().parse(&text).map_err(|_| Complaint::help(HOW))?;
    if fields[0].contains(['*', ',', '-', '/']) {
        let once = format!("0 {}", fields[1..].join(" "));
        return Err(Complaint::new(
            format!("`{text}` runs several times within an hour"),
            format!("write one minute in the first field: `{once}`"),
        ));
    }
    // The search goes on for years, so that a leap day is found and only a day that never comes is refused.
    match cron.find_next_occurrence(&DateTime::<Utc>::UNIX_EPOCH, false) {
        Ok(_) => {
            remember(&text);
            Ok(text)
        }
        Err(_) => Err(Complaint::new(
            format!("`{text}` never comes"),
            "check the day and the month: not every month has 30 or 31 days",
        )),
    }
}

/// Texts that were found good: the workgroups of a tenant mostly share one, and reading it takes longer than all the rest
/// of a policy.
static KNOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn is_known(text: &str) -> bool {
    KNOWN
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .contains(text)
}

fn remember(text: &str) {
    const MOST: usize = 4_096;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(text.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cron_of(text: &str) -> String {
        let workgroup = "stadttheater/abonnement".parse().expect("a workgroup");
        Schedule::read(text, &workgroup, Tz::Europe__Vienna)
            .unwrap_or_else(|why| panic!("{text}: {why:?}"))
            .cron
    }

    fn why(text: &str) -> Complaint {
        (SCHEDULE.check)(text).expect_err("no schedule")
    }

    #[test]
    fn words_become_cron_text() {
        assert_eq!(cron_of("every day at 03:00"), "0 3 * * *");
        assert_eq!(cron_of("Every Monday at 9:05"), "5 9 * * 1");
        assert_eq!(
            cron_of("every monday, wednesday and friday at 03:00"),
            "0 3 * * 1,3,5"
        );
        assert_eq!(cron_of("every weekday at 03:00"), "0 3 * * 1-5");
        assert_eq!(cron_of("on the 1st at 04:30"), "30 4 1 * *");
        assert_eq!(cron_of("on the last day at 04:30"), "30 4 L * *");
        assert_eq!(cron_of("on the 1st monday at 10:00"), "0 10 * * 1#1");
        assert_eq!(cron_of("on the last friday at 10:00"), "0 10 * * 5#L");
        assert_eq!(cron_of("0 3 * * *"), "0 3 * * *");
        assert!(cron_of("at night").ends_with(" * * *"));
    }

    #[test]
    fn every_cron_text_that_words_become_is_understood() {
        let texts = [
            "on the last day at 04:30",
            "on the 4th sunday at 10:00",
            "on the last friday at 10:00",
            "every weekday at 00:00",
        ];
        for text in texts {
            let cron = cron_of(text);
            assert!(
                super::cron(&cron.split(' ').collect::<Vec<_>>()).is_ok(),
                "{text}: {cron}"
            );
        }
    }

    #[test]
    fn a_day_that_never_comes_is_refused() {
        assert_eq!(
            why("0 3 30 2 *").title.as_deref(),
            Some("`0 3 30 2 *` never comes")
        );
        for never in ["0 3 31 2,4,6 *", "0 3 31 feb,apr,jun,sep,nov *", "0 3 31 4-4 *"] {
            let title = why(never).title.expect("a title");
            assert!(title.ends_with("never comes"), "{title}");
        }
        assert_eq!(cron_of("0 3 29 2 *"), "0 3 29 2 *");
        assert_eq!(cron_of("0 3 31 2,3 *"), "0 3 31 2,3 *");
    }

    #[test]
    fn a_missing_piece_is_named() {
        assert_eq!(
            why("every day").help.as_deref(),
            Some("say at what time: `\"every day at 03:00\"`")
        );
        assert_eq!(
            why("03:00").help.as_deref(),
            Some("write `\"every day at 03:00\"`")
        );
        assert_eq!(
            why("every mondy at 03:00").help.as_deref(),
            Some("did you mean `monday`?")
        );
        assert!(
            why("* 3 * * *")
                .title
                .is_some_and(|title| title.contains("several times"))
        );
        for text in [
            "jeden Tag um 3 Uhr",
            "sometimes",
            "every day at 3",
            "every day at 24:00",
            "0 3 * *",
            "0 0 3 * * *",
            "0 25 * * *",
            "on the 32nd at 03:00",
            "on the 5th monday at 03:00",
            "",
        ] {
            assert!((SCHEDULE.check)(text).is_err(), "{text}");
        }
    }
}
