//! `lapsed concept TENANT [--in LANGUAGE]`

use std::path::Path;

use lapsed_jobs::concept::{Sources, concept, markdown};

use crate::cli::ConceptArgs;
use crate::failure::Result;
use crate::installation::Installation;
use crate::output::Output;

/// Writes a tenant's deletion concept as Markdown, or its parts as JSON.
pub(crate) async fn run(config: &Path, args: &ConceptArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    let policy = installation.policy(&args.tenant, out)?;
    // A dataset that does not fit the store says nothing about the store's data.
    let fitted = installation.fit(out).await?;
    let sources = Sources {
        policy: &policy,
        dataset: fitted.dataset(),
        records: &installation.settings.records,
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
