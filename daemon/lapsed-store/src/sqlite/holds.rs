//! Legal holds, each with its entry in the ledger.
//!
//! There is one writer: a hold is placed before a batch begins or after it has committed, and from then on every batch
//! sees it. When a hold is lifted or over, the same transaction asks for its people to be judged again, and for
//! what they asked for meanwhile to be carried out, so that a kill in between forgets nobody.

use chrono::{DateTime, Utc};
use lapsed_model::{Entry, Held, Hold, Lifted, Pii, Statement, SubjectKey, TenantName, Value, fault};
use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};

use super::Store;
use super::apply::Seal;
use super::ledger::{append, parse};
use super::rows::{query, subject_key, value};
use super::runs::{NewRun, insert};
use super::schedules::instant;
use crate::error::{Result, StoreError};

/// A hold that is about to be placed.
#[derive(Clone, Debug)]
pub struct NewHold<'a> {
    /// The hold, as it will stand in the store.
    pub hold: &'a Hold,
    /// Whom it holds, where it does not hold everybody: what they asked for waits from now on.
    pub people: &'a [SubjectKey],
    /// When the record of the held person was created, as the store says it: their key may be handed out again.
    pub created: Value,
    /// Answers a row as long as the held person is there and was not anonymised; none where nobody is named.
    pub there: Option<&'a Statement>,
}

/// People who are to be judged again, each in the workgroup of this name.
pub type JudgeAgain = [(String, SubjectKey)];

impl Store {
    /// Places a hold. Answers whether it did: the person may have been anonymised since somebody looked.
    pub async fn place_hold(&self, new: &NewHold<'_>, entry: Entry, seal: &Seal<'_>) -> Result<bool> {
        let doing = "place a hold";
        let mut transaction = self.begin(doing).await?;
        if let Some(there) = new.there {
            let row = query(there).fetch_optional(&mut *transaction).await;
            if row.map_err(StoreError::of(doing))?.is_none() {
                return Ok(false);
            }
        }
        write_hold(&mut transaction, new).await?;
        fault::point("hold-written");
        sqlx::query(
            "UPDATE lapsed_request SET waits_for = $1 WHERE state = 'open' AND kind = 'erasure' AND waits_for IS NULL \
             AND ($3 AND tenant = $2 OR subject IN (SELECT value FROM json_each($4)))",
        )
        .bind(&new.hold.id)
        .bind(new.hold.tenant.as_str())
        .bind(new.hold.on == Held::Tenant)
        .bind(json!(new.people).to_string())
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        append(&mut transaction, entry, seal).await?;
        fault::point("hold-entered");
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(true)
    }

    /// Lifts a hold, and asks for `people` to be judged again. Answers whether it did: the hold may be over, or
    /// lifted already.
    pub async fn lift_hold(
        &self,
        hold: &Hold,
        lifted: &Lifted,
        people: &JudgeAgain,
        entry: Entry,
        seal: &Seal<'_>,
    ) -> Result<bool> {
        let doing = "lift a hold";
        let mut transaction = self.begin(doing).await?;
        let done = sqlx::query(
            "UPDATE lapsed_hold SET lifted_at = $2, lifted_by = $3, lifted_because = $4 \
             WHERE id = $1 AND lifted_at IS NULL AND (ends_at IS NULL OR ends_at > $2)",
        )
        .bind(&hold.id)
        .bind(lifted.at.timestamp_millis())
        .bind(&lifted.by)
        .bind(lifted.because.as_ref().map(Pii::reveal))
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        fault::point("hold-lifted");
        judge_again(&mut transaction, hold, people, Some(&lifted.by), lifted.at).await?;
        append(&mut transaction, entry, seal).await?;
        fault::point("lifting-entered");
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(true)
    }

    /// Notes that a hold is over, and asks for `people` to be judged again. Answers whether it did: somebody else may
    /// have noted it.
    pub async fn end_hold(&self, hold: &Hold, people: &JudgeAgain, now: DateTime<Utc>) -> Result<bool> {
        let doing = "note that a hold is over";
        let mut transaction = self.begin(doing).await?;
        let done = sqlx::query(
            "UPDATE lapsed_hold SET ended_at = $2 \
             WHERE id = $1 AND ended_at IS NULL AND lifted_at IS NULL AND ends_at <= $2",
        )
        .bind(&hold.id)
        .bind(now.timestamp_millis())
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::of(doing))?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        fault::point("hold-ended");
        judge_again(&mut transaction, hold, people, None, now).await?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(true)
    }

    /// Holds whose end has passed, and whose people were not judged again yet.
    pub async fn holds_that_ended(&self, now: DateTime<Utc>) -> Result<Vec<Hold>> {
        let rows = sqlx::query(
            "SELECT * FROM lapsed_hold WHERE ended_at IS NULL AND lifted_at IS NULL AND ends_at <= $1 \
             ORDER BY ends_at, id",
        )
        .bind(now.timestamp_millis())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("look for holds that ended"))?;
        rows.iter().map(read_hold).collect()
    }

    /// Holds, the newest first: of one tenant, or of all; those in force at an instant, or all that ever were.
    pub async fn holds(
        &self,
        tenant: Option<&TenantName>,
        in_force: Option<DateTime<Utc>>,
    ) -> Result<Vec<Hold>> {
        let rows = sqlx::query(
            "SELECT * FROM lapsed_hold WHERE ($1 IS NULL OR tenant = $1) \
             AND ($2 IS NULL OR lifted_at IS NULL AND (ends_at IS NULL OR ends_at > $2)) \
             ORDER BY placed_at DESC, id",
        )
        .bind(tenant.map(TenantName::as_str))
        .bind(in_force.map(|now| now.timestamp_millis()))
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read holds"))?;
        rows.iter().map(read_hold).collect()
    }

    /// The hold of this id.
    pub async fn hold(&self, id: &str) -> Result<Hold> {
        let row = sqlx::query("SELECT * FROM lapsed_hold WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await
            .map_err(StoreError::of("read a hold"))?;
        row.as_ref()
            .map_or_else(|| Err(StoreError::NoHold(id.to_owned())), read_hold)
    }
}

async fn write_hold(transaction: &mut Transaction<'static, Sqlite>, new: &NewHold<'_>) -> Result<()> {
    let hold = new.hold;
    let (workgroup, subject, record) = match &hold.on {
        Held::Tenant => (None, None, None),
        Held::Person { workgroup, subject } => (Some(workgroup), subject.as_ref(), None),
        Held::Record { record, .. } => (None, None, Some(record)),
    };
    let insert = Statement {
        sql: "INSERT INTO lapsed_hold (id, tenant, kind, workgroup, subject, record, reason, placed_at, placed_by, ends_at, \
              created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
            .to_owned(),
        binds: vec![
            hold.id.as_str().into(),
            hold.tenant.as_str().into(),
            hold.on.kind().into(),
            workgroup.map(String::as_str).into(),
            subject.map(SubjectKey::to_value).into(),
            record.map(String::as_str).into(),
            hold.reason.as_ref().map(|reason| reason.reveal().as_str()).into(),
            hold.placed_at.timestamp_millis().into(),
            hold.placed_by.as_str().into(),
            hold.ends_at.map(|ends| ends.timestamp_millis()).into(),
            new.created.clone(),
        ],
    };
    query(&insert)
        .execute(&mut **transaction)
        .await
        .map(|_| ())
        .map_err(StoreError::of("place a hold"))
}

/// Asks for a run per person, and for one per erasure that waits and may go on now.
async fn judge_again(
    transaction: &mut Transaction<'static, Sqlite>,
    hold: &Hold,
    people: &JudgeAgain,
    asked_by: Option<&str>,
    at: DateTime<Utc>,
) -> Result<()> {
    let run = |workgroup: Option<String>, job: &str, payload| NewRun {
        tenant: Some(hold.tenant.clone()),
        workgroup,
        job: job.to_owned(),
        payload,
        asked_by: asked_by.map(str::to_owned),
        at,
    };
    for (workgroup, subject) in people {
        let payload = json!({ "subject": subject, "hold": hold.id });
        insert(transaction, &run(Some(workgroup.clone()), "judge", payload)).await?;
    }
    for (request, tenant, workgroup) in waiting(transaction, hold, people).await? {
        let payload = json!({ "request": request, "hold": hold.id });
        let tenant = parse(&tenant, "lapsed_request", &request, "tenant")?;
        let asked = NewRun {
            tenant: Some(tenant),
            ..run(workgroup, "request", payload)
        };
        insert(transaction, &asked).await?;
    }
    fault::point("judging-asked-for");
    Ok(())
}

/// Erasures that wait for this hold, whosever they are, or for another one on the same people. They wait for a run now; if there is another
/// hold, the run notes that they wait for that one.
async fn waiting(
    connection: &mut SqliteConnection,
    hold: &Hold,
    people: &JudgeAgain,
) -> Result<Vec<(String, String, Option<String>)>> {
    let people: Vec<&SubjectKey> = people.iter().map(|(_, subject)| subject).collect();
    sqlx::query_as(
        "UPDATE lapsed_request SET waits_for = NULL WHERE state = 'open' AND kind = 'erasure' AND waits_for IS NOT NULL \
         AND ($2 AND tenant = $1 OR waits_for = $3 OR subject IN (SELECT value FROM json_each($4))) \
         RETURNING id, tenant, workgroup",
    )
    .bind(hold.tenant.as_str())
    .bind(hold.on == Held::Tenant)
    .bind(&hold.id)
    .bind(json!(people).to_string())
    .fetch_all(connection)
    .await
    .map_err(StoreError::of("look for requests that wait"))
}

fn read_hold(row: &SqliteRow) -> Result<Hold> {
    const TABLE: &str = "lapsed_hold";
    let id: String = row.get("id");
    let text = |column: &'static str| row.get::<Option<String>, _>(column);
    let moment = |column: &'static str| row.get::<Option<i64>, _>(column).map(instant);
    let kind: String = row.get("kind");
    let subject = value(row, "subject").map_err(StoreError::of("read a hold"))?;
    Ok(Hold {
        tenant: parse(&row.get::<String, _>("tenant"), TABLE, &id, "tenant")?,
        on: match kind.as_str() {
            "tenant" => Held::Tenant,
            "person" => Held::Person {
                workgroup: text("workgroup").unwrap_or_default(),
                subject: subject_key(subject),
            },
            _ => Held::Record {
                kind,
                record: text("record").unwrap_or_default(),
            },
        },
        reason: text("reason").map(Pii::new),
        placed_at: instant(row.get("placed_at")),
        placed_by: row.get("placed_by"),
        ends_at: moment("ends_at"),
        lifted: moment("lifted_at").map(|at| Lifted {
            at,
            by: text("lifted_by").unwrap_or_default(),
            because: text("lifted_because").map(Pii::new),
        }),
        ended_at: moment("ended_at"),
        id,
    })
}
