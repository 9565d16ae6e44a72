//! A name that stands in a table twice.

use std::ops::Range;

use crate::repair::Mended;
use crate::scan::{self, Statement, StatementKind};
use crate::{File, Finding};

/// What to say about a name at `place` of the mended text that was there before.
pub(crate) fn duplicate(original: &str, mended: &Mended, place: &Range<usize>) -> Finding {
    let text = &mended.text;
    let name = &text[place.clone()];
    let finding =
        Finding::error(format!("`{name}` stands here for the second time")).at(mended.to_original(place));
    let statements = scan::statements(text);
    let Some(here) = statements
        .iter()
        .rposition(|statement| statement.span.start <= place.start)
    else {
        return finding;
    };
    let line = |statement: &Statement| {
        File::new("", original)
            .position(mended.to_original(&statement.span).start)
            .0
    };
    let shown = |statement: &Statement| {
        text[statement.content.clone()]
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let (earlier, here) = (&statements[..here], &statements[here]);
    match here.kind {
        StatementKind::Heading => {
            let finding = finding.at(mended.to_original(&here.content));
            heading(finding, &shown(here), name, earlier, line, shown)
        }
        StatementKind::Setting { equals } if place.start > equals => {
            finding.help("keep one of the two within the braces")
        }
        _ => {
            let section = earlier
                .iter()
                .rposition(|statement| statement.kind == StatementKind::Heading);
            let section = &earlier[section.map_or(0, |heading| heading + 1)..];
            match section
                .iter()
                .find(|statement| text[statement.key()].trim() == text[here.key()].trim())
            {
                Some(first) => finding.help(format!(
                    "keep one of the two: line {} says `{}`",
                    line(first),
                    shown(first)
                )),
                None => finding.help(format!(
                    "`{name}` is also the name of a section: a name can be only one of the two"
                )),
            }
        }
    }
}

fn heading(
    finding: Finding,
    written: &str,
    name: &str,
    earlier: &[Statement],
    line: impl Fn(&Statement) -> usize,
    shown: impl Fn(&Statement) -> String,
) -> Finding {
    let bare = |heading: &str| heading.trim_matches(['[', ']', ' ']).to_owned();
    let headings = || {
        earlier
            .iter()
            .filter(|statement| statement.kind == StatementKind::Heading)
    };
    if let Some(first) = headings().find(|statement| shown(statement) == written) {
        let first = line(first);
        let mut finding = finding.help(format!(
            "move its lines below the `{written}` on line {first} and remove this heading"
        ));
        finding.title = format!("the section `{written}` stands here for the second time");
        return finding;
    }
    match headings().find(|statement| bare(&shown(statement)) == bare(written)) {
        Some(first) => {
            let help = format!(
                "line {} says `{}`: use the same number of brackets each time",
                line(first),
                shown(first)
            );
            finding.help(help)
        }
        None => finding.help(format!(
            "`{name}` has a value already: a name cannot be a setting and a section"
        )),
    }
}
