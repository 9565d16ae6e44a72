//! `lapsed find TENANT TEXT`

use std::path::Path;

use lapsed_jobs::explain::{Person, find};
use lapsed_model::Value;
use serde_json::json;

use crate::cli::FindArgs;
use crate::failure::Result;
use crate::installation::Installation;
use crate::output::Output;
use crate::settings::Settings;

/// Shows people by name, number or contact, with the key that other commands take.
pub(crate) async fn run(config: &Path, args: &FindArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    let policy = installation.policy(&args.tenant, out)?;
    let fitted = installation.fit(out).await?;
    let keys = installation.store_keys(&policy);
    let people = find(
        &installation.store,
        &fitted,
        &keys,
        &args.text.join(" "),
        args.most,
    )
    .await?;
    let columns = fitted.found_columns();
    for person in &people {
        out.object(&as_json(person, &columns, &installation.settings));
    }
    if people.is_empty() {
        out.line("nobody");
        return Ok(());
    }
    let mut headings = vec!["CUSTOMER", "WORKGROUP"];
    headings.extend(&columns);
    out.table(
        &headings,
        people
            .iter()
            .map(|person| row(person, &installation.settings))
            .collect(),
        &[],
    );
    if people.len() as u64 == u64::from(args.most) {
        out.line(format!("the first {}: `--most` shows more", args.most));
    }
    Ok(())
}

// The operator asked to see these people: here, and only here, their data is shown.

fn row(person: &Person, settings: &Settings) -> Vec<String> {
    let workgroup = settings.workgroup(&person.store_key);
    let workgroup = if person.anonymised {
        format!("{workgroup} (anonymised)")
    } else {
        workgroup
    };
    [person.key.to_string(), workgroup]
        .into_iter()
        .chain(person.shown.reveal().iter().map(text))
        .collect()
}

fn as_json(person: &Person, columns: &[&str], settings: &Settings) -> serde_json::Value {
    let shown: serde_json::Map<String, serde_json::Value> = columns
        .iter()
        .zip(person.shown.reveal())
        .map(|(column, value)| ((*column).to_owned(), json!(value)))
        .collect();
    json!({
        "customer": person.key, "workgroup": settings.workgroup(&person.store_key),
        "anonymised": person.anonymised, "shown": shown,
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}
