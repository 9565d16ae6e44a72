//! What waits, what is stopped, and what is open: counts and dates.

use lapsed_model::Unusual;
use lapsed_store::{StoreError, TenantFacts, Waiting};

use super::layout::{Page, number};
use super::{Subject, words};

/// Writes what waits for an approval, and by how much it differs from the plan before.
pub(super) fn write_waiting(subject: &Subject<'_>, facts: &TenantFacts, page: &mut Page) {
    let language = subject.language;
    page.heading(words::WAITING.get(language));
    if facts.waiting.is_empty() {
        return page.line(1, words::NOTHING_WAITS.get(language));
    }
    for waiting in &facts.waiting {
        let (since, people) = (
            subject.moment(waiting.since),
            words::PEOPLE.of(language, waiting.subjects),
        );
        let places = [
            ("plan", waiting.plan.as_str()),
            ("moment", since.as_str()),
            ("people", people.as_str()),
        ];
        page.line(
            1,
            &format!("{}: {}", waiting.workgroup, words::WAITS.with(language, &places)),
        );
        if let Some(difference) = difference(subject, waiting) {
            page.line(2, &difference);
        }
        for unusual in &waiting.because {
            page.line(2, &reason(subject, unusual));
        }
    }
    page.line(1, words::HOW_TO_APPROVE.get(language));
}

/// `+8,412 people against the plan before`
fn difference(subject: &Subject<'_>, waiting: &Waiting) -> Option<String> {
    let language = subject.language;
    let previous = waiting.previous?;
    let sign = if waiting.subjects >= previous { "+" } else { "−" };
    let people = words::PEOPLE.of(language, waiting.subjects.abs_diff(previous));
    let difference = format!("{sign}{people}");
    Some(words::DIFFERENCE.with(language, &[("difference", difference.as_str())]))
}

fn reason(subject: &Subject<'_>, unusual: &Unusual) -> String {
    let language = subject.language;
    match unusual {
        Unusual::FirstPlan { .. } => words::FIRST_PLAN.get(language).to_owned(),
        Unusual::Number { above, .. } => {
            let above = words::PEOPLE.of(language, *above);
            words::ABOVE_NUMBER.with(language, &[("above", above.as_str())])
        }
        Unusual::Share { above, .. } => {
            words::ABOVE_SHARE.with(language, &[("above", above.to_string().as_str())])
        }
        Unusual::Restored { at } => words::RESTORED.with(language, &[("date", subject.date(*at).as_str())]),
    }
}

/// Writes what is stopped, held and open.
pub(super) async fn write_else(
    subject: &Subject<'_>,
    facts: &TenantFacts,
    page: &mut Page,
) -> Result<(), StoreError> {
    let language = subject.language;
    page.heading(words::ELSE.get(language));
    let mut lines = pauses(subject).await?;
    lines.extend(holds(subject, facts));
    lines.extend(requests(subject, facts));
    if facts.warnings_due > 0 {
        let people = words::PEOPLE.of(language, facts.warnings_due);
        lines.push(words::WARNINGS.with(language, &[("people", people.as_str())]));
    }
    if lines.is_empty() {
        lines.push(words::ALL_QUIET.get(language).to_owned());
    }
    lines.iter().for_each(|line| page.line(1, line));
    Ok(())
}

/// Since when, and not why: what somebody typed as a reason may name a person.
async fn pauses(subject: &Subject<'_>) -> Result<Vec<String>, StoreError> {
    let pauses = subject.sources.store.pauses().await?;
    let line = |pause: &lapsed_store::Pause| {
        let sentence = match &pause.tenant {
            None => words::ALL_PAUSED,
            Some(tenant) if tenant == subject.tenant => words::TENANT_PAUSED,
            Some(_) => return None,
        };
        let since = subject.moment(pause.at);
        Some(sentence.with(subject.language, &[("moment", since.as_str())]))
    };
    Ok(pauses.iter().filter_map(line).collect())
}

fn holds(subject: &Subject<'_>, facts: &TenantFacts) -> Vec<String> {
    let language = subject.language;
    let mut lines = Vec::new();
    if facts.tenant_held {
        lines.push(words::TENANT_HELD.get(language).to_owned());
    }
    if facts.people_held > 0 {
        let people = words::PEOPLE.of(language, facts.people_held);
        lines.push(words::PEOPLE_HELD.with(language, &[("people", people.as_str())]));
    }
    if facts.records_held > 0 {
        let records = words::RECORDS.of(language, facts.records_held);
        lines.push(words::RECORDS_HELD.with(language, &[("records", records.as_str())]));
    }
    lines
}

fn requests(subject: &Subject<'_>, facts: &TenantFacts) -> Option<String> {
    let language = subject.language;
    let due = subject.date(facts.request_due_at?);
    let requests = words::REQUESTS_OF_PEOPLE.of(language, facts.requests_open);
    let mut line = words::REQUESTS.with(
        language,
        &[("requests", requests.as_str()), ("date", due.as_str())],
    );
    if facts.requests_overdue > 0 {
        let overdue = number(facts.requests_overdue, language);
        line = format!(
            "{line} {}",
            words::OVERDUE.with(language, &[("n", overdue.as_str())])
        );
    }
    Some(line)
}
