//! Lines that begin with `[`.

use super::{Diagnosis, is_name};
use crate::repair::Repair;
use crate::scan::Statement;
use crate::{Finding, plain_name};

pub(super) fn diagnose(text: &str, statement: &Statement) -> Diagnosis {
    let written = &text[statement.content.clone()];
    let brackets = written.bytes().take_while(|byte| *byte == b'[').count().min(2);
    let (open, close) = (&"[["[..brackets], &"]]"[..brackets]);
    let name_end = written.find(']').unwrap_or(written.len());
    let name = written[brackets..name_end].trim_matches(|c: char| c.is_whitespace() || c == '[');
    let rest = written[name_end..].trim_start_matches(']').trim();
    if name.is_empty() {
        let finding = Finding::error("this section has no name")
            .at(statement.content.clone())
            .help("write the section's name between the brackets, such as `[retention]`, or remove the line");
        return (finding, Repair::blank(statement.content.clone()));
    }
    if !rest.is_empty() {
        let from = statement.content.end - rest.len();
        let finding = Finding::error(format!("`{rest}` stands behind the section's heading"))
            .at(from..statement.content.end)
            .help(format!("write `{open}{name}{close}` on a line of its own"));
        return (finding, Repair::insert(from, "\n"));
    }
    let joined = name.split_whitespace().collect::<Vec<_>>().join("-");
    if !is_name(&joined) {
        return no_name(statement, name, (open, close));
    }
    let heading = format!("{open}{joined}{close}");
    let title = match written[name_end..].len() {
        _ if joined != name => format!("the section's name `{name}` has a space in it"),
        0 => format!("the heading `{written}` lacks its closing `{close}`"),
        there if there < brackets => format!("the heading `{written}` lacks a closing bracket"),
        there if there > brackets => format!("the heading `{written}` has a closing bracket too many"),
        _ => format!("the heading `{written}` cannot be read"),
    };
    let finding = Finding::error(title)
        .at(statement.content.clone())
        .help(format!("write `{heading}`"));
    (finding, Repair::replace(statement.content.clone(), heading))
}

/// `[workgroups.Großes Haus]`
fn no_name(statement: &Statement, name: &str, (open, close): (&str, &str)) -> Diagnosis {
    let finding =
        Finding::error(format!("`{name}` cannot be the name of a section")).at(statement.content.clone());
    let parts: Vec<String> = name
        .split('.')
        .map(|part| {
            if is_name(part) {
                part.to_owned()
            } else {
                plain_name(part)
            }
        })
        .collect();
    if parts.iter().any(String::is_empty) {
        let finding = finding.help("a name has the letters a to z, digits, `-` and `_`");
        return (finding, Repair::blank(statement.content.clone()));
    }
    let heading = format!("{open}{}{close}", parts.join("."));
    (
        finding.help(format!("write `{heading}`")),
        Repair::replace(statement.content.clone(), heading),
    )
}
