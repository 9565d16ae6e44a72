//! Why one person is anonymised, or kept, and until when.

use chrono::{DateTime, Utc};
use lapsed_dataset::Fitted;
use lapsed_model::{At, Bounds, Happening, Language, Pii, Rule, SubjectKey, Value, Verdict, Workgroup};
use lapsed_policy::{holds, judge, next_change, telling};
use lapsed_store::Store;
use serde::Serialize;

use crate::holds::{HoldReport, holds_of};
use crate::requests::{RequestReport, unanswered};
use crate::retention::Case;
use crate::{JobError, Refusal};

/// The answer for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// `TENANT/WORKGROUP`.
    pub workgroup: String,
    /// The store's key of the person.
    pub customer: SubjectKey,
    /// Judged at this instant …
    pub at: DateTime<Utc>,
    /// … with this cut-off.
    pub cut_off: DateTime<Utc>,
    /// What the rules say.
    pub answer: Answer,
    /// The rule that decides.
    pub rule: Option<String>,
    /// Every rule, candidates first, in the order in which they are tried.
    pub rules: Vec<RuleReport>,
    /// What would be open if the person were erased by hand.
    pub open: Vec<RuleReport>,
    /// The legal holds that the person is under, the one that lasts longest first.
    pub holds: Vec<HoldReport>,
    /// What the person asked for and nobody answered, what is due first first (D-2).
    pub unanswered: Vec<RequestReport>,
    /// The first instant at which the answer changes if nothing else happens, and what it is then.
    pub next_change: Option<NextChange>,
}

/// What the rules say of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// To be anonymised.
    Due,
    /// Kept by a rule.
    Kept,
    /// No rule speaks.
    NotDue,
    /// Under a legal hold, whatever rules say.
    Held,
    /// Waiting for an answer to what they asked for, whatever rules say (D-2).
    AwaitsAnswer,
    /// Anonymised already.
    Anonymised,
}

impl From<Verdict> for Answer {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Due(_) => Answer::Due,
            Verdict::Kept(_) => Answer::Kept,
            Verdict::NotDue => Answer::NotDue,
            Verdict::Held => Answer::Held,
            Verdict::AwaitsAnswer => Answer::AwaitsAnswer,
        }
    }
}

/// One rule for one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleReport {
    /// `candidate`, `keep` or `open`.
    pub list: &'static str,
    /// Its name.
    pub rule: String,
    /// How it reads behind a name.
    pub says: String,
    /// Whether it holds.
    pub holds: bool,
    /// Whether the policy turned it off: then it decides nothing.
    pub switched_off: bool,
    /// The record that makes it hold; where it does not, the latest that it looked at.
    pub record: Option<String>,
    /// When, if the record says so.
    pub happened_at: Option<DateTime<Utc>>,
    /// Whether the record has no end.
    pub never_ends: bool,
}

/// When the answer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NextChange {
    /// At this instant.
    pub at: DateTime<Utc>,
    /// To this.
    pub answer: Answer,
}

/// A person as the store knows them.
pub struct Person {
    /// The store's key.
    pub key: SubjectKey,
    /// The store's key of the workgroup.
    pub store_key: String,
    /// Whether they are anonymised.
    pub anonymised: bool,
    /// When the record was created, as the store has it.
    pub created: Value,
    /// What `lapsed find` shows, in the dataset's order.
    pub shown: Pii<Vec<Value>>,
}

impl Person {
    /// Reads a row of the dataset's look-ups.
    pub(crate) fn of(row: Vec<Value>) -> Option<Person> {
        let mut row = row.into_iter();
        let key = match row.next()? {
            Value::Integer(number) => SubjectKey::Integer(number),
            Value::Text(text) => SubjectKey::Text(text),
            Value::Null | Value::Real(_) => return None,
        };
        let store_key = match row.next()? {
            Value::Text(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Null | Value::Real(_) => return None,
        };
        let anonymised = row.next()? == Value::Integer(1);
        let created = row.next()?;
        Some(Person {
            key,
            store_key,
            anonymised,
            created,
            shown: Pii::new(row.collect()),
        })
    }
}

/// Finds a person of a workgroup by what the command line calls CUSTOMER: the store's key, whatever its type.
pub async fn person(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    customer: &str,
) -> Result<Person, JobError> {
    person_of(store, fitted, &case.workgroup, &case.store_key, customer).await
}

/// The same in a workgroup that may have no retention.
pub async fn person_of(
    store: &Store,
    fitted: &Fitted<'_>,
    workgroup: &Workgroup,
    store_key: &str,
    customer: &str,
) -> Result<Person, JobError> {
    let number = customer.parse().ok().map(SubjectKey::Integer);
    let workgroups = [store_key.to_owned()];
    for key in [SubjectKey::Text(customer.to_owned())].into_iter().chain(number) {
        let rows = store.rows(&fitted.person(&workgroups, &key)).await?;
        // The database may take `007` for `7`; nobody is erased for somebody who is spelled alike.
        let people = rows.into_iter().filter_map(Person::of);
        if let Some(person) = people
            .into_iter()
            .find(|person| person.key.to_string() == customer)
        {
            refuse_several_workgroups(store, fitted, workgroup, &person.key).await?;
            return Ok(person);
        }
    }
    Err(Refusal::NoCustomer(workgroup.clone(), customer.to_owned()).into())
}

async fn refuse_several_workgroups(
    store: &Store,
    fitted: &Fitted<'_>,
    workgroup: &Workgroup,
    key: &SubjectKey,
) -> Result<(), JobError> {
    let rows = store.rows(&fitted.workgroups_of(key)).await?;
    let names: Vec<String> = rows
        .into_iter()
        .flatten()
        .map(|name| match name {
            Value::Text(name) => name,
            _ => "none".to_owned(),
        })
        .collect();
    if names.len() < 2 {
        return Ok(());
    }
    Err(Refusal::SeveralWorkgroups(workgroup.clone(), key.to_string(), names.join(", ")).into())
}

/// People of a tenant in whose name, number or contact `text` stands, at most `most` of them.
pub async fn find(
    store: &Store,
    fitted: &Fitted<'_>,
    store_keys: &[String],
    text: &str,
    most: u32,
) -> Result<Vec<Person>, JobError> {
    if store_keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = store.rows(&fitted.find(store_keys, text, most)).await?;
    Ok(rows.into_iter().filter_map(Person::of).collect())
}

/// Everything that happened to a person.
pub async fn happenings(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    subject: &SubjectKey,
) -> Result<Vec<Happening>, JobError> {
    let mut happenings = Vec::new();
    for (fact, statement) in fitted.happenings(subject) {
        let rows = store.rows(&statement).await?;
        happenings.extend(
            rows.iter()
                .filter_map(|row| fitted.dataset().happening(fact, row, case.policy.zone)),
        );
    }
    Ok(happenings)
}

/// Explains what the rules say of a person at `now`. Stores nothing.
pub async fn explain(
    store: &Store,
    fitted: &Fitted<'_>,
    case: &Case<'_>,
    customer: &str,
    now: DateTime<Utc>,
    language: Language,
) -> Result<Explanation, JobError> {
    let person = person(store, fitted, case, customer).await?;
    let happenings = happenings(store, fitted, case, &person.key).await?;
    let bounds = case.bounds(now);
    let rules = &fitted.dataset().rules;
    let switches = case.retention.switches();
    let verdict = judge(rules, &switches, &happenings, &bounds);
    let holds = holds_of(store, fitted, &case.workgroup.tenant, &person.key, now).await?;
    let report = |list: &'static str, rule: &Rule| {
        let switched_off = !rule.is_on(&switches);
        RuleReport {
            switched_off,
            ..report(list, rule, &happenings, &bounds, language)
        }
    };
    let unanswered = unanswered(store, fitted, &person.key).await?;
    let next_change = if !unanswered.is_empty() {
        // Nobody knows when there is an answer.
        None
    } else if holds.is_empty() {
        let (zone, period) = (case.policy.zone, case.retention.anonymise_after);
        next_change(rules, &switches, &happenings, now, zone, period)
    } else {
        // The rules speak again when the last of the holds is over, if it ends by itself.
        let over = holds
            .iter()
            .map(|hold| hold.ends_at)
            .max_by_key(|ends| (ends.is_none(), *ends));
        over.flatten()
            .map(|over| (over, judge(rules, &switches, &happenings, &case.bounds(over))))
    };
    let next_change = next_change.map(|(at, verdict)| NextChange {
        at,
        answer: verdict.into(),
    });
    Ok(Explanation {
        workgroup: case.workgroup.to_string(),
        customer: person.key,
        at: now,
        cut_off: bounds.cut_off,
        answer: if person.anonymised {
            Answer::Anonymised
        } else if !holds.is_empty() {
            Answer::Held
        } else if !unanswered.is_empty() {
            Answer::AwaitsAnswer
        } else {
            verdict.into()
        },
        rule: match verdict {
            _ if person.anonymised || !holds.is_empty() || !unanswered.is_empty() => None,
            Verdict::Due(place) => rules.candidates.get(place).map(|rule| rule.name.clone()),
            Verdict::Kept(place) => rules.keeps.get(place).map(|rule| rule.name.clone()),
            Verdict::NotDue | Verdict::Held | Verdict::AwaitsAnswer => None,
        },
        rules: rules
            .candidates
            .iter()
            .map(|rule| report("candidate", rule))
            .chain(rules.keeps.iter().map(|rule| report("keep", rule)))
            .collect(),
        open: rules.open.iter().map(|rule| report("open", rule)).collect(),
        holds: holds.iter().map(HoldReport::from).collect(),
        unanswered,
        next_change: next_change.filter(|_| !person.anonymised),
    })
}

pub(crate) fn report(
    list: &'static str,
    rule: &Rule,
    happenings: &[Happening],
    bounds: &Bounds,
    language: Language,
) -> RuleReport {
    let telling = telling(rule, happenings, bounds);
    RuleReport {
        list,
        rule: rule.name.clone(),
        says: rule.says.get(language).to_owned(),
        holds: holds(rule, happenings, bounds),
        switched_off: false,
        record: telling.map(|happening| happening.record.clone()),
        happened_at: telling.and_then(|happening| match happening.at {
            At::Instant(instant) => Some(instant),
            At::Never | At::Unknown | At::Unreadable => None,
        }),
        never_ends: telling.is_some_and(|happening| happening.at == At::Never),
    }
}
