//! The tenant's file as it is now.

use lapsed_config::{File, Finding, render};
use lapsed_model::{Switch, TenantName};
use lapsed_policy::{Policy, hints};

use super::layout::Page;
use super::{FileNow, Sources, Subject, is_in_force, words};
use crate::examples;

/// A file, judged as `lapsed check` judges it.
pub(super) struct Judged {
    /// What it says, if it has no errors.
    pub(super) policy: Option<Policy>,
    text: Option<String>,
    /// The findings as text; none where there are none.
    findings: Option<String>,
}

/// Judges the file. It is shown by its name alone: where the operator keeps it is nothing to the tenant.
pub(super) fn judge(sources: &Sources<'_>, tenant: &TenantName, file: FileNow<'_>) -> Judged {
    let shown = |text: &str| File::new(&format!("{tenant}.toml"), text);
    match file {
        FileNow::Gone => Judged {
            policy: None,
            text: None,
            findings: None,
        },
        FileNow::Unreadable(unreadable) => {
            let file = shown(&unreadable.file.text);
            Judged {
                policy: None,
                findings: Some(render(&file, std::slice::from_ref(&unreadable.finding), false)),
                text: Some(file.text),
            }
        }
        FileNow::Text(file) => {
            let file = shown(&file.text);
            let (policy, mut findings) = lapsed_policy::read(tenant, &file, sources.limits, sources.now);
            if let Some(policy) = &policy {
                findings.extend(what_check_adds(sources, policy));
            }
            Judged {
                policy,
                findings: (!findings.is_empty()).then(|| render(&file, &findings, false)),
                text: Some(file.text),
            }
        }
    }
}

fn what_check_adds(sources: &Sources<'_>, policy: &Policy) -> Vec<Finding> {
    let switches: Vec<Switch> = sources.dataset.rules.switches().collect();
    let mut findings = hints(policy, &switches);
    findings.extend(examples::run(policy, sources.dataset));
    findings
}

/// Writes the section.
pub(super) fn write(subject: &Subject<'_>, judged: &Judged, page: &mut Page) {
    let language = subject.language;
    page.heading(words::FILE.get(language));
    let is_in_force = |text: &String| is_in_force(subject.version.as_ref(), text);
    let sentence = match (&judged.text, &judged.policy) {
        (None, _) => words::FILE_GONE,
        (Some(text), Some(_)) if is_in_force(text) => words::FILE_SOUND,
        (Some(_), Some(_)) => words::FILE_SOON,
        (Some(_), None) if subject.version.is_some() => words::FILE_BROKEN,
        (Some(_), None) => words::FILE_BROKEN_AND_NOTHING,
    };
    page.line(1, sentence.get(language));
    if let Some(findings) = &judged.findings {
        page.line(1, words::FINDINGS.get(language));
        page.line(0, "");
        for line in findings.lines() {
            page.line(if line.is_empty() { 0 } else { 2 }, line);
        }
    }
}
