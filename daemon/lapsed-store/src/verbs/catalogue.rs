//! What the store says of itself, and how it would run a query.

use std::collections::BTreeMap;

use lapsed_model::{Catalogue, Column, ForeignKey, Index, QueryPlan, QueryShape, Statement, Table};

use crate::Store;
use crate::error::Result;
use crate::session::Session;
use crate::sql::side_by_side;
use crate::store::Kept;

type Tables = BTreeMap<String, Table>;

impl Store {
    /// The platform's tables and views, with their columns, keys and indexes.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        let mut session = self.read("read the catalogue").await?;
        let mut tables = columns(&mut session).await?;
        keys(&mut session, &mut tables).await?;
        indexes(&mut session, &mut tables).await?;
        for row in session.all(side_by_side!("catalogue_triggers"), &[]).await? {
            if let Some(table) = tables.get_mut(&row.get::<String>("table")) {
                table.triggers.push(row.get("name"));
            }
        }
        Ok(Catalogue {
            dialect: self.dialect(),
            tables,
        })
    }

    /// What a query returns, or what the store has against it.
    pub async fn shape(&self, sql: &str) -> Result<std::result::Result<QueryShape, String>> {
        match &self.kept {
            Kept::Sqlite(pools) => pools.shape(sql).await,
            Kept::Postgres(pool) => pool.shape(sql).await,
        }
    }

    /// How the store would run a statement, however little there is in it as yet.
    pub async fn query_plan(&self, statement: &Statement) -> Result<QueryPlan> {
        match &self.kept {
            Kept::Sqlite(pools) => pools.query_plan(statement).await,
            Kept::Postgres(pool) => pool.query_plan(statement).await,
        }
    }
}

async fn columns(session: &mut Session) -> Result<Tables> {
    let mut tables = Tables::new();
    for row in session.all(side_by_side!("catalogue_columns"), &[]).await? {
        let table = tables.entry(row.get("table")).or_default();
        table.schema = row.get("schema");
        table.is_view = row.get("is_view");
        table.columns.push(Column {
            name: row.get("name"),
            declared: row.get("declared"),
            nullable: row.get("nullable"),
            primary_key: row.get("primary_key"),
        });
    }
    Ok(tables)
}

async fn keys(session: &mut Session, tables: &mut Tables) -> Result<()> {
    for row in session.all(side_by_side!("catalogue_keys"), &[]).await? {
        let Some(table) = tables.get_mut(&row.get::<String>("table")) else {
            continue;
        };
        let column: String = row.get("column");
        match table.foreign_keys.last_mut() {
            Some(key) if row.get::<i64>("place") > 0 => key.columns.push(column),
            _ => table.foreign_keys.push(ForeignKey {
                columns: vec![column],
                table: row.get("target"),
            }),
        }
    }
    Ok(())
}

async fn indexes(session: &mut Session, tables: &mut Tables) -> Result<()> {
    for row in session.all(side_by_side!("catalogue_indexes"), &[]).await? {
        let Some(table) = tables.get_mut(&row.get::<String>("table")) else {
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
    Ok(())
}
