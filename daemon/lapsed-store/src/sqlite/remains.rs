//! Searches for remains of erased people: what there is to search of the daemon's own, and what came of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use lapsed_model::{Statement, TenantName};
use sqlx::Row as _;

use super::Store;
use super::ledger::parse;
use super::rows::{query, value};
use super::schedules::instant;
use crate::error::{Result, StoreError};

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
        let rows: Vec<(String, String)> = sqlx::query_as(include_str!("../../sql/sqlite/own_texts.sql"))
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read the catalogue"))?;
        let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column) in rows {
            tables.entry(table).or_default().push(column);
        }
        Ok(tables.into_iter().collect())
    }

    /// The texts of a table's rows, piece by piece to `each`: the row's number and its columns in one. Nothing is kept.
    pub async fn texts(&self, read: &Statement, mut each: impl FnMut(&str)) -> Result<(u64, Option<i64>)> {
        let doing = "search a table";
        let rows = query(read)
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of(doing))?;
        for row in &rows {
            if let lapsed_model::Value::Text(text) = value(row, 1).map_err(StoreError::of(doing))? {
                each(&text);
            }
        }
        let last = rows.last().map(|row| row.get::<i64, _>(0));
        Ok((rows.len() as u64, last))
    }

    /// Notes what a search found.
    pub async fn keep_scan(&self, scan: &ScanRow) -> Result<()> {
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        sqlx::query("INSERT INTO lapsed_scan (at, tenant, people, columns, hits) VALUES ($1, $2, $3, $4, $5)")
            .bind(scan.at.timestamp_millis())
            .bind(scan.tenant.as_str())
            .bind(count(scan.people))
            .bind(count(scan.columns))
            .bind(scan.hits.to_string())
            .execute(&self.writer)
            .await
            .map(|_| ())
            .map_err(StoreError::of("note a search"))
    }

    /// The last searches, the newest first.
    pub async fn scans(&self, most: u32) -> Result<Vec<ScanRow>> {
        let rows = sqlx::query(
            "SELECT at, tenant, people, columns, hits FROM lapsed_scan ORDER BY id DESC LIMIT $1",
        )
        .bind(most)
        .fetch_all(&self.readers)
        .await
        .map_err(StoreError::of("read searches"))?;
        rows.iter()
            .map(|row| {
                let tenant: String = row.get("tenant");
                Ok(ScanRow {
                    at: instant(row.get("at")),
                    tenant: parse(&tenant, "lapsed_scan", &tenant, "tenant")?,
                    people: row.get::<i64, _>("people").unsigned_abs(),
                    columns: row.get::<i64, _>("columns").unsigned_abs(),
                    hits: serde_json::from_str(row.get("hits")).unwrap_or_default(),
                })
            })
            .collect()
    }

    /// Asks for a search behind the next sweep of every tenant.
    pub async fn ask_for_scan(&self, at: DateTime<Utc>) -> Result<()> {
        sqlx::query(
            "INSERT INTO lapsed_scan_asked (only_one, at) VALUES (1, $1) ON CONFLICT DO UPDATE SET at = excluded.at",
        )
        .bind(at.timestamp_millis())
        .execute(&self.writer)
        .await
        .map(|_| ())
        .map_err(StoreError::of("ask for a search"))
    }

    /// When a search was made last, and when somebody asked for one last.
    pub async fn last_scan(&self) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>)> {
        let (last, asked): (Option<i64>, Option<i64>) =
            sqlx::query_as("SELECT (SELECT max(at) FROM lapsed_scan), (SELECT at FROM lapsed_scan_asked)")
                .fetch_one(&self.readers)
                .await
                .map_err(StoreError::of("read searches"))?;
        Ok((last.map(instant), asked.map(instant)))
    }
}
