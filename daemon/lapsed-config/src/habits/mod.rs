//! What people write where TOML wants something else, and what they meant.
//!
//! A parser says what it expected. People need to hear what they did: took over the quotes of a word processor,
//! wrote a date as at home, forgot a bracket. Each habit has its own sentence here and, wherever the meaning is
//! clear, its own repair, so that the mended statement is judged like every other.

mod brackets;
mod heading;
mod line;
mod quotes;
mod setting;
mod value;

use std::ops::Range;

use crate::Finding;
use crate::repair::Repair;
use crate::scan::{Statement, StatementKind, line_end};

/// What to say and how to go on.
pub(crate) type Diagnosis = (Finding, Repair);

/// The last resort of every help.
pub(crate) const HOW_A_LINE_LOOKS: &str = "a line is a setting such as `language = \"de\"`, a section such as \
     `[retention]`, or a comment that begins with `#`";

/// Letters that cannot be seen, or look like a space and are none.
const INVISIBLE: [char; 9] = [
    '\u{a0}', '\u{2007}', '\u{202f}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}',
];

/// What is wrong with a statement, seen with the eyes of its writer.
pub(crate) fn diagnose(text: &str, statement: &Statement, place: Range<usize>, message: &str) -> Diagnosis {
    if let Some(diagnosis) = carriage_return(text, &place).or_else(|| invisible(text, statement)) {
        return diagnosis;
    }
    match statement.kind {
        StatementKind::Heading => heading::diagnose(text, statement),
        StatementKind::Other => line::diagnose(text, statement),
        StatementKind::Setting { equals } => setting::diagnose(text, statement, equals, place, message),
    }
}

/// A fault on a line that holds no statement: something that cannot be seen, as a rule in a comment.
pub(crate) fn outside_statements(text: &str, place: Range<usize>) -> Diagnosis {
    carriage_return(text, &place).unwrap_or_else(|| {
        let start = text[..place.start].rfind('\n').map_or(0, |newline| newline + 1);
        let finding = Finding::error("there is a control character here, which cannot be seen")
            .at(place.clone())
            .help("delete it, or write the line again");
        (finding, Repair::blank(start..line_end(text, place.start)))
    })
}

/// Old editors end a line with a carriage return alone.
fn carriage_return(text: &str, place: &Range<usize>) -> Option<Diagnosis> {
    let near = &text[place.start..line_end(text, place.start)];
    let alone = |at: &usize| text[*at..].starts_with('\r') && !text[*at + 1..].starts_with('\n');
    if !near.contains('\r') || !alone(&(place.start + near.find('\r')?)) {
        return None;
    }
    let finding = Finding::error("the lines of this file end in a way that only very old editors know")
        .at(place.clone())
        .help("save it again with the line ends of Windows (CRLF) or of Unix (LF)");
    let edits = text
        .match_indices('\r')
        .map(|(at, _)| at)
        .filter(alone)
        .map(|at| (at..at + 1, "\n".to_owned()));
    Some((
        finding,
        Repair {
            edits: edits.collect(),
            broken: None,
        },
    ))
}

/// A space that is none, as web pages and word processors make them.
fn invisible(text: &str, statement: &Statement) -> Option<Diagnosis> {
    let content = statement.content.clone();
    let mut quote = None;
    let found: Vec<(Range<usize>, String)> = text[content.clone()]
        .char_indices()
        .filter_map(|(at, letter)| {
            match (quote, letter) {
                (None, '"' | '“' | '„' | '«') => quote = Some(letter),
                (Some(_), '"' | '”' | '“' | '»') => quote = None,
                (None, letter) if INVISIBLE.contains(&letter) => {
                    let at = content.start + at;
                    return Some((at..at + letter.len_utf8(), " ".to_owned()));
                }
                _ => {}
            }
            None
        })
        .collect();
    let (first, _) = found.first()?;
    let finding = Finding::error("there is a character here that cannot be seen")
        .at(first.clone())
        .help("delete it and type an ordinary space")
        .note("text that is copied from a web page or a word processor brings such characters along");
    Some((
        finding,
        Repair {
            edits: found,
            broken: None,
        },
    ))
}

/// Text in the quotes that suit it.
fn quoted(text: &str) -> String {
    match (text.contains('"') || text.contains('\\'), text.contains('\'')) {
        (false, _) => format!("\"{text}\""),
        (true, false) => format!("'{text}'"),
        (true, true) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// Whether a text could be the name of a setting.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}
