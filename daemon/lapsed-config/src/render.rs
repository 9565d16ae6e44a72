//! Findings as text for people, and as values for machines.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::{File, Finding, Reported, Severity};

/// Every finding of a file in the order of the text, what concerns the whole file last.
///
/// The snippet is drawn by `annotate-snippets`, which knows wide letters, tabs and long lines. `help:` and
/// `note:` are written below it by us, flush left: the crate would set them behind a bar, where people who have
/// never read a compiler's output overlook them.
#[must_use]
pub fn render(file: &File, findings: &[Finding], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let texts: Vec<String> = in_order(findings)
        .into_iter()
        .map(|finding| one(file, finding, &renderer))
        .collect();
    texts.join("\n")
}

fn one(file: &File, finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO.with_name("hint"),
    };
    let title = level.primary_title(&finding.title);
    let group = match &finding.span {
        Some(span) => {
            let span = within(&file.text, span.start)..within(&file.text, span.end.max(span.start));
            let annotation = AnnotationKind::Primary.span(span).label(finding.label.as_deref());
            title.element(
                Snippet::source(&file.text)
                    .path(&file.name)
                    .annotation(annotation),
            )
        }
        None => title.element(Origin::path(&file.name)),
    };
    let mut text = renderer.render(&[group]).clone();
    text.push('\n');
    for (word, said) in [("help", &finding.help), ("note", &finding.note)] {
        if let Some(said) = said {
            text.push_str(&format!("{word}: {said}\n"));
        }
    }
    text
}

/// An offset that may be shown: inside the text and not inside a letter.
fn within(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn in_order(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| finding.span.as_ref().map_or(usize::MAX, |span| span.start));
    sorted
}

/// Every finding of a file for `--json`, in the same order as [`render`].
#[must_use]
pub fn reported(file: &File, findings: &[Finding]) -> Vec<Reported> {
    let one = |finding: &Finding| {
        let position = finding.span.as_ref().map(|span| file.position(span.start));
        Reported {
            file: file.name.clone(),
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
            severity: finding.severity,
            title: finding.title.clone(),
            help: finding.help.clone(),
            note: finding.note.clone(),
        }
    };
    in_order(findings).into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_looks_as_tenants_know_it() {
        let text = format!("{}period = \"2 yars\"\n", "\n".repeat(13));
        let start = text.find('"').expect("a quote");
        let finding = Finding::error("`2 yars` is not a retention period")
            .at(start..start + 8)
            .help("write a number and a unit, such as `2 years`, `18 months` or `30 days`")
            .note("the policy of 2 November stays in force for `acme`");
        let shown = render(&File::new("tenants/acme.toml", &text), &[finding], false);
        let expected = "\
error: `2 yars` is not a retention period
  --> tenants/acme.toml:14:10
   |
14 | period = \"2 yars\"
   |          ^^^^^^^^
help: write a number and a unit, such as `2 years`, `18 months` or `30 days`
note: the policy of 2 November stays in force for `acme`
";
        assert_eq!(shown, expected);
    }

    #[test]
    fn findings_come_in_the_order_of_the_text() {
        let file = File::new("a.toml", "a = 1\nb = 2\n");
        let findings = [
            Finding::error("for the file"),
            Finding::warning("second").at(6..7),
            Finding::error("first").at(0..1),
        ];
        let titles: Vec<String> = reported(&file, &findings)
            .into_iter()
            .map(|found| found.title)
            .collect();
        assert_eq!(titles, ["first", "second", "for the file"]);
        assert!(render(&file, &findings, false).ends_with("error: for the file\n--> a.toml\n"));
    }

    #[test]
    fn a_place_beyond_the_text_is_shown_at_its_end() {
        let shown = render(
            &File::new("a.toml", "é"),
            &[Finding::error("x").at(1..900)],
            false,
        );
        assert!(shown.contains("--> a.toml:1:1"), "{shown}");
    }
}
