//! Batches that erased people, by the names that the erasure journal knows them by.
//!
//! The journal lies outside the store. It is told of a batch before the batch is committed ([`Witness`]), and the batch's
//! name is committed with it: so a journal held against the store can tell a crash from a backup that was restored.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use lapsed_model::{Entry, Head, Plan, Recorded, Statement, SubjectKey, TenantName, fault};
use sqlx::SqliteConnection;

use super::Store;
use super::apply::{Erased, Seal, commit, read_batch, run};
use super::approvals::ask_again;
use super::ledger::{append, parse};
use super::scrub::note_remnants;
use crate::error::{Result, StoreError};

/// Why a witness refused. Its words are shown as they are.
pub type Refused = Box<dyn std::error::Error + Send + Sync>;

/// What a witness answers, some time later.
pub type Witnessed<'w> = Pin<Box<dyn Future<Output = std::result::Result<(), Refused>> + Send + 'w>>;

/// Who is told of a batch before it is committed, in a place that no backup of the store reaches.
pub trait Witness: Send + Sync {
    /// These people are about to be erased under this name. A refusal undoes the batch.
    fn intended<'w>(&'w self, batch: &'w str, erased: &'w [Erased]) -> Witnessed<'w>;
}

/// A batch that the journal has and a restored store does not.
#[derive(Clone, Debug)]
pub struct Lost<'a> {
    /// Its name.
    pub batch: &'a str,
    /// Those of its people who are there again.
    pub people: &'a [SubjectKey],
    /// Drops from `lapsed_batch` who is gone, or anonymised.
    pub still_there: &'a Statement,
    /// Reads `lapsed_batch` as JSON: `[subject, rule, created]` per person.
    pub read: &'a Statement,
    /// Erases who is in `lapsed_batch`.
    pub effects: &'a [Statement],
}

impl Store {
    /// Which of these batches the store knows.
    pub async fn known_erasures(&self, batches: &[String]) -> Result<BTreeSet<String>> {
        let known: Vec<String> = sqlx::query_scalar(
            "SELECT batch FROM lapsed_erasure WHERE batch IN (SELECT value FROM json_each($1))",
        )
        .bind(serde_json::json!(batches).to_string())
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("look up erasures"))?;
        Ok(known.into_iter().collect())
    }

    /// The newest batch that the store knows, and those of the same millisecond.
    pub async fn newest_erasures(&self) -> Result<BTreeSet<String>> {
        let newest: Vec<String> = sqlx::query_scalar(
            "SELECT batch FROM lapsed_erasure WHERE at = (SELECT max(at) FROM lapsed_erasure)",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("look up erasures"))?;
        Ok(newest.into_iter().collect())
    }

    /// How many batches the store knows from `from` on.
    pub async fn erasures_since(&self, from: DateTime<Utc>) -> Result<u64> {
        let erasures: i64 = sqlx::query_scalar("SELECT count(*) FROM lapsed_erasure WHERE at >= $1")
            .bind(from.timestamp_millis())
            .fetch_one(&self.readers)
            .await
            .map_err(StoreError::of("count erasures"))?;
        Ok(erasures.unsigned_abs())
    }

    /// The batches that the store knows from `from` on, behind `after`, in pieces.
    pub async fn erasures(&self, from: DateTime<Utc>, after: &str, most: u32) -> Result<Vec<String>> {
        sqlx::query_scalar(
            "SELECT batch FROM lapsed_erasure WHERE at >= $1 AND batch > $2 ORDER BY batch LIMIT $3",
        )
        .bind(from.timestamp_millis())
        .bind(after)
        .bind(most)
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read erasures"))
    }

    /// Where in the ledger a batch stands.
    pub async fn erasure_head(&self, batch: &str) -> Result<Option<Head>> {
        let row: Option<(String, i64, String)> = sqlx::query_as(
            "SELECT l.tenant, l.sequence, l.hash FROM lapsed_erasure e \
             JOIN lapsed_ledger l ON l.tenant = e.tenant AND l.sequence = e.sequence WHERE e.batch = $1",
        )
        .bind(batch)
        .fetch_optional(&self.readers)
        .await
        .map_err(StoreError::of("look up an erasure"))?;
        row.map(|(tenant, sequence, hash)| {
            Ok(Head {
                tenant: parse(&tenant, "lapsed_ledger", &tenant, "tenant")?,
                sequence: sequence.unsigned_abs(),
                hash: parse(&hash, "lapsed_ledger", &tenant, "hash")?,
            })
        })
        .transpose()
    }

    /// People by a statement of the dataset that answers one JSON text of `[subject, rule, created]`.
    pub async fn people(&self, read: &Statement) -> Result<Vec<Erased>> {
        let mut connection = self
            .readers
            .acquire()
            .await
            .map_err(StoreError::of("read people"))?;
        read_batch(&mut connection, read).await
    }

    /// Erases the people of a lost batch again, without asking any rule, and knows the batch from then on. Of those who
    /// are there only who `is_meant` is touched. Answers how many people were erased, and where it stands in the ledger.
    pub async fn erase_again(
        &self,
        lost: &Lost<'_>,
        is_meant: impl Fn(&Erased) -> bool,
        entry: impl FnOnce(&[Erased]) -> Entry,
        seal: &Seal<'_>,
    ) -> Result<(u64, Head)> {
        let doing = "erase people again";
        let mut batch = self.begin_batch().await?;
        put_into_batch(&mut batch, lost.people).await?;
        run(&mut batch, lost.still_there, doing).await?;
        let (meant, others): (Vec<Erased>, Vec<Erased>) = read_batch(&mut batch, lost.read)
            .await?
            .into_iter()
            .partition(|person| is_meant(person));
        take_from_batch(&mut batch, &others).await?;
        fault::point("again-begun");
        for effect in lost.effects.iter().filter(|_| !meant.is_empty()) {
            run(&mut batch, effect, doing).await?;
        }
        fault::point("again-erased");
        let entry = entry(&meant);
        let at = entry.at;
        if !meant.is_empty() {
            note_remnants(&mut batch, at).await?;
        }
        let head = append(&mut batch, entry, seal).await?;
        remember(&mut batch, lost.batch, None, at, &meant, &head).await?;
        commit(batch).await?;
        Ok((meant.len() as u64, head))
    }

    /// Writes the entry that says that a backup was restored. Open automatic plans came back with the backup, and do not
    /// know what was held or paused after it was made: they wait from now on, also those that somebody had let go.
    pub async fn note_restored(&self, entry: Entry, seal: &Seal<'_>) -> Result<Head> {
        let doing = "note a restored backup";
        let mut transaction = self.begin(doing).await?;
        ask_again(&mut transaction, &entry.tenant, entry.at).await?;
        let head = append(&mut transaction, entry, seal).await?;
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(head)
    }

    /// A tenant's entries of one kind, as number, hash and payload, oldest first.
    pub async fn entries_of(&self, tenant: &TenantName, kind: &str) -> Result<Vec<(Head, String)>> {
        let rows: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT sequence, hash, payload FROM lapsed_ledger WHERE tenant = $1 AND kind = $2 AND payload IS NOT NULL \
             ORDER BY sequence",
        )
        .bind(tenant.as_str())
        .bind(kind)
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read the ledger"))?;
        rows.into_iter()
            .map(|(sequence, hash, payload)| {
                let head = Head {
                    tenant: tenant.clone(),
                    sequence: sequence.unsigned_abs(),
                    hash: parse(&hash, "lapsed_ledger", tenant.as_str(), "hash")?,
                };
                Ok((head, payload))
            })
            .collect()
    }
}

/// Notes a batch by its name, in the transaction that erases. Without a `plan` it erased people again, whom the brake has
/// counted when they were erased first.
pub(super) async fn remember(
    connection: &mut SqliteConnection,
    batch: &str,
    plan: Option<&Plan>,
    at: DateTime<Utc>,
    people: &[Erased],
    head: &Head,
) -> Result<Recorded> {
    sqlx::query(
        "INSERT INTO lapsed_erasure (batch, tenant, at, people, sequence, workgroup, way) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(batch)
    .bind(head.tenant.as_str())
    .bind(at.timestamp_millis())
    .bind(i64::try_from(people.len()).unwrap_or(i64::MAX))
    .bind(i64::try_from(head.sequence).unwrap_or(i64::MAX))
    .bind(plan.map(|plan| plan.workgroup.name.as_str()))
    .bind(plan.map(|plan| plan.way.word()))
    .execute(connection)
    .await
    .map_err(StoreError::of("note an erasure"))?;
    Ok(Recorded {
        batch: batch.to_owned(),
        at,
        head: head.clone(),
    })
}

async fn put_into_batch(connection: &mut SqliteConnection, people: &[SubjectKey]) -> Result<()> {
    sqlx::query("INSERT INTO lapsed_batch (subject) SELECT DISTINCT value FROM json_each($1)")
        .bind(serde_json::json!(people).to_string())
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(StoreError::of("fill a batch"))
}

async fn take_from_batch(connection: &mut SqliteConnection, people: &[Erased]) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let keys: Vec<&SubjectKey> = people.iter().map(|person| &person.subject).collect();
    sqlx::query("DELETE FROM lapsed_batch WHERE subject IN (SELECT value FROM json_each($1))")
        .bind(serde_json::json!(keys).to_string())
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(StoreError::of("leave people alone"))
}
