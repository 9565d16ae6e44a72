//! What PostgreSQL says of a query without running it.

use lapsed_model::{QueryColumn, QueryPlan, QueryShape, Scan, Statement};
use serde_json::Value;
use sqlx::postgres::PgColumn;
use sqlx::{AssertSqlSafe, Column as _, Executor, SqlSafeStr, Statement as _};

use super::Pool;
use crate::error::{Result, StoreError};

/// What reads few rows is wanted, whatever else it costs: also of tables that were just filled, before anybody counted them, and of
/// tables with a row or two, which are as quickly read as searched. A bitmap comes from an index that was searched; an index
/// alone can also be another order to read everything in.
const FEW_ROWS: &str = "SET LOCAL enable_seqscan TO off; SET LOCAL enable_indexscan TO off; SET LOCAL enable_indexonlyscan TO off; \
    SET LOCAL enable_bitmapscan TO on; SET LOCAL enable_hashjoin TO off; SET LOCAL enable_mergejoin TO off; \
    SET LOCAL cpu_tuple_cost TO 10";

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
            Err(error) => match StoreError::of(doing)(error) {
                StoreError::Database {
                    source: sqlx::Error::Database(refusal),
                    ..
                } => Ok(Err(refusal.message().to_owned())),
                other => Err(other),
            },
        }
    }

    /// How PostgreSQL would run a statement if reading a table or an index from end to end were the last resort: on the few
    /// rows of a young store it is the first choice, by itself or to join with, and says nothing about what is to come.
    pub(crate) async fn query_plan(&self, statement: &Statement) -> Result<QueryPlan> {
        let mut session = self.read("explain a query").await?;
        session.script(FEW_ROWS).await?;
        let explain = Statement {
            sql: format!("EXPLAIN (FORMAT JSON, VERBOSE) {}", statement.sql),
            binds: statement.binds.clone(),
        };
        let rows = session.rows_of(&explain).await?;
        let text: String = rows.first().map(|row| row.get(0)).unwrap_or_default();
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

/// A node that reads a table from end to end, which is called as `catalogue_columns` calls it.
fn scan(node: &Value) -> Scan {
    let says = |what: &str| node[what].as_str().map(str::to_owned);
    let table = says("Relation Name").map(|table| match says("Schema") {
        Some(schema) if schema != "public" => format!("{schema}.{table}"),
        _ => table,
    });
    Scan {
        alias: says("Alias").or(table.clone()).unwrap_or_default(),
        table,
    }
}

/// A node of the plan, and those beneath it.
fn read(node: &Value, plan: &mut QueryPlan) {
    match node["Node Type"].as_str().unwrap_or_default() {
        "Seq Scan" => plan.scans.push(scan(node)),
        "Index Scan" | "Index Only Scan" | "Tid Scan" => {
            if node["Index Cond"].is_null() && node["Node Type"] != "Tid Scan" {
                plan.scans.push(scan(node));
            } else {
                plan.searches += 1;
            }
        }
        // Beneath it are the indexes that were searched; one without a condition is partial, and is read from end to end.
        "Bitmap Heap Scan" if node["Recheck Cond"].is_null() => plan.scans.push(scan(node)),
        "Bitmap Index Scan" => plan.searches += 1,
        "Aggregate" | "Group" | "Unique" | "WindowAgg" | "SetOp" | "Sort" | "Incremental Sort" => {
            plan.collects = true;
        }
        _ => {}
    }
    for inner in node["Plans"].as_array().into_iter().flatten() {
        read(inner, plan);
    }
}
