//! Lines with a `=`: what stands in front of it, and around its value.

use std::ops::Range;

use super::quotes::TYPOGRAPHIC;
use super::{Diagnosis, is_name, line, quoted, value};
use crate::Finding;
use crate::repair::Repair;
use crate::scan::{Statement, trimmed};

pub(super) fn diagnose(
    text: &str,
    statement: &Statement,
    equals: usize,
    place: Range<usize>,
    message: &str,
) -> Diagnosis {
    let key = trimmed(text, statement.key());
    let value = statement.value(text);
    if let Some(diagnosis) = line::foreign(text, statement) {
        return diagnosis;
    }
    // Between the `=` and the value stands what belongs to neither: `==`, `=>`.
    let doubled = text[value.clone()].len() - text[value.clone()].trim_start_matches(['=', '>']).len();
    if doubled > 0 {
        let finding = Finding::error(format!(
            "`{}` stands where a single `=` belongs",
            text[equals..value.start + doubled].replace(' ', "")
        ))
        .at(equals..value.start + doubled)
        .help(format!(
            "write `{} = {}`",
            &text[key],
            text[value.start + doubled..value.end].trim()
        ));
        return (finding, Repair::replace(value.start..value.start + doubled, ""));
    }
    if place.start < equals {
        return in_front(text, statement, key);
    }
    if value.is_empty() {
        let finding = Finding::error(format!("`{}` has no value", &text[key]))
            .at(statement.content.clone())
            .help("write its value behind the `=`, or remove the line");
        return (finding, Repair::give_up(equals + 1..value.end));
    }
    value::diagnose(text, statement, value, place, message)
}

/// Something is wrong with the name.
fn in_front(text: &str, statement: &Statement, key: Range<usize>) -> Diagnosis {
    let written = &text[key.clone()];
    if written.is_empty() {
        let finding = Finding::error("there is no name in front of the `=`")
            .at(statement.content.clone())
            .help("write the setting's name, or remove the line");
        return (finding, Repair::blank(statement.content.clone()));
    }
    let inner = written.trim_matches(|c: char| TYPOGRAPHIC.contains(&c) || c == '"' || c == '\'');
    let inner = inner.trim_end_matches(':').trim();
    let joined = inner.split_whitespace().collect::<Vec<_>>().join("_");
    let (title, help) = if !is_name(&joined) {
        (
            format!("`{written}` cannot be the name of a setting"),
            "a name has the letters a to z, digits, `_` and `-`".to_owned(),
        )
    } else if joined != inner {
        (
            format!("the name `{inner}` has a space in it"),
            format!("write `{joined}`"),
        )
    } else if written.ends_with(':') {
        (
            "`:=` stands where a single `=` belongs".to_owned(),
            format!("write `{joined} =`"),
        )
    } else {
        (
            format!("the name `{inner}` needs no quotes"),
            format!("write `{joined}`"),
        )
    };
    let finding = Finding::error(title).at(key.clone()).help(help);
    if is_name(&joined) {
        return (finding, Repair::replace(key, joined));
    }
    (
        finding,
        Repair {
            broken: Some(key.clone()),
            ..Repair::replace(key, quoted(written))
        },
    )
}
