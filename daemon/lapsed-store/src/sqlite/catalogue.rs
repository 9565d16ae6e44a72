//! What the store says of itself, and how it would run a query.

use std::collections::BTreeMap;

use lapsed_model::{
    Catalogue, Column, ForeignKey, Index, QueryColumn, QueryPlan, QueryShape, Statement, Table,
};
use sqlx::{AssertSqlSafe, Column as _, Executor, Row as _, SqlSafeStr, Statement as _};

use super::Store;
use super::rows::query;
use crate::error::{Result, StoreError};

impl Store {
    /// The platform's tables and views, with their columns, keys and indexes.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for row in self
            .read(include_str!("../../sql/sqlite/catalogue_columns.sql"))
            .await?
        {
            let table = tables.entry(row.get("table")).or_default();
            table.is_view = row.get("is_view");
            table.columns.push(Column {
                name: row.get("name"),
                declared: row.get("declared"),
                nullable: row.get("nullable"),
                primary_key: row.get("primary_key"),
            });
        }
        for row in self
            .read(include_str!("../../sql/sqlite/catalogue_keys.sql"))
            .await?
        {
            let Some(table) = tables.get_mut(&row.get::<String, _>("table")) else {
                continue;
            };
            let column: String = row.get("column");
            match table.foreign_keys.last_mut() {
                Some(key) if row.get::<i64, _>("place") > 0 => key.columns.push(column),
                _ => table.foreign_keys.push(ForeignKey {
                    columns: vec![column],
                    table: row.get("target"),
                }),
            }
        }
        for row in self
            .read(include_str!("../../sql/sqlite/catalogue_indexes.sql"))
            .await?
        {
            let Some(table) = tables.get_mut(&row.get::<String, _>("table")) else {
                continue;
            };
            let (name, column): (String, String) = (row.get("index"), row.get("column"));
            match table.indexes.last_mut() {
                Some(index) if index.name == name => index.columns.push(column),
                _ => table.indexes.push(Index {
                    name,
                    columns: vec![column],
                }),
            }
        }
        for row in self
            .read(include_str!("../../sql/sqlite/catalogue_triggers.sql"))
            .await?
        {
            if let Some(table) = tables.get_mut(&row.get::<String, _>("table")) {
                table.triggers.push(row.get("name"));
            }
        }
        Ok(Catalogue { tables })
    }

    /// What a query returns, or what the store has against it.
    pub async fn shape(&self, sql: &str) -> Result<std::result::Result<QueryShape, String>> {
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

    /// How the store would run a statement.
    pub async fn query_plan(&self, statement: &Statement) -> Result<QueryPlan> {
        let explain = Statement {
            sql: format!("EXPLAIN QUERY PLAN {}", statement.sql),
            binds: statement.binds.clone(),
        };
        let rows = query(&explain)
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("explain a query"))?;
        let mut plan = QueryPlan::default();
        for row in rows {
            let step: String = row.get("detail");
            let (word, rest) = step.split_once(' ').unwrap_or((&step, ""));
            match word {
                "SEARCH" => plan.searches += 1,
                // A scan of what another step already narrowed down has brackets or no name of a table.
                "SCAN" if !rest.starts_with('(') && !rest.starts_with("CONSTANT") => {
                    plan.scans
                        .push(rest.split_whitespace().next().unwrap_or_default().to_owned());
                }
                "MATERIALIZE" | "CO-ROUTINE" => plan.collects = true,
                "USE" if rest.starts_with("TEMP B-TREE") => plan.collects = true,
                _ => {}
            }
        }
        Ok(plan)
    }

    async fn read(&self, sql: &'static str) -> Result<Vec<sqlx::sqlite::SqliteRow>> {
        sqlx::query(sql)
            .fetch_all(&self.readers)
            .await
            .map_err(StoreError::of("read the catalogue"))
    }
}
