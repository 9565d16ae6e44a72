//! One transaction, on whichever database the store is kept by. Every verb runs its statements on one.

use std::sync::Arc;

use lapsed_model::{Dialect, Statement, SubjectKey, TenantName, Value};
use serde_json::json;
use sqlx::{Postgres, Sqlite, Transaction};

use crate::error::{Result, StoreError};
use crate::row::Record;
use crate::sql::Sql;
use crate::{postgres, sqlite};

/// Who may write at the same time. SQLite has one writer, and nobody does; PostgreSQL has many, and a verb says whom
/// it can bear. A lock is the transaction's and goes with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beside<'a> {
    /// Anybody: the verb locks the rows that it meets.
    Anybody,
    /// Anybody but who decides about this tenant: a batch that is under way is waited for, and waits in turn.
    Workers(&'a TenantName),
    /// Nobody who decides about this tenant or erases for it.
    OtherTenants(&'a TenantName),
    /// Nobody who is about to serve the store too.
    Starters,
    /// Nobody at all.
    Nobody,
}

/// A transaction. Dropped without [`Session::commit`], nothing of it happened.
pub(crate) struct Session {
    on: On,
    doing: &'static str,
}

enum On {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>, postgres::Asked),
}

impl Session {
    pub(crate) fn sqlite(on: Transaction<'static, Sqlite>, doing: &'static str) -> Self {
        Self {
            on: On::Sqlite(on),
            doing,
        }
    }

    pub(crate) fn postgres(
        on: Transaction<'static, Postgres>,
        asked: postgres::Asked,
        doing: &'static str,
    ) -> Self {
        Self {
            on: On::Postgres(on, asked),
            doing,
        }
    }

    /// Which SQL is read here.
    pub(crate) fn dialect(&self) -> Dialect {
        match &self.on {
            On::Sqlite(_) => Dialect::Sqlite,
            On::Postgres(..) => Dialect::Postgres,
        }
    }

    /// A person's key as it is bound to be compared with one of the daemon's own: PostgreSQL keeps these as scalars of JSON,
    /// and the statement casts the text.
    pub(crate) fn key(&self, key: &SubjectKey) -> Value {
        self.key_value(&key.to_value())
    }

    /// The same for whatever else keeps its type, such as the creation of a record.
    pub(crate) fn key_value(&self, value: &Value) -> Value {
        match (self.dialect(), value) {
            (Dialect::Sqlite, value) => value.clone(),
            (Dialect::Postgres, Value::Null) => Value::Null,
            (Dialect::Postgres, value) => Value::Text(json!(value).to_string()),
        }
    }

    /// What the following statements are for, as an error says it.
    pub(crate) fn doing(&mut self, doing: &'static str) -> &mut Self {
        self.doing = doing;
        self
    }

    /// Waits until nobody is there whom this transaction cannot bear.
    pub(crate) async fn beside(&mut self, beside: Beside<'_>) -> Result<()> {
        match &mut self.on {
            On::Sqlite(_) => Ok(()),
            On::Postgres(on, asked) => asked
                .answer(postgres::locks::take(on, beside))
                .await
                .map_err(StoreError::of(self.doing)),
        }
    }

    /// Runs a statement; answers how many rows it met.
    pub(crate) async fn run(&mut self, sql: impl Into<Sql>, values: &[Value]) -> Result<u64> {
        let sql = sql.into().of(self.dialect());
        self.execute(sql, values)
            .await
            .map_err(StoreError::of(self.doing))
    }

    /// The rows of a statement.
    pub(crate) async fn all(&mut self, sql: impl Into<Sql>, values: &[Value]) -> Result<Vec<Record>> {
        let sql = sql.into().of(self.dialect());
        self.fetch(sql, values).await.map_err(StoreError::of(self.doing))
    }

    /// The first row of a statement, if there is one.
    pub(crate) async fn first(&mut self, sql: impl Into<Sql>, values: &[Value]) -> Result<Option<Record>> {
        Ok(self.all(sql, values).await?.into_iter().next())
    }

    /// The row of a statement that always has one.
    pub(crate) async fn one(&mut self, sql: impl Into<Sql>, values: &[Value]) -> Result<Record> {
        self.first(sql, values).await?.ok_or(StoreError::Database {
            doing: self.doing,
            source: sqlx::Error::RowNotFound,
        })
    }

    /// Runs a statement that the dataset composed.
    pub(crate) async fn run_statement(&mut self, statement: &Statement) -> Result<u64> {
        self.try_statement(statement)
            .await
            .map_err(StoreError::of(self.doing))
    }

    /// The same, for whoever wants to know what the database has against it.
    pub(crate) async fn try_statement(&mut self, statement: &Statement) -> Result<u64, sqlx::Error> {
        self.execute(&statement.sql, &statement.binds).await
    }

    /// The rows of a statement that the dataset composed.
    pub(crate) async fn rows_of(&mut self, statement: &Statement) -> Result<Vec<Record>> {
        self.fetch(&statement.sql, &statement.binds)
            .await
            .map_err(StoreError::of(self.doing))
    }

    /// Runs several statements of ours as they stand.
    pub(crate) async fn script(&mut self, script: impl Into<Sql>) -> Result<()> {
        let script = script.into().of(self.dialect());
        match &mut self.on {
            On::Sqlite(on) => sqlx::raw_sql(script).execute(&mut **on).await.map(|_| ()),
            On::Postgres(on, asked) => {
                let run = asked.answer(sqlx::raw_sql(script).execute(&mut **on));
                run.await.map(|_| ())
            }
        }
        .map_err(StoreError::of(self.doing))
    }

    /// Tells daemons that wait that there is something to do, once this is committed: a hint, and never the truth. On SQLite
    /// there is one daemon, and it looks often enough.
    pub(crate) async fn wake(&mut self) -> Result<()> {
        if self.dialect() == Dialect::Postgres {
            self.all("SELECT pg_notify('lapsed_' || current_schema(), '')", &[])
                .await?;
        }
        Ok(())
    }

    /// Makes it so.
    pub(crate) async fn commit(self) -> Result<()> {
        match self.on {
            On::Sqlite(on) => on.commit().await,
            On::Postgres(on, asked) => asked.answer(on.commit()).await,
        }
        .map_err(StoreError::of(self.doing))
    }

    /// Undoes it.
    pub(crate) async fn roll_back(self) -> Result<()> {
        match self.on {
            On::Sqlite(on) => on.rollback().await,
            On::Postgres(on, asked) => asked.answer(on.rollback()).await,
        }
        .map_err(StoreError::of(self.doing))
    }

    async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, sqlx::Error> {
        match &mut self.on {
            On::Sqlite(on) => {
                let done = sqlite::rows::query(sql, values).execute(&mut **on).await?;
                Ok(done.rows_affected())
            }
            On::Postgres(on, asked) => {
                let query = postgres::rows::query(sql, values);
                let done = asked.answer(query.execute(&mut **on)).await?;
                Ok(done.rows_affected())
            }
        }
    }

    async fn fetch(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Record>, sqlx::Error> {
        match &mut self.on {
            On::Sqlite(on) => {
                let rows = sqlite::rows::query(sql, values).fetch_all(&mut **on).await?;
                records(&rows, sqlite::rows::value)
            }
            On::Postgres(on, asked) => {
                let query = postgres::rows::query(sql, values);
                let rows = asked.answer(query.fetch_all(&mut **on)).await?;
                records(&rows, postgres::rows::value)
            }
        }
    }
}

/// Rows of a driver as records, which share the names of their columns.
fn records<R: sqlx::Row>(
    rows: &[R],
    value: impl Fn(&R, usize) -> Result<Value, sqlx::Error>,
) -> Result<Vec<Record>, sqlx::Error> {
    use sqlx::Column as _;
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let names = first.columns().iter().map(|column| column.name().to_owned());
    let names: Arc<[String]> = names.collect();
    let record = |row: &R| {
        let values = (0..row.len()).map(|place| value(row, place));
        Ok(Record {
            names: names.clone(),
            values: values.collect::<Result<_, sqlx::Error>>()?,
        })
    };
    rows.iter().map(record).collect()
}
