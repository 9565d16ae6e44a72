//! Warnings: who is to be told before they are anonymised, and when.

use chrono::{DateTime, Utc};
use lapsed_model::{Statement, TenantName, Workgroup, fault};

use crate::Store;
use crate::error::Result;
use crate::session::Beside;
use crate::sql::values;

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
        workgroup: &Workgroup,
        forget: &Statement,
        note: &Statement,
        earlier: impl Iterator<Item = Statement> + Send,
    ) -> Result<WarningsChanged> {
        // A batch beside this could erase somebody who gets a warning here, and leave the warning behind.
        let beside = Beside::OtherTenants(&workgroup.tenant);
        let mut session = self.write("bring warnings up to date", beside).await?;
        let forgotten = session.run_statement(forget).await?;
        let noted = session.run_statement(note).await?;
        let mut moved = noted;
        for earlier in earlier {
            if moved == 0 {
                break;
            }
            moved = session.run_statement(&earlier).await?;
        }
        fault::point("warnings-noted");
        session.commit().await?;
        Ok(WarningsChanged { noted, forgotten })
    }

    /// Deletes a workgroup's warnings, if there are any: its policy does not warn any more. Answers how many there were.
    pub async fn forget_warnings(&self, workgroup: &Workgroup) -> Result<u64> {
        let values = values![workgroup.tenant.as_str(), &workgroup.name];
        let any = self
            .read("forget warnings")
            .await?
            .first(
                "SELECT 1 FROM lapsed_warning WHERE tenant = $1 AND workgroup = $2 LIMIT 1",
                &values,
            )
            .await?;
        if any.is_none() {
            return Ok(0);
        }
        let mut session = self
            .write("forget warnings", Beside::OtherTenants(&workgroup.tenant))
            .await?;
        let forgotten = session
            .run(
                "DELETE FROM lapsed_warning WHERE tenant = $1 AND workgroup = $2",
                &values,
            )
            .await?;
        session.commit().await?;
        Ok(forgotten)
    }

    /// How many of a tenant's people are to be warned, and when the first of them is due.
    pub async fn warnings(&self, tenant: &TenantName) -> Result<Warnings> {
        let mut session = self.read("count warnings").await?;
        let row = session
            .one(
                "SELECT count(*) AS people, min(due_at) AS next FROM lapsed_warning WHERE tenant = $1",
                &values![tenant.as_str()],
            )
            .await?;
        Ok(Warnings {
            people: row.get::<i64>("people").unsigned_abs(),
            next_due_at: row
                .get::<Option<i64>>("next")
                .and_then(DateTime::from_timestamp_millis),
        })
    }
}
