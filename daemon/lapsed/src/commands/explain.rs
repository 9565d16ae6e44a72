//! `lapsed explain TENANT/WORKGROUP CUSTOMER [--at INSTANT]`

use std::path::Path;

use chrono_tz::Tz;
use lapsed_jobs::explain::{Answer, Explanation, RuleReport, explain};
use lapsed_jobs::requests::RequestReport;
use lapsed_model::Language;

use crate::cli::ExplainArgs;
use crate::commands::hold::show_reports;
use crate::failure::Result;
use crate::installation::Installation;
use crate::output::{Output, date, moment};

/// Explains what the rules say of one customer.
pub(crate) async fn run(config: &Path, args: &ExplainArgs, language: Language, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    let policy = installation.policy(&args.workgroup.tenant, out)?;
    let case = installation.case(&args.workgroup, &policy)?;
    let fitted = installation.fit(out).await?;
    let now = args.at.unwrap_or_else(|| installation.now());
    let explanation = explain(&installation.store, &fitted, &case, &args.customer, now, language).await?;
    show(&explanation, policy.zone, out);
    out.object(&explanation);
    Ok(())
}

/// The explanation for people.
pub(crate) fn show(explanation: &Explanation, zone: Tz, out: &Output) {
    let word = |answer| match answer {
        Answer::Due => "to be anonymised",
        Answer::Kept => "kept",
        Answer::NotDue => "not due",
        Answer::Held => "under a legal hold",
        Answer::AwaitsAnswer => "waiting for an answer",
        Answer::Anonymised => "anonymised already",
    };
    let by = explanation
        .rule
        .as_ref()
        .map_or(String::new(), |rule| format!(" by `{rule}`"));
    out.line(format!(
        "customer {} of {}: {}{by}",
        explanation.customer,
        explanation.workgroup,
        word(explanation.answer)
    ));
    out.line(format!(
        "as of {} ({zone}), cut-off {}",
        moment(explanation.at, zone),
        date(explanation.cut_off, zone)
    ));
    if !explanation.holds.is_empty() {
        out.heading("Legal holds, which no rule and nobody can override");
        show_reports(&explanation.holds, zone, out);
    }
    if !explanation.unanswered.is_empty() {
        out.heading("Requests without an answer, which the customer is left alone for");
        show_unanswered(&explanation.unanswered, zone, out);
    }
    let of = |list: &'static str| explanation.rules.iter().filter(move |rule| rule.list == list);
    out.heading("What would make the customer due");
    out.table(&[], of("candidate").map(|rule| row(rule, zone)).collect(), &[]);
    out.heading("What keeps the customer");
    out.table(&[], of("keep").map(|rule| row(rule, zone)).collect(), &[]);
    if explanation.open.iter().any(|rule| rule.holds) {
        out.heading("What is still open");
        out.table(
            &[],
            explanation
                .open
                .iter()
                .filter(|rule| rule.holds)
                .map(|rule| row(rule, zone))
                .collect(),
            &[],
        );
    }
    match explanation.next_change {
        Some(next) => out.line(format!(
            "\nIf nothing else happens, the answer changes on {}: {}.",
            moment(next.at, zone),
            word(next.answer)
        )),
        None if explanation.answer == Answer::Anonymised => {}
        None if explanation.answer == Answer::Held => {
            out.line("\nIf nothing else happens, the answer stays as it is until the hold is lifted.");
        }
        None if explanation.answer == Answer::AwaitsAnswer => {
            out.line("\nIf nothing else happens, the answer stays as it is until the request is answered.");
        }
        None => out.line("\nIf nothing else happens, the answer stays as it is."),
    }
}

/// What a customer waits for an answer to, a line each.
pub(crate) fn show_unanswered(unanswered: &[RequestReport], zone: Tz, out: &Output) {
    for request in unanswered {
        out.line(format!(
            "  {}: {}, an answer is due by {}",
            request.request,
            request.kind,
            date(request.due_at, zone)
        ));
    }
}

/// Whether a rule holds, its sentence, and what stands behind it.
pub(crate) fn row(rule: &RuleReport, zone: Tz) -> Vec<String> {
    let holds = match (rule.switched_off, rule.holds) {
        (true, _) => "off",
        (false, true) => "yes",
        (false, false) => "no",
    };
    let behind = match (&rule.record, rule.happened_at, rule.never_ends) {
        (None, ..) => String::new(),
        (Some(record), Some(at), _) => format!("{}: {record}", date(at, zone)),
        (Some(record), None, true) => format!("without end: {record}"),
        (Some(record), None, false) => format!("without a date: {record}"),
    };
    vec![holds.to_owned(), rule.says.clone(), behind]
}
