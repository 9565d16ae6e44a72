//! The tenants' files, held against what is in force.

use chrono::{DateTime, Utc};
use lapsed_config::{File, Finding, Reported, reported};
use lapsed_model::{Digest, TenantName};
use lapsed_store::InForce;
use serde::Serialize;

use crate::files;
use crate::settings::Settings;

/// A tenant's policy: the version in force, and the file.
#[derive(Serialize)]
pub(super) struct PolicyFile {
    /// Whose.
    pub(super) tenant: TenantName,
    /// The hash of the version in force; none where none ever was.
    pub(super) version: Option<String>,
    /// Since when it is.
    pub(super) since: Option<DateTime<Utc>>,
    /// How the file is.
    pub(super) file: How,
    /// Its errors.
    pub(super) errors: Vec<Reported>,
}

/// How a tenant's file is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum How {
    /// What it says is in force.
    InForce,
    /// It is whole and not in force yet: the daemon takes it up within seconds, if one serves the store.
    NotYet,
    /// It has errors. The version in force stays.
    Broken,
    /// There is none.
    Gone,
}

impl PolicyFile {
    /// Whether its tenant has something to correct.
    pub(super) fn is_broken(&self) -> bool {
        self.file == How::Broken
    }
}

/// Every tenant, or one, with its file; and why there are no files, if the folder cannot be read.
pub(super) fn look(
    settings: &Settings,
    only: Option<&TenantName>,
    in_force: &[InForce],
    now: DateTime<Utc>,
) -> (Vec<PolicyFile>, Option<String>) {
    let (found, folder) = match files::tenants(&settings.tenants) {
        Ok(found) => (found.files, None),
        Err(unreadable) => (
            Vec::new(),
            Some(format!("{}: {}", unreadable.file.name, unreadable.finding.title)),
        ),
    };
    let version = |tenant: &TenantName| in_force.iter().find(|version| version.tenant == *tenant);
    let mut policies: Vec<PolicyFile> = found
        .into_iter()
        .filter(|file| only.is_none_or(|only| *only == file.tenant))
        .map(|file| {
            let version = version(&file.tenant);
            let (how, errors) = match &file.file {
                Ok(text) => judge(&file.tenant, text, settings, version, now),
                Err(unreadable) => (
                    How::Broken,
                    reported(&unreadable.file, std::slice::from_ref(&unreadable.finding)),
                ),
            };
            policy(file.tenant, version, how, errors)
        })
        .collect();
    let gone = in_force
        .iter()
        .filter(|version| !policies.iter().any(|policy| policy.tenant == version.tenant))
        .map(|version| policy(version.tenant.clone(), Some(version), How::Gone, Vec::new()))
        .collect::<Vec<_>>();
    policies.extend(gone);
    policies.sort_by(|one, other| one.tenant.cmp(&other.tenant));
    (policies, folder)
}

fn policy(tenant: TenantName, version: Option<&InForce>, file: How, errors: Vec<Reported>) -> PolicyFile {
    PolicyFile {
        tenant,
        version: version.map(|version| version.hash.clone()),
        since: version.map(|version| version.since),
        file,
        errors,
    }
}

fn judge(
    tenant: &TenantName,
    file: &File,
    settings: &Settings,
    version: Option<&InForce>,
    now: DateTime<Utc>,
) -> (How, Vec<Reported>) {
    let (policy, findings) = lapsed_policy::read(tenant, file, &settings.limits, now);
    let Some(policy) = policy else {
        let errors: Vec<Finding> = findings.into_iter().filter(Finding::is_error).collect();
        return (How::Broken, reported(file, &errors));
    };
    let hash = Digest::sha256(&policy.text).to_string();
    match version {
        Some(version) if version.hash == hash => (How::InForce, Vec::new()),
        _ => (How::NotYet, Vec::new()),
    }
}
