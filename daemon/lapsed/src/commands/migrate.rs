//! `lapsed migrate [--plan] [--reference-schema] [--from URL]`

mod copy;

use std::path::Path;

use lapsed_store::{Address, Store};
use serde_json::json;

use crate::cli::MigrateArgs;
use crate::failure::{Failure, Result};
use crate::installation::{read_settings, reference_schema};
use crate::output::Output;
use crate::settings::Settings;
use crate::{owner, stores};

/// Brings the daemon's tables to this version, and creates the reference tables if asked to.
pub(crate) async fn run(config: &Path, args: &MigrateArgs, out: &Output) -> Result {
    let settings = read_settings(config, out)?;
    let old = args
        .from
        .as_deref()
        .map(|url| copy::old_store(url, &settings))
        .transpose()?;
    if args.plan {
        return plan(&settings, old.as_deref(), args, out).await;
    }
    let store = stores::create(&settings).await?;
    // A daemon of another version must not have its tables changed under its hands.
    let pending = !store.migrations().await?.pending.is_empty();
    if pending && !args.beside_daemons && is_served(&store, &settings).await? {
        return Err(Failure::because(
            "a daemon serves the store: stop it, migrate, and start the new version; where every daemon that serves it knows the new tables \
             already, `--beside-daemons` migrates under their hands",
        ));
    }
    let done = migrate(&store, args, out).await?;
    let copied = match &old {
        Some(old) => Some(copy::run(old, &store, &settings, out).await?),
        None => None,
    };
    out.object(&json!({
        "store": settings.store.to_string(), "done": done, "reference_schema": args.reference_schema, "copied": copied,
    }));
    Ok(())
}

/// Takes the steps that are missing, and says which.
async fn migrate(store: &Store, args: &MigrateArgs, out: &Output) -> Result<serde_json::Value> {
    let before = store.migrate().await?;
    for (step, name) in &before.pending {
        out.line(format!("step {step}: {name}"));
    }
    if args.reference_schema {
        store
            .create_reference_schema(reference_schema(store.dialect()))
            .await?;
        out.line("the reference schema was created");
    }
    if before.pending.is_empty() && !args.reference_schema && args.from.is_none() {
        out.line("nothing to do: the store is at this version");
    }
    Ok(objects(&before.pending))
}

fn objects(steps: &[(i64, String)]) -> serde_json::Value {
    let object = |(step, name): &(i64, String)| json!({ "step": step, "name": name });
    steps.iter().map(object).collect()
}

/// A daemon that runs has written down that it serves, and so there is the table for it.
async fn is_served(store: &Store, settings: &Settings) -> Result<bool> {
    let can_be = store.knows_who_serves().await?;
    Ok(can_be && owner::is_served_at(store, &settings.store).await?)
}

/// Shows the steps; a store that does not exist yet would get them all, and stays unmade.
async fn plan(settings: &Settings, old: Option<&Path>, args: &MigrateArgs, out: &Output) -> Result {
    let pending = match &settings.store {
        Address::File(path) if !path.exists() => {
            out.line(format!("a store would be created at {}", path.display()));
            Store::steps()
        }
        _ => stores::open(settings).await?.migrations().await?.pending,
    };
    for (step, name) in &pending {
        out.line(format!("step {step}: {name}"));
    }
    if args.reference_schema {
        out.line("the reference schema would be created");
    } else if pending.is_empty() && args.from.is_none() {
        out.line("nothing to do: the store is at this version");
    }
    let to_copy = match old {
        Some(old) => Some(copy::plan(old, out).await?),
        None => None,
    };
    out.object(&json!({
        "store": settings.store.to_string(), "to_do": objects(&pending), "reference_schema": args.reference_schema, "to_copy": to_copy,
    }));
    Ok(())
}
