//! `lapsed keys list|rotate`

use std::path::Path;

use lapsed_model::KeyRing;
use serde_json::json;

use crate::cli::{KeysArgs, KeysCommand};
use crate::commands::init::key_id;
use crate::credentials;
use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::Output;

/// Lists the keys, or adds one.
pub(crate) async fn run(config: &Path, args: &KeysArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    match args.command {
        KeysCommand::List => list(&installation, out).await,
        KeysCommand::Rotate => rotate(&installation, out).await,
    }
}

async fn list(installation: &Installation, out: &Output) -> Result {
    let keys = installation.keys()?;
    let known = installation.store.key_ids().await?;
    let row = |id: &str| {
        let used = if known.contains(id) {
            "the store knows it"
        } else {
            "not used yet"
        };
        let newest = if id == keys.newest().id {
            "new pseudonyms are made with it"
        } else {
            ""
        };
        vec![id.to_owned(), used.to_owned(), newest.to_owned()]
    };
    out.table(
        &["KEY", "STORE", ""],
        keys.keys().iter().map(|key| row(&key.id)).collect(),
        &[],
    );
    for key in keys.keys() {
        out.object(
            &json!({ "key": key.id, "known": known.contains(&key.id), "newest": key.id == keys.newest().id }),
        );
    }
    Ok(())
}

/// A new key is appended, and the old ones stay: whatever was made with them is looked up with them.
async fn rotate(installation: &Installation, out: &Output) -> Result {
    let old = installation.keys()?;
    // A ring that is not this store's must not grow: the new key would be noted beside keys that fit nothing.
    installation.store.accept_keys(&old).await?;
    let id = new_id(&old, &key_id());
    let path =
        credentials::add_key(&installation.settings, &id, &installation.chance).map_err(Failure::Other)?;
    installation.store.accept_keys(&installation.keys()?).await?;
    out.line(format!(
        "key `{id}` was added to {}: keep a copy where backups of the store are not",
        path.display()
    ));
    out.line("a daemon that runs takes it at the next `lapsed reload`, or at its next start where systemd hands the ring over; the old keys \
         stay in it, for everything that was made with them");
    out.object(&json!({ "key": id, "ring": path, "keys": old.keys().len() + 1 }));
    Ok(())
}

/// Keys are named for the day they were made; a second one of a day gets a number.
fn new_id(ring: &KeyRing, day: &str) -> String {
    let numbered = (2..).map(|number| format!("{day}-{number}"));
    std::iter::once(day.to_owned())
        .chain(numbered)
        .find(|id| ring.get(id).is_none())
        .expect("a ring has an end, and numbers have none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_key_of_a_day_has_a_name_of_its_own() {
        let secret = "5a".repeat(32);
        let ring = KeyRing::parse(&format!("2026-11-22 {secret}\n2026-11-22-2 {secret}\n")).expect("a ring");
        assert_eq!(new_id(&ring, "2026-11-22"), "2026-11-22-3");
        assert_eq!(new_id(&ring, "2026-11-23"), "2026-11-23");
    }
}
