//! Retention: planning who lapsed.

use chrono::{DateTime, Utc};
use lapsed_dataset::{Fitted, Question, decode_verdict};
use lapsed_model::{
    Bounds, BrakeFigures, Chance, Counts, Digest, KeyRing, Plan, Right, Statement, SubjectKey, Switch, Value,
    Verdict, Way, Workgroup,
};
use lapsed_policy::{Automatic, Policy, Retention, brake};
use lapsed_store::{Brake, NewPlan, Seal, Store};

use crate::in_force::taking_effect;
use crate::{JobError, Refusal};

/// A workgroup with everything that decides about its people.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// Which.
    pub workgroup: Workgroup,
    /// The store's key of it.
    pub store_key: String,
    /// The tenant's policy in force.
    pub policy: &'a Policy,
    /// What the policy says of this workgroup.
    pub retention: &'a Retention,
    /// Whether the policy is the store's version in force, and not a tenant's file that takes effect with what is
    /// done by it.
    pub in_force: bool,
}

impl<'a> Case<'a> {
    /// The case of one workgroup, unless its policy keeps everybody.
    pub fn new(workgroup: &Workgroup, store_key: &str, policy: &'a Policy) -> Result<Self, Refusal> {
        let retention = policy.workgroups.get(&workgroup.name).ok_or_else(|| {
            if policy.without_retention.contains(&workgroup.name) {
                Refusal::NoRetention(workgroup.clone())
            } else {
                Refusal::NoWorkgroup(workgroup.clone(), policy.workgroups.keys().cloned().collect())
            }
        })?;
        Ok(Self {
            workgroup: workgroup.clone(),
            store_key: store_key.to_owned(),
            policy,
            retention,
            in_force: false,
        })
    }

    /// The same by the version that is in force already.
    #[must_use]
    pub fn by_policy_in_force(mut self) -> Self {
        self.in_force = true;
        self
    }

    /// now, and the cut-off that follows from it.
    #[must_use]
    pub fn bounds(&self, now: DateTime<Utc>) -> Bounds {
        Bounds::new(now, self.policy.zone, self.retention.anonymise_after)
    }

    /// What the rules are asked about this workgroup.
    #[must_use]
    pub fn question<'q>(&'q self, bounds: &'q Bounds, switches: &'q [Switch]) -> Question<'q> {
        Question {
            tenant: self.workgroup.tenant.as_str(),
            workgroup: &self.store_key,
            bounds,
            switches,
        }
    }

    /// The hash that plans remember the policy by: `sha256sum` of the file gives the same.
    #[must_use]
    pub fn policy_hash(&self) -> Digest {
        Digest::sha256(&self.policy.text)
    }
}

/// What a plan would say, with nothing stored.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Judged by these.
    pub bounds: Bounds,
    /// How many people each rule speaks for.
    pub counts: Counts,
    /// How many people no rule can ever reach.
    pub out_of_reach: u64,
}

/// Counts who would be anonymised, who is kept, and why. Changes nothing.
pub async fn preview(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    bounds: Bounds,
) -> Result<Preview, JobError> {
    let switches = case.retention.switches();
    let question = case.question(&bounds, &switches);
    let mut counts = Counts::default();
    for row in store.rows(&fitted.count(&question)).await? {
        if let [Value::Integer(verdict), Value::Integer(people)] = row[..] {
            counts.add(decode_verdict(verdict), people.unsigned_abs());
        }
    }
    let out_of_reach = match store
        .rows(&fitted.out_of_reach(&question))
        .await?
        .first()
        .map(Vec::as_slice)
    {
        Some([Value::Integer(people)]) => people.unsigned_abs(),
        _ => 0,
    };
    Ok(Preview {
        bounds,
        counts,
        out_of_reach,
    })
}

/// Who would be anonymised, by key, with the place of the first rule that says so.
pub async fn list(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    bounds: Bounds,
) -> Result<Vec<(SubjectKey, usize)>, JobError> {
    let switches = case.retention.switches();
    let question = case.question(&bounds, &switches);
    let rows = store.rows(&fitted.list(&question)).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let [key, Value::Integer(verdict)] = <[Value; 2]>::try_from(row).ok()? else {
                return None;
            };
            let Verdict::Due(rule) = decode_verdict(verdict) else {
                return None;
            };
            let key = match key {
                Value::Integer(number) => SubjectKey::Integer(number),
                Value::Text(text) => SubjectKey::Text(text),
                Value::Null | Value::Real(_) => return None,
            };
            Some((key, rule))
        })
        .collect())
}

/// Makes a plan and stores it, with the policy it was made under (D-3), on behalf of whoever asks for it.
/// Nobody is changed yet. Whether it waits for an approval is decided with it.
pub async fn save(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    bounds: Bounds,
    keys: &KeyRing,
    chance: &dyn Chance,
    right: Option<Right>,
) -> Result<Plan, JobError> {
    if case.retention.automatic == Automatic::Off {
        return Err(Refusal::AutomaticOff(case.workgroup.clone()).into());
    }
    keep_policy(store, case, bounds.now, keys, chance).await?;
    let new = NewPlan {
        right,
        ..new_plan(fitted, case, bounds, Way::Automatic, chance)
    };
    let switches = case.retention.switches();
    let question = case.question(&bounds, &switches);
    store_judged(
        store,
        fitted,
        case,
        &new,
        &fitted.save(&question, &new.id()),
        true,
    )
    .await
}

/// Stores a plan of the automatic way, and with it whether it waits. One that is about the whole workgroup
/// `replaces` one that still waits; one about a person who is judged again does not.
pub(crate) async fn store_judged(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    new: &NewPlan,
    subjects: &Statement,
    replaces: bool,
) -> Result<Plan, JobError> {
    let judge = |figures: &BrakeFigures| brake(case.retention, figures);
    let brake = Brake {
        people: fitted.identified(&case.store_key),
        judge: &judge,
        replaces,
    };
    Ok(store.save_plan(new, subjects, Some(&brake)).await?)
}

pub(crate) fn new_plan(
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    bounds: Bounds,
    way: Way,
    chance: &dyn Chance,
) -> NewPlan {
    NewPlan {
        workgroup: case.workgroup.clone(),
        store_key: case.store_key.clone(),
        way,
        bounds,
        policy: case.policy_hash(),
        dataset: fitted.dataset().hash,
        rules: fitted
            .dataset()
            .rules
            .candidates
            .iter()
            .map(|rule| rule.name.clone())
            .collect(),
        nonce: chance.token(),
        right: None,
    }
}

/// D-3: a policy that somebody is judged by is kept word for word, and the ledger says since when. A tenant's file
/// takes effect here, with its schedules; a run works by the version in force and must not bring back an older one.
pub(crate) async fn keep_policy(
    store: &Store,
    case: &Case<'_>,
    now: DateTime<Utc>,
    keys: &KeyRing,
    chance: &dyn Chance,
) -> Result<(), JobError> {
    store.accept_keys(keys).await?;
    if case.in_force {
        return Ok(());
    }
    let seal = Seal {
        key: keys.newest(),
        chance,
    };
    store
        .put_in_force(&[taking_effect(case.policy, now)], &seal)
        .await?;
    Ok(())
}
