//! Somebody who looks into the database while it is fought over, and comes back when the server does.

use std::str::FromStr as _;

use lapsed_tests::Server;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, ValueRef as _};
use tokio::runtime::Runtime;

/// A connection of the administrator's, made anew whenever it is gone.
pub(crate) struct Eye {
    runtime: Runtime,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Eye {
    /// Looks into a database, past everything that stands between the daemons and their server.
    pub(crate) fn into(server: &Server, database: &str) -> Eye {
        let options = PgConnectOptions::from_str(&server.url("postgres", database))
            .expect("an address of ours can be read")
            .application_name("the test")
            .options([("search_path", "public, lapsed")]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Eye {
            runtime: runtime.expect("a runtime"),
            options,
            connection: None,
        }
    }

    /// The first value of the first row, as text; nothing where there is none.
    pub(crate) fn text(&mut self, sql: &str) -> String {
        self.try_text(sql).unwrap_or_else(|why| panic!("{sql}: {why}"))
    }

    /// The same of a number.
    pub(crate) fn number(&mut self, sql: &str) -> u64 {
        let text = self.text(sql);
        text.parse()
            .unwrap_or_else(|_| panic!("{sql} answers `{text}`, which is no number"))
    }

    /// The same, where the server may be away.
    pub(crate) fn try_text(&mut self, sql: &str) -> Result<String, sqlx::Error> {
        let was_there = self.connection.is_some();
        let mut row = self.first(sql);
        if row.is_err() {
            self.connection = None;
        }
        // It may have died long ago, when the server last crashed.
        if was_there && row.is_err() {
            row = self.first(sql);
        }
        row.map(|row| row.map(|row| written(&row)).unwrap_or_default())
    }

    /// Lets go of the connection, so that the database can be copied or dropped.
    pub(crate) fn close(&mut self) {
        self.connection = None;
    }

    fn first(&mut self, sql: &str) -> Result<Option<PgRow>, sqlx::Error> {
        let Eye {
            runtime,
            options,
            connection,
        } = self;
        runtime.block_on(async {
            let on = match connection {
                Some(on) => on,
                None => connection.insert(options.connect().await?),
            };
            sqlx::raw_sql(AssertSqlSafe(sql)).fetch_optional(on).await
        })
    }
}

fn written(row: &PgRow) -> String {
    let value = row.try_get_raw(0).expect("a column");
    if value.is_null() {
        return String::new();
    }
    value.as_str().expect("text").to_owned()
}
