//! Every store that a command opened is closed before the program ends.
//!
//! SQLite empties its log into the database when the last connection closes. Without that a copy of the file alone would
//! lack what was committed last, and a backup put in its place would meet a log that belongs to another file.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lapsed_store::{Store, StoreError};

static OPENED: Mutex<Vec<Store>> = Mutex::new(Vec::new());

/// A statement that is still under way is not waited for longer than this: nothing of it will be committed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the store at `path`.
pub(crate) async fn open(path: &Path) -> Result<Store, StoreError> {
    Store::open(path).await.map(remember)
}

/// Opens the store at `path`, and makes an empty one where there is none.
pub(crate) async fn create(path: &Path) -> Result<Store, StoreError> {
    Store::create(path).await.map(remember)
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
