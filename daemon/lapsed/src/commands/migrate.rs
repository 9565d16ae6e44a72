//! `lapsed migrate [--plan] [--reference-schema]`

use std::path::Path;

use lapsed_store::Store;
use serde_json::json;

use crate::cli::MigrateArgs;
use crate::failure::{Failure, Result};
use crate::installation::{REFERENCE_SCHEMA, read_settings};
use crate::output::Output;
use crate::{owner, stores};

/// Brings the daemon's tables to this version, and creates the reference tables if asked to.
pub(crate) async fn run(config: &Path, args: &MigrateArgs, out: &Output) -> Result {
    let settings = read_settings(config, out)?;
    if args.plan {
        return plan(&settings.store, args, out).await;
    }
    let store = stores::create(&settings.store).await?;
    // A daemon of another version must not have its tables changed under its hands.
    if owner::is_served(&settings.store)? && !store.migrations().await?.pending.is_empty() {
        return Err(Failure::because(
            "a daemon serves the store: stop it, migrate, and start the new version",
        ));
    }
    let before = store.migrate().await?;
    for (step, name) in &before.pending {
        out.line(format!("step {step}: {name}"));
    }
    if args.reference_schema {
        store.create_reference_schema(REFERENCE_SCHEMA).await?;
        out.line("the reference schema was created");
    }
    if before.pending.is_empty() && !args.reference_schema {
        out.line("nothing to do: the store is at this version");
    }
    let steps: Vec<_> = before
        .pending
        .iter()
        .map(|(step, name)| json!({ "step": step, "name": name }))
        .collect();
    out.object(&json!({ "store": settings.store, "done": steps, "reference_schema": args.reference_schema }));
    Ok(())
}

/// Shows the steps; a store that does not exist yet would get them all, and stays unmade.
async fn plan(path: &Path, args: &MigrateArgs, out: &Output) -> Result {
    let pending = if path.exists() {
        stores::open(path).await?.migrations().await?.pending
    } else {
        out.line(format!("a store would be created at {}", path.display()));
        Store::steps()
    };
    for (step, name) in &pending {
        out.line(format!("step {step}: {name}"));
    }
    if args.reference_schema {
        out.line("the reference schema would be created");
    } else if pending.is_empty() {
        out.line("nothing to do: the store is at this version");
    }
    let steps: Vec<_> = pending
        .iter()
        .map(|(step, name)| json!({ "step": step, "name": name }))
        .collect();
    out.object(&json!({ "store": path, "to_do": steps, "reference_schema": args.reference_schema }));
    Ok(())
}
