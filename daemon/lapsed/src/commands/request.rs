//! `lapsed request open|list|answer`: what people ask for, and by when they must have an answer (D-2)

use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use lapsed_jobs::Refusal;
use lapsed_jobs::holds::last_instant;
use lapsed_jobs::requests::{Asking, answer, open};
use lapsed_model::{Hold, Pii, Request, RequestKind, RequestState, Workgroup, day_start};
use lapsed_store::RequestFilter;
use serde_json::json;

use crate::cli::{RequestArgs, RequestCommand};
use crate::failure::Result;
use crate::installation::Installation;
use crate::output::{Output, date};

/// What was asked for, as it was typed.
struct Asked<'a> {
    workgroup: &'a Workgroup,
    customer: &'a str,
    kind: RequestKind,
    by: &'a str,
    note: Option<&'a String>,
    received: Option<NaiveDate>,
}

/// Writes requests down, lists them, answers them.
pub(crate) async fn run(config: &Path, args: &RequestArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    match &args.command {
        RequestCommand::Open {
            workgroup,
            customer,
            kind,
            by,
            note,
            received,
        } => {
            let asked = Asked {
                workgroup,
                customer,
                kind: *kind,
                by,
                note: note.as_ref(),
                received: *received,
            };
            write_down(&installation, &asked, out).await
        }
        RequestCommand::List {
            tenant,
            open,
            overdue,
        } => {
            let filter = RequestFilter {
                tenant: tenant.clone(),
                open: *open,
                overdue_at: overdue.then(|| installation.now()),
            };
            list(&installation, &filter, out).await
        }
        RequestCommand::Answer {
            request,
            by,
            answer: Some(text),
            ..
        } => close(&installation, request, RequestState::Answered, text, by, out).await,
        RequestCommand::Answer {
            request, by, refuse, ..
        } => {
            let reason = refuse.as_deref().unwrap_or_default();
            close(&installation, request, RequestState::Refused, reason, by, out).await
        }
    }
}

async fn write_down(installation: &Installation, asked: &Asked<'_>, out: &Output) -> Result {
    let policy = installation
        .policy_or_in_force(&asked.workgroup.tenant, out)
        .await?;
    let keys = installation.workgroups(&policy);
    let Some((store_key, _)) = keys.iter().find(|(_, known)| *known == asked.workgroup) else {
        let known = keys.values().map(|known| known.name.clone()).collect();
        return Err(Refusal::NoWorkgroup(asked.workgroup.clone(), known).into());
    };
    let fitted = installation.fit(out).await?;
    let ring = installation.keys()?;
    let asking = Asking {
        workgroup: asked.workgroup,
        store_key,
        customer: asked.customer,
        kind: asked.kind,
        received_at: asked.received.map(|day| day_start(policy.zone, day)),
        zone: policy.zone,
        by: asked.by,
        note: asked.note.cloned().map(Pii::new),
    };
    let (request, hold) = open(&installation.clerk(&fitted, &ring), &asking).await?;
    out.line(format!(
        "request {} is written down: an answer is due by {}",
        request.id,
        date(request.due_at, policy.zone)
    ));
    say_next(&request, hold.as_ref(), policy.zone, out);
    out.object(&as_json(&request, installation.now()));
    Ok(())
}

/// What there is to do about it; a hold is said at once, so that the person can be told.
fn say_next(request: &Request, hold: Option<&Hold>, zone: Tz, out: &Output) {
    if let Some(hold) = hold {
        let until = match last_instant(hold.ends_at) {
            Some(last) => format!("which lasts until {} inclusive", date(last, zone)),
            None => "which lasts until it is lifted".to_owned(),
        };
        out.line(format!(
            "the customer is under legal hold {}, {until}: nobody can be anonymised before",
            hold.id
        ));
        out.line("when it is gone the erasure is carried out; tell the customer why it takes longer, and till when");
    } else if request.kind == RequestKind::Erasure
        && let (Some(workgroup), Some(customer)) = (&request.workgroup, &request.subject)
    {
        out.line(format!(
            "`lapsed anonymise {}/{workgroup} {customer}` carries it out, and answers it",
            request.tenant
        ));
    }
}

async fn list(installation: &Installation, filter: &RequestFilter, out: &Output) -> Result {
    let now = installation.now();
    let requests = installation.store.requests(filter).await?;
    let rows = requests
        .iter()
        .map(|request| row(request, installation.zone(&request.tenant), now));
    let headings = [
        "REQUEST", "TENANT", "CUSTOMER", "ASKS FOR", "RECEIVED", "DUE", "STATE",
    ];
    out.table(&headings, rows.collect(), &[]);
    if requests.is_empty() {
        out.line(match filter {
            RequestFilter {
                overdue_at: Some(_), ..
            } => "no answer is late",
            RequestFilter { open: true, .. } => "no request is open",
            RequestFilter { .. } => "nobody ever asked for anything",
        });
    }
    requests
        .iter()
        .for_each(|request| out.object(&as_json(request, now)));
    Ok(())
}

fn row(request: &Request, zone: Tz, now: DateTime<Utc>) -> Vec<String> {
    let customer = match (&request.subject, &request.workgroup) {
        (Some(subject), Some(workgroup)) => format!("{subject} of {workgroup}"),
        (Some(subject), None) => subject.to_string(),
        (None, _) => "anonymised".to_owned(),
    };
    let state = match (request.state, &request.waits_for, request.answered_at) {
        (RequestState::Open, Some(hold), _) => format!("waits for hold {hold}"),
        (RequestState::Open, None, _) => "open".to_owned(),
        (closed, _, at) => {
            let on = at.map_or(String::new(), |at| format!(" on {}", date(at, zone)));
            let by = request.answered_by.as_deref().unwrap_or_default();
            format!("{}{on} by {by}", closed.word())
        }
    };
    let late = if request.is_overdue(now) { ", LATE" } else { "" };
    vec![
        request.id.clone(),
        request.tenant.to_string(),
        customer,
        request.kind.to_string(),
        date(request.received_at, zone),
        date(request.due_at, zone),
        format!("{state}{late}"),
    ]
}

// Whoever may look requests up may read what people wrote: here, and only here, it is shown.

fn as_json(request: &Request, now: DateTime<Utc>) -> serde_json::Value {
    json!({
        "request": request.id, "tenant": request.tenant, "workgroup": request.workgroup, "customer": request.subject,
        "kind": request.kind, "received_at": request.received_at, "due_at": request.due_at,
        "recorded_by": request.recorded_by, "note": request.note.as_ref().map(Pii::reveal), "state": request.state,
        "overdue": request.is_overdue(now), "waits_for": request.waits_for, "answered_at": request.answered_at,
        "answered_by": request.answered_by, "answer": request.answer.as_ref().map(Pii::reveal),
    })
}

async fn close(
    installation: &Installation,
    id: &str,
    state: RequestState,
    text: &str,
    by: &str,
    out: &Output,
) -> Result {
    let request = installation.store.request(id).await?;
    let fitted = installation.fit(out).await?;
    let ring = installation.keys()?;
    let clerk = installation.clerk(&fitted, &ring);
    answer(&clerk, &request, state, &Pii::new(text.to_owned()), by).await?;
    let closed = installation.store.request(id).await?;
    let late = if request.is_overdue(installation.now()) {
        format!(
            ", late: it was due by {}",
            date(request.due_at, installation.zone(&request.tenant))
        )
    } else {
        String::new()
    };
    out.line(format!("request {id} is {}{late}", state.word()));
    out.object(&as_json(&closed, installation.now()));
    Ok(())
}
