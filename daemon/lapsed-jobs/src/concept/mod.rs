//! A tenant's deletion concept: what becomes of which data, when, and why (O-6).
//!
//! The policy says how long, the dataset says what becomes of every field, the settings say how long the program's own
//! records stay. So the document that a data-protection officer asks for can be written by the program that keeps it,
//! and says what is done and not what was once meant, or what a file says that does not take effect. [`concept`] brings the three together, [`markdown()`] writes them
//! down in the tenant's language.

mod markdown;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapsed_dataset::{ColumnRule, Dataset, Later, RelatedErasure, Verb};
use lapsed_model::{Dialect, Digest, IfMissed, Language, Period, Rule, TenantName, Texts};
use lapsed_policy::{Automatic, NEVER_WAIT, Policy, Retention};
use serde::{Serialize, Serializer};

use crate::records::RecordPeriods;

pub use markdown::markdown;

/// What a concept follows from.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The tenant's policy: the version that people are judged by.
    pub policy: &'a Policy,
    /// Since when it is in force; none where nothing is yet, and the tenant's file is all there is.
    pub in_force_since: Option<DateTime<Utc>>,
    /// The dataset of the store.
    pub dataset: &'a Dataset,
    /// How long the program's own records stay.
    pub records: &'a RecordPeriods,
    /// Which database keeps the store.
    pub dialect: Dialect,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A tenant's deletion concept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Concept {
    /// Whose.
    pub tenant: TenantName,
    /// The tenant as its customers know it.
    pub name: String,
    /// The language of the sentences in it.
    pub language: Language,
    /// The zone that days are counted in.
    pub zone: String,
    /// Whom to ask.
    pub privacy_contact: Option<String>,
    /// As of when.
    pub as_of: DateTime<Utc>,
    /// The policy's hash.
    pub policy: Digest,
    /// Since when this version is in force; none where it is not yet.
    pub in_force_since: Option<DateTime<Utc>>,
    /// The dataset's hash.
    pub dataset: Digest,
    /// The workgroups, those that agree in everything together.
    pub workgroups: Vec<Group>,
    /// The workgroups that keep everybody.
    pub without_retention: Vec<String>,
    /// Every table with data of a person, the person's own first.
    pub classes: Vec<Class>,
    /// Tables that hang on a person and hold nothing of theirs, each with the reason.
    pub nothing_personal: BTreeMap<String, String>,
    /// The program's own records.
    pub records: Vec<Record>,
    /// What lives on in the files of a database server for a while; none where the program empties the file itself.
    pub traces: Option<Traces>,
    /// Where data goes, each with its country. This version sends nothing anywhere.
    pub destinations: Vec<String>,
}

/// Workgroups under the same terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Their names.
    pub workgroups: Vec<String>,
    /// What holds for their people.
    #[serde(flatten)]
    pub terms: Terms,
}

/// What holds for the people of a workgroup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// How long people are kept after their last dealings.
    #[serde(serialize_with = "length")]
    pub anonymise_after: Period,
    /// Whether plans are made and carried out.
    pub automatic: Automatic,
    /// When, in the policy's words.
    pub schedule: String,
    /// What becomes of a missed run.
    pub if_missed: IfMissed,
    /// Whether staff may anonymise one person.
    pub by_staff: bool,
    /// Whether customers may themselves.
    pub by_customer: bool,
    /// A larger plan waits.
    pub ask_me_above: u64,
    /// A plan of a greater share waits, in per cent.
    pub ask_me_above_share: u8,
    /// So few people never wait.
    pub never_wait: u64,
    /// How long before the day people are warned.
    #[serde(serialize_with = "perhaps_length")]
    pub warn_customer: Option<Period>,
    /// By which channels.
    pub warn_by: Vec<String>,
    /// What makes a person due.
    pub due: Vec<Sentence>,
    /// What keeps one.
    pub kept: Vec<Sentence>,
    /// Fields with a period of their own.
    pub later: Vec<LaterFields>,
}

/// A rule as it reads behind a person's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// The rule's name.
    pub rule: String,
    /// Its sentence.
    pub says: String,
    /// Whether the policy lets it apply.
    pub applies: bool,
}

/// Fields of a class with a period of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LaterFields {
    /// The class's table.
    pub table: String,
    /// The fields.
    pub columns: Vec<String>,
    /// The field that the period counts from.
    pub since: String,
    /// The period; none where the policy names none, and they go with the rest.
    #[serde(serialize_with = "perhaps_length")]
    pub period: Option<Period>,
}

/// A class of data: a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Class {
    /// What it is called.
    pub name: String,
    /// The table.
    pub table: String,
    /// Whether it is the person's own record.
    pub is_person: bool,
    /// Whether its rows are deleted.
    pub rows_deleted: bool,
    /// What becomes of every field, by the dataset's word for it. Empty where rows are deleted.
    pub fields: BTreeMap<String, &'static str>,
}

/// Something that the program itself writes down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// What.
    pub record: Kind,
    /// For how long.
    pub kept: Kept,
}

/// What the program itself writes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// What was done to people.
    Ledger,
    /// Who was erased, outside the database.
    Journal,
    /// Who was due.
    Plans,
    /// What ran.
    Runs,
    /// What people asked for.
    Requests,
    /// Who was under a legal hold.
    Holds,
    /// Files of whole workgroups.
    Exports,
    /// Who is to be warned.
    Warnings,
    /// The tenant's policies.
    Policies,
}

/// For how long something stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// So long.
    #[serde(serialize_with = "length")]
    For(Period),
    /// Until the person is anonymised, or active again.
    UntilAnonymised,
    /// Without an end (D-3).
    ForEver,
}

/// Old values that no query returns, in the files of a server. How long they stay is for the operator to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Traces {
    /// How long backups and archived logs are kept; none where nobody wrote it down.
    #[serde(serialize_with = "perhaps_length")]
    pub backups: Option<Period>,
}

/// The concept of a tenant, with its sentences in `language`.
#[must_use]
pub fn concept(sources: &Sources<'_>, language: Language) -> Concept {
    let Sources {
        policy,
        in_force_since,
        dataset,
        records,
        dialect,
        now,
    } = *sources;
    let mut workgroups: Vec<Group> = Vec::new();
    for (name, retention) in &policy.workgroups {
        let terms = terms(retention, dataset, language);
        match workgroups.iter_mut().find(|group| group.terms == terms) {
            Some(group) => group.workgroups.push(name.clone()),
            None => workgroups.push(Group {
                workgroups: vec![name.clone()],
                terms,
            }),
        }
    }
    Concept {
        tenant: policy.tenant.clone(),
        name: policy.name.clone(),
        language,
        zone: policy.zone.name().to_owned(),
        privacy_contact: policy.privacy_contact.clone(),
        as_of: now,
        policy: Digest::sha256(&policy.text),
        in_force_since,
        dataset: dataset.hash,
        workgroups,
        without_retention: policy.without_retention.clone(),
        classes: classes(dataset, language),
        nothing_personal: dataset
            .ignored
            .iter()
            .map(|(table, reason)| (table.clone(), reason.value.clone()))
            .collect(),
        records: own_records(records, longest(policy, now)),
        traces: (dialect == Dialect::Postgres).then_some(Traces {
            backups: records.backups,
        }),
        destinations: Vec::new(),
    }
}

fn terms(retention: &Retention, dataset: &Dataset, language: Language) -> Terms {
    let on = retention.switches();
    let sentences = |rules: &[Rule]| {
        let sentence = |rule: &Rule| Sentence {
            rule: rule.name.clone(),
            says: rule.says.get(language).to_owned(),
            applies: rule.is_on(&on),
        };
        rules.iter().map(sentence).collect()
    };
    let later = dataset.related.iter().filter_map(|related| {
        let Later {
            columns,
            period,
            since,
        } = related.later.as_ref()?;
        Some(LaterFields {
            table: related.table.value.clone(),
            columns: columns.iter().map(|column| column.value.clone()).collect(),
            since: since.value.clone(),
            period: retention.period(&period.value),
        })
    });
    Terms {
        anonymise_after: retention.anonymise_after,
        automatic: retention.automatic,
        schedule: retention.schedule.said.clone(),
        if_missed: retention.if_missed,
        by_staff: retention.by_staff,
        by_customer: retention.by_customer,
        ask_me_above: retention.ask_me_above,
        ask_me_above_share: retention.ask_me_above_share,
        never_wait: NEVER_WAIT,
        warn_customer: retention.warn_customer,
        warn_by: retention.warn_by.clone(),
        due: sentences(&dataset.rules.candidates),
        kept: sentences(&dataset.rules.keeps),
        later: later.collect(),
    }
}

fn classes(dataset: &Dataset, language: Language) -> Vec<Class> {
    let class = |name: &Option<Texts>, table: &str, columns: Option<&[ColumnRule]>, is_person| Class {
        name: name.as_ref().map_or(table, |name| name.get(language)).to_owned(),
        table: table.to_owned(),
        is_person,
        rows_deleted: columns.is_none(),
        fields: columns.unwrap_or_default().iter().map(field).collect(),
    };
    let subject = &dataset.subject;
    let person = class(&subject.class, &subject.table.value, Some(&subject.columns), true);
    let related = dataset.related.iter().map(|related| {
        let columns = match &related.erase {
            RelatedErasure::Rows => None,
            RelatedErasure::Columns(columns) => Some(columns.as_slice()),
        };
        class(&related.class, &related.table.value, columns, false)
    });
    [person].into_iter().chain(related).collect()
}

fn field(rule: &ColumnRule) -> (String, &'static str) {
    let column = &rule.column.value;
    let name = rule.json_key.as_ref();
    let name = name.map_or_else(|| column.clone(), |key| format!("{column}.{key}"));
    (name, word(rule.verb))
}

/// The dataset's word for what happens to a column.
fn word(verb: Verb) -> &'static str {
    let known = Verb::WORDS.into_iter().find(|(_, known)| *known == verb);
    known.map_or("", |(word, _)| word)
}

/// How long files of workgroups lie there at most.
fn longest(policy: &Policy, now: DateTime<Utc>) -> Option<Period> {
    let kept = policy.exports.values().map(|export| export.delete_file_after);
    kept.reduce(|longest, kept| {
        if longest.is_shorter_than(kept, now.date_naive()) {
            kept
        } else {
            longest
        }
    })
}

fn own_records(periods: &RecordPeriods, exports: Option<Period>) -> Vec<Record> {
    let RecordPeriods {
        ledger,
        journal,
        plans,
        runs,
        requests,
        holds,
        backups: _,
    } = *periods;
    let exports = exports.map(|exports| (Kind::Exports, Kept::For(exports)));
    [
        (Kind::Ledger, Kept::For(ledger)),
        (Kind::Journal, Kept::For(journal)),
        (Kind::Plans, Kept::For(plans)),
        (Kind::Runs, Kept::For(runs)),
        (Kind::Requests, Kept::For(requests)),
        (Kind::Holds, Kept::For(holds)),
        (Kind::Warnings, Kept::UntilAnonymised),
        (Kind::Policies, Kept::ForEver),
    ]
    .into_iter()
    .chain(exports)
    .map(|(record, kept)| Record { record, kept })
    .collect()
}

fn length<S: Serializer>(period: &Period, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(period)
}

#[expect(clippy::ref_option, reason = "serde hands a field over by reference")]
fn perhaps_length<S: Serializer>(period: &Option<Period>, to: S) -> Result<S::Ok, S::Error> {
    match period {
        Some(period) => length(period, to),
        None => to.serialize_none(),
    }
}
