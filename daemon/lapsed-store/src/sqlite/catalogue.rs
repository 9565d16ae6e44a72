//! What SQLite says of a query without running it.

use lapsed_model::{QueryColumn, QueryPlan, QueryShape, Scan, Statement};
use sqlx::{AssertSqlSafe, Column as _, Executor, Row as _, SqlSafeStr, Statement as _};

use super::Pools;
use super::rows::query;
use crate::error::{Result, StoreError};

impl Pools {
    /// What a query returns, or what SQLite has against it.
    pub(crate) async fn shape(&self, sql: &str) -> Result<std::result::Result<QueryShape, String>> {
        let prepared = (&self.readers).prepare(AssertSqlSafe(sql).into_sql_str()).await;
        let statement = match prepared {
            Ok(statement) => statement,
            Err(sqlx::Error::Database(refusal)) => return Ok(Err(refusal.message().to_owned())),
            Err(other) => return Err(StoreError::of("prepare a query")(other)),
        };
        let column = |column: &sqlx::sqlite::SqliteColumn| {
            let origin = match column.origin() {
                sqlx::ColumnOrigin::Table(of) => Some((of.table.to_string(), of.name.to_string())),
                _ => None,
            };
            QueryColumn {
                name: column.name().to_owned(),
                origin,
            }
        };
        Ok(Ok(QueryShape {
            columns: statement.columns().iter().map(column).collect(),
        }))
    }

    /// How SQLite would run a statement.
    pub(crate) async fn query_plan(&self, statement: &Statement) -> Result<QueryPlan> {
        let doing = "explain a query";
        let mut connection = self.readers.acquire().await.map_err(StoreError::of(doing))?;
        // To explain is not to look: only a read notices that somebody changed the schema.
        query("SELECT count(*) FROM sqlite_schema", &[])
            .execute(&mut *connection)
            .await
            .map_err(StoreError::of(doing))?;
        let explain = format!("EXPLAIN QUERY PLAN {}", statement.sql);
        let rows = query(&explain, &statement.binds)
            .fetch_all(&mut *connection)
            .await
            .map_err(StoreError::of(doing))?;
        let mut plan = QueryPlan::default();
        for row in rows {
            let step: String = row.get("detail");
            let (word, rest) = step.split_once(' ').unwrap_or((&step, ""));
            match word {
                "SEARCH" => plan.searches += 1,
                // A scan of what another step already narrowed down has brackets or no name of a table.
                "SCAN" if !rest.starts_with('(') && !rest.starts_with("CONSTANT") => {
                    plan.scans.push(Scan {
                        alias: rest.split_whitespace().next().unwrap_or_default().to_owned(),
                        table: None,
                    });
                }
                "MATERIALIZE" | "CO-ROUTINE" => plan.collects = true,
                "USE" if rest.starts_with("TEMP B-TREE") => plan.collects = true,
                _ => {}
            }
        }
        Ok(plan)
    }
}
