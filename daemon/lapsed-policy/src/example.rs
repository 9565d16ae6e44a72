//! The tenant's own cases.
//!
//! Here they are only read. What `tickets` or `signed_in` mean is the dataset's to say, so the words keep their
//! places and are judged where policy and dataset meet.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::NaiveDate;
use lapsed_config::{Entry, Finding, Spanned, Table, clipped, nearest, parse_date};

use crate::Retention;
use crate::forms::parse_day;

/// A customer, a day, and what should become of the customer on that day.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The case in a sentence.
    pub says: String,
    /// The workgroup whose policy decides.
    pub workgroup: String,
    /// The day on which it is decided.
    pub on: NaiveDate,
    /// What happened to the customer, in the dataset's words.
    pub customer: Vec<Told>,
    /// What should become of the customer.
    pub expect: Spanned<Expect>,
    /// Where the case stands.
    pub span: Range<usize>,
}

/// One word about a customer and its dates.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The word: `tickets`.
    pub word: Spanned<String>,
    /// When it happened, or until when it lasts.
    pub dates: Vec<Spanned<When>>,
}

/// A date of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// On this day.
    On(NaiveDate),
    /// It has no end.
    ForEver,
}

/// What should become of an example's customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The customer is due.
    Anonymised,
    /// The customer stays.
    Kept,
}

/// Reads one `[[example]]`; nothing where a piece is missing or wrong, which was said before.
pub(crate) fn example(
    table: &Table,
    workgroups: &BTreeMap<String, Option<Retention>>,
    findings: &mut Vec<Finding>,
) -> Option<Example> {
    let customer: Vec<Told> = table.table("customer").map(told).unwrap_or_default();
    if let Some(span) = table.key_span("customer").filter(|_| {
        table
            .table("customer")
            .is_some_and(|told| told.entries.is_empty())
    }) {
        findings.push(
            Finding::error("this example says nothing about its customer")
                .at(span)
                .help("say at least since when the customer is known: `customer = { created = \"2015-03-01\" }`"),
        );
    }
    let workgroup = table.text("workgroup")?;
    if !workgroups.contains_key(workgroup.value) {
        findings.push(unknown_workgroup(&workgroup, workgroups));
        return None;
    }
    if workgroups.get(workgroup.value).is_some_and(Option::is_none) && !findings.iter().any(Finding::is_error)
    {
        let title = format!("`{}` has no retention that an example could try", workgroup.value);
        findings.push(
            Finding::error(title)
                .at(workgroup.span)
                .help("give the workgroup a `[retention]`, or remove the example"),
        );
        return None;
    }
    let on = table
        .text("on")
        .and_then(|on| Some(Spanned::new(parse_date(on.value).ok()?, on.span)))?;
    born_later(&customer, &on, findings);
    let expect = table.text("expect")?;
    let expect = Spanned::new(
        if expect.value == "kept" {
            Expect::Kept
        } else {
            Expect::Anonymised
        },
        expect.span,
    );
    Some(Example {
        says: table.text("says")?.value.to_owned(),
        workgroup: workgroup.value.to_owned(),
        on: on.value,
        customer,
        expect,
        span: table.span.clone().unwrap_or_default(),
    })
}

fn told(customer: &Table) -> Vec<Told> {
    let dates = |entry: &Entry| {
        let texts = entry.value.as_texts().into_iter();
        texts
            .filter_map(|text| Some(Spanned::new(parse_day(text.value).ok()?, text.span)))
            .collect()
    };
    customer
        .entries
        .iter()
        .map(|entry| Told {
            word: entry.key.clone(),
            dates: dates(entry),
        })
        .collect()
}

fn unknown_workgroup(written: &Spanned<&str>, workgroups: &BTreeMap<String, Option<Retention>>) -> Finding {
    let names = workgroups.keys().map(String::as_str);
    let finding = Finding::error(format!(
        "`{}` is not a workgroup of this file",
        clipped(written.value)
    ))
    .at(written.span.clone());
    match nearest(written.value, names) {
        Some(name) => finding.help(format!("did you mean `\"{name}\"`?")),
        None => finding.help(format!(
            "name a workgroup of the file, or add a section `[workgroups.{}]`",
            written.value
        )),
    }
}

/// A customer who is created after the day of the decision is a slip in one of the two dates.
fn born_later(customer: &[Told], on: &Spanned<NaiveDate>, findings: &mut Vec<Finding>) {
    let created = customer
        .iter()
        .filter(|told| told.word.value == "created")
        .flat_map(|told| &told.dates);
    for date in created {
        if matches!(date.value, When::On(created) if created > on.value) {
            findings.push(
                Finding::warning("this customer is created after the day of the decision")
                    .at(date.span.clone())
                    .help(format!(
                        "check both dates: the example is decided on {}",
                        on.value
                    )),
            );
        }
    }
}
