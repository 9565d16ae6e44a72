//! The retention of a workgroup, and what contradicts itself in it.

use chrono::NaiveDate;
use chrono_tz::Tz;
use lapsed_config::{Finding, Spanned, Table, Value, parse_count_of_people, parse_percent};
use lapsed_model::{IfMissed, Period, Workgroup};

use crate::forms::parse_warning;
use crate::layers::{Layers, line_of};
use crate::{Automatic, Limits, Retention, Schedule};

/// What contradictions are judged by, besides the file.
#[derive(Clone, Copy)]
pub(crate) struct Circumstances<'c> {
    pub(crate) limits: &'c Limits,
    pub(crate) zone: Tz,
    /// Periods of months have no fixed number of days: they are compared as seen from this day.
    pub(crate) today: NaiveDate,
    pub(crate) has_privacy_contact: bool,
}

/// Reads the retention of a workgroup; nothing where it has none, or where a piece is missing.
pub(crate) fn retention(
    layers: Layers<'_>,
    workgroup: &Workgroup,
    around: Circumstances<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Retention> {
    let nearest_table = layers.own.or(layers.head)?;
    if layers.entry("anonymise_after").is_none() {
        let finding = Finding::error("`anonymise_after` is missing here")
            .help("add a line such as `anonymise_after = \"3 years\"`");
        findings.push(match &nearest_table.span {
            Some(span) => finding.at(span.clone()),
            None => finding,
        });
    }
    let anonymise_after = layers.period("anonymise_after")?;
    let warn_customer = layers
        .text("warn_customer")
        .and_then(|text| Some(Spanned::new(parse_warning(text.value).ok()?, text.span)));
    let keep_invoice_recipients = layers.period("keep_invoice_recipients");
    let invoices_are_meant = layers.meant_together("keep_invoice_recipients", "anonymise_after");
    let schedule = layers.text("schedule").map_or("at night", |text| text.value);
    let retention = Retention {
        anonymise_after: anonymise_after.value,
        automatic: match layers.text("automatic").map(|text| text.value) {
            Some("off") => Automatic::Off,
            Some("on") => Automatic::On,
            _ => Automatic::PlanOnly,
        },
        schedule: Schedule::read(schedule, workgroup, around.zone).ok()?,
        if_missed: match layers.text("if_missed").map(|text| text.value) {
            Some("skip") => IfMissed::Skip,
            _ => IfMissed::CatchUp,
        },
        by_staff: layers.yes_no("by_staff").unwrap_or(false),
        by_customer: layers.yes_no("by_customer").unwrap_or(false),
        keep_people_with_consent: layers.yes_no("keep_people_with_consent").unwrap_or(true),
        keep_invoice_recipients: keep_invoice_recipients.as_ref().map(|period| period.value),
        article_buyers_too: layers.yes_no("article_buyers_too").unwrap_or(false),
        ask_me_above: layers
            .text("ask_me_above")
            .and_then(|text| parse_count_of_people(text.value).ok())
            .unwrap_or(Retention::ASK_ME_ABOVE),
        ask_me_above_share: layers
            .text("ask_me_above_share")
            .and_then(|text| parse_percent(text.value).ok())
            .unwrap_or(Retention::ASK_ME_ABOVE_SHARE),
        warn_customer: warn_customer.as_ref().map(|period| period.value),
        warn_by: layers
            .of("warn_by")
            .and_then(|table| table.texts("warn_by"))
            .map_or_else(
                || vec!["email".to_owned()],
                |names| names.iter().map(|name| name.value.to_owned()).collect(),
            ),
    };
    too_short(&anonymise_after, around, findings);
    periods_that_clash(
        &anonymise_after,
        warn_customer,
        keep_invoice_recipients.filter(|_| invoices_are_meant),
        around.today,
        findings,
    );
    settings_without_effect(layers, &retention, findings);
    no_way_at_all(layers, nearest_table, &retention, findings);
    nobody_to_ask(layers, &retention, around, findings);
    Some(retention)
}

fn too_short(period: &Spanned<Period>, around: Circumstances<'_>, findings: &mut Vec<Finding>) {
    let least = around.limits.shortest_anonymise_after;
    if period.value.is_shorter_than(least, around.today) {
        findings.push(
            Finding::error(format!(
                "`{}` is shorter than the operator of this system allows",
                period.value
            ))
            .at(period.span.clone())
            .help(format!("write `\"{least}\"` or more")),
        );
    }
}

fn periods_that_clash(
    anonymise_after: &Spanned<Period>,
    warning: Option<Spanned<Period>>,
    invoices: Option<Spanned<Period>>,
    today: NaiveDate,
    findings: &mut Vec<Finding>,
) {
    let after = anonymise_after.value;
    if let Some(warning) = warning.filter(|warning| !warning.value.is_shorter_than(after, today)) {
        findings.push(
            Finding::error(format!(
                "a warning {} before the day would come while the customer is still active",
                warning.value
            ))
            .at(warning.span)
            .help(format!("write less than `anonymise_after`, which is `{after}`")),
        );
    }
    if let Some(invoices) = invoices.filter(|invoices| !after.is_shorter_than(invoices.value, today)) {
        findings.push(
            Finding::warning(format!(
                "`keep_invoice_recipients` changes nothing: everybody is kept for {after} anyway"
            ))
            .at(invoices.span)
            .help(format!("write more than `{after}`, or remove the line")),
        );
    }
}

/// Settings that can have no effect beside the others.
fn settings_without_effect(layers: Layers<'_>, retention: &Retention, findings: &mut Vec<Finding>) {
    for key in ["schedule", "if_missed"] {
        if let Some(entry) = layers
            .entry(key)
            .filter(|_| retention.automatic == Automatic::Off)
            && layers.meant_together(key, "automatic")
        {
            findings.push(
                Finding::warning(format!("`{key}` has no effect while `automatic` is `\"off\"`"))
                    .at(line_of(entry))
                    .help("remove the line, or write `automatic = \"plan only\"` or `\"on\"`"),
            );
        }
    }
    if let Some(entry) = layers
        .entry("warn_by")
        .filter(|_| layers.entry("warn_customer").is_none())
    {
        findings.push(
            Finding::warning("`warn_by` has no effect without `warn_customer`")
                .at(line_of(entry))
                .help("say when to warn, such as `warn_customer = \"30 days before\"`, or remove the line"),
        );
    }
}

/// D-2: who asks to be forgotten needs a way. The automatic one is none: it does not wait for anybody to ask.
fn no_way_at_all(layers: Layers<'_>, table: &Table, retention: &Retention, findings: &mut Vec<Finding>) {
    if retention.by_staff || retention.by_customer {
        return;
    }
    let finding = Finding::warning("this leaves a person who asks to be forgotten no way at all")
        .help("turn on at least one: `by_staff = true` or `by_customer = true`")
        .note("everybody may ask to be forgotten, and is owed an answer within a month");
    let written = || {
        ["by_staff", "by_customer"]
            .into_iter()
            .filter_map(|key| layers.entry(key))
    };
    // What was meant by a broken setting nobody knows; the finding about it is enough.
    if written().any(|entry| entry.value.value == Value::Broken) {
        return;
    }
    let place = written().next();
    let place = place.map(line_of).or(table.span.clone());
    findings.push(match place {
        Some(span) => finding.at(span),
        None => finding,
    });
}

fn nobody_to_ask(
    layers: Layers<'_>,
    retention: &Retention,
    around: Circumstances<'_>,
    findings: &mut Vec<Finding>,
) {
    if let Some(entry) = layers
        .entry("by_customer")
        .filter(|_| retention.by_customer && !around.has_privacy_contact)
    {
        findings.push(
            Finding::warning("customers who are refused have nobody to ask")
                .at(line_of(entry))
                .help("add `privacy_contact = \"…\"` with a mail address at the top of the file")
                .note("a customer with future tickets or unpaid orders is refused; this address is shown with the reason"),
        );
    }
}
