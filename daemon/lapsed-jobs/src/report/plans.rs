//! What the last plan said, and what the next one would.

use std::collections::BTreeMap;

use lapsed_dataset::Fitted;
use lapsed_model::{Plan, PlanState, Rule, Workgroup};
use lapsed_policy::{Automatic, Policy};
use lapsed_store::{StoreError, TenantFacts};

use super::layout::{Page, date, number};
use super::{Subject, words};
use crate::JobError;
use crate::phrase::Phrase;
use crate::retention::{Case, Preview, preview};

/// Writes what the last automatic plan of each workgroup said, and what became of it.
pub(super) fn write_last(subject: &Subject<'_>, facts: &TenantFacts, page: &mut Page) {
    let language = subject.language;
    page.heading(words::LAST.get(language));
    if facts.last_plans.is_empty() {
        return page.line(1, words::NONE_YET.get(language));
    }
    for (workgroup, plan) in &facts.last_plans {
        let people = words::PEOPLE.of(language, plan.subjects);
        let made = subject.moment(plan.bounds.now);
        let said = words::LAST_PLAN.with(
            language,
            &[("moment", made.as_str()), ("people", people.as_str())],
        );
        page.line(1, &format!("{workgroup}: {said}"));
        page.numbers(2, &by_name(subject, &plan.counts), language);
        page.line(2, &what_became_of(subject, plan));
    }
}

/// The counts of a stored plan, which knows its rules by their names, in the dataset's order; a rule that the dataset has
/// no more comes last, by its name.
fn by_name(subject: &Subject<'_>, counts: &BTreeMap<String, u64>) -> Vec<(u64, String)> {
    let rules = &subject.sources.dataset.rules.candidates;
    let known = rules.iter().filter_map(|rule| {
        let count = counts.get(&rule.name)?;
        Some((*count, rule.says.get(subject.language).to_owned()))
    });
    let unknown = counts
        .iter()
        .filter(|(name, _)| rules.iter().all(|rule| rule.name != **name));
    known
        .chain(unknown.map(|(name, count)| (*count, name.clone())))
        .collect()
}

fn what_became_of(subject: &Subject<'_>, plan: &Plan) -> String {
    let language = subject.language;
    let (anonymised, dropped) = (number(plan.anonymised, language), number(plan.dropped, language));
    let places = [("anonymised", anonymised.as_str()), ("dropped", dropped.as_str())];
    match plan.state {
        PlanState::Planned => words::NOT_CARRIED_OUT.get(language).to_owned(),
        PlanState::Applying => words::BEGUN.with(language, &places),
        PlanState::Applied => words::CARRIED_OUT.with(language, &places),
    }
}

/// Writes what the next plan of each workgroup would say if it were made now.
pub(super) async fn write_next(subject: &Subject<'_>, page: &mut Page) -> Result<(), StoreError> {
    let language = subject.language;
    page.heading(words::NEXT.get(language));
    let Some(policy) = subject.policy() else {
        page.line(1, words::NONE_YET.get(language));
        return Ok(());
    };
    let Some(fitted) = subject.sources.fitted else {
        page.line(1, words::CANNOT_TELL.get(language));
        return Ok(());
    };
    for workgroup in policy.all_workgroups() {
        next_of(subject, policy, fitted, &workgroup, page).await?;
    }
    Ok(())
}

async fn next_of(
    subject: &Subject<'_>,
    policy: &Policy,
    fitted: &Fitted<'_>,
    workgroup: &Workgroup,
    page: &mut Page,
) -> Result<(), StoreError> {
    let (language, name) = (subject.language, &workgroup.name);
    let says = |sentence: &Phrase| format!("{name}: {}", sentence.get(language));
    let key = (subject.sources.store_key)(workgroup);
    let case = key.and_then(|key| Case::new(workgroup, &key, policy).ok());
    let Some(case) = case else {
        let has_retention = policy.workgroups.contains_key(name);
        let sentence = if has_retention {
            words::CANNOT_TELL
        } else {
            words::NO_RETENTION
        };
        page.line(1, &says(&sentence));
        return Ok(());
    };
    if case.retention.automatic == Automatic::Off {
        page.line(1, &says(&words::AUTOMATIC_OFF));
        return Ok(());
    }
    match preview(
        subject.sources.store,
        fitted,
        &case,
        case.bounds(subject.sources.now),
    )
    .await
    {
        Ok(preview) => show(subject, fitted, name, &preview, page),
        Err(JobError::Store(why)) => return Err(why),
        Err(_) => page.line(1, &says(&words::CANNOT_TELL)),
    }
    Ok(())
}

fn show(subject: &Subject<'_>, fitted: &Fitted<'_>, name: &str, preview: &Preview, page: &mut Page) {
    let (language, counts) = (subject.language, &preview.counts);
    let (due, people) = (
        number(counts.all_due(), language),
        number(counts.people(), language),
    );
    let cut_off = date(preview.bounds.cut_off_date(), language);
    let places = [
        ("due", due.as_str()),
        ("people", people.as_str()),
        ("date", cut_off.as_str()),
    ];
    page.line(1, &format!("{name}: {}", words::WOULD.with(language, &places)));
    let rules = &fitted.dataset().rules;
    page.numbers(2, &by_place(subject, &counts.due, &rules.candidates), language);
    if counts.all_kept() > 0 {
        let kept = number(counts.all_kept(), language);
        page.line(2, &words::WOULD_KEEP.with(language, &[("kept", kept.as_str())]));
        page.numbers(3, &by_place(subject, &counts.kept, &rules.keeps), language);
    }
    if counts.held > 0 {
        let held = number(counts.held, language);
        page.line(2, &words::WOULD_HOLD.with(language, &[("held", held.as_str())]));
    }
    if counts.awaiting_answer > 0 {
        let waiting = number(counts.awaiting_answer, language);
        page.line(
            2,
            &words::WOULD_ANSWER.with(language, &[("waiting", waiting.as_str())]),
        );
    }
}

fn by_place(subject: &Subject<'_>, counts: &BTreeMap<usize, u64>, rules: &[Rule]) -> Vec<(u64, String)> {
    let sentence = |place: usize| Some(rules.get(place)?.says.get(subject.language).to_owned());
    counts
        .iter()
        .filter_map(|(place, count)| Some((*count, sentence(*place)?)))
        .collect()
}
