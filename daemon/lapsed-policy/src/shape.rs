//! What may stand in a policy file.

use lapsed_config::{COUNT_OF_PEOPLE, DATE, Key, Kind, PERCENT, PERIOD, Shape};

use crate::export::{CONSENT, DATES, EXPORT_SCHEDULE, SEPARATOR, SHELF_LIFE};
use crate::forms::{ADDRESS, DAY, WARNING};
use crate::schedule::SCHEDULE;
use crate::zone::ZONE;

/// A tenant's policy file.
pub static POLICY_SHAPE: Shape = Shape {
    doc: "What one tenant wants to happen to its customers' personal data.",
    keys: &[
        Key::required(
            "name",
            Kind::Text,
            "\"Stadttheater Musterstadt\"",
            "Your name as your customers know it.",
        ),
        Key::required(
            "language",
            Kind::Words(LANGUAGES),
            "\"de\"",
            "The language of the notes in the records and of what customers read.",
        ),
        Key::required(
            "time_zone",
            Kind::Form(&ZONE),
            "\"Europe/Vienna\"",
            "The zone in which your days begin and your schedules run.",
        ),
        Key::new(
            "privacy_contact",
            Kind::Form(&ADDRESS),
            "\"datenschutz@stadttheater.example\"",
            "A mail address that customers are shown, and that is told when something waits.",
        ),
        Key::new(
            "retention",
            Kind::Table(&RETENTION_SHAPE),
            "[retention]",
            "When customers are anonymised; it holds for every workgroup that does not say otherwise.",
        ),
        Key::new(
            "export",
            Kind::Table(&EXPORT_SHAPE),
            "[export]",
            "What exported files look like, and when they are written; it holds for every workgroup that does not say otherwise.",
        ),
        Key::later("messages", "messages"),
        Key::later("consents", "consents"),
        Key::later("form", "registration forms"),
        Key::required(
            "workgroups",
            Kind::Map {
                names: "a workgroup: a house, a box office, a branch",
                each: &Kind::Table(&WORKGROUP_SHAPE),
            },
            "[workgroups.box-office]",
            "Your houses, box offices or branches.",
        ),
        Key::new(
            "example",
            Kind::Tables(&EXAMPLE_SHAPE),
            "[[example]]",
            "Cases of your own, which are tried whenever the policy is checked.",
        ),
    ],
};

/// `[retention]`, and `[workgroups.NAME.retention]`, which names only what differs.
pub(crate) static RETENTION_SHAPE: Shape = Shape {
    doc: "When customers are anonymised, and who is kept.",
    keys: &[
        Key::new(
            "anonymise_after",
            Kind::Form(&PERIOD),
            "\"3 years\"",
            "How long a customer may be inactive, by the calendar.",
        ),
        Key::new(
            "automatic",
            Kind::Words(AUTOMATIC),
            "\"plan only\"",
            "Whether this happens by itself.",
        )
        .or("\"plan only\""),
        Key::new(
            "schedule",
            Kind::Form(&SCHEDULE),
            "\"at night\"",
            "When the automatic way runs, by the clocks of your time zone.",
        )
        .or("\"at night\""),
        Key::new(
            "if_missed",
            Kind::Words(IF_MISSED),
            "\"catch up\"",
            "What happens if the computer was off at that time.",
        )
        .or("\"catch up\""),
        Key::new(
            "by_staff",
            Kind::YesNo,
            "true",
            "Whether your staff may anonymise one customer.",
        )
        .or("false"),
        Key::new(
            "by_customer",
            Kind::YesNo,
            "true",
            "Whether customers may anonymise themselves.",
        )
        .or("false"),
        Key::new(
            "keep_people_with_consent",
            Kind::YesNo,
            "true",
            "Whether an active consent keeps a customer.",
        )
        .or("true"),
        Key::new(
            "keep_invoice_recipients",
            Kind::Form(&PERIOD),
            "\"8 years\"",
            "How long an invoice keeps its recipient; left out, the recipient goes with the rest.",
        ),
        Key::new(
            "article_buyers_too",
            Kind::YesNo,
            "false",
            "Whether people who only ever bought articles are anonymised too.",
        )
        .or("false"),
        Key::new(
            "ask_me_above",
            Kind::Form(&COUNT_OF_PEOPLE),
            "\"500 people\"",
            "A plan for more people waits for an approval.",
        )
        .or("\"500 people\""),
        Key::new(
            "ask_me_above_share",
            Kind::Form(&PERCENT),
            "\"5 %\"",
            "A plan for a greater share of a workgroup waits for an approval.",
        )
        .or("\"5 %\""),
        Key::new(
            "warn_customer",
            Kind::Form(&WARNING),
            "\"30 days before\"",
            "How long before the day customers are told; left out, they are not.",
        ),
        Key::new(
            "warn_by",
            Kind::List(&Kind::Text),
            "[\"email\"]",
            "The channels by which they are told.",
        )
        .or("[\"email\"]"),
    ],
};

/// `[export]`, and `[workgroups.NAME.export]`, which names only what differs.
static EXPORT_SHAPE: Shape = Shape {
    doc: "What exported files look like, and when those of a whole workgroup are written.",
    keys: &[
        Key::new(
            "by_customer",
            Kind::YesNo,
            "true",
            "Whether customers may download their own data online; your staff always may.",
        )
        .or("false"),
        Key::new(
            "for",
            Kind::Words(PROFILES),
            "\"spreadsheets\"",
            "Who reads the files.",
        )
        .or("\"spreadsheets\""),
        Key::new(
            "separator",
            Kind::Form(&SEPARATOR),
            "\";\"",
            "What stands between two columns; for machines a comma if left out.",
        )
        .or("\";\""),
        Key::new(
            "dates",
            Kind::Form(&DATES),
            "\"2026-11-01\"",
            "How dates are written, shown for 1 November 2026; times are by the clocks of your time zone.",
        )
        .or("\"2026-11-01\""),
        Key::new(
            "byte_order_mark",
            Kind::YesNo,
            "true",
            "Whether files begin with the mark by which spreadsheets know letters such as `ä`; for machines `false` if left out.",
        )
        .or("true"),
        Key::new(
            "schedule",
            Kind::Form(&EXPORT_SCHEDULE),
            "\"on the 1st at 04:30\"",
            "When the files of the whole workgroup are written; never if left out.",
        ),
        Key::new(
            "if_missed",
            Kind::Words(IF_MISSED),
            "\"catch up\"",
            "What happens if the computer was off at that time.",
        )
        .or("\"catch up\""),
        Key::new(
            "only_with_consent",
            Kind::Form(&CONSENT),
            "\"marketing by email\"",
            "Only people with this consent stand in the files that are written on the schedule; everybody if left out.",
        ),
        Key::new(
            "delete_file_after",
            Kind::Form(&SHELF_LIFE),
            "\"7 days\"",
            "How long a file is kept.",
        )
        .or("\"7 days\""),
        Key::new(
            "show_others",
            Kind::YesNo,
            "false",
            "Whether a customer's export shows names and answers of other people, such as companions.",
        )
        .or("false"),
    ],
};

static WORKGROUP_SHAPE: Shape = Shape {
    doc: "One workgroup: it follows the head of the file except for what it names.",
    keys: &[
        Key::new(
            "retention",
            Kind::Table(&RETENTION_SHAPE),
            "[workgroups.box-office.retention]",
            "What differs from the `[retention]` of the file.",
        ),
        Key::new(
            "export",
            Kind::Table(&EXPORT_SHAPE),
            "[workgroups.box-office.export]",
            "What differs from the `[export]` of the file.",
        ),
        Key::later("messages", "messages"),
        Key::later("consents", "consents"),
    ],
};

static EXAMPLE_SHAPE: Shape = Shape {
    doc: "A case of your own: a customer, a day, and what should become of the customer on that day.",
    keys: &[
        Key::required(
            "says",
            Kind::Text,
            "\"someone who last came in 2019 is anonymised in 2026\"",
            "The case in a sentence.",
        ),
        Key::required(
            "workgroup",
            Kind::Text,
            "\"box-office\"",
            "The workgroup whose policy decides.",
        ),
        Key::required(
            "on",
            Kind::Form(&DATE),
            "\"2026-11-01\"",
            "The day on which it is decided.",
        ),
        Key::required(
            "customer",
            Kind::Map {
                names: "something that happened to the customer, such as `created` or `tickets`",
                each: &Kind::Either(&[Kind::Form(&DAY), Kind::List(&Kind::Form(&DAY))]),
            },
            "{ created = \"2015-03-01\", tickets = [\"2019-05-04\"] }",
            "What happened to the customer, and when.",
        ),
        Key::required(
            "expect",
            Kind::Words(EXPECT),
            "\"anonymised\"",
            "What should become of the customer.",
        ),
    ],
};

const LANGUAGES: &[(&str, &str)] = &[
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("it", "Italian"),
    ("es", "Spanish"),
    ("bg", "Bulgarian"),
];

const AUTOMATIC: &[(&str, &str)] = &[
    ("off", "no plans are made"),
    ("plan only", "plans are made and reported; nobody is anonymised"),
    ("on", "plans are made and carried out"),
];

const IF_MISSED: &[(&str, &str)] = &[
    ("catch up", "it is made up for, once"),
    ("skip", "it waits for its next time"),
];

const PROFILES: &[(&str, &str)] = &[
    ("spreadsheets", "people, who open them in a spreadsheet"),
    (
        "machines",
        "programs: plain CSV by RFC 4180, with instants by ISO 8601",
    ),
];

const EXPECT: &[(&str, &str)] = &[
    ("anonymised", "the customer is due"),
    ("kept", "the customer stays"),
];

#[cfg(test)]
mod tests {
    use lapsed_model::Language;

    use super::*;

    #[test]
    fn the_file_knows_every_language() {
        let codes: Vec<&str> = LANGUAGES.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, Language::ALL.map(Language::code));
    }
}
