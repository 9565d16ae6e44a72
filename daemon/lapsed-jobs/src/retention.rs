//! Retention: planning who lapsed.

use chrono::{DateTime, Utc};
use lapsed_dataset::{Fitted, Question, decode_verdict};
use lapsed_model::{
    Bounds, Chance, Counts, Digest, Entry, KeyRing, Plan, SubjectKey, Value, Verdict, Way, Workgroup,
};
use lapsed_policy::{Automatic, Policy, Retention};
use lapsed_store::{NewPlan, Seal, Store};

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
        })
    }

    /// now, and the cut-off that follows from it.
    #[must_use]
    pub fn bounds(&self, now: DateTime<Utc>) -> Bounds {
        Bounds::new(now, self.policy.zone, self.retention.anonymise_after)
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
    let question = Question {
        workgroup: &case.store_key,
        bounds: &bounds,
        switches: &switches,
    };
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
    let question = Question {
        workgroup: &case.store_key,
        bounds: &bounds,
        switches: &switches,
    };
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

/// Makes a plan and stores it, with the policy it was made under (D-3). Nobody is changed yet.
pub async fn save(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    bounds: Bounds,
    keys: &KeyRing,
    chance: &dyn Chance,
) -> Result<Plan, JobError> {
    if case.retention.automatic == Automatic::Off {
        return Err(Refusal::AutomaticOff(case.workgroup.clone()).into());
    }
    keep_policy(store, case, bounds.now, keys, chance).await?;
    let new = new_plan(fitted, case, bounds, Way::Automatic, chance);
    let switches = case.retention.switches();
    let question = Question {
        workgroup: &case.store_key,
        bounds: &bounds,
        switches: &switches,
    };
    Ok(store.save_plan(&new, &fitted.save(&question, &new.id())).await?)
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
    }
}

/// D-3: a policy that somebody is judged by is kept word for word, and the ledger says since when.
pub(crate) async fn keep_policy(
    store: &Store,
    case: &Case<'_>,
    now: DateTime<Utc>,
    keys: &KeyRing,
    chance: &dyn Chance,
) -> Result<(), JobError> {
    store.accept_keys(keys).await?;
    let hash = case.policy_hash();
    let entry = Entry {
        tenant: case.workgroup.tenant.clone(),
        at: now,
        kind: "policy".to_owned(),
        payload: serde_json::json!({ "policy": hash }).to_string(),
    };
    store
        .keep_policy(
            hash,
            &case.policy.text,
            entry,
            &Seal {
                key: keys.newest(),
                chance,
            },
        )
        .await?;
    Ok(())
}
