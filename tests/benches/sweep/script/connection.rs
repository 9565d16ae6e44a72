//! A plain connection to either database.

use lapsed_store::Address;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use crate::shared::server::run;
use crate::shared::stores::Home;

/// The connection.
pub(super) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Connection {
    /// Connects. On SQLite with the pragmas of the store's writer; on PostgreSQL these are the server's.
    pub(super) async fn to(home: &Home, name: &str) -> Self {
        match (home.server(), home.place(name).address) {
            (Some(server), _) => Self::Postgres(server.platform(name).await),
            (None, Address::File(path)) => {
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .pragma("automatic_index", "OFF")
                    .pragma("wal_autocheckpoint", "32768")
                    .pragma("secure_delete", "ON");
                let connection = SqliteConnection::connect_with(&options).await;
                Self::Sqlite(connection.expect("a connection"))
            }
            (None, Address::Server(server)) => panic!("{server:?} without a server"),
        }
    }

    pub(super) async fn close(self) {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
        .expect("a closed connection");
    }

    /// Runs a statement with its values; one without any as it stands.
    pub(super) async fn run(&mut self, sql: &str, workgroup: &str, instants: [i64; 3]) {
        if !sql.contains('$') {
            return self.bare(sql).await;
        }
        let [cut_off, now, until] = instants;
        let query = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query(query)
                    .bind(workgroup)
                    .bind(cut_off)
                    .bind(now)
                    .bind(until);
                query.execute(connection).await.map(|_| ())
            }
            Self::Postgres(connection) => {
                let query = sqlx::query(query)
                    .bind(workgroup)
                    .bind(cut_off)
                    .bind(now)
                    .bind(until);
                query.execute(connection).await.map(|_| ())
            }
        }
        .unwrap_or_else(|refused| panic!("{refused} in {sql}"));
    }

    /// Runs statements as they stand.
    pub(super) async fn bare(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => {
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
                done.unwrap_or_else(|refused| panic!("{refused} in {sql}"));
            }
            Self::Postgres(connection) => run(connection, sql).await,
        }
    }

    /// The numbers of every row.
    pub(super) async fn numbers<const COLUMNS: usize>(&mut self, sql: &str) -> Vec<[i64; COLUMNS]> {
        let query = AssertSqlSafe(sql);
        let rows: Result<Vec<_>, _> = match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query(query).fetch_all(connection).await;
                rows.map(|rows| {
                    rows.iter()
                        .map(|row| std::array::from_fn(|place| row.get(place)))
                        .collect()
                })
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query(query).fetch_all(connection).await;
                rows.map(|rows| {
                    rows.iter()
                        .map(|row| std::array::from_fn(|place| row.get(place)))
                        .collect()
                })
            }
        };
        rows.unwrap_or_else(|refused| panic!("{refused} in {sql}"))
    }

    /// The first text of every row.
    pub(super) async fn texts(&mut self, sql: &str) -> Vec<String> {
        let query = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => sqlx::query_scalar(query).fetch_all(connection).await,
            Self::Postgres(connection) => sqlx::query_scalar(query).fetch_all(connection).await,
        }
        .unwrap_or_else(|refused| panic!("{refused} in {sql}"))
    }
}
