//! What a database server is set to, and what the daemon's role is there: what a store in a file never has to be asked.

use lapsed_model::Dialect;

use crate::Store;
use crate::error::Result;
use crate::row::column;
use crate::session::Session;
use crate::sql::values;

/// A server as the daemon finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerState {
    /// The version: 15, 16, 17 …
    pub version: i64,
    /// The daemon's role.
    pub role: String,
    /// Whether the role may do everything on the whole server.
    pub superuser: bool,
    /// Whether autovacuum runs.
    pub autovacuum: bool,
    /// How many more connections the server takes.
    pub room: i64,
    /// Settings by which a crash loses what was committed, each with its value.
    pub risks: Vec<(String, String)>,
    /// The tables that were asked about.
    pub tables: Vec<TableState>,
}

/// The alphabet of a database is another than when its indexes were made: texts are where it would not look for them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the database was made with version {made} of the system's collations, which are at {now} by now: its indexes over text may no longer \
     find people"
)]
pub struct OtherCollation {
    /// The version by which indexes were made.
    pub made: String,
    /// The version by which is sorted now.
    pub now: String,
}

impl OtherCollation {
    /// What to do about it.
    pub const HELP: &str =
        "as the tables' owner `REINDEX DATABASE` it, and then `ALTER DATABASE … REFRESH COLLATION VERSION`";
}

/// How a table is looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableState {
    /// Its name, quoted.
    pub name: String,
    /// Whether the role may vacuum it, so that no row that is gone stays in it.
    pub may_vacuum: bool,
    /// Whether the role may at least have its statistics taken anew, so that no query returns an old value.
    pub may_analyse: bool,
    /// Whether its owner told autovacuum to leave it alone.
    pub left_alone: bool,
}

impl Store {
    /// Tables of which row-level security decides what the daemon's role sees and changes; none where the store is a file.
    pub async fn hiding_tables(&self) -> Result<Vec<String>> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(Vec::new());
        }
        let mut session = self.read("look for row-level security").await?;
        let hiding = session
            .all(include_str!("../../sql/postgres/server_hidden.sql"), &[])
            .await?;
        Ok(column(&hiding))
    }

    /// What tells this server from another one: it changes when the server is started anew, or the database is made anew, and
    /// either may have brought a backup back. A lease that is renewed answers the same. Nothing where the store is a file.
    pub async fn server(&self) -> Result<String> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(String::new());
        }
        let mut session = self.read("look at the server").await?;
        let server = session
            .one(include_str!("../../sql/postgres/server_itself.sql"), &[])
            .await?;
        Ok(server.get(0))
    }

    /// Whether the system's collations have changed under the database; never where the store is a file.
    pub async fn other_collation(&self) -> Result<Option<OtherCollation>> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(None);
        }
        let mut session = self.read("look at the server").await?;
        let differs = session
            .first(include_str!("../../sql/postgres/server_collation.sql"), &[])
            .await?;
        Ok(differs.map(|row| OtherCollation {
            made: row.get(0),
            now: row.get(1),
        }))
    }

    /// How the server is, and how it looks after `tables`, whose names are quoted; none where the store is a file.
    pub async fn server_state(&self, tables: &[String]) -> Result<Option<ServerState>> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(None);
        }
        let mut session = self.read("look at the server").await?;
        let state = session
            .one(include_str!("../../sql/postgres/server_state.sql"), &[])
            .await?;
        let risks = session
            .all(include_str!("../../sql/postgres/server_risks.sql"), &[])
            .await?;
        let mut looked_at = Vec::new();
        for table in tables {
            looked_at.extend(table_state(&mut session, table).await?);
        }
        Ok(Some(ServerState {
            version: state.get("version"),
            role: state.get("role"),
            superuser: state.get("superuser"),
            autovacuum: state.get("autovacuum"),
            room: state.get("room"),
            risks: risks.iter().map(|row| (row.get(0), row.get(1))).collect(),
            tables: looked_at,
        }))
    }
}

/// None where there is no such table.
async fn table_state(session: &mut Session, table: &str) -> Result<Option<TableState>> {
    let how = include_str!("../../sql/postgres/scrub_how.sql");
    let how = session.first(how, &values![table, 0]).await?;
    let upkeep = include_str!("../../sql/postgres/upkeep.sql");
    let upkeep = session.first(upkeep, &values![table]).await?;
    Ok(how.zip(upkeep).map(|(how, upkeep)| TableState {
        name: table.to_owned(),
        may_vacuum: how.get("may_vacuum"),
        may_analyse: how.get("may_analyse"),
        left_alone: upkeep.get("left_alone"),
    }))
}
