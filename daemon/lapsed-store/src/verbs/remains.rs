//! Searches for remains of erased people: what there is to search of the daemon's own, and what came of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapsed_model::{Statement, TenantName, Value};

use super::ledger::parse;
use super::schedules::instant;
use crate::Store;
use crate::error::Result;
use crate::row::Record;
use crate::session::Beside;
use crate::sql::{side_by_side, values};

/// A search, and what it found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ScanRow {
    /// When.
    pub at: DateTime<Utc>,
    /// Whose people.
    pub tenant: TenantName,
    /// How many were looked for.
    pub people: u64,
    /// In how many columns.
    pub columns: u64,
    /// What was found: a JSON list of table, column and rows.
    pub hits: serde_json::Value,
}

impl Store {
    /// The daemon's own tables with the columns that hold text; not those with digests and keys.
    pub async fn own_texts(&self) -> Result<Vec<(String, Vec<String>)>> {
        let mut session = self.read("read the catalogue").await?;
        let rows = session.all(side_by_side!("own_texts"), &[]).await?;
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows {
            tables.entry(row.get(0)).or_default().push(row.get(1));
        }
        Ok(tables.into_iter().collect())
    }

    /// The texts of a table's rows, piece by piece to `each`: the row's number and its columns in one. Nothing is kept.
    pub async fn texts(&self, read: &Statement, mut each: impl FnMut(&str)) -> Result<(u64, Option<i64>)> {
        let mut session = self.read("search a table").await?;
        let rows = session.rows_of(read).await?;
        for row in &rows {
            if let Value::Text(text) = row.value(1) {
                each(text);
            }
        }
        let last = rows.last().map(|row| row.get::<i64>(0));
        Ok((rows.len() as u64, last))
    }

    /// Notes what a search found.
    pub async fn keep_scan(&self, scan: &ScanRow) -> Result<()> {
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut session = self.write("note a search", Beside::Anybody).await?;
        session
            .run(
                "INSERT INTO lapsed_scan (at, tenant, people, columns, hits) VALUES ($1, $2, $3, $4, $5)",
                &values![
                    scan.at.timestamp_millis(),
                    scan.tenant.as_str(),
                    count(scan.people),
                    count(scan.columns),
                    scan.hits.to_string(),
                ],
            )
            .await?;
        session.commit().await
    }

    /// The last searches, the newest first.
    pub async fn scans(&self, most: u32) -> Result<Vec<ScanRow>> {
        let mut session = self.read("read searches").await?;
        let rows = session
            .all(
                "SELECT at, tenant, people, columns, hits FROM lapsed_scan ORDER BY id DESC LIMIT $1",
                &values![most],
            )
            .await?;
        rows.iter().map(read_scan).collect()
    }

    /// Asks for a search behind the next sweep of every tenant.
    pub async fn ask_for_scan(&self, at: DateTime<Utc>) -> Result<()> {
        // One row, written in one statement: there is nothing that anybody could come in between.
        let mut session = self.write("ask for a search", Beside::Anybody).await?;
        session
            .run(
                "INSERT INTO lapsed_scan_asked (only_one, at) VALUES (1, $1) \
                 ON CONFLICT (only_one) DO UPDATE SET at = excluded.at",
                &values![at.timestamp_millis()],
            )
            .await?;
        session.commit().await
    }

    /// When a search was made last, and when somebody asked for one last.
    pub async fn last_scan(&self) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>)> {
        let mut session = self.read("read searches").await?;
        let row = session
            .one(
                "SELECT (SELECT max(at) FROM lapsed_scan), (SELECT at FROM lapsed_scan_asked)",
                &[],
            )
            .await?;
        let moment = |place: usize| row.get::<Option<i64>>(place).map(instant);
        Ok((moment(0), moment(1)))
    }
}

fn read_scan(row: &Record) -> Result<ScanRow> {
    let tenant: String = row.get("tenant");
    Ok(ScanRow {
        at: instant(row.get("at")),
        tenant: parse(&tenant, "lapsed_scan", &tenant, "tenant")?,
        people: row.get::<i64>("people").unsigned_abs(),
        columns: row.get::<i64>("columns").unsigned_abs(),
        hits: serde_json::from_str(&row.get::<String>("hits")).unwrap_or_default(),
    })
}
