//! Who a store is.

use crate::Store;
use crate::error::Result;

impl Store {
    /// The name that the store was given when its tables were made. A backup of it has the same, so that the erasure
    /// journal knows it again.
    pub async fn identity(&self) -> Result<String> {
        let mut session = self.read("read who the store is").await?;
        let row = session.one("SELECT id FROM lapsed_identity", &[]).await?;
        Ok(row.get(0))
    }
}
