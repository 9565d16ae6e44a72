//! What the store says of itself, and how it would run a query.

use std::collections::{BTreeMap, BTreeSet};

use lapsed_model::{Catalogue, Column, Dialect, ForeignKey, Index, QueryPlan, QueryShape, Statement, Table};

use crate::Store;
use crate::error::Result;
use crate::session::Session;
use crate::sql::side_by_side;
use crate::store::Kept;

type Tables = BTreeMap<String, Table>;
type Keys = BTreeMap<String, Vec<ForeignKey>>;

impl Store {
    /// The platform's tables and views, with their columns, keys and indexes.
    pub async fn catalogue(&self) -> Result<Catalogue> {
        let mut session = self.read("read the catalogue").await?;
        let mut tables = columns(&mut session).await?;
        let mut unreadable = unreadable(&mut session).await?;
        keys(&mut session, &mut tables, &mut unreadable).await?;
        indexes(&mut session, &mut tables).await?;
        for row in session.all(side_by_side!("catalogue_triggers"), &[]).await? {
            if let Some(table) = tables.get_mut(&row.get::<String>("table")) {
                if row.get("meddles") {
                    table.meddlers.push(row.get("name"));
                }
                table.triggers.push(row.get("name"));
            }
        }
        Ok(Catalogue {
            dialect: self.dialect(),
            tables,
            unreadable,
            materialised: materialised(&mut session).await?,
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
        table.is_filled = row.get("is_filled");
        table.is_strict = row.get("is_strict");
        let lacks: String = row.get("lacks");
        table.lacks = lacks.split_whitespace().map(str::to_owned).collect();
        table.columns.push(Column {
            name: row.get("name"),
            declared: row.get("declared"),
            nullable: row.get("nullable"),
            primary_key: row.get("primary_key"),
        });
    }
    Ok(tables)
}

/// Whoever opens a file may read all of it.
async fn unreadable(session: &mut Session) -> Result<Keys> {
    if session.dialect() == Dialect::Sqlite {
        return Ok(Keys::new());
    }
    let sql = include_str!("../../sql/postgres/catalogue_unreadable.sql");
    let rows = session.all(sql, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), Vec::new())).collect())
}

/// SQLite has no such views.
async fn materialised(session: &mut Session) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut views: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if session.dialect() == Dialect::Postgres {
        let sql = include_str!("../../sql/postgres/catalogue_materialised.sql");
        for row in session.all(sql, &[]).await? {
            views.entry(row.get("view")).or_default().insert(row.get("table"));
        }
    }
    Ok(views)
}

async fn keys(session: &mut Session, tables: &mut Tables, unreadable: &mut Keys) -> Result<()> {
    for row in session.all(side_by_side!("catalogue_keys"), &[]).await? {
        let table: String = row.get("table");
        let known = tables.get_mut(&table).map(|table| &mut table.foreign_keys);
        let Some(keys) = known.or_else(|| unreadable.get_mut(&table)) else {
            continue;
        };
        let column: String = row.get("column");
        match keys.last_mut() {
            Some(key) if row.get::<i64>("place") > 0 => key.columns.push(column),
            _ => keys.push(ForeignKey {
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
