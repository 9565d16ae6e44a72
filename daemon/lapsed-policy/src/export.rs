//! What a tenant wants of exports (X-1, X-3): how files look, when those of a workgroup are written, and for how long they stay.

use chrono_tz::Tz;
use lapsed_config::{Complaint, Finding, Form, PERIOD, nearest};
use lapsed_model::{ConsentTo, IfMissed, Period, Purpose, Unit, Workgroup};

use crate::Schedule;
use crate::layers::{Layers, line_of};
use crate::schedule::SCHEDULE;

/// What one workgroup wants of its exports.
#[derive(Clone, Debug, PartialEq)]
pub struct Export {
    /// Whether customers may download their own data online; off unless turned on. Staff always may.
    pub by_customer: bool,
    /// Who reads the files.
    pub profile: Profile,
    /// What stands between two columns.
    pub separator: Separator,
    /// How dates are written; for machines always by ISO 8601.
    pub dates: Dates,
    /// Whether files begin with U+FEFF.
    pub byte_order_mark: bool,
    /// When the files of the whole workgroup are written; never where there is none.
    pub schedule: Option<Schedule>,
    /// What happens to a missed slot.
    pub if_missed: IfMissed,
    /// Only people with this consent stand in the files that are written on the schedule.
    pub only_with_consent: Option<ConsentTo>,
    /// How long a file is kept.
    pub delete_file_after: Period,
    /// Whether a customer's export shows names and answers of other people (X-1); off unless turned on.
    pub show_others: bool,
}

/// Who reads a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// People, in a spreadsheet: nothing in it may run (X-4).
    #[default]
    Spreadsheets,
    /// Programs: plain RFC 4180, and instants by ISO 8601 with their offset.
    Machines,
}

/// What stands between two columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// `;`, which spreadsheets expect where a comma stands in numbers.
    #[default]
    Semicolon,
    /// `,`, as in RFC 4180.
    Comma,
    /// U+0009.
    Tab,
    /// `|`.
    Bar,
}

impl Separator {
    /// Every separator, with its word in a policy.
    pub const WORDS: [(&'static str, Separator); 4] = [
        (";", Separator::Semicolon),
        (",", Separator::Comma),
        ("tab", Separator::Tab),
        ("|", Separator::Bar),
    ];

    /// The letter itself.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Separator::Semicolon => b';',
            Separator::Comma => b',',
            Separator::Tab => b'\t',
            Separator::Bar => b'|',
        }
    }
}

/// How a date is written; the words are 1 November 2026.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// `2026-11-01`, by ISO 8601.
    #[default]
    Iso,
    /// `01.11.2026`.
    Dots,
    /// `01/11/2026`, the day first.
    Slashes,
}

impl Dates {
    /// Every way, with its word in a policy.
    pub const WORDS: [(&'static str, Dates); 3] = [
        ("2026-11-01", Dates::Iso),
        ("01.11.2026", Dates::Dots),
        ("01/11/2026", Dates::Slashes),
    ];

    /// The way as `chrono` spells it.
    #[must_use]
    pub fn pattern(self) -> &'static str {
        match self {
            Dates::Iso => "%Y-%m-%d",
            Dates::Dots => "%d.%m.%Y",
            Dates::Slashes => "%d/%m/%Y",
        }
    }
}

/// `;`, `,`, `tab` or `|`.
pub(crate) static SEPARATOR: Form = Form {
    what: "a separator",
    how: "`\";\"`, `\",\"`, `\"tab\"` or `\"|\"`",
    example: ";",
    pattern: Some(r"^(;|,|tab|\|)$"),
    check: |text| parse_separator(text).map(|_| ()),
};

/// `2026-11-01`, `01.11.2026` or `01/11/2026`.
pub(crate) static DATES: Form = Form {
    what: "a way to write dates",
    how: "1 November 2026 as you want to read it: `\"2026-11-01\"`, `\"01.11.2026\"` or `\"01/11/2026\"`",
    example: "2026-11-01",
    pattern: Some(r"^(2026-11-01|01\.11\.2026|01/11/2026)$"),
    check: |text| parse_dates(text).map(|_| ()),
};

/// A schedule, or `never`: so a workgroup takes back what the head of the file says.
pub(crate) static EXPORT_SCHEDULE: Form = Form {
    how: "for example `on the 1st at 04:30`, `every monday at 03:00` or `at night`; or `never`",
    example: "on the 1st at 04:30",
    check: |text| {
        if is_never(text) {
            return Ok(());
        }
        (SCHEDULE.check)(text)
    },
    ..SCHEDULE
};

/// `marketing by email`.
pub(crate) static CONSENT: Form = Form {
    what: "a consent",
    how: "a purpose and a channel, such as `marketing by email`",
    example: "marketing by email",
    pattern: Some("^(processing|service|marketing|suggestions)( by [a-z][a-z0-9-]*)?$"),
    check: |text| parse_consent(text).map(|_| ()),
};

/// `7 days`, and not for ever: people in a file are not anonymised with the store.
pub(crate) static SHELF_LIFE: Form = Form {
    what: "a period",
    how: "a number and a unit, such as `7 days`; at most `90 days`",
    example: "7 days",
    check: |text| {
        (PERIOD.check)(text)?;
        match text.parse::<Period>() {
            Ok(period) if is_long(period) => Err(Complaint::new(
                format!("`{period}` is too long for a file full of personal data"),
                "write at most `90 days`: whoever needs it later exports it again",
            )),
            _ => Ok(()),
        }
    },
    ..PERIOD
};

/// More than 90 days, whatever months they are counted from.
fn is_long(period: Period) -> bool {
    let most = match period.unit() {
        Unit::Days => 90,
        Unit::Weeks => 12,
        Unit::Months => 2,
        Unit::Years => 0,
    };
    period.count() > most
}

fn is_never(text: &str) -> bool {
    text.trim() == "never"
}

fn parse_separator(text: &str) -> Result<Separator, Complaint> {
    const MEANT: [(&str, &str); 16] = [
        ("\t", "tab"),
        ("\\t", "tab"),
        ("tabulator", "tab"),
        ("tabulation", "tab"),
        ("tsv", "tab"),
        ("semicolon", ";"),
        ("semikolon", ";"),
        ("strichpunkt", ";"),
        ("point-virgule", ";"),
        ("punto e virgola", ";"),
        ("punto y coma", ";"),
        ("comma", ","),
        ("komma", ","),
        ("virgule", ","),
        ("pipe", "|"),
        ("bar", "|"),
    ];
    let known = |written: &str| Separator::WORDS.into_iter().find(|(word, _)| *word == written);
    if let Some((_, separator)) = known(text) {
        return Ok(separator);
    }
    let lower = text.to_lowercase();
    let named = MEANT
        .iter()
        .find(|(name, _)| *name == lower || *name == lower.trim());
    let word = named
        .map(|(_, word)| *word)
        .or(known(lower.trim()).map(|(word, _)| word));
    Err(match word {
        // The letter itself would not be seen in an answer.
        Some("tab") if text.trim().is_empty() => Complaint::new("a tab cannot be seen", "write `\"tab\"`"),
        Some(word) => Complaint::help(format!("write `\"{word}\"`")),
        None => Complaint::default(),
    })
}

fn parse_dates(text: &str) -> Result<Dates, Complaint> {
    if let Some((_, dates)) = Dates::WORDS.into_iter().find(|(word, _)| *word == text) {
        return Ok(dates);
    }
    let lower = text.to_lowercase();
    let of = |letter: char| lower.contains(letter);
    let is_day_first = lower.starts_with(['d', 't', 'j', 'g', 'д', '0', '1', '2', '3']);
    // Nobody's months go that far.
    let begins_with_a_day = lower.split('/').next().and_then(|first| first.parse::<u8>().ok()) > Some(12);
    let word = match () {
        () if lower.contains("iso") || lower.starts_with(['y', 'j']) && of('-') => "2026-11-01",
        () if of('.') && is_day_first => "01.11.2026",
        () if of('/') && (lower.starts_with('d') || begins_with_a_day) => "01/11/2026",
        () => return Err(Complaint::default()),
    };
    Err(Complaint::help(format!(
        "show it with 1 November 2026: `\"{word}\"`"
    )))
}

fn parse_consent(text: &str) -> Result<ConsentTo, Complaint> {
    text.parse().map_err(|_| {
        let lower = text.trim().to_lowercase();
        let (purpose, rest) = lower.split_once(char::is_whitespace).unwrap_or((&lower, ""));
        let purpose = nearest(purpose, Purpose::ALL.map(Purpose::word));
        let channel = rest.split_whitespace().last();
        let meant = purpose.zip(channel).map(|(purpose, channel)| {
            let channel = match channel {
                "mail" | "e-mail" | "emails" => "email",
                other => other,
            };
            format!("{purpose} by {channel}")
        });
        match meant.filter(|meant| meant.parse::<ConsentTo>().is_ok()) {
            Some(meant) => Complaint::help(format!("write `\"{meant}\"`")),
            None => Complaint::default(),
        }
    })
}

/// Reads what a workgroup wants of its exports; whatever it does not say has its default, so that there always is an answer.
pub(crate) fn export(
    layers: Layers<'_>,
    workgroup: &Workgroup,
    zone: Tz,
    findings: &mut Vec<Finding>,
) -> Export {
    let text = |key: &str| layers.text(key).map(|text| text.value);
    let yes = |key: &str| layers.yes_no(key);
    let profile = match text("for") {
        Some("machines") => Profile::Machines,
        _ => Profile::Spreadsheets,
    };
    let (separator, is_marked) = match profile {
        Profile::Spreadsheets => (Separator::Semicolon, true),
        Profile::Machines => (Separator::Comma, false),
    };
    let schedule = text("schedule").filter(|text| !is_never(text));
    let export = Export {
        by_customer: yes("by_customer").unwrap_or(false),
        profile,
        separator: text("separator")
            .and_then(|text| parse_separator(text).ok())
            .unwrap_or(separator),
        dates: text("dates")
            .and_then(|text| parse_dates(text).ok())
            .filter(|_| profile == Profile::Spreadsheets)
            .unwrap_or_default(),
        byte_order_mark: yes("byte_order_mark").unwrap_or(is_marked),
        schedule: schedule.and_then(|text| Schedule::read(text, workgroup, zone).ok()),
        if_missed: match text("if_missed") {
            Some("skip") => IfMissed::Skip,
            _ => IfMissed::CatchUp,
        },
        only_with_consent: text("only_with_consent").and_then(|text| parse_consent(text).ok()),
        delete_file_after: layers
            .period("delete_file_after")
            .map_or_else(a_week, |period| period.value),
        show_others: yes("show_others").unwrap_or(false),
    };
    settings_without_effect(layers, &export, findings);
    export
}

fn a_week() -> Period {
    Period::new(7, Unit::Days).expect("seven days are a period")
}

/// Settings that can have no effect beside the others.
fn settings_without_effect(layers: Layers<'_>, export: &Export, findings: &mut Vec<Finding>) {
    // A schedule that cannot be read has its own finding.
    let is_scheduled = layers.text("schedule").is_some_and(|text| !is_never(text.value))
        || layers
            .entry("schedule")
            .is_some_and(|entry| entry.value.as_text().is_none());
    for key in ["if_missed", "only_with_consent"] {
        if let Some(entry) = layers.entry(key).filter(|_| !is_scheduled)
            && layers.meant_together(key, "schedule")
        {
            findings.push(
                Finding::warning(format!("`{key}` has no effect without `schedule`"))
                    .at(line_of(entry))
                    .help("say when the files are written, such as `schedule = \"on the 1st at 04:30\"`, or remove the line"),
            );
        }
    }
    if let Some(entry) = layers
        .entry("dates")
        .filter(|_| export.profile == Profile::Machines)
        && layers.meant_together("dates", "for")
    {
        findings.push(
            Finding::warning("`dates` has no effect while the files are `for = \"machines\"`")
                .at(line_of(entry))
                .help("remove the line: machines get dates and times by ISO 8601"),
        );
    }
}

#[cfg(test)]
mod tests {
    use lapsed_config::File;
    use lapsed_model::TenantName;

    use super::*;
    use crate::{Limits, Policy, read};

    fn policy(text: &str) -> (Policy, Vec<String>) {
        let head = "name = \"Theatre\"\nlanguage = \"en\"\ntime_zone = \"Europe/Vienna\"\n";
        let file = File::new("theatre.toml", &format!("{head}{text}"));
        let tenant: TenantName = "theatre".parse().expect("a name");
        let now = "2026-11-22T12:00:00Z".parse().expect("an instant");
        let (policy, findings) = read(&tenant, &file, &Limits::default(), now);
        let titles = findings.into_iter().map(|finding| finding.title).collect();
        (policy.unwrap_or_else(|| panic!("{titles:#?}")), titles)
    }

    fn of(text: &str) -> Export {
        let (policy, findings) = policy(text);
        assert_eq!(findings, Vec::<String>::new());
        policy.export("house").expect("a workgroup").clone()
    }

    #[test]
    fn x1_exports_are_cautious_until_the_policy_says_otherwise() {
        let export = of("[workgroups.house]\n");
        assert!(!export.by_customer && !export.show_others && export.byte_order_mark);
        assert_eq!((export.schedule, export.only_with_consent), (None, None));
        assert_eq!(export.delete_file_after.to_string(), "7 days");
        assert_eq!(
            (export.profile, export.separator, export.dates),
            (Profile::Spreadsheets, Separator::Semicolon, Dates::Iso)
        );
    }

    #[test]
    fn x3_a_workgroup_overrides_what_it_names_and_may_have_no_retention() {
        let (policy, _) = policy(
            "[export]\nschedule = \"on the 1st at 04:30\"\nseparator = \"tab\"\nonly_with_consent = \"marketing by email\"\n\
             [workgroups.house]\n[workgroups.studio.export]\nschedule = \"never\"\ndates = \"01.11.2026\"\n",
        );
        let (house, studio) = (policy.export("house"), policy.export("studio"));
        let (house, studio) = (house.expect("a workgroup"), studio.expect("a workgroup"));
        assert_eq!(
            house.schedule.as_ref().map(|schedule| schedule.cron.as_str()),
            Some("30 4 1 * *")
        );
        assert_eq!(
            house.only_with_consent,
            Some("marketing by email".parse().expect("a consent"))
        );
        assert_eq!((studio.schedule.as_ref(), studio.dates), (None, Dates::Dots));
        assert_eq!(
            (house.separator, studio.separator),
            (Separator::Tab, Separator::Tab)
        );
        assert_eq!(policy.export("elsewhere"), None);
    }

    #[test]
    fn x4_machines_get_plain_rfc_4180() {
        let export = of("[export]\nfor = \"machines\"\n[workgroups.house]\n");
        assert_eq!(
            (export.separator, export.byte_order_mark, export.dates),
            (Separator::Comma, false, Dates::Iso)
        );
        let (_, findings) =
            policy("[export]\nfor = \"machines\"\ndates = \"01.11.2026\"\n[workgroups.house]\n");
        assert_eq!(
            findings,
            ["`dates` has no effect while the files are `for = \"machines\"`"]
        );
    }

    #[test]
    fn what_only_a_schedule_needs_is_named_without_one() {
        let (_, findings) = policy("[export]\nif_missed = \"skip\"\n[workgroups.house]\n");
        assert_eq!(findings, ["`if_missed` has no effect without `schedule`"]);
    }

    #[test]
    fn habits_are_understood_and_put_right() {
        let help = |form: &Form, text: &str| (form.check)(text).expect_err("a mistake").help;
        for (form, text, says) in [
            (&SEPARATOR, "Semikolon", "write `\";\"`"),
            (&SEPARATOR, "\t", "write `\"tab\"`"),
            (&SEPARATOR, " TAB", "write `\"tab\"`"),
            (&SEPARATOR, "; ", "write `\";\"`"),
            (
                &DATES,
                "TT.MM.JJJJ",
                "show it with 1 November 2026: `\"01.11.2026\"`",
            ),
            (
                &DATES,
                "31.12.2026",
                "show it with 1 November 2026: `\"01.11.2026\"`",
            ),
            (
                &DATES,
                "dd/mm/yyyy",
                "show it with 1 November 2026: `\"01/11/2026\"`",
            ),
            (
                &DATES,
                "ISO 8601",
                "show it with 1 November 2026: `\"2026-11-01\"`",
            ),
            (&CONSENT, "Marketing via E-Mail", "write `\"marketing by email\"`"),
        ] {
            assert_eq!(help(form, text).as_deref(), Some(says), "{text}");
        }
        assert_eq!(
            help(&DATES, "mm/dd/yyyy"),
            None,
            "the month first is none of the ways"
        );
        assert_eq!(help(&CONSENT, "yes"), None);
    }

    #[test]
    fn no_file_full_of_people_lies_about_for_ever() {
        for fits in ["90 days", "12 weeks", "2 months"] {
            assert!((SHELF_LIFE.check)(fits).is_ok(), "{fits}");
        }
        for too_long in ["91 days", "13 weeks", "3 months", "1 year"] {
            assert!((SHELF_LIFE.check)(too_long).is_err(), "{too_long}");
        }
    }
}
