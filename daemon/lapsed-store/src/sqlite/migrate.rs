//! Making the daemon's tables in a file.

use sqlx::migrate::Migrator;

use super::Pools;
use crate::error::{Result, StoreError};

impl Pools {
    /// Takes the steps that are missing.
    pub(crate) async fn migrate(
        &self,
        migrator: &Migrator,
    ) -> Result<std::result::Result<(), sqlx::migrate::MigrateError>> {
        let mut connection = self.writer.acquire().await.map_err(StoreError::of("migrate"))?;
        Ok(migrator.run(&mut *connection).await)
    }
}
