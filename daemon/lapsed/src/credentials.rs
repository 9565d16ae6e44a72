//! Secrets are files that were handed over, never settings.
//!
//! Under systemd (`LoadCredential=`) they lie in `$CREDENTIALS_DIRECTORY`; elsewhere in the folder that the settings
//! name, and only the daemon's user may read them.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lapsed_model::{Chance, KeyRing};

use crate::settings::Settings;

/// The key ring of the settings.
pub(crate) fn key_ring(settings: &Settings) -> anyhow::Result<KeyRing> {
    let handed_over = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let (path, ours) = match handed_over
        .map(|folder| folder.join(&settings.pseudonyms))
        .filter(|path| path.exists())
    {
        Some(path) => (path, false),
        None => (settings.credentials.join(&settings.pseudonyms), true),
    };
    let shown = path.display();
    let metadata = std::fs::metadata(&path).with_context(|| {
        format!(
            "the key ring {shown} cannot be read: `lapsed init` writes one, and `[keys] pseudonyms` names it"
        )
    })?;
    if ours && metadata.permissions().mode() & 0o077 != 0 {
        bail!("the key ring {shown} can be read by others: `chmod 600 {shown}`");
    }
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("the key ring {shown} cannot be read"))?;
    KeyRing::parse(&text).with_context(|| format!("the key ring {shown} is damaged"))
}

/// Writes a ring with one new key; a ring that is there already stays.
pub(crate) fn write_new_key_ring(path: &Path, id: &str, chance: &dyn Chance) -> anyhow::Result<bool> {
    if path.exists() {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let text = format!(
        "# The keys of the ledger's pseudonyms, oldest first: ID SECRET.\n\
         # Whoever has a key can test who stands in the ledger. Without it nobody can be erased and the ledger cannot\n\
         # be verified: keep a copy where backups of the store are not.\n{id} {}{}\n",
        chance.token(),
        chance.token()
    );
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .with_context(|| format!("cannot write the key ring {}", path.display()))?;
    Ok(true)
}
