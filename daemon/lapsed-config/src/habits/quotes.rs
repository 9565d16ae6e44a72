//! Quotes: those of word processors, and straight ones in the wrong place.

use std::ops::Range;

use super::{Diagnosis, quoted, value};
use crate::Finding;
use crate::finding::clipped;
use crate::repair::Repair;
use crate::scan::{Statement, line_end, trimmed};

/// The quotes of word processors, in the habits of several languages.
pub(super) const TYPOGRAPHIC: [char; 14] = [
    '“', '”', '„', '‟', '«', '»', '‹', '›', '‘', '’', '‚', '‛', '″', '′',
];

/// Straight quotes in place of typographic ones.
pub(super) fn typographic(text: &str, value: Range<usize>) -> Option<Diagnosis> {
    let written = &text[value.clone()];
    let edits = straightened(written);
    if edits.is_empty() {
        return None;
    }
    let mended = edited(written, &edits);
    let finding = Finding::error(format!("`{}` stands in typographic quotes", clipped(written)))
        .at(value.clone())
        .help(format!("use straight quotes: `{}`", clipped(&mended)))
        .note("word processors and mail programs make quotes typographic; a plain text editor does not");
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

/// The text with straight quotes in place of every typographic pair.
pub(super) fn with_straight_quotes(value: &str) -> String {
    edited(value, &straightened(value))
}

fn edited(text: &str, edits: &[(Range<usize>, String)]) -> String {
    let mut edited = text.to_owned();
    for (range, with) in edits.iter().rev() {
        edited.replace_range(range.clone(), with);
    }
    edited
}

/// The edits that turn every typographic pair of quotes into a straight one, first to last.
fn straightened(value: &str) -> Vec<(Range<usize>, String)> {
    let straight = || "\"".to_owned();
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
        let Some((from, closing)) = ends else {
            if !is_straight && at == 0 && inside < value.len() {
                edits.extend([(at..inside, straight()), (value.len()..value.len(), straight())]);
            } else if !is_straight && edits.is_empty() && inside == value.len() {
                edits.extend([(0..0, straight()), (at..inside, straight())]);
            }
            break;
        };
        let (end, behind) = (inside + from, inside + from + closing.len_utf8());
        if !(is_straight && closing == letter) {
            let text = trimmed(value, inside..end);
            edits.extend([(at..text.start, straight()), (text.end..behind, straight())]);
        }
        at = behind;
    }
    edits
}

/// A value that begins with a straight quote.
pub(super) fn in_quotes(text: &str, statement: &Statement, value: Range<usize>) -> Diagnosis {
    let written = &text[value.clone()];
    let quote = &written[..1];
    let key = text[statement.key()].trim();
    let Some(length) = written[1..].find(quote) else {
        return left_open(text, key, value, quote);
    };
    let end = value.start + 1 + length + 1;
    let rest = trimmed(text, end..value.end);
    let left = &text[rest.clone()];
    if left.starts_with(',') && left.len() > 1 {
        return value::comma_list(text, key, value);
    }
    if let Some(diagnosis) = value::second_setting(text, rest.clone()) {
        return diagnosis;
    }
    if left.starts_with([',', ';']) {
        let finding = Finding::error(format!("`{left}` stands behind the value"))
            .at(rest.clone())
            .help("remove it: no mark ends a line");
        return (finding, Repair::replace(rest, ""));
    }
    // `'it's'`, `"a "b" c"`: the quotes within the text are those around it.
    if written.len() > 2 && written.ends_with(quote) {
        let mended = quoted(&written[1..written.len() - 1]);
        let finding = Finding::error("this text ends at its second quote, and more follows")
            .at(value.clone())
            .help(format!("use other quotes around it: `{key} = {mended}`"));
        return (finding, Repair::replace(value, mended));
    }
    let whole = quoted(&format!("{} {left}", &written[1..=length]));
    let finding = Finding::error(format!("`{left}` stands behind the closing quote"))
        .at(rest)
        .help(format!(
            "take it into the quotes, `{whole}`, or put a `#` in front of it to make it a comment"
        ));
    (finding, Repair::give_up(value))
}

/// A text whose closing quote is missing, or stands on the next line.
fn left_open(text: &str, key: &str, value: Range<usize>, quote: &str) -> Diagnosis {
    let next = line_end(text, value.end) + 1;
    if next < text.len() {
        let line = trimmed(text, next..line_end(text, next));
        let more = &text[line.clone()];
        if let Some(end) = more
            .strip_suffix(quote)
            .filter(|end| !end.contains(['"', '\'', '=', '[', '#']))
        {
            let mended = quoted(&format!("{} {}", &text[value.start + 1..value.end], end.trim()));
            let finding = Finding::error("a text cannot go on in the next line")
                .at(value.clone())
                .help(format!("write `{key} = {mended}`"));
            return (finding, Repair::replace(value.start..line.end, mended));
        }
    }
    let inside = text[value.start + 1..value.end]
        .split(" #")
        .next()
        .unwrap_or_default();
    let mended = quoted(inside.trim_end().trim_end_matches([',', ';']));
    let finding = Finding::error("this text has no closing quote")
        .at(value.clone())
        .help(format!("write `{key} = {mended}`"));
    (finding, Repair::replace(value, mended))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quotes_of_many_languages_become_straight() {
        for written in [
            "“x y”",
            "„x y“",
            "« x y »",
            "‹x y›",
            "‘x y’",
            "\"x y”",
            "“x y\"",
            "“x y",
            "x y”",
        ] {
            assert_eq!(with_straight_quotes(written), "\"x y\"", "{written}");
        }
        assert_eq!(with_straight_quotes("[“a”, \"b\", „c“]"), "[\"a\", \"b\", \"c\"]");
    }

    #[test]
    fn an_apostrophe_stays() {
        assert_eq!(with_straight_quotes("‘L’Atelier’"), "\"L’Atelier\"");
        assert_eq!(with_straight_quotes("\"L’Atelier\""), "\"L’Atelier\"");
    }
}
