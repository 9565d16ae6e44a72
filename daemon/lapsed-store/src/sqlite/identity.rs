//! Who a store is.

use super::Store;
use crate::error::{Result, StoreError};

impl Store {
    /// The name that the store was given when its tables were made. A backup of it has the same, so that the erasure
    /// journal knows it again.
    pub async fn identity(&self) -> Result<String> {
        sqlx::query_scalar("SELECT id FROM lapsed_identity")
            .fetch_one(&self.readers)
            .await
            .map_err(StoreError::of("read who the store is"))
    }
}
