//! Lines without a `=`.

use super::value::bare;
use super::{Diagnosis, HOW_A_LINE_LOOKS, is_name};
use crate::Finding;
use crate::repair::Repair;
use crate::scan::{Statement, StatementKind, trimmed};

pub(super) fn diagnose(text: &str, statement: &Statement) -> Diagnosis {
    let content = statement.content.clone();
    let written = &text[content.clone()];
    if let Some(diagnosis) = foreign(text, statement) {
        return diagnosis;
    }
    if let Some(name) = written.strip_suffix(']') {
        let name = name.trim_end_matches(']').trim();
        let brackets = if written.ends_with("]]") {
            ("[[", "]]")
        } else {
            ("[", "]")
        };
        let heading = format!("{}{name}{}", brackets.0, brackets.1);
        let finding = Finding::error(format!(
            "the heading `{written}` lacks its opening `{}`",
            brackets.0
        ))
        .at(content.clone())
        .help(format!("write `{heading}`"));
        return (finding, Repair::replace(content, heading));
    }
    if let Some((name, value)) = written.split_once(':')
        && is_name(name.trim())
    {
        return with_colon(text, statement, name.trim(), value.trim());
    }
    if let Some((name, value)) = written.split_once(char::is_whitespace)
        && is_name(name)
    {
        let value = value.trim();
        let looks_like_one = value.starts_with(|c: char| "\"'[{“„«".contains(c) || c.is_ascii_digit());
        if looks_like_one || matches!(value, "true" | "false" | "on" | "off" | "yes" | "no") {
            let at = content.start + name.len();
            let finding = Finding::error(format!("there is no `=` between `{name}` and its value"))
                .at(content.clone())
                .help(format!("write `{name} = {}`", bare(value)));
            let value = trimmed(text, at..content.end);
            return (
                finding,
                Repair::replace(at..value.end, format!(" = {}", bare(&text[value]))),
            );
        }
    }
    let finding = Finding::error("this line cannot be read")
        .at(content.clone())
        .help(HOW_A_LINE_LOOKS);
    (finding, Repair::blank(content))
}

/// Comments of other languages, the marks of a merge, lists with dashes.
pub(super) fn foreign(text: &str, statement: &Statement) -> Option<Diagnosis> {
    let content = statement.content.clone();
    let written = &text[content.clone()];
    let marks = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"];
    let (title, help) = if marks.iter().any(|mark| written.starts_with(mark)) {
        let title = "two versions of this file were merged and nobody decided between them";
        (
            title,
            "keep the lines of one version and remove this mark and the other lines",
        )
    } else if ["//", ";", "--", "/*", "*/", "%", "<!--", "REM "]
        .iter()
        .any(|mark| written.starts_with(mark))
    {
        (
            "a comment has to begin with `#`",
            "put a `#` at the start of the line",
        )
    } else if ["- ", "* ", "• ", "– "]
        .iter()
        .any(|mark| written.starts_with(mark))
    {
        (
            "a line cannot begin with a dash",
            "remove the dash; a list of values is written `[\"email\", \"sms\"]`",
        )
    } else {
        return None;
    };
    // A setting behind a dash is a setting all the same.
    let is_dashed = title.ends_with("dash") && matches!(statement.kind, StatementKind::Setting { .. });
    let dash = content.start..content.start + written.find(' ').unwrap_or(0);
    let repair = if is_dashed {
        Repair::replace(dash, "")
    } else {
        Repair::blank(content.clone())
    };
    Some((Finding::error(title).at(content).help(help), repair))
}

/// `name: value`, as in YAML.
fn with_colon(text: &str, statement: &Statement, name: &str, value: &str) -> Diagnosis {
    let content = statement.content.clone();
    if value.is_empty() {
        let finding = Finding::error("the name of a section needs square brackets")
            .at(content.clone())
            .help(format!("write `[{name}]`"));
        return (finding, Repair::replace(content, format!("[{name}]")));
    }
    let colon = content.start + text[content.clone()].find(':').unwrap_or(0);
    let finding = Finding::error(format!(
        "there is a colon between `{name}` and its value, where a `=` belongs"
    ))
    .at(colon..colon + 1)
    .help(format!("write `{name} = {}`", bare(value)));
    (
        finding,
        Repair::replace(colon..content.end, format!(" = {}", bare(value))),
    )
}
