//! What PostgreSQL says of a query without running it.

use lapsed_model::{QueryColumn, QueryPlan, QueryShape, Statement};
use serde_json::Value;
use sqlx::postgres::PgColumn;
use sqlx::{AssertSqlSafe, Column as _, Executor, Row as _, SqlSafeStr, Statement as _};

use super::Pool;
use super::rows::query;
use crate::error::{Result, StoreError};

/// What reads few rows is wanted, whatever else it costs: also of tables that were just filled, before anybody counted them.
const FEW_ROWS: &str = "SET enable_seqscan TO off; SET enable_bitmapscan TO off; SET enable_hashjoin TO off; \
    SET enable_mergejoin TO off; SET cpu_tuple_cost TO 10; SET jit TO off";

/// The search path of the connection stays.
const AS_USUAL: &str = "RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_hashjoin; RESET enable_mergejoin; \
    RESET cpu_tuple_cost";

impl Pool {
    /// What a query returns, or what PostgreSQL has against it. Prepared on a connection of its own: the driver gives such a
    /// statement a name, which a pooler would lose.
    pub(crate) async fn shape(&self, sql: &str) -> Result<std::result::Result<QueryShape, String>> {
        let doing = "prepare a query";
        let mut connection = self.direct(doing).await?;
        let prepared = (&mut *connection)
            .prepare(AssertSqlSafe(sql).into_sql_str())
            .await;
        match prepared {
            Ok(statement) => Ok(Ok(QueryShape {
                columns: statement.columns().iter().map(column).collect(),
            })),
            Err(sqlx::Error::Database(refusal)) => Ok(Err(refusal.message().to_owned())),
            Err(other) => Err(StoreError::of(doing)(other)),
        }
    }

    /// How PostgreSQL would run a statement if reading a table or an index from end to end were the last resort: on the few
    /// rows of a young store it is the first choice, by itself or to join with, and says nothing about what is to come.
    pub(crate) async fn query_plan(&self, statement: &Statement) -> Result<QueryPlan> {
        let doing = "explain a query";
        let mut connection = self.direct(doing).await?;
        sqlx::raw_sql(FEW_ROWS)
            .execute(&mut *connection)
            .await
            .map_err(StoreError::of(doing))?;
        let explain = format!("EXPLAIN (FORMAT JSON) {}", statement.sql);
        let row = query(&explain, &statement.binds)
            .fetch_one(&mut *connection)
            .await
            .map_err(StoreError::of(doing))?;
        sqlx::raw_sql(AS_USUAL)
            .execute(&mut *connection)
            .await
            .map_err(StoreError::of(doing))?;
        let text: String = row.get_unchecked(0);
        let explained: Value = serde_json::from_str(&text).unwrap_or_default();
        let mut plan = QueryPlan::default();
        read(&explained[0]["Plan"], &mut plan);
        Ok(plan)
    }
}

fn column(column: &PgColumn) -> QueryColumn {
    let origin = match column.origin() {
        sqlx::ColumnOrigin::Table(of) => Some((of.table.replace('"', ""), of.name.to_string())),
        _ => None,
    };
    QueryColumn {
        name: column.name().to_owned(),
        origin,
    }
}

/// A node of the plan, and those beneath it.
fn read(node: &Value, plan: &mut QueryPlan) {
    match node["Node Type"].as_str().unwrap_or_default() {
        "Seq Scan" => {
            let alias = node["Alias"].as_str().or(node["Relation Name"].as_str());
            plan.scans.push(alias.unwrap_or_default().to_owned());
        }
        "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" | "Tid Scan" => {
            // Without a condition an index is only another order to read everything in.
            if node["Index Cond"].is_null() && node["Node Type"] != "Tid Scan" {
                let alias = node["Alias"].as_str().or(node["Relation Name"].as_str());
                plan.scans.push(alias.unwrap_or_default().to_owned());
            } else {
                plan.searches += 1;
            }
        }
        "Aggregate" | "Group" | "Unique" | "WindowAgg" | "SetOp" | "Sort" | "Incremental Sort" => {
            plan.collects = true;
        }
        _ => {}
    }
    for inner in node["Plans"].as_array().into_iter().flatten() {
        read(inner, plan);
    }
}
