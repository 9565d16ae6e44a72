//! The tenants' own cases: `[[example]]` in a policy, run by `lapsed check`.

use chrono::TimeDelta;
use lapsed_config::{Finding, nearest};
use lapsed_dataset::Dataset;
use lapsed_model::{At, Bounds, Happening, Verdict, day_start};
use lapsed_policy::{Example, Expect, Policy, When, judge};

/// Runs every example of a policy; a finding for each that comes out differently, or uses a word that the dataset
/// does not know.
#[must_use]
pub fn run(policy: &Policy, dataset: &Dataset) -> Vec<Finding> {
    policy
        .examples
        .iter()
        .flat_map(|example| run_one(policy, dataset, example))
        .collect()
}

fn run_one(policy: &Policy, dataset: &Dataset, example: &Example) -> Vec<Finding> {
    let Some(retention) = policy.workgroups.get(&example.workgroup) else {
        return Vec::new();
    };
    let (happenings, mut findings) = spoken(policy, dataset, example);
    if !findings.is_empty() {
        return findings;
    }
    // Noon of the day: an example is about a day, and the middle of it is in no clock change.
    let noon = day_start(policy.zone, example.on) + TimeDelta::hours(12);
    let bounds = Bounds::new(noon, policy.zone, retention.anonymise_after);
    let verdict = judge(&dataset.rules, &retention.switches(), &happenings, &bounds);
    let came_out = if matches!(verdict, Verdict::Due(_)) {
        Expect::Anonymised
    } else {
        Expect::Kept
    };
    if came_out == example.expect.value {
        return findings;
    }
    let because = match verdict {
        Verdict::Due(rule) => format!(
            "because the customer {}",
            dataset.rules.candidates[rule].says.get(policy.language)
        ),
        Verdict::Kept(rule) => format!(
            "because the customer {}",
            dataset.rules.keeps[rule].says.get(policy.language)
        ),
        Verdict::Held => "because a legal hold keeps the customer".to_owned(),
        Verdict::AwaitsAnswer => "because the customer waits for an answer".to_owned(),
        Verdict::NotDue => "because no rule makes the customer due".to_owned(),
    };
    let (was, is) = match came_out {
        Expect::Anonymised => ("kept", "anonymised"),
        Expect::Kept => ("anonymised", "kept"),
    };
    findings.push(
        Finding::error(format!(
            "this example expects the customer to be {was}, and the policy has them {is}"
        ))
        .at(example.expect.span.clone())
        .help(format!(
            "{because}; the cut-off of that day is {}",
            bounds.cut_off_date().format("%-d %B %Y")
        ))
        .note("change the policy if the example is right, or the example if the policy is"),
    );
    findings
}

/// What the example says of its customer, in the dataset's facts.
fn spoken(policy: &Policy, dataset: &Dataset, example: &Example) -> (Vec<Happening>, Vec<Finding>) {
    let (mut happenings, mut findings) = (Vec::new(), Vec::new());
    for word in &example.customer {
        let name = &word.word.value;
        for when in &word.dates {
            let at = match when.value {
                When::On(date) => At::Instant(day_start(policy.zone, date)),
                When::ForEver if !dataset.words.contains_key(name) || dataset.may_never_end(name) => {
                    At::Never
                }
                When::ForEver => {
                    findings.push(
                        Finding::error(format!("`{name}` cannot be `for ever`"))
                            .at(when.span.clone())
                            .help("write a date"),
                    );
                    continue;
                }
            };
            happenings.extend(dataset.spoken(name, at).unwrap_or_default());
        }
        if !dataset.words.contains_key(name) {
            let known = dataset.words.keys().map(String::as_str);
            let finding = Finding::error(format!("an example cannot say `{name}` of a customer"))
                .at(word.word.span.clone());
            findings.push(match nearest(name, known.clone()) {
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help(format!("it can say: {}", known.collect::<Vec<_>>().join(", "))),
            });
        }
    }
    (happenings, findings)
}
