//! What people ask for (D-2): written down with its due date, answered or refused, and an erasure carried out when
//! nothing stands in its way.
//!
//! A person who was anonymised is not known any more, whichever way it happened, and then their request for erasure is
//! fulfilled: [`answer_fulfilled`] says so behind every sweep. A kill before it leaves that to the next one.

use chrono::{DateTime, Utc};
use lapsed_dataset::{Fitted, Noted, Recheck};
use lapsed_model::{
    Entry, Hold, Language, Pii, Request, RequestKind, RequestState, SubjectKey, TenantName, Value, Way,
    Workgroup,
};
use lapsed_store::{NewRequest, RequestAnswer, Store, WrittenDown};
use serde::Serialize;
use serde_json::json;

use crate::apply::{Tools, pseudonym_of};
use crate::clerk::Clerk;
use crate::explain::person_of;
use crate::manual::{decide, open_rules};
use crate::retention::Case;
use crate::{JobError, Refusal};

/// A request that is to be written down.
#[derive(Clone)]
pub struct Asking<'a> {
    /// Whose customer asks.
    pub workgroup: &'a Workgroup,
    /// The store's key of the workgroup.
    pub store_key: &'a str,
    /// The store's key of the customer.
    pub customer: &'a str,
    /// What they ask for.
    pub kind: RequestKind,
    /// When the tenant got it; now, if it is not said.
    pub received_at: Option<DateTime<Utc>>,
    /// The tenant's zone: months go by its calendar.
    pub zone: chrono_tz::Tz,
    /// Who writes it down.
    pub by: &'a str,
    /// What there is to say about it.
    pub note: Option<Pii<String>>,
}

/// Writes a request down. Answers it, with the hold that an erasure waits for.
pub async fn open(clerk: &Clerk<'_>, asking: &Asking<'_>) -> Result<(Request, Option<Hold>), JobError> {
    let now = clerk.clock.now();
    let received_at = asking.received_at.unwrap_or(now);
    if received_at > now {
        return Err(Refusal::ReceivedLater.into());
    }
    let (workgroup, store_key) = (asking.workgroup, asking.store_key);
    let person = person_of(clerk.store, clerk.fitted, workgroup, store_key, asking.customer).await?;
    if person.anonymised {
        return Err(Refusal::AlreadyAnonymised(workgroup.clone(), asking.customer.to_owned()).into());
    }
    let tenant = &workgroup.tenant;
    let holds = clerk.fitted.holds_of(tenant.as_str(), &person.key, now);
    let holds = (asking.kind == RequestKind::Erasure).then_some(&holds);
    let mut request = Request {
        id: format!("r-{}", &clerk.chance.token()[..12]),
        tenant: tenant.clone(),
        workgroup: Some(workgroup.name.clone()),
        subject: Some(person.key.clone()),
        kind: asking.kind,
        received_at,
        due_at: Request::due_at(received_at, asking.zone),
        recorded_by: asking.by.to_owned(),
        note: asking.note.clone(),
        state: RequestState::Open,
        waits_for: None,
        answered_at: None,
        answered_by: None,
        answer: None,
    };
    clerk.store.accept_keys(clerk.keys).await?;
    let payload = json!({
        "request": request.id,
        "kind": request.kind,
        "workgroup": workgroup,
        "person": pseudonym_of(clerk.keys, tenant.as_str(), &person),
        "received_at": request.received_at,
        "due_at": request.due_at,
        "by": request.recorded_by,
    });
    let entry = entry(tenant, now, "request", &payload);
    let new = NewRequest {
        request: &request,
        created: person.created.clone(),
        there: &clerk.fitted.identified_person(store_key, &person.key),
        holds,
    };
    let hold = match clerk.store.open_request(&new, entry, &clerk.seal()).await? {
        WrittenDown::Open => None,
        WrittenDown::Waits(hold) => Some(clerk.store.hold(&hold).await?),
        WrittenDown::Gone => {
            return Err(Refusal::AlreadyAnonymised(workgroup.clone(), asking.customer.to_owned()).into());
        }
    };
    request.waits_for = hold.as_ref().map(|hold| hold.id.clone());
    Ok((request, hold))
}

/// Answers a request, or refuses it with a reason.
pub async fn answer(
    clerk: &Clerk<'_>,
    request: &Request,
    state: RequestState,
    answer: &Pii<String>,
    by: &str,
) -> Result<(), JobError> {
    let now = clerk.clock.now();
    clerk.store.accept_keys(clerk.keys).await?;
    let answer = RequestAnswer {
        request: &request.id,
        state,
        answer,
        by,
        at: now,
    };
    let payload = json!({
        "request": request.id,
        "kind": request.kind,
        "became": state,
        "in_time": now <= request.due_at,
        "by": by,
    });
    let entry = entry(&request.tenant, now, "request-answered", &payload);
    if clerk.store.answer_request(&answer, entry, &clerk.seal()).await? {
        Ok(())
    } else {
        Err(Refusal::RequestAnswered(request.id.clone()).into())
    }
}

/// A request that nobody answered, as it is shown to whoever asks about the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestReport {
    /// Its id.
    pub request: String,
    /// What they ask for.
    pub kind: RequestKind,
    /// By when they must have an answer.
    pub due_at: DateTime<Utc>,
}

/// What a person waits for an answer to, what is due first first: erasing them would leave nothing to answer from.
pub async fn unanswered(
    store: &Store,
    fitted: &Fitted<'_>,
    subject: &SubjectKey,
) -> Result<Vec<RequestReport>, JobError> {
    let rows = store.rows(&fitted.unanswered(subject)).await?;
    let mut requests = Vec::with_capacity(rows.len());
    for id in rows.into_iter().flatten() {
        if let Value::Text(id) = id {
            let request = store.request(&id).await?;
            requests.push(RequestReport {
                kind: request.kind,
                due_at: request.due_at,
                request: id,
            });
        }
    }
    Ok(requests)
}

/// What became of an erasure that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "became")]
pub enum CarriedOut {
    /// The person is anonymised, and the request answered.
    Anonymised,
    /// It waits for this hold.
    Held {
        /// The hold.
        hold: String,
    },
    /// It stays open: staff have to say what becomes of what is open.
    OpenBusiness {
        /// The rules that found it, and requests that nobody answered.
        open: Vec<String>,
    },
    /// It stays open: the policy lets neither staff nor customers do it.
    NoWayOn,
    /// It stays open: the operator says `watch_only`.
    WatchOnly,
    /// There was nothing to carry out: it was answered before, or asks for something else.
    Nothing,
}

/// Carries out an erasure that a person asked for, unless something stands in its way.
pub async fn carry_out(tools: &Tools<'_>, case: &Case<'_>, request: &str) -> Result<CarriedOut, JobError> {
    let request = tools.store.request(request).await?;
    if request.state != RequestState::Open || request.kind != RequestKind::Erasure {
        return Ok(CarriedOut::Nothing);
    }
    let other = tools.fitted.is_somebody_else(Noted::Request, &request.id);
    if !tools.store.rows(&other).await?.is_empty() {
        return Err(Refusal::SomebodyElse(request.id).into());
    }
    let Some(subject) = &request.subject else {
        answer_fulfilled(&tools.clerk(), &request.tenant, Way::SelfService).await?;
        return Ok(CarriedOut::Anonymised);
    };
    if let Some(hindrance) = hindrance(tools, case, &request, subject).await? {
        return Ok(hindrance);
    }
    let done = decide(tools, case, subject, Way::SelfService, Recheck::NothingOpen).await?;
    if done.anonymised > 0 {
        return Ok(CarriedOut::Anonymised);
    }
    // Something came up between the look and the transaction: what it was is there to be seen now.
    match hindrance(tools, case, &request, subject).await? {
        Some(hindrance) => Ok(hindrance),
        None => Err(Refusal::ChangedMeanwhile(case.workgroup.clone(), subject.to_string()).into()),
    }
}

/// What keeps an erasure from being carried out, noted where it is a hold.
async fn hindrance(
    tools: &Tools<'_>,
    case: &Case<'_>,
    request: &Request,
    subject: &SubjectKey,
) -> Result<Option<CarriedOut>, JobError> {
    let now = tools.clock.now();
    let holds = tools.fitted.holds_of(request.tenant.as_str(), subject, now);
    if let Some(hold) = tools.store.request_waits(&request.id, &holds).await? {
        return Ok(Some(CarriedOut::Held { hold }));
    }
    if tools.watch_only {
        return Ok(Some(CarriedOut::WatchOnly));
    }
    if !(case.retention.by_customer || case.retention.by_staff) {
        return Ok(Some(CarriedOut::NoWayOn));
    }
    let open = open_rules(tools.store, tools.fitted, case, subject, now, Language::En).await?;
    let mut open: Vec<String> = open.into_iter().map(|rule| rule.rule).collect();
    let unanswered = unanswered(tools.store, tools.fitted, subject).await?;
    open.extend(unanswered.into_iter().map(|request| request.request));
    Ok((!open.is_empty()).then_some(CarriedOut::OpenBusiness { open }))
}

/// Answers the requests for erasure of people who were anonymised since, whichever way. Answers which.
pub async fn answer_fulfilled(
    clerk: &Clerk<'_>,
    tenant: &TenantName,
    way: Way,
) -> Result<Vec<String>, JobError> {
    let mut answered = Vec::new();
    for request in clerk.store.fulfilled_requests(tenant).await? {
        lapsed_model::fault::point("request-fulfilled");
        // Of somebody who is not known any more no text is kept, so none is given.
        let text = Pii::new(String::new());
        let by = format!("lapsed ({way})");
        match answer(clerk, &request, RequestState::Answered, &text, &by).await {
            Ok(()) => answered.push(request.id),
            // Another program was quicker.
            Err(JobError::Refused(Refusal::RequestAnswered(_))) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(answered)
}

fn entry(tenant: &TenantName, at: DateTime<Utc>, kind: &str, payload: &serde_json::Value) -> Entry {
    Entry {
        tenant: tenant.clone(),
        at,
        kind: kind.to_owned(),
        payload: payload.to_string(),
    }
}
