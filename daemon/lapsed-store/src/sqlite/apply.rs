//! Carrying out a plan, batch by batch.
//!
//! A batch is one transaction: its people are taken from the plan in key order, the same rules are asked about
//! exactly these again, who became active is dropped, the rest is erased, the plan's progress moves, and
//! the ledger entry is written. A kill before the commit leaves nothing of it, one after the commit leaves all.

use lapsed_model::{
    Batch, Chance, Entry, Key, Lease, Plan, PlanState, Statement, SubjectKey, TenantName, Value, fault,
};
use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};

use super::Store;
use super::approvals::refuse_unapproved;
use super::erasures::{Witness, remember};
use super::ledger::append;
use super::pauses::{refuse_lost, refuse_other_policy, refuse_paused};
use super::rows::{query, subject_key, value};
use super::scrub::note_remnants;
use crate::error::{Result, StoreError};

/// What the dataset composed for carrying out a plan.
#[derive(Clone, Debug)]
pub struct PlanStatements {
    /// Drops from `lapsed_batch` who is not to be erased after all.
    pub recheck: Statement,
    /// Reads `lapsed_batch` as JSON: `[subject, rule, created]` per person.
    pub read: Statement,
    /// Erases who is in `lapsed_batch`.
    pub effects: Vec<Statement>,
    /// On behalf of which run; none where somebody carries a plan out by hand.
    pub lease: Option<Lease>,
}

/// What the dataset composed for clearing what had a period of its own.
#[derive(Clone, Debug)]
pub struct ClearStatements {
    /// Puts people of whom something is due into `lapsed_batch`.
    pub find: Statement,
    /// Reads `lapsed_batch` as JSON.
    pub read: Statement,
    /// Clears what is due of who is in `lapsed_batch`.
    pub effects: Vec<Statement>,
    /// On behalf of which run; none where somebody does it by hand.
    pub lease: Option<Lease>,
}

/// A person who was just erased.
#[derive(Clone, Debug, PartialEq)]
pub struct Erased {
    /// The store's key.
    pub subject: SubjectKey,
    /// The place of the rule, from 1; none where somebody decided.
    pub rule: Option<usize>,
    /// What the store says of the record's creation.
    pub created: Value,
}

/// What seals an entry.
#[derive(Clone, Copy)]
pub struct Seal<'a> {
    /// The newest key.
    pub key: &'a Key,
    /// Where salts come from.
    pub chance: &'a dyn Chance,
}

impl Store {
    /// Carries out the next batch of a plan, of at most `size` people. `entry` makes the ledger entry for those
    /// who were erased, and `witness` is told of them before the commit. At the plan's end the batch has no last
    /// person, and the plan is applied.
    pub async fn apply_batch(
        &self,
        plan: &str,
        size: u32,
        statements: &PlanStatements,
        entry: impl FnOnce(&[Erased]) -> Entry,
        seal: &Seal<'_>,
        witness: &dyn Witness,
    ) -> Result<Batch> {
        let mut batch = self.begin_batch().await?;
        let plan = read_plan_row(&mut batch, plan).await?;
        refuse_paused(&mut batch, &plan.workgroup.tenant).await?;
        refuse_unapproved(&mut batch, &plan).await?;
        if let Some(lease) = statements.lease {
            refuse_lost(&mut batch, lease).await?;
            refuse_other_policy(&mut batch, &plan).await?;
        }
        let after = plan
            .applied_to
            .as_ref()
            .map_or_else(before_everybody, SubjectKey::to_value);
        let (taken, last) = take(&mut batch, &plan.id, &after, size).await?;
        let Some(last) = last else {
            set_state(&mut batch, &plan.id, PlanState::Applied).await?;
            fault::point("plan-applied");
            commit(batch).await?;
            return Ok(Batch {
                last: None,
                anonymised: 0,
                dropped: 0,
                recorded: None,
            });
        };
        run(&mut batch, &statements.recheck, "judge a batch again").await?;
        let erased = read_batch(&mut batch, &statements.read).await?;
        let anonymised = erased.len() as u64;
        let dropped = taken - anonymised;
        if dropped > 0 {
            mark_dropped(&mut batch, &plan.id, after, &last).await?;
        }
        if anonymised > 0 {
            for effect in &statements.effects {
                run(&mut batch, effect, "erase a batch").await?;
            }
        }
        fault::point("batch-erased");
        advance(&mut batch, &plan.id, &last, anonymised, dropped).await?;
        fault::point("batch-advanced");
        let mut recorded = None;
        if anonymised > 0 {
            let entry = entry(&erased);
            let at = entry.at;
            note_remnants(&mut batch, at).await?;
            let head = append(&mut batch, entry, seal).await?;
            let name = format!("b-{}", seal.chance.token());
            recorded = Some(remember(&mut batch, &name, Some(&plan), at, &erased, &head).await?);
            fault::point("batch-recorded");
            witness
                .intended(&name, &erased)
                .await
                .map_err(StoreError::NotWitnessed)?;
            fault::point("batch-intended");
        }
        commit(batch).await?;
        fault::point("batch-committed");
        Ok(Batch {
            last: Some(last),
            anonymised,
            dropped,
            recorded,
        })
    }

    /// Fills a batch, clears what is due of it and writes the entry; answers how many people it held.
    ///
    /// No witness hears of it: these people were erased earlier, and after a backup was restored `find` finds what is
    /// due of theirs anew.
    pub async fn clear_batch(
        &self,
        tenant: &TenantName,
        statements: &ClearStatements,
        entry: impl FnOnce(&[Erased]) -> Entry,
        seal: &Seal<'_>,
    ) -> Result<u64> {
        let ClearStatements {
            find,
            read,
            effects,
            lease,
        } = statements;
        let mut batch = self.begin_batch().await?;
        refuse_paused(&mut batch, tenant).await?;
        if let Some(lease) = lease {
            refuse_lost(&mut batch, *lease).await?;
        }
        run(&mut batch, find, "look for what is due to be cleared").await?;
        let people = read_batch(&mut batch, read).await?;
        let mut changed = 0;
        for effect in effects.iter().filter(|_| !people.is_empty()) {
            let done = query(effect)
                .execute(&mut *batch)
                .await
                .map_err(StoreError::of("clear what is due"))?;
            changed += done.rows_affected();
        }
        // Whoever is found again and again without anything to clear would be found for ever.
        if changed == 0 {
            return Ok(0);
        }
        let entry = entry(&people);
        note_remnants(&mut batch, entry.at).await?;
        append(&mut batch, entry, seal).await?;
        commit(batch).await?;
        Ok(people.len() as u64)
    }

    /// Tries the effects on whom `find` puts into the batch and undoes them, so that constraints and triggers
    /// speak before the first night. Answers what the store has against them, and nobody's data.
    pub async fn try_effects(&self, find: &Statement, effects: &[Statement]) -> Result<Option<String>> {
        let mut batch = self.begin_batch().await?;
        run(&mut batch, find, "find somebody to try the erasure on").await?;
        let mut refusal = None;
        for effect in effects {
            match query(effect).execute(&mut *batch).await {
                Ok(_) => {}
                Err(sqlx::Error::Database(refused)) => {
                    refusal = Some(format!("{} (in `{}`)", refused.message(), effect.sql));
                    break;
                }
                Err(other) => return Err(StoreError::of("try the erasure")(other)),
            }
        }
        batch.rollback().await.map_err(StoreError::of("undo the trial"))?;
        Ok(refusal)
    }

    pub(super) async fn begin_batch(&self) -> Result<Transaction<'static, Sqlite>> {
        let mut transaction = self.begin("begin a batch").await?;
        run(
            &mut transaction,
            &fixed("DELETE FROM lapsed_batch", Vec::new()),
            "empty the batch",
        )
        .await?;
        Ok(transaction)
    }
}

/// Less than every key: SQLite sorts numbers before texts.
pub(super) fn before_everybody() -> Value {
    Value::Real(f64::NEG_INFINITY)
}

fn fixed(sql: &'static str, binds: Vec<Value>) -> Statement {
    Statement {
        sql: sql.to_owned(),
        binds,
    }
}

pub(super) async fn run(
    batch: &mut Transaction<'static, Sqlite>,
    statement: &Statement,
    doing: &'static str,
) -> Result<()> {
    query(statement)
        .execute(&mut **batch)
        .await
        .map(|_| ())
        .map_err(StoreError::of(doing))
}

pub(super) async fn commit(batch: Transaction<'static, Sqlite>) -> Result<()> {
    batch.commit().await.map_err(StoreError::of("commit a batch"))
}

/// The plan as it stands inside this transaction: another process may have carried out a batch in between.
async fn read_plan_row(batch: &mut Transaction<'static, Sqlite>, id: &str) -> Result<Plan> {
    let row = sqlx::query("SELECT * FROM lapsed_plan WHERE id = $1")
        .bind(id)
        .fetch_optional(&mut **batch)
        .await
        .map_err(StoreError::of("read a plan"))?;
    row.as_ref()
        .map_or_else(|| Err(StoreError::NoPlan(id.to_owned())), super::plans::read_plan)
}

async fn take(
    batch: &mut Transaction<'static, Sqlite>,
    plan: &str,
    after: &Value,
    size: u32,
) -> Result<(u64, Option<SubjectKey>)> {
    let doing = "take the next batch";
    let take = fixed(
        "INSERT INTO lapsed_batch (subject, rule) SELECT subject, rule FROM lapsed_plan_subject \
         WHERE plan = $1 AND subject > $2 ORDER BY subject LIMIT $3",
        vec![plan.into(), after.clone(), i64::from(size).into()],
    );
    run(batch, &take, doing).await?;
    let row = sqlx::query("SELECT count(*), max(subject) FROM lapsed_batch")
        .fetch_one(&mut **batch)
        .await
        .map_err(StoreError::of(doing))?;
    let last = value(&row, 1).map_err(StoreError::of(doing))?;
    Ok((row.get::<i64, _>(0).unsigned_abs(), subject_key(last)))
}

pub(super) async fn read_batch(batch: &mut SqliteConnection, read: &Statement) -> Result<Vec<Erased>> {
    let json: String = query(read)
        .fetch_one(&mut *batch)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(StoreError::of("read a batch"))?;
    let damaged = || StoreError::Inconsistent {
        table: "lapsed_batch",
        row: "of the running batch".to_owned(),
        column: "subject",
        found: "no key".to_owned(),
    };
    let rows: Vec<(serde_json::Value, Option<usize>, serde_json::Value)> =
        serde_json::from_str(&json).map_err(|_unreadable| damaged())?;
    rows.into_iter()
        .map(|(subject, rule, created)| {
            let subject = subject_key(from_json(subject)).ok_or_else(damaged)?;
            Ok(Erased {
                subject,
                rule,
                created: from_json(created),
            })
        })
        .collect()
}

fn from_json(json: serde_json::Value) -> Value {
    match json {
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Integer(whole),
            (None, Some(real)) => Value::Real(real),
            (None, None) => Value::Null,
        },
        serde_json::Value::String(text) => Value::Text(text),
        _ => Value::Null,
    }
}

async fn mark_dropped(
    batch: &mut Transaction<'static, Sqlite>,
    plan: &str,
    after: Value,
    last: &SubjectKey,
) -> Result<()> {
    let mark = fixed(
        "UPDATE lapsed_plan_subject SET dropped = 1 WHERE plan = $1 AND subject > $2 AND subject <= $3 \
         AND subject NOT IN (SELECT subject FROM lapsed_batch)",
        vec![plan.into(), after, last.to_value()],
    );
    run(batch, &mark, "note who was dropped").await
}

async fn advance(
    batch: &mut Transaction<'static, Sqlite>,
    plan: &str,
    last: &SubjectKey,
    anonymised: u64,
    dropped: u64,
) -> Result<()> {
    let count = |people: u64| Value::Integer(i64::try_from(people).unwrap_or(i64::MAX));
    let advance = fixed(
        "UPDATE lapsed_plan SET applied_to = $2, anonymised = anonymised + $3, dropped = dropped + $4, state = 'applying' \
         WHERE id = $1",
        vec![plan.into(), last.to_value(), count(anonymised), count(dropped)],
    );
    run(batch, &advance, "note a plan's progress").await
}

async fn set_state(batch: &mut Transaction<'static, Sqlite>, plan: &str, state: PlanState) -> Result<()> {
    let set = fixed(
        "UPDATE lapsed_plan SET state = $2 WHERE id = $1",
        vec![plan.into(), state.word().into()],
    );
    run(batch, &set, "note a plan's state").await
}
