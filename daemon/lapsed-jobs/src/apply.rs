//! Carrying out a plan, batch by batch.
//!
//! The plan says who; each batch asks the rules about its people once more before it touches them. Between batches
//! nothing is held: the platform goes on writing, a kill loses nothing, and running the plan again goes on
//! behind the last committed batch.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use lapsed_dataset::{Erasure, Fitted, Question, Recheck};
use lapsed_model::{
    Bounds, Chance, Clock, Entry, Key, KeyRing, Plan, Pseudonym, Right, Value, Way, day_start, fault,
};
use lapsed_policy::{Automatic, Retention};
use lapsed_store::{ClearStatements, Erased, PlanStatements, Seal, Store, StoreError};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::explain::Person;
use crate::journal::{BatchWitness, Journal};
use crate::pace::{Pace, Turn};
use crate::requests::answer_fulfilled;
use crate::retention::Case;
use crate::{JobError, Refusal};

/// How many people a transaction takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// As many as are erased in a fifth of a second: the platform's own writes wait for that long at most.
    Auto,
    /// So many.
    Fixed(u32),
}

/// What carrying out needs besides the plan.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    /// The store.
    pub store: &'a Store,
    /// The dataset that fits it.
    pub fitted: &'a Fitted<'a>,
    /// Pseudonyms and seals.
    pub keys: &'a KeyRing,
    /// Where every erasure is noted before it is committed: without it nobody is erased.
    pub journal: &'a Journal,
    /// Marks and entries.
    pub clock: &'a dyn Clock,
    /// Salts.
    pub chance: &'a dyn Chance,
    /// How many people a transaction takes.
    pub batch: BatchSize,
    /// The operator's stop: nothing is changed.
    pub watch_only: bool,
    /// On whose behalf; nobody's where people's data is only looked at.
    pub right: Option<Right>,
    /// Between two batches it is looked whether this was asked for: then the rest is left to somebody else.
    pub stop: Option<&'a CancellationToken>,
    /// How much of the time may go into it; all of it where somebody waits.
    pub pace: Option<&'a Pace>,
}

impl Tools<'_> {
    /// Waits until the next batch may begin, unless it was asked to stop.
    async fn turn(&self) -> Result<Option<Turn<'_>>, JobError> {
        let nobody = CancellationToken::new();
        let stop = self.stop.unwrap_or(&nobody);
        if stop.is_cancelled() {
            return Err(JobError::Stopped);
        }
        match self.pace {
            Some(pace) => pace.turn(stop).await.ok_or(JobError::Stopped).map(Some),
            None => Ok(None),
        }
    }
}

/// What has become of a plan so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// People in the plan.
    pub subjects: u64,
    /// Anonymised.
    pub anonymised: u64,
    /// Dropped, because they became active or are gone.
    pub dropped: u64,
    /// Transactions of this run.
    pub batches: u64,
    /// People anonymised earlier whose columns had a period of their own that has passed now.
    pub cleared_later: u64,
    /// Whether what this program erased is gone from the store's files too. False where another program holds an
    /// old snapshot: then the log keeps it until that program is done. Copies that the platform left in pages of
    /// its own, because its connections do not zero what they free, only `VACUUM` removes.
    ///
    /// Nothing where that is left to whoever carries out many plans, behind the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remnants_removed: Option<bool>,
}

impl Progress {
    /// How far a plan had come when it was read.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            subjects: plan.subjects,
            anonymised: plan.anonymised,
            dropped: plan.dropped,
            ..Self::default()
        }
    }
}

/// Carries out a plan, or what is left of it, and removes the remnants. `report` hears after every batch.
pub async fn apply(
    tools: &Tools<'_>,
    case: &Case<'_>,
    plan: &Plan,
    report: impl FnMut(&Progress),
) -> Result<Progress, JobError> {
    let carried_out = carry_out(tools, case, plan, report).await;
    finish(tools, carried_out).await
}

/// The same for a plan of one that somebody decided.
pub(crate) async fn apply_decided(
    tools: &Tools<'_>,
    case: &Case<'_>,
    plan: &Plan,
    asked: Recheck,
) -> Result<Progress, JobError> {
    let carried_out = run_batches(tools, case, plan, asked, |_| {}).await;
    finish(tools, carried_out).await
}

async fn finish(tools: &Tools<'_>, carried_out: Result<Progress, JobError>) -> Result<Progress, JobError> {
    if tools.watch_only {
        return carried_out;
    }
    // Before a refusal too: a run that was killed behind its last batch left its remnants to the next one. What went
    // wrong with the plan itself is the more important thing to say.
    let remnants_removed = remove_remnants(tools.store, tools.fitted).await;
    let progress = carried_out?;
    Ok(Progress {
        remnants_removed: Some(remnants_removed?),
        ..progress
    })
}

/// Removes what earlier batches left in the store's own files. Answers whether nothing is left.
pub async fn remove_remnants(store: &Store, fitted: &Fitted<'_>) -> Result<bool, JobError> {
    if store.remnants_since().await?.is_none() {
        return Ok(true);
    }
    Ok(store
        .scrub(
            &fitted.rebuild_indexes(),
            &fitted.resample_indexes(),
            &fitted.touched_tables(),
        )
        .await?)
}

/// Carries out a plan, or what is left of it. The remnants stay until somebody scrubs the store: that costs what
/// the store holds and not what the plan holds, so whoever carries out many plans does it once, behind the last.
pub async fn carry_out(
    tools: &Tools<'_>,
    case: &Case<'_>,
    plan: &Plan,
    report: impl FnMut(&Progress),
) -> Result<Progress, JobError> {
    run_batches(tools, case, plan, Recheck::Due, report).await
}

async fn run_batches(
    tools: &Tools<'_>,
    case: &Case<'_>,
    plan: &Plan,
    asked: Recheck,
    mut report: impl FnMut(&Progress),
) -> Result<Progress, JobError> {
    may_apply(tools, case, plan)?;
    // The batches look again: what waits only since this moment is not carried out either.
    tools.store.must_be_approved(plan).await?;
    tools.store.accept_keys(tools.keys).await?;
    if tools.store.hash_of(plan).await? != plan.hash {
        return Err(Refusal::PlanEdited(plan.id.clone(), plan.workgroup.clone()).into());
    }
    let seal = Seal {
        key: tools.keys.newest(),
        chance: tools.chance,
    };
    let switches = case.retention.switches();
    let question = Question {
        tenant: plan.workgroup.tenant.as_str(),
        workgroup: &plan.store_key,
        bounds: &plan.bounds,
        switches: &switches,
    };
    let recheck = tools.fitted.recheck(&question, asked);
    let in_force = tools.store.policy_in_force(&plan.workgroup.tenant).await?;
    let in_force = in_force.map(|policy| policy.hash);
    let mut progress = Progress::of(plan);
    let mut size = Size::new(tools.batch, tools.pace);
    loop {
        let turn = tools.turn().await?;
        let now = tools.clock.now();
        let statements = PlanStatements {
            locks: tools.fitted.lock_batch(),
            recheck: recheck.clone(),
            read: tools.fitted.read_batch(),
            effects: tools.fitted.erase(&erasure(case, plan.way, now)),
            right: tools.right,
            in_force: in_force.clone(),
        };
        let entry = |erased: &[Erased]| erased_entry(tools, case, plan, now, erased);
        let witness = BatchWitness {
            journal: tools.journal,
            keys: tools.keys,
            plan,
            language: case.policy.language,
            zone: case.policy.zone,
            now,
        };
        let began = Instant::now();
        let applied = tools
            .store
            .apply_batch(&plan.id, size.people, &statements, entry, &seal, &witness)
            .await;
        let batch = match applied {
            Err(StoreError::Busy) if size.gives_way() => {
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            }
            applied => applied?,
        };
        if let Some(recorded) = &batch.recorded {
            tools.journal.done(recorded).await?;
            fault::point("batch-done");
        }
        if batch.last.is_none() {
            break;
        }
        let took = began.elapsed();
        size.learn(took);
        size.refused = 0;
        progress.anonymised += batch.anonymised;
        progress.dropped += batch.dropped;
        progress.batches += 1;
        report(&progress);
        if let Some(turn) = turn {
            turn.ends(took);
        }
    }
    // D-2: whoever had asked to be forgotten has an answer now.
    answer_fulfilled(&tools.clerk(), &plan.workgroup.tenant, plan.way).await?;
    // Another process may have carried out batches of the same plan meanwhile.
    let carried_out = tools.store.plan(&plan.id).await?;
    (progress.anonymised, progress.dropped) = (carried_out.anonymised, carried_out.dropped);
    if plan.way == Way::Automatic {
        progress.cleared_later = clear_overdue(tools, case, &seal, &mut size).await?;
    }
    Ok(progress)
}

fn may_apply(tools: &Tools<'_>, case: &Case<'_>, plan: &Plan) -> Result<(), Refusal> {
    let (id, workgroup) = (plan.id.clone(), plan.workgroup.clone());
    if tools.watch_only {
        return Err(Refusal::WatchOnly);
    }
    Refusal::unless_open(plan.state, &plan.id)?;
    if plan.way == Way::Automatic && case.retention.automatic == Automatic::Off {
        return Err(Refusal::AutomaticOff(workgroup));
    }
    if plan.way == Way::Manual && !case.retention.by_staff {
        return Err(Refusal::ByStaffOff(workgroup));
    }
    if plan.way == Way::SelfService && !(case.retention.by_customer || case.retention.by_staff) {
        return Err(Refusal::NoWayOn(workgroup));
    }
    Refusal::unless_of_today(plan, tools.clock.now())?;
    if plan.policy != case.policy_hash() {
        return Err(Refusal::OtherPolicy(id, workgroup));
    }
    if plan.dataset != tools.fitted.dataset().hash {
        return Err(Refusal::OtherDataset(id, workgroup));
    }
    Ok(())
}

/// How people of this workgroup are erased at `now`.
#[must_use]
pub fn erasure(case: &Case<'_>, way: Way, now: DateTime<Utc>) -> Erasure {
    let zone = case.policy.zone;
    let waits = waits(case.retention, zone, Bounds::today(now, zone));
    Erasure {
        tenant: case.workgroup.tenant.clone(),
        way,
        language: case.policy.language,
        now,
        zone,
        waits,
    }
}

/// by the policy's key of a period, the instant before which nothing waits any more.
pub(crate) fn waits(retention: &Retention, zone: Tz, today: NaiveDate) -> BTreeMap<String, DateTime<Utc>> {
    let wait = |key: &str| {
        let until = day_start(zone, retention.period(key)?.before(today));
        Some((key.to_owned(), until))
    };
    ["keep_invoice_recipients"].into_iter().filter_map(wait).collect()
}

/// people who were anonymised earlier, and whose invoices' bookkeeping period has passed since.
async fn clear_overdue(
    tools: &Tools<'_>,
    case: &Case<'_>,
    seal: &Seal<'_>,
    size: &mut Size,
) -> Result<u64, JobError> {
    let how = erasure(case, Way::Automatic, tools.clock.now());
    let mut cleared = 0;
    let ways = tools
        .fitted
        .find_overdue(&case.store_key, &how, size.people)
        .len();
    for way in 0..ways {
        loop {
            let turn = tools.turn().await?;
            let began = Instant::now();
            // Anew each time: what gives way takes fewer people.
            let mut finds = tools.fitted.find_overdue(&case.store_key, &how, size.people);
            let statements = ClearStatements {
                find: finds.swap_remove(way),
                lock: tools.fitted.lock_people(),
                read: tools.fitted.read_batch(),
                effects: tools.fitted.clear_overdue(&how),
                right: tools.right,
            };
            let entry = |people: &[Erased]| cleared_entry(tools, case, how.now, people);
            let tenant = &case.workgroup.tenant;
            match tools.store.clear_batch(tenant, &statements, entry, seal).await {
                Err(StoreError::Busy) if size.gives_way() => tokio::time::sleep(AGAIN_AFTER).await,
                Ok(0) => break,
                batch => {
                    cleared += batch?;
                    size.refused = 0;
                    if let Some(turn) = turn {
                        turn.ends(began.elapsed());
                    }
                }
            }
        }
    }
    Ok(cleared)
}

/// The pseudonym of a person in the ledger: over the workgroup's key, the person's, and the record's creation.
#[must_use]
pub fn pseudonym(keys: &KeyRing, tenant: &str, store_key: &str, person: &Erased) -> Pseudonym {
    pseudonym_under(keys.newest(), tenant, store_key, person)
}

/// The same under a key that is not the newest: a person's pseudonym stays what it was when it was written.
pub(crate) fn pseudonym_under(key: &Key, tenant: &str, store_key: &str, person: &Erased) -> Pseudonym {
    let created = match &person.created {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    };
    let value = format!("{store_key}\u{1f}{}\u{1f}{created}", person.subject);
    key.pseudonym("subject", tenant, &value)
}

/// The same of a person as they were looked up.
pub(crate) fn pseudonym_of(keys: &KeyRing, tenant: &str, person: &Person) -> Pseudonym {
    let known = Erased {
        subject: person.key.clone(),
        rule: None,
        created: person.created.clone(),
    };
    pseudonym(keys, tenant, &person.store_key, &known)
}

/// What stands in the ledger of a batch: also what another daemon's journal needs to erase these people again.
fn erased_entry(
    tools: &Tools<'_>,
    case: &Case<'_>,
    plan: &Plan,
    now: DateTime<Utc>,
    erased: &[Erased],
) -> Entry {
    let tenant = &plan.workgroup.tenant;
    let mut by_rule: BTreeMap<&str, Vec<Pseudonym>> = BTreeMap::new();
    for person in erased {
        let rule = person
            .rule
            .and_then(|place| plan.rules.get(place.checked_sub(1)?));
        let rule = rule.map_or(plan.way.word(), String::as_str);
        by_rule.entry(rule).or_default().push(pseudonym(
            tools.keys,
            tenant.as_str(),
            &plan.store_key,
            person,
        ));
    }
    let payload = serde_json::json!({
        "plan": plan.id,
        "plan_hash": plan.hash,
        "way": plan.way.word(),
        "workgroup": plan.workgroup,
        "store_key": plan.store_key,
        "language": case.policy.language.code(),
        "zone": case.policy.zone.name(),
        "policy": plan.policy,
        "dataset": plan.dataset,
        "cut_off": plan.bounds.cut_off,
        "people": erased.len(),
        "by_rule": by_rule,
    });
    Entry {
        tenant: tenant.clone(),
        at: now,
        kind: "erased".to_owned(),
        payload: payload.to_string(),
    }
}

fn cleared_entry(tools: &Tools<'_>, case: &Case<'_>, now: DateTime<Utc>, people: &[Erased]) -> Entry {
    let tenant = &case.workgroup.tenant;
    let pseudonyms: Vec<Pseudonym> = people
        .iter()
        .map(|person| pseudonym(tools.keys, tenant.as_str(), &case.store_key, person))
        .collect();
    let payload = serde_json::json!({
        "workgroup": case.workgroup,
        "policy": case.policy_hash(),
        "dataset": tools.fitted.dataset().hash,
        "people": pseudonyms,
    });
    Entry {
        tenant: tenant.clone(),
        at: now,
        kind: "cleared-later".to_owned(),
        payload: payload.to_string(),
    }
}

/// How many people the next batch takes.
struct Size {
    people: u32,
    fixed: bool,
    refused: u32,
    target: Duration,
    fewest: u32,
}

/// How long a batch that met a lock of the platform's waits before it tries again.
const AGAIN_AFTER: Duration = Duration::from_millis(300);

impl Size {
    const TARGET: Duration = Duration::from_millis(200);

    /// Fewer people cost as much as these.
    const FEWEST: u32 = 50;

    /// A batch that the platform's locks kept from its people so often in a row is left to a later run: a quarter of a minute.
    const TIMES: u32 = 50;

    fn new(size: BatchSize, pace: Option<&Pace>) -> Self {
        let (begins_with, fewest, target) = match pace {
            Some(pace) => (pace.fewest(), pace.fewest(), pace.batch()),
            None => (500, Self::FEWEST, Self::TARGET),
        };
        let (people, fixed) = match size {
            BatchSize::Auto => (begins_with, false),
            BatchSize::Fixed(people) => (people, true),
        };
        Self {
            people,
            fixed,
            refused: 0,
            target,
            fewest,
        }
    }

    /// The platform holds some of these people: fewer of them are less likely to be met. Answers whether to try again.
    fn gives_way(&mut self) -> bool {
        self.refused += 1;
        if !self.fixed {
            self.people = (self.people / 2).max(self.fewest);
        }
        self.refused <= Self::TIMES
    }

    /// Grows while batches are quick and halves when one was slow: slowly up, quickly down.
    fn learn(&mut self, took: Duration) {
        if self.fixed {
            return;
        }
        self.people = match took {
            _ if took > self.target => self.people / 2,
            _ if took < self.target / 2 => self.people * 2,
            _ => self.people,
        }
        .clamp(self.fewest, 10_000);
    }
}
