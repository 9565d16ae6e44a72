//! The daemon's tables, and the reference schema for those who have no platform yet.

use lapsed_model::{Dialect, Statement};
use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use crate::Store;
use crate::error::{Result, StoreError};
use crate::row::column;
use crate::session::Beside;
use crate::sql::{Sql, side_by_side};
use crate::store::Kept;

/// A step: its number, its name, and what it does to each database. A step that was released never changes; what comes
/// later is a new one.
type Step = (i64, &'static str, Sql);

macro_rules! step {
    ($number:literal, $name:literal, $file:literal) => {
        (
            $number,
            $name,
            Sql::each(
                include_str!(concat!("../../migrations/sqlite/", $file, ".sql")),
                include_str!(concat!("../../migrations/postgres/", $file, ".sql")),
            ),
        )
    };
}

/// The daemon's tables as one list of steps for both databases.
const STEPS: [Step; 4] = [
    step!(1, "the first tables", "0001_the_first_tables"),
    step!(
        2,
        "schedules, holds and the journal",
        "0002_schedules_holds_and_the_journal"
    ),
    step!(3, "exports", "0003_exports"),
    step!(4, "look-ups", "0004_look_ups"),
];

/// The oldest schema that this version serves: while machines are upgraded one after the other, the store is migrated when
/// all of them know the new schema.
const OLDEST_SERVED: i64 = 3;

fn migrator(dialect: Dialect) -> Migrator {
    let step = |(version, name, sql): Step| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sql.of(dialect).into_sql_str(),
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
        let applied = self.applied().await?;
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

    async fn applied(&self) -> Result<i64> {
        let mut session = self.read("read the schema's version").await?;
        let own = session.all(side_by_side!("own_tables"), &[]).await?;
        let own: Vec<String> = column(&own);
        if own.iter().any(|name| name == "lapsed_migration") {
            let version = session
                .one("SELECT max(version) FROM lapsed_migration WHERE success", &[])
                .await?;
            return Ok(version.get::<Option<i64>>(0).unwrap_or_default());
        }
        own.into_iter()
            .next()
            .map_or(Ok(0), |name| Err(StoreError::Foreign(name)))
    }

    /// Refuses a store whose tables are older than this version can serve.
    pub async fn must_be_served(&self) -> Result<()> {
        if self.migrations().await?.applied < OLDEST_SERVED {
            return Err(StoreError::NotMigrated);
        }
        Ok(())
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
        let migrator = migrator(self.dialect());
        let done = match &self.kept {
            Kept::Sqlite(pools) => pools.migrate(&migrator).await?,
            Kept::Postgres(pool) => pool.migrate(&migrator).await?,
        };
        done.map_err(migration_error)?;
        Ok(before)
    }

    /// Creates the platform's reference tables in a store that has none; on PostgreSQL in the schema `public`.
    pub async fn create_reference_schema(&self, script: &'static str) -> Result<()> {
        let mut session = self.write("create the platform's tables", Beside::Nobody).await?;
        let tables = session.all(side_by_side!("platform_tables"), &[]).await?;
        if !tables.is_empty() {
            return Err(StoreError::NotEmpty(column::<String>(&tables).join(", ")));
        }
        if self.dialect() == Dialect::Postgres {
            session.run("SET LOCAL search_path TO public", &[]).await?;
        }
        session.script(script).await?;
        session.commit().await
    }

    /// Runs a script that came with the program in one transaction, after `inputs`.
    pub async fn run_script(&self, inputs: &[Statement], script: &'static str) -> Result<()> {
        let mut session = self.write("run a script", Beside::Nobody).await?;
        for input in inputs {
            session.run_statement(input).await?;
        }
        session.script(script).await?;
        session.commit().await
    }
}

fn migration_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
            StoreError::of("migrate")(source)
        }
        other => StoreError::Database {
            doing: "migrate",
            source: sqlx::Error::Migrate(Box::new(other)),
        },
    }
}
