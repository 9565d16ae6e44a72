//! What people ask for, and what became of it (D-2), each with its entries in the ledger.

use chrono::{DateTime, Utc};
use lapsed_model::{
    Entry, Pii, Request, RequestKind, RequestState, Statement, SubjectKey, TenantName, Value, fault,
};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::Store;
use super::apply::Seal;
use super::ledger::{append, parse};
use super::rows::{query, subject_key, value};
use super::runs::{self, NewRun};
use super::schedules::instant;
use crate::error::{Result, StoreError};

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
        let doing = "write a request down";
        let mut transaction = self.begin(doing).await?;
        let there = query(new.there).fetch_optional(&mut *transaction).await;
        if there.map_err(StoreError::of(doing))?.is_none() {
            return Ok(WrittenDown::Gone);
        }
        query(&insert(new))
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of(doing))?;
        fault::point("request-written");
        let hold = match new.holds {
            Some(holds) => wait_for(&mut transaction, &new.request.id, holds).await?,
            None => None,
        };
        append(&mut transaction, entry, seal).await?;
        fault::point("request-entered");
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(hold.map_or(WrittenDown::Open, WrittenDown::Waits))
    }

    /// Notes for which of `holds` an erasure waits, the first of them or none, as of this very transaction. Answers which.
    pub async fn request_waits(&self, request: &str, holds: &Statement) -> Result<Option<String>> {
        let doing = "note what a request waits for";
        let mut transaction = self.begin(doing).await?;
        let hold = wait_for(&mut transaction, request, holds).await?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
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
        let doing = "answer a request";
        let mut transaction = self.begin(doing).await?;
        let answered = sqlx::query(
            "UPDATE lapsed_request SET state = $2, answered_at = $3, answered_by = $4, waits_for = NULL, \
             answer = CASE WHEN subject IS NULL THEN NULL ELSE $5 END WHERE id = $1 AND state = 'open' RETURNING *",
        )
        .bind(answer.request)
        .bind(answer.state.word())
        .bind(answer.at.timestamp_millis())
        .bind(answer.by)
        .bind(answer.answer.reveal())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        let Some(answered) = answered else {
            return Ok(false);
        };
        fault::point("request-answered");
        judge_again(&mut transaction, &read_request(&answered)?, answer).await?;
        append(&mut transaction, entry, seal).await?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(true)
    }

    /// Erasures that were asked for and have been carried out, whichever way, and that nobody answered: the person
    /// is no longer known.
    pub async fn fulfilled_requests(&self, tenant: &TenantName) -> Result<Vec<Request>> {
        let rows = sqlx::query(
            "SELECT * FROM lapsed_request WHERE tenant = $1 AND state = 'open' AND kind = 'erasure' \
             AND subject IS NULL ORDER BY received_at, id",
        )
        .bind(tenant.as_str())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("look for requests that were fulfilled"))?;
        rows.iter().map(read_request).collect()
    }

    /// Requests, those first that are due first.
    pub async fn requests(&self, filter: &RequestFilter) -> Result<Vec<Request>> {
        let rows = sqlx::query(
            "SELECT * FROM lapsed_request WHERE ($1 IS NULL OR tenant = $1) AND (NOT $2 OR state = 'open') \
             AND ($3 IS NULL OR state = 'open' AND due_at < $3) ORDER BY state <> 'open', due_at, id",
        )
        .bind(filter.tenant.as_ref().map(TenantName::as_str))
        .bind(filter.open)
        .bind(filter.overdue_at.map(|now| now.timestamp_millis()))
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read requests"))?;
        rows.iter().map(read_request).collect()
    }

    /// How many requests are open, and of how many of them the answer is late.
    pub async fn open_requests(&self, now: DateTime<Utc>) -> Result<(u64, u64)> {
        let (open, overdue): (i64, i64) = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE due_at < $1) FROM lapsed_request WHERE state = 'open'",
        )
        .bind(now.timestamp_millis())
        .fetch_one(&self.readers)
        .await
        .map_err(StoreError::of("count requests"))?;
        Ok((open.unsigned_abs(), overdue.unsigned_abs()))
    }

    /// The request of this id.
    pub async fn request(&self, id: &str) -> Result<Request> {
        let row = sqlx::query("SELECT * FROM lapsed_request WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::of("read a request"))?;
        row.as_ref()
            .map_or_else(|| Err(StoreError::NoRequest(id.to_owned())), read_request)
    }
}

fn insert(new: &NewRequest<'_>) -> Statement {
    let request = new.request;
    Statement {
        sql: "INSERT INTO lapsed_request (id, tenant, workgroup, subject, kind, received_at, due_at, recorded_by, note, \
              created, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open')"
            .to_owned(),
        binds: vec![
            request.id.as_str().into(),
            request.tenant.as_str().into(),
            request.workgroup.as_deref().into(),
            request.subject.as_ref().map(SubjectKey::to_value).into(),
            request.kind.word().into(),
            request.received_at.timestamp_millis().into(),
            request.due_at.timestamp_millis().into(),
            request.recorded_by.as_str().into(),
            request.note.as_ref().map(|note| note.reveal().as_str()).into(),
            new.created.clone(),
        ],
    }
}

/// Asks for the person of an answered request to be judged again; one that asked for erasure never kept anybody.
async fn judge_again(
    connection: &mut SqliteConnection,
    request: &Request,
    answer: &RequestAnswer<'_>,
) -> Result<()> {
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
    runs::insert(connection, &run).await.map(|_| ())
}

/// Has the request wait for the first of `holds`.
async fn wait_for(
    connection: &mut SqliteConnection,
    request: &str,
    holds: &Statement,
) -> Result<Option<String>> {
    let doing = "note what a request waits for";
    let hold: Option<String> = query(holds)
        .fetch_optional(&mut *connection)
        .await
        .and_then(|row| row.map(|row| row.try_get(0)).transpose())
        .map_err(StoreError::of(doing))?;
    sqlx::query("UPDATE lapsed_request SET waits_for = $2 WHERE id = $1 AND state = 'open'")
        .bind(request)
        .bind(hold.as_deref())
        .execute(&mut *connection)
        .await
        .map_err(StoreError::of(doing))?;
    Ok(hold)
}

fn read_request(row: &SqliteRow) -> Result<Request> {
    const TABLE: &str = "lapsed_request";
    let id: String = row.get("id");
    let text = |column: &'static str| row.get::<Option<String>, _>(column);
    let subject = value(row, "subject").map_err(StoreError::of("read a request"))?;
    let damaged = |column: &'static str, found: &str| StoreError::Inconsistent {
        table: TABLE,
        row: id.clone(),
        column,
        found: format!("`{found}`"),
    };
    let (kind, state): (String, String) = (row.get("kind"), row.get("state"));
    Ok(Request {
        tenant: parse(&row.get::<String, _>("tenant"), TABLE, &id, "tenant")?,
        workgroup: text("workgroup"),
        subject: subject_key(subject),
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
        answered_at: row.get::<Option<i64>, _>("answered_at").map(instant),
        answered_by: text("answered_by"),
        answer: text("answer").map(Pii::new),
        id,
    })
}
