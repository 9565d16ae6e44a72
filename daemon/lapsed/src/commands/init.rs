//! `lapsed init [DIR]`

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use lapsed_model::{Clock, SystemChance, SystemClock};
use serde_json::json;

use crate::cli::{InitArgs, SchemaFile};
use crate::commands::schema;
use crate::credentials::write_new_key_ring;
use crate::failure::Result;
use crate::installation::REFERENCE_DATASET;
use crate::output::Output;

/// The settings that ship with the program, commented in full.
pub(crate) const SETTINGS: &str = include_str!("../../../../config/lapsed.toml");

/// The policies that ship with the program: a theatre and a salon.
pub(crate) const POLICIES: [(&str, &str); 2] = [
    (
        "stadttheater",
        include_str!("../../../../config/tenants/stadttheater.toml"),
    ),
    (
        "salon-lumiere",
        include_str!("../../../../config/tenants/salon-lumiere.toml"),
    ),
];

/// The script that lets the daemon into a database on a server.
const ROLE: &str = include_str!("../../../../config/postgres/role.sql");

/// Writes what an operator begins with. What is there already stays.
pub(crate) fn run(args: &InitArgs, out: &Output) -> Result {
    let dir = &args.dir;
    let mut written = Vec::new();
    let files = [
        ("lapsed.toml".to_owned(), with_dataset(SETTINGS)),
        ("dataset.toml".to_owned(), REFERENCE_DATASET.to_owned()),
        ("role.sql".to_owned(), ROLE.to_owned()),
        (
            format!("tenants/{}.toml", POLICIES[0].0),
            with_schema(POLICIES[0].1),
        ),
        ("schemas/policy.json".to_owned(), schema::text(SchemaFile::Policy)),
        (
            "schemas/settings.json".to_owned(),
            schema::text(SchemaFile::Settings),
        ),
        (
            "schemas/dataset.json".to_owned(),
            schema::text(SchemaFile::Dataset),
        ),
    ];
    for (name, text) in &files {
        if write_new(&dir.join(name), text)? {
            written.push(name.clone());
        }
    }
    if write_new_key_ring(&dir.join("credentials/pseudonym-keys"), &key_id(), &SystemChance)? {
        written.push("credentials/pseudonym-keys".to_owned());
    }
    for name in &written {
        out.line(format!("wrote {}", dir.join(name).display()));
    }
    out.line(if written.is_empty() {
        "everything is there already: nothing was written".to_owned()
    } else {
        format!(
            "next: set `[store] url` in {0}, then `lapsed migrate` and `lapsed check`",
            dir.join("lapsed.toml").display()
        )
    });
    out.object(&json!({ "folder": dir, "written": written }));
    Ok(())
}

/// Writes a file that is not there yet; answers whether it did.
pub(crate) fn write_new(path: &Path, text: &str) -> anyhow::Result<bool> {
    if path.exists() {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    fs::File::create_new(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}

/// A policy whose editor finds the schema beside it.
pub(crate) fn with_schema(policy: &str) -> String {
    format!("#:schema ../schemas/policy.json\n\n{policy}")
}

/// Settings that name the dataset's file beside them, so that editing it has an effect.
fn with_dataset(settings: &str) -> String {
    settings.replacen(
        "# dataset = \"/etc/lapsed/dataset.toml\"",
        "dataset = \"dataset.toml\"",
        1,
    )
}

/// Keys are named for the day they were made.
pub(crate) fn key_id() -> String {
    SystemClock.now().format("%Y-%m-%d").to_string()
}
