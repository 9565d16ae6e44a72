//! The daemon's tables, and the reference schema for those who have no platform yet.

use lapsed_model::Statement;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::Store;
use super::rows::query;
use crate::error::{Result, StoreError};

/// The daemon's tables as a list of steps. A step that was released never changes; what comes later is a new one.
const STEPS: [(i64, &str, &str); 2] = [
    (
        1,
        "the first tables",
        include_str!("../../migrations/sqlite/0001_the_first_tables.sql"),
    ),
    (
        2,
        "schedules, holds and the journal",
        include_str!("../../migrations/sqlite/0002_schedules_holds_and_the_journal.sql"),
    ),
];

fn migrator() -> Migrator {
    let step = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    let mut migrator = Migrator::with_migrations(STEPS.map(step).into());
    migrator.dangerous_set_table_name("lapsed_migration");
    migrator
}

/// Where a store's tables stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrations {
    /// The store's schema; 0 without any.
    pub applied: i64,
    /// What `lapsed migrate` would do: the number and the name of each step.
    pub pending: Vec<(i64, String)>,
}

impl Store {
    /// Every step that this version knows.
    #[must_use]
    pub fn steps() -> Vec<(i64, String)> {
        STEPS
            .iter()
            .map(|(version, name, _)| (*version, (*name).to_owned()))
            .collect()
    }

    /// Where the store's tables stand; refuses a store that a newer version migrated.
    pub async fn migrations(&self) -> Result<Migrations> {
        let applied: i64 = match sqlx::query_scalar("SELECT max(version) FROM lapsed_migration WHERE success")
            .fetch_one(&self.readers)
            .await
        {
            Ok(version) => Option::unwrap_or_default(version),
            Err(sqlx::Error::Database(refusal)) if refusal.message().contains("no such table") => {
                self.refuse_foreign_tables().await?;
                0
            }
            Err(other) => return Err(StoreError::of("read the schema's version")(other)),
        };
        let known = STEPS
            .map(|(version, ..)| version)
            .into_iter()
            .max()
            .unwrap_or_default();
        if applied > known {
            return Err(StoreError::Newer {
                found: applied,
                known,
            });
        }
        let pending = STEPS.into_iter().filter(|(version, ..)| *version > applied);
        Ok(Migrations {
            applied,
            pending: pending
                .map(|(version, name, _)| (version, name.to_owned()))
                .collect(),
        })
    }

    /// Refuses a store whose tables are not those of this version.
    pub async fn must_be_migrated(&self) -> Result<()> {
        if self.migrations().await?.pending.is_empty() {
            Ok(())
        } else {
            Err(StoreError::NotMigrated)
        }
    }

    /// Brings the daemon's tables to this version, step by step, each in a transaction of its own.
    pub async fn migrate(&self) -> Result<Migrations> {
        let before = self.migrations().await?;
        let mut connection = self.writer.acquire().await.map_err(StoreError::of("migrate"))?;
        migrator().run(&mut *connection).await.map_err(migration_error)?;
        Ok(before)
    }

    /// Creates the platform's reference tables in a store that has none.
    pub async fn create_reference_schema(&self, script: &'static str) -> Result<()> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'lapsed\\_%' ESCAPE '\\' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("look for tables"))?;
        if !tables.is_empty() {
            return Err(StoreError::NotEmpty(tables.join(", ")));
        }
        self.run_script(&[], script).await
    }

    /// Runs a script that came with the program in one transaction, after `inputs`.
    pub async fn run_script(&self, inputs: &[Statement], script: &'static str) -> Result<()> {
        let mut transaction = self.begin("run a script").await?;
        for input in inputs {
            query(input)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::of("take a script's inputs"))?;
        }
        sqlx::raw_sql(script)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of("run a script"))?;
        transaction.commit().await.map_err(StoreError::of("run a script"))
    }

    async fn refuse_foreign_tables(&self) -> Result<()> {
        let foreign: Option<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_schema WHERE name LIKE 'lapsed\\_%' ESCAPE '\\' LIMIT 1",
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(StoreError::of("look for tables"))?;
        foreign.map_or(Ok(()), |name| Err(StoreError::Foreign(name)))
    }
}

fn migration_error(error: sqlx::migrate::MigrateError) -> StoreError {
    match error {
        sqlx::migrate::MigrateError::Execute(source)
        | sqlx::migrate::MigrateError::ExecuteMigration(source, _) => StoreError::of("migrate")(source),
        other => StoreError::Database {
            doing: "migrate",
            source: sqlx::Error::Migrate(Box::new(other)),
        },
    }
}
