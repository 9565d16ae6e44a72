//! Time zones by their name.

use chrono_tz::{TZ_VARIANTS, Tz};
use lapsed_config::{Complaint, Form, nearest};

/// `Europe/Vienna`.
pub(crate) static ZONE: Form = Form {
    what: "a time zone",
    how: "a region and a city, such as `Europe/Vienna` or `Europe/Paris`",
    example: "Europe/Vienna",
    pattern: Some("^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$"),
    check: |text| parse_zone(text).map(|_| ()),
};

/// What people call cities whose zone has an English name, and the zones that they know by their letters.
const OTHER_NAMES: [(&str, Tz); 16] = [
    ("wien", Tz::Europe__Vienna),
    ("zürich", Tz::Europe__Zurich),
    ("rom", Tz::Europe__Rome),
    ("roma", Tz::Europe__Rome),
    ("prag", Tz::Europe__Prague),
    ("warschau", Tz::Europe__Warsaw),
    ("brüssel", Tz::Europe__Brussels),
    ("bruxelles", Tz::Europe__Brussels),
    ("kopenhagen", Tz::Europe__Copenhagen),
    ("lissabon", Tz::Europe__Lisbon),
    ("athen", Tz::Europe__Athens),
    ("софия", Tz::Europe__Sofia),
    ("münchen", Tz::Europe__Berlin),
    ("hamburg", Tz::Europe__Berlin),
    ("mez", Tz::Europe__Berlin),
    ("mesz", Tz::Europe__Berlin),
];

/// Reads a [`ZONE`].
pub(crate) fn parse_zone(text: &str) -> Result<Tz, Complaint> {
    let known = TZ_VARIANTS.iter().find(|zone| zone.name() == text);
    // `UTC+1` and `EST` are no places: their clocks do not change when the tenant's do.
    match known
        .filter(|zone| zone.name().contains('/') && !zone.name().starts_with("Etc/") || **zone == Tz::UTC)
    {
        Some(zone) => Ok(*zone),
        None => Err(match meant(text) {
            Some(zone) => Complaint::help(format!("did you mean `\"{zone}\"`?")),
            None => Complaint::default(),
        }),
    }
}

fn meant(text: &str) -> Option<&'static str> {
    let city = |name: &str| name.rsplit('/').next().unwrap_or_default().trim().to_lowercase();
    let written = city(text);
    if let Some((_, zone)) = OTHER_NAMES.iter().find(|(name, _)| *name == written) {
        return Some(zone.name());
    }
    let places = || {
        TZ_VARIANTS
            .iter()
            .map(|zone| zone.name())
            .filter(|name| name.contains('/'))
    };
    places()
        .find(|name| city(name) == written.replace(' ', "_"))
        .or_else(|| nearest(text, places()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(text: &str) -> Option<String> {
        parse_zone(text).expect_err("no zone").help
    }

    #[test]
    fn a_zone_is_a_place() {
        assert_eq!(parse_zone("Europe/Vienna"), Ok(Tz::Europe__Vienna));
        assert_eq!(parse_zone("UTC"), Ok(Tz::UTC));
        for text in ["EST", "GMT+1", "Etc/GMT-1", "", "Middle-earth/Shire"] {
            assert!(parse_zone(text).is_err(), "{text}");
        }
    }

    #[test]
    fn cities_are_understood_in_several_languages_and_spellings() {
        assert_eq!(
            help("Europe/Wien").as_deref(),
            Some("did you mean `\"Europe/Vienna\"`?")
        );
        assert_eq!(
            help("Vienna").as_deref(),
            Some("did you mean `\"Europe/Vienna\"`?")
        );
        assert_eq!(
            help("europe/paris").as_deref(),
            Some("did you mean `\"Europe/Paris\"`?")
        );
        assert_eq!(
            help("Europe/Viena").as_deref(),
            Some("did you mean `\"Europe/Vienna\"`?")
        );
        assert_eq!(help("MEZ").as_deref(), Some("did you mean `\"Europe/Berlin\"`?"));
    }
}
