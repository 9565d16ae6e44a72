//! Making the daemon's tables on a server: under a lock of the session, so that of several programs one does it.

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Pool, quote};
use crate::error::{Result, StoreError};

const DOING: &str = "migrate";

impl Pool {
    /// Makes the schema where there is none, and takes the steps that are missing.
    pub(crate) async fn migrate(
        &self,
        migrator: &Migrator,
    ) -> Result<std::result::Result<(), sqlx::migrate::MigrateError>> {
        let mut connection = self.direct(DOING).await?;
        // `IF NOT EXISTS` asks for the right to create one even where there is one.
        let missing: bool = sqlx::query("SELECT to_regnamespace($1) IS NULL")
            .persistent(false)
            .bind(quote(self.schema()))
            .fetch_one(&mut *connection)
            .await
            .map_err(StoreError::of(DOING))?
            .get(0);
        if missing {
            let create = format!("CREATE SCHEMA IF NOT EXISTS {}", quote(self.schema()));
            sqlx::raw_sql(AssertSqlSafe(create))
                .execute(&mut *connection)
                .await
                .map_err(StoreError::of(DOING))?;
        }
        Ok(migrator.run(&mut *connection).await)
    }
}
