//! Warnings: who is to be told before they are anonymised, and when.

use chrono::{DateTime, Utc};
use lapsed_model::{Statement, TenantName, Workgroup, fault};
use sqlx::Row as _;

use super::Store;
use super::rows::query;
use crate::error::{Result, StoreError};

/// What became of a workgroup's warnings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WarningsChanged {
    /// People who are to be warned now.
    pub noted: u64,
    /// People who are not to be warned any more.
    pub forgotten: u64,
}

/// How many of a tenant's people are to be warned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Warnings {
    /// People with a warning.
    pub people: u64,
    /// The first day on which one of them is due.
    pub next_due_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Brings a workgroup's warnings up to date: `forget` deletes rows, `note` makes new ones, and `earlier` moves
    /// the new ones to an earlier day each, until one of them moves nobody.
    pub async fn update_warnings(
        &self,
        forget: &Statement,
        note: &Statement,
        earlier: impl Iterator<Item = Statement> + Send,
    ) -> Result<WarningsChanged> {
        let doing = "bring warnings up to date";
        let mut transaction = self.begin(doing).await?;
        let forgotten = query(forget)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of(doing))?
            .rows_affected();
        let noted = query(note)
            .execute(&mut *transaction)
            .await
            .map_err(StoreError::of(doing))?
            .rows_affected();
        let mut moved = noted;
        for earlier in earlier {
            if moved == 0 {
                break;
            }
            moved = query(&earlier)
                .execute(&mut *transaction)
                .await
                .map_err(StoreError::of(doing))?
                .rows_affected();
        }
        fault::point("warnings-noted");
        transaction.commit().await.map_err(StoreError::of(doing))?;
        Ok(WarningsChanged { noted, forgotten })
    }

    /// Deletes a workgroup's warnings, if there are any: its policy does not warn any more. Answers how many there were.
    pub async fn forget_warnings(&self, workgroup: &Workgroup) -> Result<u64> {
        let doing = "forget warnings";
        let any = "SELECT EXISTS (SELECT 1 FROM lapsed_warning WHERE tenant = $1 AND workgroup = $2)";
        let any: bool = sqlx::query_scalar(any)
            .bind(workgroup.tenant.as_str())
            .bind(&workgroup.name)
            .fetch_one(&self.readers)
            .await
            .map_err(StoreError::of(doing))?;
        if !any {
            return Ok(0);
        }
        sqlx::query("DELETE FROM lapsed_warning WHERE tenant = $1 AND workgroup = $2")
            .bind(workgroup.tenant.as_str())
            .bind(&workgroup.name)
            .execute(&self.writer)
            .await
            .map(|deleted| deleted.rows_affected())
            .map_err(StoreError::of(doing))
    }

    /// How many of a tenant's people are to be warned, and when the first of them is due.
    pub async fn warnings(&self, tenant: &TenantName) -> Result<Warnings> {
        let row = sqlx::query(
            "SELECT count(*) AS people, min(due_at) AS next FROM lapsed_warning WHERE tenant = $1",
        )
        .bind(tenant.as_str())
        .fetch_one(&self.readers)
        .await
        .map_err(StoreError::of("count warnings"))?;
        Ok(Warnings {
            people: row.get::<i64, _>("people").unsigned_abs(),
            next_due_at: row
                .get::<Option<i64>, _>("next")
                .and_then(DateTime::from_timestamp_millis),
        })
    }
}
