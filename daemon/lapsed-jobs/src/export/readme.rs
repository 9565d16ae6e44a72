//! `README.txt`: what is in an archive, for whoever opens it.

use chrono::{DateTime, Utc};
use lapsed_archive::{Readme, ReadmeColumn, ReadmeFile};
use lapsed_dataset::{Dataset, Export, ExportColumn};
use lapsed_model::Language;
use lapsed_policy::Profile;

use super::rows::MASK;
use super::{ExportCase, words};

/// The name of the file.
pub(super) const NAME: &str = "README.txt";

/// What there is to say of a file: where its words come from, and what its columns are called.
pub(super) struct Told<'d> {
    pub(super) export: &'d Export,
    pub(super) columns: Vec<ExportColumn>,
    /// Whether there are rows, as far as that is known.
    pub(super) is_empty: bool,
}

/// Whom an archive is about, as its heading and its first sentences say it.
pub(super) struct Whom {
    pub(super) heading: String,
    pub(super) sentences: Vec<String>,
    /// Whether it is the person who reads it.
    pub(super) is_reader: bool,
}

impl Whom {
    /// The customer, who reads it.
    pub(super) fn customer(case: &ExportCase<'_>, language: Language, now: DateTime<Utc>) -> Self {
        let name = case.policy.name.as_str();
        let date = date(case, now);
        Self {
            heading: words::YOUR_DATA.with(language, &[("name", name)]),
            sentences: vec![words::YOURS.with(language, &[("name", name), ("date", &date)])],
            is_reader: true,
        }
    }

    /// Everybody of a workgroup, or those whom a filter leaves.
    pub(super) fn workgroup(
        case: &ExportCase<'_>,
        consent: Option<&str>,
        event: Option<&str>,
        language: Language,
        now: DateTime<Utc>,
    ) -> Self {
        let names = [
            ("name", case.policy.name.as_str()),
            ("workgroup", case.workgroup.name.as_str()),
        ];
        let mut sentences = vec![words::THEIRS.with(language, &[("date", &date(case, now))])];
        let only = [
            consent.map(|consent| words::ONLY_CONSENT.with(language, &[("consent", consent)])),
            event.map(|event| words::ONLY_EVENT.with(language, &[("event", event)])),
        ];
        sentences.extend(only.into_iter().flatten());
        Self {
            heading: words::DATA_OF_WORKGROUP.with(language, &names),
            sentences,
            is_reader: false,
        }
    }
}

/// The text.
pub(super) fn compose(
    case: &ExportCase<'_>,
    dataset: &Dataset,
    whom: &Whom,
    files: &[Told<'_>],
    language: Language,
) -> String {
    let tables = words::TABLES.with(language, &[("zone", case.zone().name())]);
    let masked = words::MASKED.with(language, &[("mask", MASK)]);
    let is_masked = !case.wanted.show_others
        && files
            .iter()
            .any(|file| file.columns.iter().any(|column| column.of_others));
    let mut introduction: Vec<&str> = whom.sentences.iter().map(String::as_str).collect();
    introduction.push(&tables);
    if case.wanted.profile == Profile::Spreadsheets {
        introduction.push(words::APOSTROPHE.get(language));
    }
    introduction.extend(is_masked.then_some(masked.as_str()));
    let contact = case.policy.privacy_contact.as_deref();
    let questions = contact.map(|contact| words::QUESTIONS.with(language, &[("contact", contact)]));
    let rights = whom.is_reader.then(|| words::RIGHTS.get(language));
    let described: Vec<String> = files.iter().map(|file| described(file, language)).collect();
    Readme {
        heading: &whom.heading,
        introduction,
        files: files
            .iter()
            .zip(&described)
            .map(|(file, description)| ReadmeFile {
                name: &file.export.file.value,
                description,
                columns: columns(file, dataset, language),
            })
            .collect(),
        closing: rights.into_iter().chain(questions.as_deref()).collect(),
    }
    .compose()
}

fn described(file: &Told<'_>, language: Language) -> String {
    let about = file.export.about.get(language);
    if file.is_empty {
        format!("{about} {}", words::NOTHING_IN_IT.get(language))
    } else {
        about.to_owned()
    }
}

fn columns<'t>(file: &'t Told<'_>, dataset: &'t Dataset, language: Language) -> Vec<ReadmeColumn<'t>> {
    let description = |name: &'t str| match dataset.description(file.export, name) {
        Some(texts) => texts.get(language),
        // The key in front of a workgroup's rows is ours, and no dataset's.
        None => words::CUSTOMER.get(language),
    };
    file.columns
        .iter()
        .map(|column| ReadmeColumn {
            name: &column.name,
            description: description(&column.name),
        })
        .collect()
}

/// The day and the minute, as the tenant reads dates.
fn date(case: &ExportCase<'_>, now: DateTime<Utc>) -> String {
    let now = now.with_timezone(&case.zone());
    format!(
        "{} {}",
        now.format(case.wanted.dates.pattern()),
        now.format("%H:%M")
    )
}
