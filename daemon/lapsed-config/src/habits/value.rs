//! What stands behind a `=` and is no value.

use std::ops::Range;

use super::quotes::with_straight_quotes;
use super::{Diagnosis, brackets, is_name, quoted, quotes};
use crate::Finding;
use crate::finding::clipped;
use crate::forms::{day_first, parse_date};
use crate::repair::Repair;
use crate::scan::{Statement, trimmed};

/// What is wrong with a value.
pub(super) fn diagnose(
    text: &str,
    statement: &Statement,
    value: Range<usize>,
    place: Range<usize>,
    message: &str,
) -> Diagnosis {
    let written = &text[value.clone()];
    quotes::typographic(text, value.clone())
        .or_else(|| {
            message
                .contains("escape")
                .then(|| backslash(text, value.clone(), &place))
        })
        .or_else(|| brackets::left_open(text, statement))
        .or_else(|| match written.chars().next() {
            Some('[' | '{') => Some(brackets::within(text, value.clone(), place, message)),
            Some('"' | '\'') => Some(quotes::in_quotes(text, statement, value.clone())),
            _ => None,
        })
        .unwrap_or_else(|| without_quotes(text, statement, value))
}

fn backslash(text: &str, value: Range<usize>, place: &Range<usize>) -> Diagnosis {
    let written = text[value.clone()].trim_matches('"');
    let at = text[..place.start.max(value.start + 1)]
        .rfind('\\')
        .unwrap_or(value.start)
        .max(value.start);
    let finding = Finding::error("a backslash has a meaning of its own between these quotes")
        .at(at..at + 1)
        .help(format!("write single quotes round the text: `'{written}'`"));
    (
        finding,
        Repair::replace(value, format!("'{}'", written.replace('\'', " "))),
    )
}

/// Something behind a value that was complete.
pub(super) fn left_over(text: &str, value: Range<usize>, behind: usize) -> Diagnosis {
    let rest = trimmed(text, behind.clamp(value.start, value.end)..value.end);
    let rest = if rest.is_empty() { value.clone() } else { rest };
    if let Some(diagnosis) = second_setting(text, rest.clone()) {
        return diagnosis;
    }
    let finding = Finding::error(format!(
        "`{}` stands behind the value",
        clipped(&text[rest.clone()])
    ))
    .at(rest)
    .help("remove it, or put a `#` in front of it to make it a comment");
    (finding, Repair::give_up(value))
}

/// `true by_customer = true`, `; by_customer = true`: the next setting on the same line.
pub(super) fn second_setting(text: &str, rest: Range<usize>) -> Option<Diagnosis> {
    let written = &text[rest.clone()];
    let before = written[..written.find('=')?].trim_end();
    let name_start = before.rfind([' ', '\t', ';', ',']).map_or(0, |blank| blank + 1);
    if !is_name(&before[name_start..]) {
        return None;
    }
    let name = rest.start + name_start;
    let finding = Finding::error(format!(
        "a second setting stands on this line: `{}`",
        &before[name_start..]
    ))
    .at(name..rest.end)
    .help("write each setting on a line of its own");
    let gap = rest.start
        + text[rest.start..name]
            .trim_end_matches([' ', '\t', ';', ','])
            .len();
    Some((finding, Repair::replace(gap..name, "\n")))
}

/// Several values without brackets.
pub(super) fn comma_list(text: &str, key: &str, value: Range<usize>) -> Diagnosis {
    let mended = list(text[value.clone()].trim_end_matches([',', ';']));
    let finding = Finding::error("several values need square brackets")
        .at(value.clone())
        .help(format!("write `{key} = {mended}`"));
    (finding, Repair::replace(value, mended))
}

fn list(items: &str) -> String {
    format!(
        "[{}]",
        items
            .split(',')
            .map(|item| bare(item.trim()))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// A value that has no quotes at all, or only the closing one.
fn without_quotes(text: &str, statement: &Statement, value: Range<usize>) -> Diagnosis {
    let written = &text[value.clone()];
    let key = text[statement.key()].trim();
    let clean = written.trim_end_matches([',', ';']).trim_end();
    if let Some(diagnosis) = second_setting(text, value.clone()) {
        return diagnosis;
    }
    if let Some(inside) = clean
        .strip_suffix(['"', '\''])
        .filter(|inside| !inside.contains(['"', '\'']))
    {
        let finding = Finding::error("this text has no opening quote")
            .at(value.clone())
            .help(format!("write `{key} = {}`", quoted(inside)));
        return (finding, Repair::replace(value, quoted(inside)));
    }
    if let Some(inside) = written
        .strip_prefix('(')
        .and_then(|inside| inside.strip_suffix(')'))
    {
        let mended = list(inside);
        let finding = Finding::error("a list needs square brackets")
            .at(value.clone())
            .help(format!("write `{key} = {mended}`"));
        return (finding, Repair::replace(value, mended));
    }
    if clean.len() < written.len() && !clean.contains([',', ';']) && !clean.is_empty() {
        let at = value.start + clean.len()..value.end;
        let finding = Finding::error(format!("`{}` stands behind the value", text[at.clone()].trim()))
            .at(at)
            .help(format!("write `{key} = {}`", bare(clean)));
        return (finding, Repair::replace(value, bare(clean)));
    }
    if clean.contains(", ") || (clean.contains(',') && !clean.starts_with(|c: char| c.is_ascii_digit())) {
        return comma_list(text, key, value);
    }
    let mended = bare(written);
    let finding = said_of(written, &mended).at(value.clone());
    if no_such_day(written) || mended == written {
        return (finding, Repair::give_up(value));
    }
    (finding, Repair::replace(value, mended))
}

/// How a value without quotes is written; as it stands where TOML reads it so.
pub(super) fn bare(written: &str) -> String {
    if toml::from_str::<toml::Table>(&format!("value = {written}")).is_ok() {
        return written.to_owned();
    }
    if let Some(yes) = yes_or_no(written) {
        return yes.to_string();
    }
    if let Some(date) = day_first(written) {
        return format!("\"{date}\"");
    }
    let digits = written.trim_start_matches('0');
    if !digits.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.to_owned();
    }
    let straight = with_straight_quotes(written);
    if straight == written {
        quoted(written)
    } else {
        straight
    }
}

/// Why a value without quotes is none.
pub(super) fn said_of(written: &str, mended: &str) -> Finding {
    if let Some(yes) = yes_or_no(written) {
        return Finding::error(format!("`{written}` is not how yes or no is written"))
            .help(format!("write `{yes}`"));
    }
    if day_first(written).is_some() {
        return Finding::error(format!("`{written}` is not how a date is written"))
            .help(format!("dates are written year-month-day, in quotes: `{mended}`"));
    }
    if no_such_day(written) {
        return Finding::error(format!("there is no day `{written}` in the calendar"))
            .help("the form is year-month-day: check the month (01 to 12) and the day");
    }
    if written.bytes().all(|byte| byte.is_ascii_digit()) {
        return Finding::error(format!("a number does not begin with `0`: `{written}`"))
            .help(format!("write `{mended}`"));
    }
    Finding::error(format!("`{}` needs quotes", clipped(written)))
        .help(format!("write `{}`", clipped(mended)))
}

fn no_such_day(written: &str) -> bool {
    parse_date(written).is_err_and(|complaint| complaint.title.is_some())
}

/// Yes and no in other capitals and languages; `on` and `off` are words of settings and are not meant.
fn yes_or_no(written: &str) -> Option<bool> {
    match written.to_lowercase().as_str() {
        "true" | "yes" | "ja" | "wahr" | "oui" | "vrai" | "sì" | "vero" | "sí" | "verdadero" | "да" => {
            Some(true)
        }
        "false" | "no" | "nein" | "falsch" | "non" | "faux" | "falso" | "не" => Some(false),
        _ => None,
    }
}
