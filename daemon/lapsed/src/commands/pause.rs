//! `lapsed pause [TENANT]`, `lapsed resume [TENANT]`

use std::path::Path;

use lapsed_store::Pause;
use serde_json::json;

use crate::cli::{PauseArgs, ResumeArgs};
use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::Output;

/// Presses the stop button, for one tenant or for all.
pub(crate) async fn pause(config: &Path, args: &PauseArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    if let Some(tenant) = &args.tenant {
        installation.must_know(tenant).await?;
    }
    let pause = Pause {
        tenant: args.tenant.clone(),
        at: installation.now(),
        by: args.by.clone(),
        because: args.reason.clone(),
    };
    installation.store.pause(&pause).await?;
    out.line(format!(
        "{}: nothing is erased, exported or sent any more, from this moment and through restarts",
        whose(args.tenant.as_ref())
    ));
    let tenant = args
        .tenant
        .as_ref()
        .map_or_else(String::new, |tenant| format!(" {tenant}"));
    out.line(format!(
        "  `lapsed resume{tenant}` lets it go on; slots that pass meanwhile are left out and counted"
    ));
    out.object(&pause);
    Ok(())
}

/// Lets go on.
pub(crate) async fn resume(config: &Path, args: &ResumeArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    let at = installation.now();
    if !installation.store.resume(args.tenant.as_ref(), at).await? {
        return Err(Failure::because(format!(
            "{} is not paused: `lapsed status` shows what is",
            whose(args.tenant.as_ref())
        )));
    }
    out.line(format!(
        "{} goes on; schedules count from now",
        whose(args.tenant.as_ref())
    ));
    if let Some(tenant) = &args.tenant
        && let Some(all) = installation.store.paused(tenant).await?
    {
        out.line(format!(
            "  everything is still paused by {} ({})",
            all.by, all.because
        ));
    }
    out.object(&json!({ "tenant": args.tenant, "at": at }));
    Ok(())
}

fn whose(tenant: Option<&lapsed_model::TenantName>) -> String {
    tenant.map_or_else(|| "everything".to_owned(), ToString::to_string)
}
