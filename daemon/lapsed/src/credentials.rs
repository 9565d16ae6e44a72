//! Secrets are files that were handed over, never settings.
//!
//! Under systemd (`LoadCredential=`) they lie in `$CREDENTIALS_DIRECTORY`; elsewhere in the folder that the settings
//! name, and only the daemon's user may read them.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
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

/// The password of the store's role, if there is such a credential: where the server asks for none (a socket's peer, a
/// certificate), there need be none.
pub(crate) fn store_password(settings: &Settings) -> anyhow::Result<Option<String>> {
    const NAME: &str = "store-password";
    let handed_over =
        std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(NAME));
    let (path, ours) = match handed_over.filter(|path| path.exists()) {
        Some(path) => (path, false),
        None => (settings.credentials.join(NAME), true),
    };
    let shown = path.display();
    let Ok(metadata) = std::fs::metadata(&path) else {
        return Ok(None);
    };
    if ours && metadata.permissions().mode() & 0o077 != 0 {
        bail!("the store's password {shown} can be read by others: `chmod 600 {shown}`");
    }
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("the store's password {shown} cannot be read"))?;
    Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
}

/// Whether the service manager handed the key ring to the daemon alone. A command that it runs beside the daemon, such
/// as the check before a reload, then sees that there is one and cannot read it (systemd before 254).
pub(crate) fn is_for_the_daemon_alone(settings: &Settings) -> bool {
    std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| {
        let handed_over = std::fs::metadata(PathBuf::from(folder).join(&settings.pseudonyms));
        handed_over.is_err_and(|why| why.kind() == ErrorKind::PermissionDenied)
    })
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

/// Adds a key to the ring, as its newest, and keeps every other line as it is. The ring is written beside itself and put in
/// its own place, so that there is a whole one at every moment.
pub(crate) fn add_key(settings: &Settings, id: &str, chance: &dyn Chance) -> anyhow::Result<PathBuf> {
    let name = &settings.pseudonyms;
    let handed_over =
        std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| PathBuf::from(folder).join(name));
    if let Some(path) = handed_over.filter(|path| path.exists()) {
        bail!(
            "the key ring {} was handed over by the service manager and cannot be written: add a line `{id} SECRET` of 64 \
             random hex digits (`openssl rand -hex 32`) to the file that `LoadCredential={name}` in the unit names, then \
             restart the service",
            path.display()
        );
    }
    let path = settings.credentials.join(name);
    // A link stays one: what it leads to is replaced.
    let path = path.canonicalize().unwrap_or(path);
    let beside = path.with_file_name(format!(".{name}.new"));
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("the key ring {} cannot be read", path.display()))?;
    let text = format!("{}\n{id} {}{}\n", text.trim_end(), chance.token(), chance.token());
    KeyRing::parse(&text).with_context(|| format!("the key ring {} is damaged", path.display()))?;
    write_in_place(&beside, &path, &text)
        .with_context(|| format!("cannot write the key ring {}", path.display()))?;
    Ok(path)
}

fn write_in_place(beside: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    // What a kill left of an earlier try.
    match std::fs::remove_file(beside) {
        Err(why) if why.kind() != ErrorKind::NotFound => return Err(why),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(beside)?;
    // Root may run the command, and the daemon's user must be able to read what comes of it.
    let owner = std::fs::metadata(path)?;
    std::os::unix::fs::fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(beside, path)?;
    std::fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
