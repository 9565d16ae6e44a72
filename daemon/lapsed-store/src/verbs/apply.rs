//! Carrying out a plan, batch by batch.
//!
//! A batch is one transaction: its people are taken from the plan in key order, the same rules are asked about
//! exactly these again, who became active is dropped, the rest is erased, the plan's progress moves, and
//! the ledger entry is written. A kill before the commit leaves nothing of it, one after the commit leaves all.
//!
//! Where others write at the same time, a batch waits for whoever decides about its tenant, then locks its people, and
//! only then asks the rules, in a statement that sees everything that was committed until then.

use lapsed_model::{
    Batch, Chance, Dialect, Effects, Entry, Key, Plan, PlanState, Recorded, Right, Statement, SubjectKey,
    TenantName, Value, fault,
};

use super::approvals::refuse_unapproved;
use super::erasures::{Witness, remember};
use super::exports::withdraw;
use super::ledger::append;
use super::pauses::{note_progress, refuse_other_policy, refuse_paused, refuse_without};
use super::plans::{self, read_in_order};
use super::remnants::note_remnants;
use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::subject_key;
use crate::session::{Beside, Session};
use crate::sql::{Sql, side_by_side, values};

/// What the dataset composed for carrying out a plan.
#[derive(Clone, Debug)]
pub struct PlanStatements {
    /// Locks the people who are in `lapsed_batch` and what hangs on them; nothing where nobody else can write.
    pub locks: Vec<Statement>,
    /// Drops from `lapsed_batch` who is not to be erased after all.
    pub recheck: Statement,
    /// Reads `lapsed_batch` as JSON: `[subject, rule, created]` per person.
    pub read: Statement,
    /// Erases who is in `lapsed_batch`.
    pub effects: Effects,
    /// On whose behalf.
    pub right: Option<Right>,
    /// The policy that was in force when somebody began to carry the plan out by hand.
    pub in_force: Option<String>,
}

/// What the dataset composed for clearing what had a period of its own.
#[derive(Clone, Debug)]
pub struct ClearStatements {
    /// Puts people of whom something is due into `lapsed_batch`.
    pub find: Statement,
    /// Locks them; none where nobody else can write.
    pub lock: Option<Statement>,
    /// Reads `lapsed_batch` as JSON.
    pub read: Statement,
    /// Clears what is due of who is in `lapsed_batch`.
    pub effects: Vec<Statement>,
    /// On whose behalf.
    pub right: Option<Right>,
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
        let (mut batch, plan) = self.begin_batch_of(plan).await?;
        refuse(&mut batch, &plan, statements).await?;
        let after = match &plan.applied_to {
            Some(last) => batch.key(last),
            None => before_everybody(&batch),
        };
        let (taken, last) = take(&mut batch, &plan.id, &after, size).await?;
        let Some(last) = last else {
            return end(batch, &plan).await;
        };
        lock(&mut batch, &statements.locks).await?;
        run(&mut batch, &statements.recheck, "judge a batch again").await?;
        let erased = read_batch(&mut batch, &statements.read).await?;
        let anonymised = erased.len() as u64;
        let dropped = taken - anonymised;
        if dropped > 0 {
            mark_dropped(&mut batch, &plan.id, after, &last).await?;
        }
        if anonymised > 0 {
            erase(batch.doing("erase a batch"), &statements.effects, anonymised).await?;
        }
        fault::point("batch-erased");
        advance(&mut batch, &plan.id, &last, anonymised, dropped).await?;
        fault::point("batch-advanced");
        note_progress(&mut batch, statements.right).await?;
        let recorded = if anonymised > 0 {
            Some(record(&mut batch, &plan, entry(&erased), &erased, seal, witness).await?)
        } else {
            None
        };
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
        let mut batch = self.begin_batch(Beside::Workers(tenant)).await?;
        refuse_paused(&mut batch, tenant).await?;
        refuse_without(&mut batch, statements.right).await?;
        run(&mut batch, &statements.find, "look for what is due to be cleared").await?;
        count_people(&mut batch).await?;
        lock(&mut batch, &statements.lock).await?;
        let people = read_batch(&mut batch, &statements.read).await?;
        let mut changed = 0;
        for effect in statements.effects.iter().filter(|_| !people.is_empty()) {
            changed += batch.doing("clear what is due").run_statement(effect).await?;
        }
        // Whoever is found again and again without anything to clear would be found for ever.
        if changed == 0 {
            return Ok(0);
        }
        let entry = entry(&people);
        note_remnants(&mut batch, entry.at).await?;
        note_progress(&mut batch, statements.right).await?;
        wait_patiently(&mut batch).await?;
        append(&mut batch, entry, seal).await?;
        commit(batch).await?;
        Ok(people.len() as u64)
    }

    /// Tries the effects on whom `find` puts into the batch and undoes them, so that constraints and triggers
    /// speak before the first night. Answers what the store has against them, and nobody's data.
    pub async fn try_effects(
        &self,
        find: &Statement,
        locks: &[Statement],
        effects: &Effects,
    ) -> Result<Option<String>> {
        let mut batch = self.begin_batch(Beside::Anybody).await?;
        run(&mut batch, find, "find somebody to try the erasure on").await?;
        count_people(&mut batch).await?;
        let mut refused = None;
        let people = batch.one("SELECT count(*) FROM lapsed_batch", &[]).await?;
        let people = people.get::<i64>(0).unsigned_abs();
        for effect in locks.iter().chain(effects.all()) {
            match batch.try_statement(effect).await {
                Ok(met) if effects.people.as_ref() == Some(effect) && met != people => {
                    refused = Some(format!(
                        "it says yes and changes nobody: a trigger or a rule is in the way (of `{}`)",
                        effect.sql
                    ));
                    break;
                }
                Ok(_) => {}
                Err(error) => {
                    refused = Some(refusal(error, effect)?);
                    break;
                }
            }
        }
        if refused.is_none() {
            refused = deferred(&mut batch).await?;
        }
        batch.doing("undo the trial");
        batch.roll_back().await?;
        Ok(refused)
    }

    /// A transaction with a batch in which nobody is yet.
    pub(super) async fn begin_batch(&self, beside: Beside<'_>) -> Result<Session> {
        let mut batch = self.write("begin a batch", beside).await?;
        empty(&mut batch).await?;
        Ok(batch)
    }

    /// The same for a plan, with the plan as it stands inside: another process may have carried out a batch in between.
    /// Only the plan says whose decisions the batch has to wait for, so it is looked at before, and read again behind.
    async fn begin_batch_of(&self, plan: &str) -> Result<(Session, Plan)> {
        let mut batch = self.write("begin a batch", Beside::Anybody).await?;
        let tenant = read_plan(&mut batch, "SELECT * FROM lapsed_plan WHERE id = $1", plan)
            .await?
            .workgroup
            .tenant;
        batch.beside(Beside::Workers(&tenant)).await?;
        let plan = read_plan(&mut batch, side_by_side!("plan_lock"), plan).await?;
        empty(&mut batch).await?;
        Ok((batch, plan))
    }
}

async fn read_plan(batch: &mut Session, sql: impl Into<Sql>, id: &str) -> Result<Plan> {
    let row = batch.doing("read a plan").first(sql, &values![id]).await?;
    row.as_ref()
        .map_or_else(|| Err(StoreError::NoPlan(id.to_owned())), plans::read_plan)
}

/// On PostgreSQL the batch waits for no row for long from here on: whatever takes its time was waited for before.
async fn empty(batch: &mut Session) -> Result<()> {
    batch
        .doing("empty the batch")
        .script(side_by_side!("batch_begin"))
        .await
}

/// Whatever stops a batch is asked inside its own transaction.
async fn refuse(batch: &mut Session, plan: &Plan, statements: &PlanStatements) -> Result<()> {
    refuse_paused(batch, &plan.workgroup.tenant).await?;
    refuse_unapproved(batch, plan).await?;
    refuse_without(batch, statements.right).await?;
    refuse_other_policy(batch, plan, statements.right, statements.in_force.as_deref()).await
}

/// Erases whoever is in the batch. What a database answered is not believed: a trigger may have undone it without a word.
pub(super) async fn erase(batch: &mut Session, effects: &Effects, meant: u64) -> Result<()> {
    for rows in &effects.rows {
        batch.run_statement(rows).await?;
    }
    if let Some(people) = &effects.people {
        let erased = batch.run_statement(people).await?;
        if erased != meant {
            return Err(StoreError::NotErased { meant, erased });
        }
    }
    for own in &effects.own {
        batch.run_statement(own).await?;
    }
    withdraw(batch).await
}

/// Nobody is left: the plan is applied.
async fn end(mut batch: Session, plan: &Plan) -> Result<Batch> {
    batch
        .doing("note a plan's state")
        .run(
            "UPDATE lapsed_plan SET state = $2 WHERE id = $1",
            &values![&plan.id, PlanState::Applied.word()],
        )
        .await?;
    fault::point("plan-applied");
    commit(batch).await?;
    Ok(Batch {
        last: None,
        anonymised: 0,
        dropped: 0,
        recorded: None,
    })
}

/// Writes down what a batch did, and tells the witness: the last that it does before it is committed.
async fn record(
    batch: &mut Session,
    plan: &Plan,
    entry: Entry,
    erased: &[Erased],
    seal: &Seal<'_>,
    witness: &dyn Witness,
) -> Result<Recorded> {
    let at = entry.at;
    note_remnants(batch, at).await?;
    // Behind another batch of the tenant, whose journal may take its time.
    wait_patiently(batch).await?;
    let head = append(batch, entry, seal).await?;
    let name = format!("b-{}", seal.chance.token());
    let recorded = remember(batch, &name, Some(plan), at, erased, &head).await?;
    fault::point("batch-recorded");
    witness
        .intended(&name, erased)
        .await
        .map_err(StoreError::NotWitnessed)?;
    fault::point("batch-intended");
    Ok(recorded)
}

/// What is waited for from here on is the daemon's own.
pub(super) async fn wait_patiently(batch: &mut Session) -> Result<()> {
    if batch.dialect() == Dialect::Postgres {
        batch
            .doing("wait for the ledger")
            .run("SET LOCAL lock_timeout TO 20000", &[])
            .await?;
    }
    Ok(())
}

/// What the database has against an effect. A row that somebody else keeps locked is nothing against it.
fn refusal(error: sqlx::Error, effect: &Statement) -> Result<String> {
    let said = error
        .as_database_error()
        .map(|refused| format!("{} (in `{}`)", refused.message(), effect.sql));
    match (StoreError::of("try the erasure")(error), said) {
        (StoreError::Busy, _) => Err(StoreError::Busy),
        (_, Some(said)) => Ok(said),
        (other, None) => Err(other),
    }
}

/// What has time until the commit has to speak now: there will be none.
async fn deferred(batch: &mut Session) -> Result<Option<String>> {
    if batch.dialect() == Dialect::Sqlite {
        return Ok(None);
    }
    let now = Statement {
        sql: "SET CONSTRAINTS ALL IMMEDIATE".to_owned(),
        binds: Vec::new(),
    };
    match batch.try_statement(&now).await {
        Ok(_) => Ok(None),
        Err(error) => refusal(error, &now).map(Some),
    }
}

/// Less than every key. SQLite sorts numbers before texts, and PostgreSQL sorts the `null` of JSON before both.
pub(super) fn before_everybody(session: &Session) -> Value {
    match session.dialect() {
        Dialect::Sqlite => Value::Real(f64::NEG_INFINITY),
        Dialect::Postgres => Value::Text("null".to_owned()),
    }
}

pub(super) async fn run(session: &mut Session, statement: &Statement, doing: &'static str) -> Result<()> {
    session.doing(doing).run_statement(statement).await.map(|_| ())
}

pub(super) async fn commit(mut batch: Session) -> Result<()> {
    batch.doing("commit a batch");
    batch.commit().await
}

async fn take(
    batch: &mut Session,
    plan: &str,
    after: &Value,
    size: u32,
) -> Result<(u64, Option<SubjectKey>)> {
    read_in_order(batch.doing("take the next batch"), true).await?;
    batch
        .run(side_by_side!("batch_take"), &values![plan, after.clone(), size])
        .await?;
    read_in_order(batch, false).await?;
    count_people(batch).await?;
    let taken = batch
        .one(
            "SELECT count(*), (SELECT subject FROM lapsed_batch ORDER BY subject DESC LIMIT 1) FROM lapsed_batch",
            &[],
        )
        .await?;
    let many = taken.get::<i64>(0).unsigned_abs();
    let last = subject_key(taken.value(1));
    // A plan that seems to be at its end with people left would be taken for carried out.
    if many > 0 && last.is_none() {
        return Err(StoreError::Inconsistent {
            table: "lapsed_plan_subject",
            row: plan.to_owned(),
            column: "subject",
            found: "no key".to_owned(),
        });
    }
    Ok((many, last))
}

/// PostgreSQL knows nothing of a table that was just made, and would guess how to read what hangs on its people.
pub(super) async fn count_people(batch: &mut Session) -> Result<()> {
    if batch.dialect() == Dialect::Postgres {
        batch.run("ANALYZE lapsed_batch", &[]).await?;
    }
    Ok(())
}

/// In statements of their own: one that waits for a lock goes on with what it saw before.
pub(super) async fn lock(batch: &mut Session, locks: impl IntoIterator<Item = &Statement>) -> Result<()> {
    for lock in locks {
        run(batch, lock, "lock the people of a batch").await?;
    }
    Ok(())
}

pub(super) async fn read_batch(session: &mut Session, read: &Statement) -> Result<Vec<Erased>> {
    let damaged = || StoreError::Inconsistent {
        table: "lapsed_batch",
        row: "of the running batch".to_owned(),
        column: "subject",
        found: "no key".to_owned(),
    };
    let people = session.doing("read a batch").rows_of(read).await?;
    let people = people.first().ok_or_else(damaged)?;
    let rows: Vec<(serde_json::Value, Option<usize>, serde_json::Value)> =
        serde_json::from_str(&people.get::<String>(0)).map_err(|_unreadable| damaged())?;
    rows.into_iter()
        .map(|(subject, rule, created)| {
            let subject = subject_key(&from_json(subject)).ok_or_else(damaged)?;
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

async fn mark_dropped(batch: &mut Session, plan: &str, after: Value, last: &SubjectKey) -> Result<()> {
    let last = batch.key(last);
    batch
        .doing("note who was dropped")
        .run(side_by_side!("batch_dropped"), &values![plan, after, last])
        .await
        .map(|_| ())
}

async fn advance(
    batch: &mut Session,
    plan: &str,
    last: &SubjectKey,
    anonymised: u64,
    dropped: u64,
) -> Result<()> {
    let count = |people: u64| i64::try_from(people).unwrap_or(i64::MAX);
    let last = batch.key(last);
    batch
        .doing("note a plan's progress")
        .run(
            side_by_side!("plan_advance"),
            &values![plan, last, count(anonymised), count(dropped)],
        )
        .await
        .map(|_| ())
}
