//! Where the statements of a document begin and end, even if they are not well formed.
//!
//! A parser that finds an open bracket takes the rest of the file for its contents. A person sees at once that
//! the next line is a new setting. This scan sees it too, so that a mistake stays in the statement it was made in.

use std::ops::Range;

/// A line, or the lines that an open bracket or quote holds together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Without the indentation and the line's end.
    pub(crate) span: Range<usize>,
    /// Without the comment at the end.
    pub(crate) content: Range<usize>,
    pub(crate) kind: StatementKind,
    /// The bracket or the three quotes that nothing closes.
    pub(crate) unclosed: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatementKind {
    /// Begins with `[`.
    Heading,
    /// Has its first `=` here.
    Setting { equals: usize },
    /// Neither; what it was meant to be is for others to guess.
    Other,
}

impl Statement {
    /// The name in front of the `=`.
    pub(crate) fn key(&self) -> Range<usize> {
        match self.kind {
            StatementKind::Setting { equals } => self.content.start..equals,
            _ => self.content.clone(),
        }
    }

    /// What stands behind the `=`, without the spaces around it.
    pub(crate) fn value(&self, text: &str) -> Range<usize> {
        match self.kind {
            StatementKind::Setting { equals } => trimmed(text, equals + 1..self.content.end.max(equals + 1)),
            _ => self.content.end..self.content.end,
        }
    }
}

/// The range without the blanks at both ends.
pub(crate) fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inside = &text[range.clone()];
    let start = range.start + (inside.len() - inside.trim_start().len());
    start..start.max(range.end - (inside.len() - inside.trim_end().len()))
}

/// Every statement; blank lines and comments are none.
pub(crate) fn statements(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = trimmed(text, at..line_end(text, at));
        if line.is_empty() || text[line.clone()].starts_with('#') {
            at = line_end(text, at) + 1;
            continue;
        }
        let statement = statement(text, line);
        at = line_end(text, statement.span.end) + 1;
        statements.push(statement);
    }
    statements
}

/// The statement on whose lines this place lies; or an earlier one that was left open, because a parser notices
/// that only when it cannot make sense of what follows.
pub(crate) fn statement_at(text: &str, offset: usize) -> Option<Statement> {
    statements(text).into_iter().find(|statement| {
        if statement.unclosed.is_some_and(|open| open <= offset) {
            return true;
        }
        let first = text[..statement.span.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        (first..=line_end(text, statement.span.end)).contains(&offset)
    })
}

pub(crate) fn line_end(text: &str, from: usize) -> usize {
    text[from..]
        .find('\n')
        .map_or(text.len(), |newline| from + newline)
}

fn statement(text: &str, line: Range<usize>) -> Statement {
    if text[line.clone()].starts_with('[') {
        let content = trimmed(text, line.start..comment_start(text, line.clone()));
        return Statement {
            span: line,
            content,
            kind: StatementKind::Heading,
            unclosed: None,
        };
    }
    let comment = comment_start(text, line.clone());
    let Some(equals) = outside_quotes(text, line.start..comment).find(|at| text[*at..].starts_with('='))
    else {
        let content = trimmed(text, line.start..comment);
        return Statement {
            span: line,
            content,
            kind: StatementKind::Other,
            unclosed: None,
        };
    };
    let value = Value::scan(text, equals + 1);
    let content = trimmed(text, line.start..value.end);
    let span = trimmed(text, line.start..line_end(text, value.end));
    Statement {
        span,
        content,
        kind: StatementKind::Setting { equals },
        unclosed: value.unclosed,
    }
}

/// The places of a line that lie outside straight quotes.
fn outside_quotes(text: &str, range: Range<usize>) -> impl Iterator<Item = usize> {
    let mut quote = None;
    text[range.clone()]
        .char_indices()
        .filter_map(move |(at, letter)| {
            match (quote, letter) {
                (None, '"' | '\'') => quote = Some(letter),
                (Some(open), letter) if open == letter => quote = None,
                (None, _) => return Some(range.start + at),
                _ => {}
            }
            None
        })
}

fn comment_start(text: &str, line: Range<usize>) -> usize {
    outside_quotes(text, line.clone())
        .find(|at| text[*at..].starts_with('#'))
        .unwrap_or(line.end)
}

/// The end of a value, and what it leaves open.
struct Value {
    end: usize,
    unclosed: Option<usize>,
}

impl Value {
    fn scan(text: &str, start: usize) -> Self {
        let mut open: Vec<usize> = Vec::new();
        let mut at = start;
        // The end of what was written so far, without blanks and comments.
        let mut end = start;
        while let Some(letter) = text[at..].chars().next() {
            match letter {
                '"' | '\'' => {
                    let (behind, closed) = string_end(text, at, letter);
                    if !closed && text[at..].starts_with(&letter.to_string().repeat(3)) {
                        return Self {
                            end: behind,
                            unclosed: Some(at),
                        };
                    }
                    at = behind;
                    end = at;
                }
                '#' => at = line_end(text, at),
                '\n' => {
                    let Some(bracket) = open.last() else { break };
                    if begins_a_statement(text, at + 1, *bracket, end) {
                        return Self {
                            end,
                            unclosed: open.first().copied(),
                        };
                    }
                    at += 1;
                }
                _ => {
                    match letter {
                        '[' | '{' => open.push(at),
                        ']' | '}' => drop(open.pop()),
                        _ => {}
                    }
                    at += letter.len_utf8();
                    if !letter.is_whitespace() {
                        end = at;
                    }
                }
            }
        }
        Self {
            end,
            unclosed: open.first().copied(),
        }
    }
}

/// The place behind a string that begins at `at`, and whether it is closed.
fn string_end(text: &str, at: usize, quote: char) -> (usize, bool) {
    let three = quote.to_string().repeat(3);
    if text[at..].starts_with(&three) {
        return match text[at + 3..].find(&three) {
            Some(length) => (at + 3 + length + 3, true),
            None => (text.trim_end().len().max(at + 3), false),
        };
    }
    let mut escaped = false;
    for (length, letter) in text[at + 1..].char_indices() {
        match letter {
            '\n' => return (at + 1 + text[at + 1..at + 1 + length].trim_end().len(), false),
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if letter == quote => return (at + 1 + length + 1, true),
            _ => {}
        }
    }
    (text.trim_end().len().max(at + 1), false)
}

/// Whether a line inside an open bracket is certainly not part of it.
fn begins_a_statement(text: &str, line: usize, bracket: usize, end: usize) -> bool {
    let line = text[line..line_end(text, line)].trim();
    let bare = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-. ".contains(c))
    };
    let heading = line.split('#').next().unwrap_or_default().trim();
    if let Some(name) = heading.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        let name = name.trim_matches(['[', ']']);
        return bare(name) && name.contains(|c: char| c.is_ascii_alphabetic());
    }
    let is_setting = line.split_once('=').is_some_and(|(name, _)| bare(name.trim()));
    // A table in braces may go on over several lines, after a comma or its opening.
    is_setting && (text[bracket..].starts_with('[') || !text[..end].ends_with([',', '{']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Vec<&str> {
        statements(text)
            .iter()
            .map(|statement| &text[statement.content.clone()])
            .collect()
    }

    #[test]
    fn a_statement_ends_with_its_line_or_its_bracket() {
        let text = "# note\n[a] # b\r\nc = \"#\" # d\n\n e = [1, # one\n 2]\nf = { g = 1,\n h = 2 }\n";
        assert_eq!(
            contents(text),
            ["[a]", "c = \"#\"", "e = [1, # one\n 2]", "f = { g = 1,\n h = 2 }"]
        );
    }

    #[test]
    fn an_open_bracket_ends_where_the_next_setting_begins() {
        for text in [
            "a = [1, 2 # x\nb = 3",
            "a = { c = 1\nb = 3",
            "a = [1, 2\n[retention]\nb = 3",
        ] {
            let first = &statements(text)[0];
            assert_eq!(first.unclosed, Some(4), "{text}");
            assert_eq!(
                first.content.end,
                text.find(['\n', '#'])
                    .map(|end| text[..end].trim_end().len())
                    .expect("a line")
            );
        }
    }

    #[test]
    fn a_quote_ends_with_its_line_unless_there_are_three() {
        assert_eq!(contents("a = \"x\nb = 1"), ["a = \"x", "b = 1"]);
        let text = "a = \"\"\"x\nb = 1\n";
        assert_eq!(statements(text).len(), 1);
        assert_eq!(statements(text)[0].unclosed, Some(4));
    }

    #[test]
    fn a_place_belongs_to_the_statement_on_its_line() {
        let text = "a = 1\n# note\n  b = 2\n";
        let key_of = |offset| statement_at(text, offset).map(|found| text[found.key()].trim().to_owned());
        assert_eq!(key_of(5).as_deref(), Some("a"));
        assert_eq!(key_of(8), None);
        assert_eq!(key_of(14).as_deref(), Some("b"));
    }
}
