//! Everything that is stored about one customer, as one archive (X-1; Articles 15 and 20 GDPR).
//!
//! Nothing of it is kept: the rows are read in one look at the store and sent at once. So the customer gets everything, or,
//! where they were anonymised before, the notice that it is gone.

use chrono::SubsecRound as _;
use lapsed_archive::{About, Archive, Done, Options, Password, Subject};
use lapsed_dataset::ExportFile;
use lapsed_model::{Entry, Language, Pii, Statement, SubjectKey, Value};
use lapsed_store::{Reader, Row, StoreError};
use serde_json::json;
use tokio::io::AsyncWrite;

use super::ExportCase;
use super::readme::{self, Told, Whom};
use super::rows::Rows;
use super::withheld::Withheld;
use crate::apply::pseudonym_of;
use crate::clerk::Clerk;
use crate::explain::Person;
use crate::{JobError, Refusal};

/// Who asks, and how.
pub struct Asked<'a> {
    /// Who, as the ledger remembers it.
    pub by: &'a str,
    /// In which way: `command`, `page` …
    pub way: &'a str,
    /// In which language, where it is not the person's own.
    pub language: Option<Language>,
    /// What the archive is locked by, if it is.
    pub password: Option<Password>,
}

/// Sends everything about a person to `out`, and enters it in the ledger before the archive's end is sent.
///
/// # Errors
///
/// Where the tenant is paused, the person is anonymised, now or by the time when everything is read, or `out` takes no
/// more. What was sent until then opens nowhere.
pub async fn export_customer<W: AsyncWrite + Unpin + Send>(
    clerk: &Clerk<'_>,
    case: &ExportCase<'_>,
    person: &Person,
    asked: &Asked<'_>,
    out: W,
) -> Result<Done, JobError> {
    let now = clerk.clock.now().trunc_subsecs(0);
    let read = read(clerk, case, &person.key).await?;
    let language = asked
        .language
        .or_else(|| read.language.as_deref()?.parse().ok())
        .unwrap_or(case.policy.language);
    let mut options = Options::new(now.with_timezone(&case.zone()).naive_local());
    options.password = asked.password.clone();
    let mut withheld = Withheld::before(out);
    let mut archive = Archive::begin(&mut withheld, options);
    let mut told = Vec::new();
    for (file, rows) in read.files.into_iter().zip(&read.rows) {
        let (count, json) = rows.reveal();
        let mut written = Rows::of(case, file.columns.clone());
        let mut csv = Vec::new();
        written.header(&mut csv);
        written.append(&mut csv, json).map_err(|why| unreadable(&why))?;
        archive.file(&file.export.file.value, &written.names()).await?;
        archive.rows(csv, *count).await?;
        told.push(Told {
            export: file.export,
            columns: file.columns,
            is_empty: *count == 0,
        });
    }
    let whom = Whom::customer(case, language, now);
    let text = readme::compose(case, clerk.fitted.dataset(), &whom, &told, language);
    archive.text(readme::NAME, text).await?;
    let done = archive
        .finish(About {
            made_at: now,
            subject: Subject::Customer {
                workgroup: case.workgroup.clone(),
                key: json!(person.key),
            },
            format: case.format(),
        })
        .await?;
    let there = clerk.fitted.identified_person(&case.store_key, &person.key);
    let entry = entry(clerk, case, person, asked, &done, now);
    if !clerk.store.enter_export(&there, entry, &clerk.seal()).await? {
        return Err(gone(case, person));
    }
    withheld
        .release()
        .await
        .map_err(lapsed_archive::ArchiveError::Output)?;
    Ok(done)
}

/// What the ledger remembers: whom, as a pseudonym, and nothing of what was in it.
fn entry(
    clerk: &Clerk<'_>,
    case: &ExportCase<'_>,
    person: &Person,
    asked: &Asked<'_>,
    done: &Done,
    now: chrono::DateTime<chrono::Utc>,
) -> Entry {
    let tenant = &case.workgroup.tenant;
    let payload = json!({
        "what": "customer",
        "workgroup": case.workgroup,
        "subject": pseudonym_of(clerk.keys, tenant.as_str(), person),
        "by": asked.by,
        "way": asked.way,
        "locked": asked.password.is_some(),
        "files": done.files.iter().filter_map(|file| Some((file.name.as_str(), file.rows?))).collect::<std::collections::BTreeMap<_, _>>(),
        "bytes": done.bytes,
        "sha256": done.sha256,
    });
    Entry {
        tenant: tenant.clone(),
        at: now,
        kind: "exported".to_owned(),
        payload: payload.to_string(),
    }
}

/// The notice that somebody's data is gone.
fn gone(case: &ExportCase<'_>, person: &Person) -> JobError {
    Refusal::DataGone(case.workgroup.clone(), person.key.to_string()).into()
}

pub(super) fn unreadable(why: &serde_json::Error) -> JobError {
    StoreError::Inconsistent {
        table: "an exported file",
        row: format!("line {}", why.line()),
        column: "rows",
        found: "no JSON".to_owned(),
    }
    .into()
}

/// A person as they were read in one look.
struct Read<'d> {
    language: Option<String>,
    files: Vec<ExportFile<'d>>,
    /// Of each file: how many rows, and the rows as JSON.
    rows: Vec<Pii<(u64, String)>>,
}

async fn read<'d>(
    clerk: &Clerk<'d>,
    case: &ExportCase<'_>,
    subject: &SubjectKey,
) -> Result<Read<'d>, JobError> {
    let files = clerk.fitted.export_person(subject);
    let language = clerk.fitted.language_of(subject);
    let mut look = Look {
        statements: [clerk
            .fitted
            .person(std::slice::from_ref(&case.store_key), subject)]
        .into_iter()
        .chain(files.iter().map(|file| file.statement.clone()))
        .chain(language)
        .collect(),
        rows: Vec::new(),
        next: 0,
    };
    clerk.store.read_out(&case.workgroup.tenant, &mut look).await?;
    let mut rows = look.rows.into_iter();
    let person = rows.next().flatten().and_then(Person::of);
    match person {
        Some(person) if person.anonymised => return Err(gone(case, &person)),
        Some(_) => {}
        None => return Err(Refusal::NoCustomer(case.workgroup.clone(), subject.to_string()).into()),
    }
    let of_files = rows.by_ref().take(files.len());
    let of_files = of_files.map(|row| match row.as_deref() {
        Some([Value::Integer(count), Value::Text(json)]) => Pii::new((count.unsigned_abs(), json.clone())),
        _ => Pii::new((0, "[]".to_owned())),
    });
    let of_files = of_files.collect();
    let language = rows
        .next()
        .flatten()
        .and_then(|row| match row.into_iter().next()? {
            Value::Text(text) => Some(text),
            _ => None,
        });
    Ok(Read {
        language,
        files,
        rows: of_files,
    })
}

/// Statements of one row or none each, and their rows.
struct Look {
    statements: Vec<Statement>,
    rows: Vec<Option<Row>>,
    next: usize,
}

impl Reader for Look {
    type Error = JobError;

    fn next(&mut self) -> Option<Statement> {
        self.rows.resize(self.next, None);
        self.next += 1;
        self.statements.get(self.next - 1).cloned()
    }

    async fn take(&mut self, row: Row) -> Result<(), JobError> {
        self.rows.push(Some(row));
        Ok(())
    }
}
