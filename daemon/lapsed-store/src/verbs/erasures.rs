//! Batches that erased people, by the names that the erasure journal knows them by.
//!
//! The journal lies outside the store. It is told of a batch before the batch is committed ([`Witness`]), and the batch's
//! name is committed with it: so a journal held against the store can tell a crash from a backup that was restored.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use lapsed_model::{Effects, Entry, Head, Plan, Recorded, Statement, SubjectKey, TenantName, fault};
use serde_json::json;

use super::apply::{Erased, Seal, commit, count_people, erase, lock, read_batch, run, wait_patiently};
use super::approvals::ask_again;
use super::ledger::{append, parse};
use super::remnants::note_remnants;
use crate::Store;
use crate::error::Result;
use crate::row::{Record, column};
use crate::session::{Beside, Session};
use crate::sql::{side_by_side, values};

/// Why a witness refused. Its words are shown as they are.
pub type Refused = Box<dyn std::error::Error + Send + Sync>;

/// What a witness answers, some time later.
pub type Witnessed<'w> = Pin<Box<dyn Future<Output = std::result::Result<(), Refused>> + Send + 'w>>;

/// Who is told of a batch before it is committed, in a place that no backup of the store reaches.
pub trait Witness: Send + Sync {
    /// These people are about to be erased under this name. A refusal undoes the batch.
    fn intended<'w>(&'w self, batch: &'w str, erased: &'w [Erased]) -> Witnessed<'w>;
}

/// A batch that was committed, as the journal knows it.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its name.
    pub batch: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The end of its tenant's ledger behind its entry.
    pub head: Head,
}

/// A batch that the journal has and a restored store does not.
#[derive(Clone, Debug)]
pub struct Lost<'a> {
    /// Its name.
    pub batch: &'a str,
    /// Those of its people who are there again.
    pub people: &'a [SubjectKey],
    /// Locks the people who are in `lapsed_batch`; none where nobody else can write.
    pub lock: Option<&'a Statement>,
    /// Drops from `lapsed_batch` who is gone, or anonymised.
    pub still_there: &'a Statement,
    /// Reads `lapsed_batch` as JSON: `[subject, rule, created]` per person.
    pub read: &'a Statement,
    /// Erases who is in `lapsed_batch`.
    pub effects: &'a Effects,
}

impl Store {
    /// Which of these batches the store knows.
    pub async fn known_erasures(&self, batches: &[String]) -> Result<BTreeSet<String>> {
        let mut session = self.read("look up erasures").await?;
        let known = session
            .all(
                side_by_side!("erasures_known"),
                &values![json!(batches).to_string()],
            )
            .await?;
        Ok(column(&known).into_iter().collect())
    }

    /// Which of these batches the store has forgotten with their period: their entries stand in the ledger, and every name that
    /// is left is younger than theirs.
    pub async fn forgotten_erasures(&self, batches: &[Committed]) -> Result<BTreeSet<String>> {
        let row = |of: &Committed| {
            let Head {
                tenant,
                sequence,
                hash,
            } = &of.head;
            json!([of.batch, of.at.timestamp_millis(), tenant, sequence, hash])
        };
        let rows: Vec<serde_json::Value> = batches.iter().map(row).collect();
        let mut session = self.read("look up erasures").await?;
        let forgotten = session
            .all(
                side_by_side!("erasures_forgotten"),
                &values![json!(rows).to_string()],
            )
            .await?;
        Ok(column(&forgotten).into_iter().collect())
    }

    /// At most `most` batches of these tenants from `from` on whose entries stand behind these ends, tenant by tenant in the
    /// order of their ledgers. Of a tenant whose ledger does not have that end: from the beginning.
    pub async fn erasures_behind(
        &self,
        ends: &[Head],
        from: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<(String, Head)>> {
        let row = |end: &Head| json!([end.tenant, end.sequence, end.hash]);
        let rows: Vec<serde_json::Value> = ends.iter().map(row).collect();
        let mut session = self.read("read erasures").await?;
        let batches = session
            .all(
                side_by_side!("erasures_behind"),
                &values![
                    json!(rows).to_string(),
                    from.timestamp_millis(),
                    i64::try_from(most).unwrap_or(i64::MAX),
                ],
            )
            .await?;
        let batch = |row: &Record| Ok((row.get("batch"), read_head(row)?));
        batches.iter().map(batch).collect()
    }

    /// How many batches the store knows from `from` on.
    pub async fn erasures_since(&self, from: DateTime<Utc>) -> Result<u64> {
        let mut session = self.read("count erasures").await?;
        let erasures = session
            .one(
                "SELECT count(*) FROM lapsed_erasure WHERE at >= $1",
                &values![from.timestamp_millis()],
            )
            .await?;
        Ok(erasures.get::<i64>(0).unsigned_abs())
    }

    /// The batches that the store knows from `from` on, behind `after`, in pieces.
    pub async fn erasures(&self, from: DateTime<Utc>, after: &str, most: u32) -> Result<Vec<String>> {
        let mut session = self.read("read erasures").await?;
        let batches = session
            .all(
                "SELECT batch FROM lapsed_erasure WHERE at >= $1 AND batch > $2 ORDER BY batch LIMIT $3",
                &values![from.timestamp_millis(), after, most],
            )
            .await?;
        Ok(column(&batches))
    }

    /// Where in the ledger a batch stands.
    pub async fn erasure_head(&self, batch: &str) -> Result<Option<Head>> {
        let mut session = self.read("look up an erasure").await?;
        head_of(&mut session, batch).await
    }

    /// People by a statement of the dataset that answers one JSON text of `[subject, rule, created]`.
    pub async fn people(&self, read: &Statement) -> Result<Vec<Erased>> {
        let mut session = self.read("read people").await?;
        read_batch(&mut session, read).await
    }

    /// Erases the people of a lost batch again, without asking any rule, and knows the batch from then on. Of those who
    /// are there only who `is_meant` is touched. Answers how many people were erased, and where it stands in the ledger.
    ///
    /// Whoever comes second, because two programs found the same batch lost, erases nobody.
    pub async fn erase_again(
        &self,
        lost: &Lost<'_>,
        is_meant: impl Fn(&Erased) -> bool,
        entry: impl FnOnce(&[Erased]) -> Entry,
        seal: &Seal<'_>,
    ) -> Result<(u64, Head)> {
        let doing = "erase people again";
        // Nobody else, because only the entry says whose people they are, and it is made when they are known.
        let mut batch = self.begin_batch(Beside::Nobody).await?;
        if let Some(head) = head_of(&mut batch, lost.batch).await? {
            return Ok((0, head));
        }
        put_into_batch(&mut batch, lost.people).await?;
        lock(&mut batch, lost.lock).await?;
        run(&mut batch, lost.still_there, doing).await?;
        let (meant, others): (Vec<Erased>, Vec<Erased>) = read_batch(&mut batch, lost.read)
            .await?
            .into_iter()
            .partition(|person| is_meant(person));
        take_from_batch(&mut batch, &others).await?;
        fault::point("again-begun");
        if !meant.is_empty() {
            erase(batch.doing(doing), lost.effects, meant.len() as u64).await?;
        }
        fault::point("again-erased");
        let entry = entry(&meant);
        let at = entry.at;
        if !meant.is_empty() {
            note_remnants(&mut batch, at).await?;
        }
        wait_patiently(&mut batch).await?;
        let head = append(&mut batch, entry, seal).await?;
        remember(&mut batch, lost.batch, None, at, &meant, &head).await?;
        commit(batch).await?;
        Ok((meant.len() as u64, head))
    }

    /// Writes the entry that says that a backup was restored. Open automatic plans came back with the backup, and do not
    /// know what was held or paused after it was made: they wait from now on, also those that somebody had let go.
    pub async fn note_restored(&self, entry: Entry, seal: &Seal<'_>) -> Result<Head> {
        let mut session = self.write("note a restored backup", Beside::Nobody).await?;
        ask_again(&mut session, &entry.tenant, entry.at).await?;
        let head = append(&mut session, entry, seal).await?;
        session.commit().await?;
        Ok(head)
    }

    /// A tenant's entries of one kind, as number, hash and payload, oldest first.
    pub async fn entries_of(&self, tenant: &TenantName, kind: &str) -> Result<Vec<(Head, String)>> {
        let mut session = self.read("read the ledger").await?;
        let rows = session
            .all(
                "SELECT tenant, sequence, hash, payload FROM lapsed_ledger \
                 WHERE tenant = $1 AND kind = $2 AND payload IS NOT NULL ORDER BY sequence",
                &values![tenant.as_str(), kind],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((read_head(row)?, row.get("payload"))))
            .collect()
    }
}

async fn head_of(session: &mut Session, batch: &str) -> Result<Option<Head>> {
    let row = session
        .doing("look up an erasure")
        .first(
            "SELECT l.tenant, l.sequence, l.hash FROM lapsed_erasure e \
             JOIN lapsed_ledger l ON l.tenant = e.tenant AND l.sequence = e.sequence WHERE e.batch = $1",
            &values![batch],
        )
        .await?;
    row.as_ref().map(read_head).transpose()
}

/// An entry of the ledger as what stands in it.
fn read_head(row: &Record) -> Result<Head> {
    let tenant: String = row.get("tenant");
    Ok(Head {
        tenant: parse(&tenant, "lapsed_ledger", &tenant, "tenant")?,
        sequence: row.get::<i64>("sequence").unsigned_abs(),
        hash: parse(&row.get::<String>("hash"), "lapsed_ledger", &tenant, "hash")?,
    })
}

/// Notes a batch by its name, in the transaction that erases. Without a `plan` it erased people again, whom the brake has
/// counted when they were erased first.
pub(super) async fn remember(
    session: &mut Session,
    batch: &str,
    plan: Option<&Plan>,
    at: DateTime<Utc>,
    people: &[Erased],
    head: &Head,
) -> Result<Recorded> {
    session
        .doing("note an erasure")
        .run(
            "INSERT INTO lapsed_erasure (batch, tenant, at, people, sequence, workgroup, way) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &values![
                batch,
                head.tenant.as_str(),
                at.timestamp_millis(),
                i64::try_from(people.len()).unwrap_or(i64::MAX),
                i64::try_from(head.sequence).unwrap_or(i64::MAX),
                plan.map(|plan| plan.workgroup.name.as_str()),
                plan.map(|plan| plan.way.word()),
            ],
        )
        .await?;
    Ok(Recorded {
        batch: batch.to_owned(),
        at,
        head: head.clone(),
    })
}

async fn put_into_batch(batch: &mut Session, people: &[SubjectKey]) -> Result<()> {
    batch
        .doing("fill a batch")
        .run(side_by_side!("batch_fill"), &values![json!(people).to_string()])
        .await?;
    count_people(batch).await
}

async fn take_from_batch(batch: &mut Session, people: &[Erased]) -> Result<()> {
    if people.is_empty() {
        return Ok(());
    }
    let keys: Vec<&SubjectKey> = people.iter().map(|person| &person.subject).collect();
    batch
        .doing("leave people alone")
        .run(side_by_side!("batch_leave"), &values![json!(keys).to_string()])
        .await
        .map(|_| ())
}
