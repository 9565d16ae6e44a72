//! Who may serve a store.
//!
//! On SQLite one program at a time: the right is a lock on a file beside the database. The kernel takes it back when the
//! program ends, however it ends, so that no stale mark keeps the next one out. On PostgreSQL several serve side by side, each
//! under a lease by the database's clock. Who serves is written in the store, for those who ask.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use lapsed_model::Clock;
use lapsed_store::{Address, Serving, Starting, Store, Taken};

use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::settings::Settings;

/// The daemon, among the programs that take a store.
pub(crate) const DAEMON: &str = "lapsed run";

/// A run that was begun so often, by programs that ended before it got anywhere, may be what ends them.
pub(crate) const MOST_ATTEMPTS: u32 = 20;

/// The right to serve a store, until it is dropped.
#[derive(Debug)]
pub(crate) struct Owner {
    /// The number of this start, and what an earlier one left.
    pub(crate) taken: Taken,
    _lock: Option<File>,
}

/// What a program takes a store with.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// What it is.
    pub(crate) program: &'a str,
    /// The hash of its dataset.
    pub(crate) dataset: &'a str,
}

/// Somebody else serves the store.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    by: Option<Serving>,
}

impl std::fmt::Display for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.by {
            Some(by) => write!(
                f,
                "the store is served already: by `{}`, process {}, version {}, since {}",
                by.program,
                by.pid,
                by.version,
                by.started_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            ),
            None => f.write_str("the store is served already, by a program that is just starting"),
        }
    }
}

impl Owner {
    /// Takes the store, or says who has it.
    pub(crate) async fn take(
        store: &Store,
        settings: &Settings,
        terms: Terms<'_>,
        clock: &dyn Clock,
    ) -> Result<std::result::Result<Owner, Served>> {
        let lock = match &settings.store {
            Address::Server(_) => None,
            Address::File(path) => match lock_patiently(path).await? {
                Some(lock) => Some(lock),
                None => {
                    return Ok(Err(Served {
                        by: store.serving().await?,
                    }));
                }
            },
        };
        let taken = register(store, settings, terms, clock).await?;
        Ok(Ok(Owner { taken, _lock: lock }))
    }

    /// Leaves the store in order.
    pub(crate) async fn leave(self, store: &Store, clock: &dyn Clock) -> Result {
        Ok(store.leave(self.taken.start, clock.now()).await?)
    }
}

/// Writes down that this program serves the store from now on, under a number of its own.
pub(crate) async fn register(
    store: &Store,
    settings: &Settings,
    terms: Terms<'_>,
    clock: &dyn Clock,
) -> Result<Taken> {
    let starting = Starting {
        node: &settings.node,
        pid: std::process::id(),
        program: terms.program,
        version: env!("CARGO_PKG_VERSION"),
        dataset: terms.dataset,
        lease: settings.lease,
        at: clock.now(),
        most_attempts: MOST_ATTEMPTS,
    };
    Ok(store.take(&starting).await?)
}

/// The right to a store in a file, for whoever only wants nobody else to have it; none where somebody has.
pub(crate) async fn keep(store: &Path) -> Result<Option<File>> {
    lock_patiently(store).await
}

/// Whether a daemon serves the store at this moment, whom a command can ask.
pub(crate) async fn is_served(installation: &Installation) -> Result<bool> {
    is_served_at(&installation.store, &installation.settings.store).await
}

/// The same for a store that is open.
pub(crate) async fn is_served_at(store: &Store, address: &Address) -> Result<bool> {
    match address {
        Address::File(path) => is_locked(path),
        Address::Server(_) => {
            let serving = store.all_serving().await?;
            Ok(serving.iter().any(|by| by.alive && by.program == DAEMON))
        }
    }
}

fn is_locked(store: &Path) -> Result<bool> {
    if !lock_path(store).exists() {
        return Ok(false);
    }
    Ok(lock(store)?.is_none())
}

/// Beside the file itself, by whatever link it was reached: two names must not give the right twice.
fn lock_path(store: &Path) -> PathBuf {
    let itself = store.canonicalize();
    let mut name = itself.as_deref().unwrap_or(store).as_os_str().to_owned();
    name.push("-owner");
    PathBuf::from(name)
}

/// The lock, unless somebody keeps it: a command that only looks whether the store is served has it for an instant.
async fn lock_patiently(store: &Path) -> Result<Option<File>> {
    const TIMES: u32 = 10;
    for _ in 0..TIMES {
        if let Some(file) = lock(store)? {
            return Ok(Some(file));
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(None)
}

/// The lock, unless somebody has it.
fn lock(store: &Path) -> Result<Option<File>> {
    let path = lock_path(store);
    let shown = path.display();
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("cannot open {shown}, by which programs agree on who serves the store"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(why)) => Err(Failure::Other(
            anyhow::Error::new(why).context(format!("cannot lock {shown}")),
        )),
    }
}
