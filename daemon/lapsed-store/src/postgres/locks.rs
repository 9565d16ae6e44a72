//! Who waits for whom: advisory locks that go with their transaction, so that they also hold through a pooler.
//!
//! There is one lock for the whole store and one for each tenant. A verb that decides about a tenant (a hold, an approval,
//! a policy) takes the tenant's alone; a batch takes it together with other batches: so a decision either comes before a
//! batch or waits for its end. The platform's transactions know none of these and never wait for one.

use std::time::Duration;

use lapsed_model::{Digest, TenantName};
use sqlx::{Connection as _, PgConnection, Postgres, Transaction};
use tokio::task::AbortHandle;

use super::Pool;
use crate::error::StoreError;
use crate::session::Beside;

/// The lock of whoever is about to serve the store.
const START: i32 = -2;

/// Whoever wants to be alone with the store waits for the judging of the largest workgroup, and whoever comes behind them waits
/// for longer: they stand in one line.
const ALONE_PATIENTLY: &str = "SET LOCAL lock_timeout TO 60000";
const PATIENTLY: &str = "SET LOCAL lock_timeout TO 70000";

/// For rows the usual patience is enough.
const AS_USUAL: &str = "SELECT set_config('lock_timeout', current_setting('lapsed.patience'), true)";

/// What tells our locks from other programs' in the same database.
const OURS: i32 = 0x6c61_7073;

/// The lock of the whole store. No tenant's name makes this number more easily than another's.
const STORE: i32 = 0;

/// The lock of whoever looks whether a backup was restored, and erases again. No tenant's number is negative.
const RECOVERY: i32 = -1;

/// The server ends a session that holds a lock and says nothing for so long: its program is stopped, or its machine asleep.
const SILENCE: &str = "SET idle_session_timeout TO 30000";

/// So often it says something.
const SPEAKS: Duration = Duration::from_secs(10);

/// A lock of a session: it goes with its connection, however the program ends, and when the program stands still.
#[derive(Debug)]
pub(crate) struct Held(AbortHandle);

impl Held {
    fn by(mut connection: PgConnection) -> Self {
        let speaking = tokio::spawn(async move {
            while connection.ping().await.is_ok() {
                tokio::time::sleep(SPEAKS).await;
            }
        });
        Self(speaking.abort_handle())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Pool {
    /// Waits for the right to recover, on a connection that no pooler stands in front of.
    pub(crate) async fn alone(&self) -> Result<Held, StoreError> {
        let doing = "wait for the other daemons";
        let mut connection = self.direct(doing).await?.detach();
        sqlx::raw_sql(SILENCE)
            .execute(&mut connection)
            .await
            .map_err(StoreError::of(doing))?;
        sqlx::query("SELECT pg_advisory_lock($1, $2)")
            .persistent(false)
            .bind(OURS)
            .bind(RECOVERY)
            .execute(&mut connection)
            .await
            .map_err(StoreError::of(doing))?;
        Ok(Held::by(connection))
    }
}

/// Takes what `beside` asks for, the store's lock first.
pub(crate) async fn take(
    on: &mut Transaction<'static, Postgres>,
    beside: Beside<'_>,
) -> Result<(), sqlx::Error> {
    match beside {
        Beside::Anybody => return Ok(()),
        Beside::Starters => return alone(on, START).await,
        Beside::Workers(tenant) => {
            say(on, PATIENTLY).await?;
            shared(on, STORE).await?;
            shared(on, of(tenant)).await?;
        }
        Beside::OtherTenants(tenant) => {
            say(on, PATIENTLY).await?;
            shared(on, STORE).await?;
            alone(on, of(tenant)).await?;
        }
        Beside::Nobody => {
            say(on, ALONE_PATIENTLY).await?;
            alone(on, STORE).await?;
        }
    }
    say(on, AS_USUAL).await
}

async fn say(on: &mut Transaction<'static, Postgres>, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(&mut **on).await.map(|_| ())
}

async fn shared(on: &mut Transaction<'static, Postgres>, number: i32) -> Result<(), sqlx::Error> {
    lock(on, "SELECT pg_advisory_xact_lock_shared($1, $2)", number).await
}

async fn alone(on: &mut Transaction<'static, Postgres>, number: i32) -> Result<(), sqlx::Error> {
    lock(on, "SELECT pg_advisory_xact_lock($1, $2)", number).await
}

async fn lock(
    on: &mut Transaction<'static, Postgres>,
    sql: &'static str,
    number: i32,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql)
        .persistent(false)
        .bind(OURS)
        .bind(number)
        .execute(&mut **on)
        .await
        .map(|_| ())
}

/// Two tenants may share a number; then one waits for the other without need.
fn of(tenant: &TenantName) -> i32 {
    let digest = Digest::sha256(tenant.as_str()).to_string();
    i32::from_str_radix(&digest[..7], 16).unwrap_or(1).max(1)
}
