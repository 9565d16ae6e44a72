//! Every store that a command opened is closed before the program ends.
//!
//! SQLite empties its log into the database when the last connection closes. Without that a copy of the file alone would
//! lack what was committed last, and a backup put in its place would meet a log that belongs to another file.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lapsed_store::{Address, Store};

use crate::credentials;
use crate::failure::Result;
use crate::settings::Settings;

static OPENED: Mutex<Vec<Store>> = Mutex::new(Vec::new());

/// A statement that is still under way is not waited for longer than this: nothing of it will be committed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the store that the settings name.
pub(crate) async fn open(settings: &Settings) -> Result<Store> {
    Ok(remember(Store::open(address(settings)?).await?))
}

/// Opens it, and makes an empty one where there is no file.
pub(crate) async fn create(settings: &Settings) -> Result<Store> {
    Ok(remember(Store::create(address(settings)?).await?))
}

/// Opens another one than the settings name.
pub(crate) async fn open_at(address: Address) -> Result<Store> {
    Ok(remember(Store::open(address).await?))
}

/// The address with its password.
fn address(settings: &Settings) -> Result<Address> {
    let mut address = settings.store.clone();
    if let Address::Server(server) = &mut address {
        server.password = credentials::store_password(settings)?;
    }
    Ok(address)
}

fn remember(store: Store) -> Store {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    opened.push(store.clone());
    store
}

/// Closes everything that was opened. Answers whether nothing was still under way.
pub(crate) async fn close() -> bool {
    let opened = std::mem::take(&mut *OPENED.lock().unwrap_or_else(PoisonError::into_inner));
    let all = async {
        for store in opened {
            store.close().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.is_ok()
}
