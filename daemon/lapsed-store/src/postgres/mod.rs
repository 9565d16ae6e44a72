//! The store on PostgreSQL: opening, and how a transaction begins.
//!
//! Everything that is asked stands between `BEGIN` and `COMMIT`, and whatever a transaction needs to know of its session
//! is set anew in it, because a pooler in transaction mode may hand every transaction another connection. The driver
//! keeps no statements, for the same reason.

mod catalogue;
mod listen;
pub(crate) mod locks;
mod migrate;
mod reach;
pub(crate) mod rows;
mod scrub;
mod silence;

pub use listen::Wakes;
pub(crate) use locks::Held;
pub(crate) use reach::untrusted;
pub(crate) use silence::Asked;

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Postgres};

use crate::address::Server;
use crate::error::{Result, StoreError};
use crate::session::Session;

/// The oldest version that is tested and served.
const OLDEST: i64 = 15;

/// How many transactions a program has under way at most.
const CONNECTIONS: u32 = 10;

/// A connection is given up after this: without its cache the driver never forgets a statement's name.
const CONNECTION_LIVES: Duration = Duration::from_secs(600);

/// Connections to one database.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    connections: PgPool,
    direct: PgPool,
    direct_way: Arc<Way>,
    begin: String,
    schema: String,
}

/// How to get to a server without a pooler in between, and which setting says so.
#[derive(Clone, Debug)]
struct Way {
    options: PgConnectOptions,
    named: &'static str,
    knows_password: bool,
    patience: Duration,
}

impl Pool {
    /// Connects, and gives up after `patience` where the server does not answer.
    pub(crate) async fn open(server: &Server, patience: Duration) -> Result<Self> {
        let options = options(server, &server.url)?;
        let direct = options_of_direct(server, &options)?;
        let knows_password = server.password.is_some();
        reach::reach(&options, "url", knows_password, patience).await?;
        let direct_way = Arc::new(Way {
            options: direct.clone(),
            named: if server.direct.is_some() {
                "direct_url"
            } else {
                "url"
            },
            knows_password,
            patience,
        });
        let connections = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(patience)
            .max_lifetime(CONNECTION_LIVES)
            .connect_lazy_with(options);
        let pool = Self {
            connections,
            direct: direct_connections(direct, &server.schema, patience),
            direct_way,
            begin: begin(&server.schema, patience),
            schema: server.schema.clone(),
        };
        pool.is_new_enough().await?;
        Ok(pool)
    }

    /// The schema of the daemon's own tables.
    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    /// A transaction that may write. Whoever waited for a lock has to see what was committed meanwhile, whatever the
    /// database or the role has for a default.
    pub(crate) async fn write(&self, doing: &'static str) -> Result<Session> {
        self.begin("BEGIN ISOLATION LEVEL READ COMMITTED", doing).await
    }

    /// A transaction that only reads, and sees the store as it was when it began.
    pub(crate) async fn read(&self, doing: &'static str) -> Result<Session> {
        self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", doing)
            .await
    }

    /// A connection that no pooler stands in front of, for what is no single transaction.
    pub(crate) async fn direct(&self, doing: &'static str) -> Result<PoolConnection<Postgres>> {
        if self.direct.num_idle() == 0 {
            let way = &self.direct_way;
            reach::reach(&way.options, way.named, way.knows_password, way.patience).await?;
        }
        self.direct.acquire().await.map_err(StoreError::of(doing))
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.connections.close().await;
        self.direct.close().await;
    }

    async fn begin(&self, how: &str, doing: &'static str) -> Result<Session> {
        let asked = Asked::by(&self.connections);
        let begin = format!("{how}; {}; {}", self.begin, asked.named());
        let beginning = self.connections.begin_with(AssertSqlSafe(begin));
        // The pool has just seen that somebody is there.
        let begun = tokio::time::timeout(self.direct_way.patience * 2, beginning).await;
        let transaction = begun
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(StoreError::of(doing))?;
        Ok(Session::postgres(transaction, asked, doing))
    }

    async fn is_new_enough(&self) -> Result<()> {
        let mut session = self.read("open the store").await?;
        let version: i64 = session
            .one(
                "SELECT current_setting('server_version_num')::bigint / 10000",
                &[],
            )
            .await?
            .get(0);
        if version < OLDEST {
            return Err(StoreError::OldServer {
                found: version,
                oldest: OLDEST,
            });
        }
        Ok(())
    }
}

/// The few connections that keep a session. They are let go as soon as nobody needs them.
fn direct_connections(options: PgConnectOptions, schema: &str, patience: Duration) -> PgPool {
    let path = format!("SET search_path TO {}, public", quote(schema));
    PgPoolOptions::new()
        .max_connections(3)
        .acquire_timeout(patience)
        .idle_timeout(Duration::from_secs(5))
        .after_connect(move |connection, _| {
            let path = path.clone();
            Box::pin(async move {
                sqlx::raw_sql(AssertSqlSafe(path)).execute(connection).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options)
}

/// What every transaction is told of its session, in the message that begins it.
fn begin(schema: &str, patience: Duration) -> String {
    let path = quote(schema);
    // Compiling a statement takes longer here than running it; a program that is stopped in the middle of a transaction must
    // not keep its locks for ever; rows that a policy of the server's hides are an error, and not people without orders.
    format!(
        "SET LOCAL search_path TO {path}, public; SET LOCAL jit TO off; SET LOCAL row_security TO off; \
         SET LOCAL extra_float_digits TO 1; SET LOCAL lapsed.patience TO {0}; SET LOCAL lock_timeout TO {0}; \
         SET LOCAL idle_in_transaction_session_timeout TO 60000",
        patience.as_millis()
    )
}

/// A certificate that is not there: the driver says so without its name.
fn must_find_certificates(url: &str) -> Result<()> {
    let (_, options) = url.split_once('?').unwrap_or_default();
    for (name, path) in options.split('&').filter_map(|option| option.split_once('=')) {
        let is_file = ["sslrootcert", "sslcert", "sslkey"].contains(&name);
        if is_file && !path.contains('%') && !Path::new(path).exists() {
            return Err(StoreError::Unreachable(format!(
                "there is no certificate at {path}, as `{name}` says"
            )));
        }
    }
    Ok(())
}

fn options(server: &Server, url: &str) -> Result<PgConnectOptions> {
    must_find_certificates(url)?;
    let wrong = |why: sqlx::Error| StoreError::BadAddress(why.to_string());
    let options = PgConnectOptions::from_str(url)
        .map_err(wrong)?
        .application_name("lapsed")
        // A pooler refuses what it does not know.
        .extra_float_digits(None)
        .statement_cache_capacity(0)
        .disable_statement_logging();
    Ok(match &server.password {
        Some(password) => options.password(password),
        None => options,
    })
}

fn options_of_direct(server: &Server, pooled: &PgConnectOptions) -> Result<PgConnectOptions> {
    match &server.direct {
        Some(url) => options(server, url),
        None => Ok(pooled.clone()),
    }
}

/// Quotes a name that an operator wrote.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
