//! Forms of text that only a policy knows.

use lapsed_config::{Complaint, Form, PERIOD, parse_date};
use lapsed_model::Period;

use crate::When;

/// A mail address, as far as one can tell without writing to it.
pub(crate) static ADDRESS: Form = Form {
    what: "a mail address",
    how: "one address, such as `privacy@theatre.example`",
    example: "privacy@theatre.example",
    pattern: Some(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"),
    check: |text| {
        let is_plain = |part: &str| {
            !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@,;<>\"".contains(c))
        };
        match text.split_once('@') {
            Some((name, host)) if is_plain(name) && is_plain(host) => {
                let has_dots = host.contains('.') && host.split('.').all(|label| !label.is_empty());
                if has_dots {
                    Ok(())
                } else {
                    Err(Complaint::help(
                        "check the part behind the `@`: it has a dot, and no dot at its end",
                    ))
                }
            }
            _ => Err(Complaint::default()),
        }
    },
};

/// `30 days before`.
pub(crate) static WARNING: Form = Form {
    what: "a time before the day",
    how: "a number, a unit and the word `before`, such as `30 days before`",
    example: "30 days before",
    pattern: Some(r"^\s*[0-9]+\s*(day|week|month|year)s?\s+before\s*$"),
    check: |text| parse_warning(text).map(|_| ()),
};

/// `2019-05-04`, or `for ever`.
pub(crate) static DAY: Form = Form {
    what: "a date",
    how: "year, month and day with hyphens, such as `2019-05-04`, or `for ever` for what has no end",
    example: "2019-05-04",
    pattern: Some("^([0-9]{4}-[0-9]{2}-[0-9]{2}|for ever)$"),
    check: |text| parse_day(text).map(|_| ()),
};

/// Reads a [`WARNING`].
pub(crate) fn parse_warning(text: &str) -> Result<Period, Complaint> {
    let text = text.trim();
    match text.strip_suffix("before") {
        Some(period) => match (PERIOD.check)(period) {
            Ok(()) => period.parse().map_err(|_| Complaint::default()),
            Err(complaint) => Err(Complaint {
                help: None,
                ..complaint
            }),
        },
        None => Err(match text.parse::<Period>() {
            Ok(period) => Complaint::help(format!("write `\"{period} before\"`")),
            Err(_) => Complaint::default(),
        }),
    }
}

/// Reads a [`DAY`].
pub(crate) fn parse_day(text: &str) -> Result<When, Complaint> {
    match text {
        "for ever" => Ok(When::ForEver),
        "forever" | "never" | "always" | "for life" => Err(Complaint::help("write `\"for ever\"`")),
        date => parse_date(date).map(When::On),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host() {
        assert!((ADDRESS.check)("datenschutz@stadttheater.example").is_ok());
        for text in [
            "datenschutz",
            "a@b",
            "a@b.",
            "a b@c.example",
            "a@b.example, c@d.example",
            "@b.example",
            "Anna <a@b.example>",
        ] {
            assert!((ADDRESS.check)(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_warning_comes_before_the_day() {
        assert_eq!(
            parse_warning("30 days before").map(|period| period.to_string()),
            Ok("30 days".to_owned())
        );
        assert_eq!(
            parse_warning("30 days"),
            Err(Complaint::help("write `\"30 days before\"`"))
        );
        assert!(parse_warning("30 days after").is_err());
        assert!(parse_warning("soon before").is_err());
    }
}
