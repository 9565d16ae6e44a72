//! Legal holds, each with its entry in the ledger.
//!
//! Whoever decides about a tenant is alone with it: a hold is placed before a batch begins or after it has committed,
//! and from then on every batch sees it. When a hold is lifted or over, the same transaction asks for its people to be
//! judged again, and for what they asked for meanwhile to be carried out, so that a kill in between forgets nobody.
//!
//! A person can come to another tenant, and what they ask for there waits for a hold from here. So verbs of different
//! tenants can meet, and they lock in one order: the hold, requests by their ids, turns by their tenants, heads.

use chrono::{DateTime, Utc};
use lapsed_model::{Entry, Held, Hold, Lifted, Pii, Statement, SubjectKey, TenantName, Value, fault};
use serde_json::json;

use super::apply::Seal;
use super::ledger::{append, parse};
use super::runs::{NewRun, insert};
use super::schedules::instant;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::{Record, subject_key};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

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
        let mut session = self
            .write("place a hold", Beside::OtherTenants(&new.hold.tenant))
            .await?;
        if let Some(there) = new.there
            && session.rows_of(there).await?.is_empty()
        {
            return Ok(false);
        }
        write_hold(&mut session, new).await?;
        fault::point("hold-written");
        session
            .run(
                side_by_side!("request_wait_for_hold"),
                &values![
                    &new.hold.id,
                    new.hold.tenant.as_str(),
                    new.hold.on == Held::Tenant,
                    json!(new.people).to_string(),
                ],
            )
            .await?;
        append(&mut session, entry, seal).await?;
        fault::point("hold-entered");
        session.commit().await?;
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
        let mut session = self
            .write("lift a hold", Beside::OtherTenants(&hold.tenant))
            .await?;
        let done = session
            .run(
                "UPDATE lapsed_hold SET lifted_at = $2, lifted_by = $3, lifted_because = $4 \
                 WHERE id = $1 AND lifted_at IS NULL AND (ends_at IS NULL OR ends_at > $2)",
                &values![
                    &hold.id,
                    lifted.at.timestamp_millis(),
                    &lifted.by,
                    lifted.because.as_ref().map(Pii::reveal),
                ],
            )
            .await?;
        if done == 0 {
            return Ok(false);
        }
        fault::point("hold-lifted");
        judge_again(&mut session, hold, people, Some(&lifted.by), lifted.at).await?;
        append(&mut session, entry, seal).await?;
        fault::point("lifting-entered");
        session.commit().await?;
        Ok(true)
    }

    /// Notes that a hold is over, and asks for `people` to be judged again. Answers whether it did: somebody else may
    /// have noted it.
    pub async fn end_hold(&self, hold: &Hold, people: &JudgeAgain, now: DateTime<Utc>) -> Result<bool> {
        let mut session = self
            .write("note that a hold is over", Beside::OtherTenants(&hold.tenant))
            .await?;
        let done = session
            .run(
                "UPDATE lapsed_hold SET ended_at = $2 \
                 WHERE id = $1 AND ended_at IS NULL AND lifted_at IS NULL AND ends_at <= $2",
                &values![&hold.id, now.timestamp_millis()],
            )
            .await?;
        if done == 0 {
            return Ok(false);
        }
        fault::point("hold-ended");
        judge_again(&mut session, hold, people, None, now).await?;
        session.commit().await?;
        Ok(true)
    }

    /// Holds whose end has passed, and whose people were not judged again yet.
    pub async fn holds_that_ended(&self, now: DateTime<Utc>) -> Result<Vec<Hold>> {
        let mut session = self.read("look for holds that ended").await?;
        let rows = session
            .all(
                "SELECT * FROM lapsed_hold WHERE ended_at IS NULL AND lifted_at IS NULL AND ends_at <= $1 \
                 ORDER BY ends_at, id",
                &values![now.timestamp_millis()],
            )
            .await?;
        rows.iter().map(read_hold).collect()
    }

    /// Holds, the newest first: of one tenant, or of all; those in force at an instant, or all that ever were.
    pub async fn holds(
        &self,
        tenant: Option<&TenantName>,
        in_force: Option<DateTime<Utc>>,
    ) -> Result<Vec<Hold>> {
        let mut session = self.read("read holds").await?;
        let rows = session
            .all(
                "SELECT * FROM lapsed_hold WHERE (CAST($1 AS TEXT) IS NULL OR tenant = $1) \
                 AND (CAST($2 AS BIGINT) IS NULL OR lifted_at IS NULL AND (ends_at IS NULL OR ends_at > $2)) \
                 ORDER BY placed_at DESC, id",
                &values![
                    tenant.map(TenantName::as_str),
                    in_force.map(|now| now.timestamp_millis()),
                ],
            )
            .await?;
        rows.iter().map(read_hold).collect()
    }

    /// The hold of this id.
    pub async fn hold(&self, id: &str) -> Result<Hold> {
        let mut session = self.read("read a hold").await?;
        let row = session
            .first("SELECT * FROM lapsed_hold WHERE id = $1", &values![id])
            .await?;
        row.as_ref()
            .map_or_else(|| Err(StoreError::NoHold(id.to_owned())), read_hold)
    }
}

async fn write_hold(session: &mut Session, new: &NewHold<'_>) -> Result<()> {
    let hold = new.hold;
    let (workgroup, subject, record) = match &hold.on {
        Held::Tenant => (None, None, None),
        Held::Person { workgroup, subject } => (Some(workgroup), subject.as_ref(), None),
        Held::Record { record, .. } => (None, None, Some(record)),
    };
    let values = values![
        &hold.id,
        hold.tenant.as_str(),
        hold.on.kind(),
        workgroup,
        subject.map(|subject| session.key(subject)),
        record,
        hold.reason.as_ref().map(Pii::reveal),
        hold.placed_at.timestamp_millis(),
        &hold.placed_by,
        hold.ends_at.map(|ends| ends.timestamp_millis()),
        session.key_value(&new.created),
    ];
    session
        .run(side_by_side!("hold_insert"), &values)
        .await
        .map(|_| ())
}

/// Asks for a run per person, and for one per erasure that waits and may go on now.
async fn judge_again(
    session: &mut Session,
    hold: &Hold,
    people: &JudgeAgain,
    asked_by: Option<&str>,
    at: DateTime<Utc>,
) -> Result<()> {
    let run = |tenant, workgroup, job: &str, payload| NewRun {
        tenant: Some(tenant),
        workgroup,
        job: job.to_owned(),
        payload,
        asked_by: asked_by.map(str::to_owned),
        at,
    };
    let mut runs: Vec<NewRun> = people
        .iter()
        .map(|(workgroup, subject)| {
            let payload = json!({ "subject": subject, "hold": hold.id });
            run(hold.tenant.clone(), Some(workgroup.clone()), "judge", payload)
        })
        .collect();
    for (request, tenant, workgroup) in waiting(session, hold, people).await? {
        let payload = json!({ "request": request, "hold": hold.id });
        let tenant = parse(&tenant, "lapsed_request", &request, "tenant")?;
        runs.push(run(tenant, workgroup, "request", payload));
    }
    runs.sort_by(|one, other| one.tenant.cmp(&other.tenant));
    for run in &runs {
        insert(session, run).await?;
    }
    fault::point("judging-asked-for");
    Ok(())
}

/// Erasures that wait for this hold, whosever they are, or for another one on the same people. They wait for a run now;
/// if there is another hold, the run notes that they wait for that one.
async fn waiting(
    session: &mut Session,
    hold: &Hold,
    people: &JudgeAgain,
) -> Result<Vec<(String, String, Option<String>)>> {
    let people: Vec<&SubjectKey> = people.iter().map(|(_, subject)| subject).collect();
    let rows = session
        .doing("look for requests that wait")
        .all(
            side_by_side!("request_wait_no_more"),
            &values![
                hold.tenant.as_str(),
                hold.on == Held::Tenant,
                &hold.id,
                json!(people).to_string(),
            ],
        )
        .await?;
    let request = |row: &Record| (row.get("id"), row.get("tenant"), row.get("workgroup"));
    Ok(rows.iter().map(request).collect())
}

fn read_hold(row: &Record) -> Result<Hold> {
    const TABLE: &str = "lapsed_hold";
    let id: String = row.get("id");
    let text = |column: &'static str| row.get::<Option<String>>(column);
    let moment = |column: &'static str| row.get::<Option<i64>>(column).map(instant);
    let kind: String = row.get("kind");
    Ok(Hold {
        tenant: parse(&row.get::<String>("tenant"), TABLE, &id, "tenant")?,
        on: match kind.as_str() {
            "tenant" => Held::Tenant,
            "person" => Held::Person {
                workgroup: text("workgroup").unwrap_or_default(),
                subject: subject_key(row.value("subject")),
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
