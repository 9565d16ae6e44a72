//! `lapsed concept TENANT [--in LANGUAGE]`
//!
//! It describes what is done: the policy in force, whatever the tenant's file says by now. Where nothing is in force yet it
//! describes the file, and says so.

use std::path::Path;

use chrono::{DateTime, Utc};
use lapsed_jobs::concept::{Sources, concept, markdown};
use lapsed_jobs::in_force::version_in_force;
use lapsed_jobs::{JobError, Refusal};
use lapsed_model::TenantName;
use lapsed_policy::Policy;

use crate::cli::ConceptArgs;
use crate::failure::Result;
use crate::installation::Installation;
use crate::output::Output;

/// Writes a tenant's deletion concept as Markdown, or its parts as JSON.
pub(crate) async fn run(config: &Path, args: &ConceptArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    let (policy, in_force_since) = described(&installation, &args.tenant, out).await?;
    // A dataset that does not fit the store says nothing about the store's data.
    let fitted = installation.fit(out).await?;
    let sources = Sources {
        policy: &policy,
        in_force_since,
        dataset: fitted.dataset(),
        records: &installation.settings.records,
        dialect: installation.store.dialect(),
        now: installation.now(),
    };
    let concept = concept(&sources, args.in_language.unwrap_or(policy.language));
    if out.is_json() {
        out.object(&concept);
    } else {
        out.raw(&markdown(&concept));
    }
    Ok(())
}

/// The version in force and since when, or the tenant's file.
async fn described(
    installation: &Installation,
    tenant: &TenantName,
    out: &Output,
) -> Result<(Policy, Option<DateTime<Utc>>)> {
    let (limits, now) = (&installation.settings.limits, installation.now());
    match version_in_force(&installation.store, tenant, limits, now).await {
        Ok((policy, since)) => Ok((policy, Some(since))),
        Err(JobError::Refused(Refusal::NoPolicy(_))) => Ok((installation.policy(tenant, out)?, None)),
        Err(other) => Err(other.into()),
    }
}
