//! The tenant's report: what a tenant without a shell wants to know of its file and of what runs.
//!
//! It is text in the tenant's own language (M-5), made of the file as it is now, the policy in force and counts from the
//! store. Nobody is named in it, and no reason is repeated that somebody typed: both could be personal data, and the
//! report lies in a folder.
//!
//! Its text changes when something changed, and with the calendar: whoever writes it compares, and leaves the file
//! alone otherwise. Nothing in here writes.

mod facts;
mod file;
mod layout;
mod plans;
mod runs;
mod words;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_config::{File, Unreadable};
use lapsed_dataset::{Dataset, Fitted};
use lapsed_model::{Digest, Language, TenantName, Workgroup};
use lapsed_policy::{Limits, Policy};
use lapsed_store::{PolicyVersion, Store, StoreError};

use crate::in_force::PoliciesInForce;
use crate::{JobError, Refusal};
use layout::{Page, date, moment};

/// A tenant's file as it is now.
#[derive(Clone, Copy, Debug)]
pub enum FileNow<'a> {
    /// There is none.
    Gone,
    /// Its text.
    Text(&'a File),
    /// It holds no text.
    Unreadable(&'a Unreadable),
}

/// What reports are made with.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The store.
    pub store: &'a Store,
    /// What the operator's dataset says, for the tenants' examples.
    pub dataset: &'a Dataset,
    /// The same, held against the store; none where it does not fit, so that nothing can be planned.
    pub fitted: Option<&'a Fitted<'a>>,
    /// The policies in force.
    pub policies: &'a PoliciesInForce,
    /// The operator's limits.
    pub limits: &'a Limits,
    /// The store's key of a workgroup; none where it belongs to another one.
    pub store_key: &'a (dyn Fn(&Workgroup) -> Option<String> + Sync),
    /// Now.
    pub now: DateTime<Utc>,
}

/// What the sections of one report are written from.
struct Subject<'a> {
    sources: Sources<'a>,
    tenant: &'a TenantName,
    language: Language,
    zone: Tz,
    version: Option<PolicyVersion>,
    /// The version in force as it may be run today, or why it may not.
    in_force: Option<Result<Arc<Policy>, Refusal>>,
}

impl Subject<'_> {
    fn date(&self, instant: DateTime<Utc>) -> String {
        date(instant.with_timezone(&self.zone).date_naive(), self.language)
    }

    fn moment(&self, instant: DateTime<Utc>) -> String {
        moment(instant, self.zone, self.language)
    }

    fn policy(&self) -> Option<&Policy> {
        self.in_force.as_ref()?.as_deref().ok()
    }
}

/// The report of a tenant.
pub async fn report(
    sources: Sources<'_>,
    tenant: &TenantName,
    file: FileNow<'_>,
) -> Result<String, StoreError> {
    let version = sources.store.policy_in_force(tenant).await?;
    let in_force = match &version {
        None => None,
        Some(_) => match sources.policies.policy(sources.store, tenant, sources.now).await {
            Ok(policy) => Some(Ok(policy)),
            Err(JobError::Refused(refusal)) => Some(Err(refusal)),
            Err(JobError::Store(why)) => return Err(why),
            // Nobody stops the reading of a policy.
            Err(_) => None,
        },
    };
    let judged = file::judge(&sources, tenant, file);
    let speaker = match in_force.as_ref().and_then(|in_force| in_force.as_deref().ok()) {
        Some(policy) => Some(Speaker::of(policy)),
        None => match judged.policy.as_ref().map(Speaker::of) {
            Some(speaker) => Some(speaker),
            None => last_speaker(&sources, tenant).await?,
        },
    };
    let speaker = speaker.unwrap_or_else(|| Speaker::unknown(tenant));
    let subject = Subject {
        sources,
        tenant,
        language: speaker.language,
        zone: speaker.zone,
        version,
        in_force,
    };
    let mut page = Page::default();
    head(&subject, &speaker.name, &mut page);
    file::write(&subject, &judged, &mut page);
    write_in_force(&subject, &mut page);
    let facts = sources.store.tenant_facts(tenant, sources.now).await?;
    runs::write(&subject, &mut page).await?;
    plans::write_last(&subject, &facts, &mut page);
    plans::write_next(&subject, &mut page).await?;
    facts::write_waiting(&subject, &facts, &mut page);
    facts::write_else(&subject, &facts, &mut page).await?;
    Ok(page.text())
}

/// Who the report speaks to, and how.
struct Speaker {
    name: String,
    language: Language,
    zone: Tz,
}

impl Speaker {
    fn of(policy: &Policy) -> Self {
        Self {
            name: policy.name.clone(),
            language: policy.language,
            zone: policy.zone,
        }
    }

    fn unknown(tenant: &TenantName) -> Self {
        Self {
            name: tenant.to_string(),
            language: Language::En,
            zone: Tz::UTC,
        }
    }
}

/// As the newest version spoke that was ever in force: a tenant whose file is gone is told so in its own language.
async fn last_speaker(sources: &Sources<'_>, tenant: &TenantName) -> Result<Option<Speaker>, StoreError> {
    let versions = sources.store.policies(tenant).await?;
    // What the operator allows by now does not matter to the language.
    let readable = versions.iter().find_map(|version| {
        let file = File::new("", &version.text);
        lapsed_policy::read(tenant, &file, sources.limits, sources.now).0
    });
    Ok(readable.as_ref().map(Speaker::of))
}

fn head(subject: &Subject<'_>, name: &str, page: &mut Page) {
    let language = subject.language;
    let today = subject.date(subject.sources.now);
    page.line(0, &words::TITLE.with(language, &[("name", name)]));
    page.line(
        0,
        &words::AS_OF.with(
            language,
            &[("date", today.as_str()), ("zone", subject.zone.name())],
        ),
    );
}

fn write_in_force(subject: &Subject<'_>, page: &mut Page) {
    let language = subject.language;
    page.heading(words::IN_FORCE.get(language));
    let Some(version) = &subject.version else {
        return page.line(1, words::NOTHING_IN_FORCE.get(language));
    };
    let since = subject.moment(version.in_force_from);
    let short = version.hash.get(..12).unwrap_or(&version.hash);
    page.line(
        1,
        &words::VERSION.with(language, &[("version", short), ("moment", since.as_str())]),
    );
    if let Some(Err(refusal)) = &subject.in_force {
        page.line(1, words::NO_LONGER_ALLOWED.get(language));
        page.line(2, &refusal.to_string());
    }
}

/// Whether a text is what is in force.
fn is_in_force(version: Option<&PolicyVersion>, text: &str) -> bool {
    version.is_some_and(|version| version.hash == Digest::sha256(text).to_string())
}
