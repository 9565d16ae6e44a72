//! Lists and braces.

use std::ops::Range;

use super::Diagnosis;
use super::value::{bare, left_over, said_of};
use crate::Finding;
use crate::repair::Repair;
use crate::scan::{Statement, line_end, trimmed};

/// A list, a table or a text of several lines that nothing closes.
pub(super) fn left_open(text: &str, statement: &Statement) -> Option<Diagnosis> {
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
    // Where a long text should have ended nobody knows; with its first line, the rest can be read.
    let end = if close.len() == 1 {
        statement.content.end
    } else {
        trimmed(text, open + 3..line_end(text, open)).end
    };
    Some((finding, Repair::insert(end, close)))
}

/// Something within `[ … ]` or `{ … }`, or behind it.
pub(super) fn within(text: &str, value: Range<usize>, place: Range<usize>, message: &str) -> Diagnosis {
    let at = place.start.clamp(value.start, value.end);
    let here = text[at..value.end].chars().next().unwrap_or(' ');
    let letter = at..(at + here.len_utf8()).min(value.end);
    if here == ';' {
        let finding = Finding::error("a `;` stands where a comma belongs")
            .at(letter.clone())
            .help("write `,` in place of `;`");
        return (finding, Repair::replace(letter, ","));
    }
    if here == ':' || text[value.start..at].trim_end().ends_with(':') {
        return colon(text, value, at);
    }
    let item = item(text, at..value.end);
    if message.contains("missing comma") {
        let name = item.start..item.start + text[item.clone()].find([' ', '=']).unwrap_or(item.len());
        let finding = Finding::error("a comma is missing in front of this")
            .at(name)
            .help("put a comma between two values");
        return (finding, Repair::insert(at, ", "));
    }
    if message.contains("expected newline") || item.is_empty() {
        return left_over(text, value, at);
    }
    let written = &text[item.clone()];
    (
        said_of(written, &bare(written)).at(item),
        with_quotes(text, value),
    )
}

/// `{ created: "2015-03-01" }`, as in YAML and JSON.
fn colon(text: &str, value: Range<usize>, at: usize) -> Diagnosis {
    let first = if text[at..].starts_with(':') {
        at
    } else {
        text[..at].trim_end().len() - 1
    };
    let finding = Finding::error("there is a colon where a `=` belongs")
        .at(first..first + 1)
        .help("write `=` in place of the colon");
    let after_a_name = |at: &usize| text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric());
    let colons = text[value.clone()]
        .match_indices(": ")
        .map(|(at, _)| value.start + at)
        .filter(after_a_name);
    let mut edits: Vec<(Range<usize>, String)> = colons.map(|at| (at..at + 1, " =".to_owned())).collect();
    if edits.is_empty() {
        edits.push((first..first + 1, " =".to_owned()));
    }
    (finding, Repair { edits, broken: None })
}

/// The item that begins here, up to the next comma or bracket.
fn item(text: &str, from: Range<usize>) -> Range<usize> {
    let length = text[from.clone()]
        .find([',', ']', '}', '\n', ';'])
        .unwrap_or(from.len());
    trimmed(text, from.start..from.start + length)
}

/// Quotes for every item that lacks them.
fn with_quotes(text: &str, value: Range<usize>) -> Repair {
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
                let item = item(text, at..value.end);
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
