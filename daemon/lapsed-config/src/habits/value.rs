//! What stands behind a `=` and is no value.

use std::ops::Range;

use super::{Diagnosis, quoted};
use crate::Finding;
use crate::forms::{day_first, parse_date};
use crate::repair::Repair;
use crate::scan::{Statement, trimmed};

/// The quotes of word processors, in the habits of several languages.
pub(super) const TYPOGRAPHIC: [char; 14] = [
    '“', '”', '„', '‟', '«', '»', '‹', '›', '‘', '’', '‚', '‛', '″', '′',
];

/// What is wrong with a value.
pub(super) fn diagnose(
    text: &str,
    statement: &Statement,
    value: Range<usize>,
    place: Range<usize>,
    message: &str,
) -> Diagnosis {
    let written = &text[value.clone()];
    typographic(text, value.clone())
        .or_else(|| {
            message
                .contains("escape")
                .then(|| backslash(text, value.clone(), &place))
        })
        .or_else(|| open_bracket(text, statement))
        .or_else(|| match written.chars().next() {
            Some('[' | '{') => Some(bracketed(text, value.clone(), place, message)),
            Some('"' | '\'') => Some(in_quotes(text, statement, value.clone())),
            _ => None,
        })
        .unwrap_or_else(|| without_quotes(text, statement, value))
}

/// Straight quotes in place of typographic ones.
fn typographic(text: &str, value: Range<usize>) -> Option<Diagnosis> {
    let edits = straightened(&text[value.clone()]);
    if edits.is_empty() {
        return None;
    }
    let mut mended = text[value.clone()].to_owned();
    for (range, with) in edits.iter().rev() {
        mended.replace_range(range.clone(), with);
    }
    let finding = Finding::error(format!("`{}` stands in typographic quotes", one_line(&text[value.clone()])))
        .at(value.clone())
        .help(format!("use straight quotes: `{}`", one_line(&mended)))
        .note("word processors and mail programs turn straight quotes into typographic ones; a plain text editor does not");
    let moved =
        |(range, with): (Range<usize>, String)| (range.start + value.start..range.end + value.start, with);
    Some((
        finding,
        Repair {
            edits: edits.into_iter().map(moved).collect(),
            broken: None,
        },
    ))
}

/// The edits that turn every typographic pair of quotes into a straight one.
fn straightened(value: &str) -> Vec<(Range<usize>, String)> {
    let mut edits = Vec::new();
    let mut at = 0;
    while let Some(letter) = value[at..].chars().next() {
        let inside = at + letter.len_utf8();
        let is_straight = matches!(letter, '"' | '\'');
        if !is_straight && !TYPOGRAPHIC.contains(&letter) {
            at = inside;
            continue;
        }
        // A quote ends a text where a comma, a bracket or the end follows: `‘l’atelier’` has one apostrophe.
        let ends = value[inside..].char_indices().find(|(from, closing)| {
            let rest = value[inside + from + closing.len_utf8()..].trim_start();
            (TYPOGRAPHIC.contains(closing) || *closing == '"' || (is_straight && *closing == letter))
                && (rest.is_empty() || rest.starts_with([',', ']', '}', '#', ';']))
        });
        let Some((from, closing)) = ends else { break };
        let (end, behind) = (inside + from, inside + from + closing.len_utf8());
        if !(is_straight && closing == letter) {
            let text = trimmed(value, inside..end);
            edits.push((at..text.start, "\"".to_owned()));
            edits.push((text.end..behind, "\"".to_owned()));
        }
        at = behind;
    }
    edits
}

fn backslash(text: &str, value: Range<usize>, place: &Range<usize>) -> Diagnosis {
    let written = text[value.clone()].trim_matches('"');
    let at = text[..place.start.max(value.start + 1)]
        .rfind('\\')
        .unwrap_or(value.start)
        .max(value.start);
    let finding = Finding::error("a backslash in quotes begins an escape, and there is no such escape")
        .at(at..(at + 2).min(value.end))
        .help(format!("write single quotes round the text: `'{written}'`"));
    (
        finding,
        Repair::replace(value, format!("'{}'", written.replace('\'', " "))),
    )
}

/// A list, a table or a long text that goes on to the end of the file.
fn open_bracket(text: &str, statement: &Statement) -> Option<Diagnosis> {
    let open = statement.unclosed?;
    let (shown, close) = match text.as_bytes().get(open)? {
        b'[' => ("[", "]"),
        b'{' => ("{", "}"),
        b'\'' => ("'''", "'''"),
        _ => ("\"\"\"", "\"\"\""),
    };
    let finding = Finding::error(format!("nothing closes this `{shown}`"))
        .at(open..open + shown.len())
        .help(format!("write a `{close}` where it ends"));
    let end = if close.len() == 1 {
        statement.content.end
    } else {
        text.len()
    };
    Some((finding, Repair::insert(end, close)))
}

/// Something within `[ … ]` or `{ … }`, or behind it.
fn bracketed(text: &str, value: Range<usize>, place: Range<usize>, message: &str) -> Diagnosis {
    let at = place.start.clamp(value.start, value.end);
    let here = text[at..value.end].chars().next().unwrap_or(' ');
    let letter = at..(at + here.len_utf8()).min(value.end);
    if here == ';' {
        let finding = Finding::error("values are separated by commas")
            .at(letter.clone())
            .help("write `,` in place of `;`");
        return (finding, Repair::replace(letter, ","));
    }
    if message.contains("missing comma") {
        let finding = Finding::error("there is no comma in front of this")
            .at(token(text, at..value.end))
            .help("separate values with commas");
        return (finding, Repair::insert(at, ", "));
    }
    if let Some(colon) = text[..at]
        .strip_suffix(' ')
        .unwrap_or(&text[..at])
        .strip_suffix(':')
        .map(str::len)
        && colon > value.start
    {
        let finding =
            Finding::error("between a name and its value stands a `=`, not a colon").at(colon..colon + 1);
        let edits = colons(text, value)
            .map(|colon| (colon..colon + 1, " =".to_owned()))
            .collect();
        return (
            finding.help("write `=` in place of the colon"),
            Repair { edits, broken: None },
        );
    }
    let token = token(text, place.start.max(value.start)..value.end);
    if message.contains("expected newline") || token.is_empty() {
        return left_over(text, value, place);
    }
    let written = &text[token.clone()];
    let mended = bare(written);
    (said_of(written, &mended).at(token), unquoted(text, value))
}

/// Every colon of `{ a: 1, b: 2 }` that follows a name.
fn colons(text: &str, value: Range<usize>) -> impl Iterator<Item = usize> {
    text[value.clone()]
        .match_indices(": ")
        .map(move |(at, _)| value.start + at)
        .filter(|at| text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric()))
}

/// The item that begins here, up to the next comma or bracket.
fn token(text: &str, from: Range<usize>) -> Range<usize> {
    let length = text[from.clone()]
        .find([',', ']', '}', '\n', ';'])
        .unwrap_or(from.len());
    trimmed(text, from.start..from.start + length)
}

/// Quotes for every item that lacks them.
fn unquoted(text: &str, value: Range<usize>) -> Repair {
    let mut edits = Vec::new();
    let mut at = value.start;
    while at < value.end {
        let letter = text[at..].chars().next().unwrap_or(' ');
        match letter {
            '"' | '\'' => {
                let closing = text[at + 1..value.end].find(letter);
                at = closing.map_or(value.end, |length| at + length + 2);
            }
            _ if letter.is_alphanumeric() => {
                let item = token(text, at..value.end);
                let equals = text[item.clone()].find('=');
                at = equals.map_or(item.end, |equals| item.start + equals + 1);
                let mended = bare(&text[item.clone()]);
                if equals.is_none() && mended != text[item.clone()] {
                    edits.push((item, mended));
                }
            }
            _ => at += letter.len_utf8(),
        }
    }
    Repair { edits, broken: None }
}

/// A value that begins with a straight quote.
fn in_quotes(text: &str, statement: &Statement, value: Range<usize>) -> Diagnosis {
    let written = &text[value.clone()];
    let quote = &written[..1];
    let key = text[statement.key()].trim();
    let Some(length) = written[1..].find(quote) else {
        let inside = written[1..]
            .split(" #")
            .next()
            .unwrap_or_default()
            .trim_end()
            .trim_end_matches([',', ';']);
        let finding = Finding::error("this text has no closing quote")
            .at(value.clone())
            .help(format!("write `{key} = {}`", quoted(inside)));
        return (finding, Repair::replace(value, quoted(inside)));
    };
    let end = value.start + 1 + length + 1;
    let rest = text[end..value.end].trim();
    if rest.starts_with(',') && rest.len() > 1 {
        return comma_list(text, key, value);
    }
    if matches!(rest, "," | ";") || (rest.starts_with(';') && !rest.contains('=')) {
        let at = trimmed(text, end..value.end);
        let finding = Finding::error(format!("`{rest}` stands behind the value"))
            .at(at.clone())
            .help("remove it: a line ends without a mark");
        return (finding, Repair::replace(at, ""));
    }
    // `'it's'`, `"a "b" c"`: the quotes within the text are those around it.
    if written.len() > 2 && written.ends_with(quote) && !rest.contains('=') {
        let finding = Finding::error("this text ends at its second quote, and more follows")
            .at(value.clone())
            .help(format!(
                "use other quotes around it: `{key} = {}`",
                quoted(&written[1..written.len() - 1])
            ));
        return (
            finding,
            Repair::replace(value.clone(), quoted(&written[1..written.len() - 1])),
        );
    }
    left_over(text, value, end..end)
}

/// Something behind a value that was complete.
fn left_over(text: &str, value: Range<usize>, behind: Range<usize>) -> Diagnosis {
    let rest = trimmed(text, behind.start.clamp(value.start, value.end)..value.end);
    let (rest, value) = if rest.is_empty() {
        (value.clone(), value)
    } else {
        (rest, value)
    };
    let written = &text[rest.clone()];
    let help = if written.contains('=') {
        "write each setting on a line of its own".to_owned()
    } else {
        "take it into the quotes, or remove it; a comment begins with `#`".to_owned()
    };
    let finding = Finding::error(format!("`{written}` stands behind the value"))
        .at(rest)
        .help(help);
    (finding, Repair::give_up(value))
}

/// Several values without brackets.
fn comma_list(text: &str, key: &str, value: Range<usize>) -> Diagnosis {
    let list = text[value.clone()]
        .trim_end_matches([',', ';'])
        .split(',')
        .map(|item| bare(item.trim()));
    let mended = format!("[{}]", list.collect::<Vec<_>>().join(", "));
    let finding = Finding::error("several values stand in square brackets")
        .at(value.clone())
        .help(format!("write `{key} = {mended}`"));
    (finding, Repair::replace(value, mended))
}

/// A value that has no quotes at all, or only the closing one.
fn without_quotes(text: &str, statement: &Statement, value: Range<usize>) -> Diagnosis {
    let written = &text[value.clone()];
    let key = text[statement.key()].trim();
    let clean = written.trim_end_matches([',', ';']).trim_end();
    if let Some(inside) = clean.strip_suffix(['"', '\''])
        && !inside.contains(['"', '\''])
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
        let list = inside
            .split(',')
            .map(|item| bare(item.trim()))
            .collect::<Vec<_>>()
            .join(", ");
        let finding = Finding::error("a list stands in square brackets")
            .at(value.clone())
            .help(format!("write `{key} = [{list}]`"));
        return (finding, Repair::replace(value, format!("[{list}]")));
    }
    if clean.len() < written.len() && !clean.contains([',', ';']) && !clean.is_empty() {
        let at = value.start + clean.len()..value.end;
        let finding = Finding::error(format!("`{}` stands behind the value", &text[at.clone()]))
            .at(at.clone())
            .help(format!("write `{key} = {}`", bare(clean)));
        return (finding, Repair::replace(value, bare(clean)));
    }
    if clean.contains(", ") || (clean.contains(',') && !clean.starts_with(|c: char| c.is_ascii_digit())) {
        return comma_list(text, key, value);
    }
    let mended = bare(written);
    let finding = said_of(written, &mended).at(value.clone());
    let broken = (no_such_day(written) || mended == written).then(|| value.clone());
    (
        finding,
        Repair {
            broken,
            ..Repair::replace(
                value,
                if mended == written {
                    "\"\"".to_owned()
                } else {
                    mended
                },
            )
        },
    )
}

/// How a value without quotes is written; as it stands where TOML reads it so.
pub(super) fn bare(written: &str) -> String {
    let is_value = toml::from_str::<toml::Table>(&format!("value = {written}")).is_ok();
    if is_value {
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
    let mut mended = written.to_owned();
    for (range, with) in straightened(written).into_iter().rev() {
        mended.replace_range(range, &with);
    }
    if mended == written {
        quoted(written)
    } else {
        mended
    }
}

/// Why a value without quotes is none.
fn said_of(written: &str, mended: &str) -> Finding {
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
    Finding::error(format!("`{}` stands without quotes", one_line(written)))
        .help(format!("write `{}`", one_line(mended)))
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

/// As much as fits into a sentence.
fn one_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 60 {
        line.to_owned()
    } else {
        line.chars().take(59).chain(['…']).collect()
    }
}
