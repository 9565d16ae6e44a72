//! What people ask for, and what became of it (D-2), each with its entries in the ledger.

use chrono::{DateTime, Utc};
use lapsed_model::{Entry, Pii, Request, RequestKind, RequestState, Statement, TenantName, Value, fault};
use serde_json::json;

use super::apply::Seal;
use super::ledger::{append, parse};
use super::runs::{self, NewRun};
use super::schedules::instant;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::{Record, subject_key};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

/// Which requests to look at.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    /// Of one tenant.
    pub tenant: Option<TenantName>,
    /// Only those that nobody answered.
    pub open: bool,
    /// Only those whose answer is late at this instant.
    pub overdue_at: Option<DateTime<Utc>>,
}

/// A request that is about to be written down. What it asks is asked inside the transaction, so that whatever happens
/// meanwhile comes before the request or sees it.
#[derive(Clone, Debug)]
pub struct NewRequest<'a> {
    /// The request.
    pub request: &'a Request,
    /// When the person's record was created, as the store says it: their key may be handed out again.
    pub created: Value,
    /// Answers a row as long as the person is there and was not anonymised.
    pub there: &'a Statement,
    /// Finds the holds that an erasure waits for, the longest first; none for what no hold delays.
    pub holds: Option<&'a Statement>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrittenDown {
    /// It can be answered.
    Open,
    /// It waits for this hold.
    Waits(String),
    /// It was not: the person was anonymised since somebody looked.
    Gone,
}

/// The answer to a request, or the reason of its refusal.
#[derive(Clone)]
pub struct RequestAnswer<'a> {
    /// Which request.
    pub request: &'a str,
    /// Answered or refused.
    pub state: RequestState,
    /// What the person was told.
    pub answer: &'a Pii<String>,
    /// By whom.
    pub by: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

impl Store {
    /// Writes a request down.
    pub async fn open_request(
        &self,
        new: &NewRequest<'_>,
        entry: Entry,
        seal: &Seal<'_>,
    ) -> Result<WrittenDown> {
        let mut session = self
            .write("write a request down", Beside::OtherTenants(&new.request.tenant))
            .await?;
        if session.rows_of(new.there).await?.is_empty() {
            return Ok(WrittenDown::Gone);
        }
        insert(&mut session, new).await?;
        fault::point("request-written");
        let hold = match new.holds {
            Some(holds) => wait_for(&mut session, &new.request.id, holds).await?,
            None => None,
        };
        append(&mut session, entry, seal).await?;
        fault::point("request-entered");
        session.commit().await?;
        Ok(hold.map_or(WrittenDown::Open, WrittenDown::Waits))
    }

    /// Notes for which of `holds` an erasure waits, the first of them or none, as of this very transaction. Answers which.
    pub async fn request_waits(&self, request: &str, holds: &Statement) -> Result<Option<String>> {
        let mut session = self.decide_on(request, "note what a request waits for").await?;
        let hold = wait_for(&mut session, request, holds).await?;
        session.commit().await?;
        Ok(hold)
    }

    /// Answers or refuses a request. Answers whether it did: somebody else may have, meanwhile. Of a person who was
    /// anonymised no text is kept. Whoever was left alone because they waited for this answer is judged again, which the
    /// same transaction asks for.
    pub async fn answer_request(
        &self,
        answer: &RequestAnswer<'_>,
        entry: Entry,
        seal: &Seal<'_>,
    ) -> Result<bool> {
        let mut session = self.decide_on(answer.request, "answer a request").await?;
        let answered = session
            .first(
                "UPDATE lapsed_request SET state = $2, answered_at = $3, answered_by = $4, waits_for = NULL, \
                 answer = CASE WHEN subject IS NULL THEN NULL ELSE $5 END \
                 WHERE id = $1 AND state = 'open' RETURNING *",
                &values![
                    answer.request,
                    answer.state.word(),
                    answer.at.timestamp_millis(),
                    answer.by,
                    answer.answer.reveal(),
                ],
            )
            .await?;
        let Some(answered) = answered else {
            return Ok(false);
        };
        fault::point("request-answered");
        judge_again(&mut session, &read_request(&answered)?, answer).await?;
        append(&mut session, entry, seal).await?;
        session.commit().await?;
        Ok(true)
    }

    /// A transaction that is alone with the tenant whose request this is. Where there is no such request, there is
    /// nobody to be alone with.
    async fn decide_on(&self, request: &str, doing: &'static str) -> Result<Session> {
        let row = self
            .read(doing)
            .await?
            .first(
                "SELECT tenant FROM lapsed_request WHERE id = $1",
                &values![request],
            )
            .await?;
        let Some(row) = row else {
            return self.write(doing, Beside::Anybody).await;
        };
        let tenant = parse(&row.get::<String>(0), "lapsed_request", request, "tenant")?;
        self.write(doing, Beside::OtherTenants(&tenant)).await
    }

    /// Erasures that were asked for and have been carried out, whichever way, and that nobody answered: the person
    /// is no longer known.
    pub async fn fulfilled_requests(&self, tenant: &TenantName) -> Result<Vec<Request>> {
        let mut session = self.read("look for requests that were fulfilled").await?;
        let rows = session
            .all(
                "SELECT * FROM lapsed_request WHERE tenant = $1 AND state = 'open' AND kind = 'erasure' \
                 AND subject IS NULL ORDER BY received_at, id",
                &values![tenant.as_str()],
            )
            .await?;
        rows.iter().map(read_request).collect()
    }

    /// Requests, those first that are due first.
    pub async fn requests(&self, filter: &RequestFilter) -> Result<Vec<Request>> {
        let mut session = self.read("read requests").await?;
        let rows = session
            .all(
                "SELECT * FROM lapsed_request WHERE (CAST($1 AS TEXT) IS NULL OR tenant = $1) \
                 AND ($2 = 0 OR state = 'open') \
                 AND (CAST($3 AS BIGINT) IS NULL OR state = 'open' AND due_at < $3) \
                 ORDER BY state <> 'open', due_at, id",
                &values![
                    filter.tenant.as_ref().map(TenantName::as_str),
                    filter.open,
                    filter.overdue_at.map(|now| now.timestamp_millis()),
                ],
            )
            .await?;
        rows.iter().map(read_request).collect()
    }

    /// How many requests are open, and of how many of them the answer is late.
    pub async fn open_requests(&self, now: DateTime<Utc>) -> Result<(u64, u64)> {
        let mut session = self.read("count requests").await?;
        let row = session
            .one(
                "SELECT count(*), count(*) FILTER (WHERE due_at < $1) FROM lapsed_request WHERE state = 'open'",
                &values![now.timestamp_millis()],
            )
            .await?;
        let (open, overdue): (i64, i64) = (row.get(0), row.get(1));
        Ok((open.unsigned_abs(), overdue.unsigned_abs()))
    }

    /// The request of this id.
    pub async fn request(&self, id: &str) -> Result<Request> {
        let mut session = self.read("read a request").await?;
        let row = session
            .first("SELECT * FROM lapsed_request WHERE id = $1", &values![id])
            .await?;
        row.as_ref()
            .map_or_else(|| Err(StoreError::NoRequest(id.to_owned())), read_request)
    }
}

async fn insert(session: &mut Session, new: &NewRequest<'_>) -> Result<()> {
    let request = new.request;
    let values = values![
        &request.id,
        request.tenant.as_str(),
        request.workgroup.as_deref(),
        request.subject.as_ref().map(|subject| session.key(subject)),
        request.kind.word(),
        request.received_at.timestamp_millis(),
        request.due_at.timestamp_millis(),
        &request.recorded_by,
        request.note.as_ref().map(Pii::reveal),
        session.key_value(&new.created),
    ];
    session
        .run(side_by_side!("request_insert"), &values)
        .await
        .map(|_| ())
}

/// Asks for the person of an answered request to be judged again; one that asked for erasure never kept anybody.
async fn judge_again(session: &mut Session, request: &Request, answer: &RequestAnswer<'_>) -> Result<()> {
    let (Some(workgroup), Some(subject)) = (&request.workgroup, &request.subject) else {
        return Ok(());
    };
    if request.kind == RequestKind::Erasure {
        return Ok(());
    }
    let run = NewRun {
        tenant: Some(request.tenant.clone()),
        workgroup: Some(workgroup.clone()),
        job: "judge".to_owned(),
        payload: json!({ "subject": subject, "request": request.id }),
        asked_by: Some(answer.by.to_owned()),
        at: answer.at,
    };
    runs::insert(session, &run).await.map(|_| ())
}

/// Has the request wait for the first of `holds`.
async fn wait_for(session: &mut Session, request: &str, holds: &Statement) -> Result<Option<String>> {
    session.doing("note what a request waits for");
    let hold = first_that_stands(session, holds).await?;
    session
        .run(
            "UPDATE lapsed_request SET waits_for = $2 WHERE id = $1 AND state = 'open'",
            &values![request, hold.as_ref()],
        )
        .await?;
    Ok(hold)
}

/// The first of `holds`, kept as it is until the transaction ends. One on the person may be another tenant's, who lifts
/// it at this moment: then it is over by the time that we get it, or whoever lifts it sees the request wait.
async fn first_that_stands(session: &mut Session, holds: &Statement) -> Result<Option<String>> {
    for found in session.rows_of(holds).await? {
        let stands = session
            .first(side_by_side!("hold_stands"), &[found.value(0).clone()])
            .await?;
        if let Some(hold) = stands {
            return Ok(Some(hold.get(0)));
        }
    }
    Ok(None)
}

fn read_request(row: &Record) -> Result<Request> {
    const TABLE: &str = "lapsed_request";
    let id: String = row.get("id");
    let text = |column: &'static str| row.get::<Option<String>>(column);
    let damaged = |column: &'static str, found: &str| StoreError::Inconsistent {
        table: TABLE,
        row: id.clone(),
        column,
        found: format!("`{found}`"),
    };
    let (kind, state): (String, String) = (row.get("kind"), row.get("state"));
    Ok(Request {
        tenant: parse(&row.get::<String>("tenant"), TABLE, &id, "tenant")?,
        workgroup: text("workgroup"),
        subject: subject_key(row.value("subject")),
        kind: kind
            .parse::<RequestKind>()
            .map_err(|_unknown| damaged("kind", &kind))?,
        received_at: instant(row.get("received_at")),
        due_at: instant(row.get("due_at")),
        recorded_by: row.get("recorded_by"),
        note: text("note").map(Pii::new),
        state: RequestState::ALL
            .into_iter()
            .find(|known| known.word() == state)
            .ok_or_else(|| damaged("state", &state))?,
        waits_for: text("waits_for"),
        answered_at: row.get::<Option<i64>>("answered_at").map(instant),
        answered_by: text("answered_by"),
        answer: text("answer").map(Pii::new),
        id,
    })
}
