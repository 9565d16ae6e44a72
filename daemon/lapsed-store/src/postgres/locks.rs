//! Who waits for whom: advisory locks that go with their transaction, so that they also hold through a pooler.
//!
//! There is one lock for the whole store and one for each tenant. A verb that decides about a tenant (a hold, an approval,
//! a policy) takes the tenant's alone; a batch takes it together with other batches: so a decision either comes before a
//! batch or waits for its end. The platform's transactions know none of these and never wait for one.

use lapsed_model::{Digest, TenantName};
use sqlx::{PgConnection, Postgres, Transaction};

use super::Pool;
use crate::error::StoreError;
use crate::session::Beside;

/// What tells our locks from other programs' in the same database.
const OURS: i32 = 0x6c61_7073;

/// The lock of the whole store. No tenant's name makes this number more easily than another's.
const STORE: i32 = 0;

/// The lock of whoever looks whether a backup was restored, and erases again. No tenant's number is negative.
const RECOVERY: i32 = -1;

/// A lock of a session: it goes with its connection, however the program ends.
#[derive(Debug)]
pub(crate) struct Held(#[expect(dead_code, reason = "it is held, and not looked at")] PgConnection);

impl Pool {
    /// Waits for the right to recover, on a connection that no pooler stands in front of.
    pub(crate) async fn alone(&self) -> Result<Held, StoreError> {
        let doing = "wait for the other daemons";
        let mut connection = self.direct(doing).await?.detach();
        sqlx::query("SELECT pg_advisory_lock($1, $2)")
            .persistent(false)
            .bind(OURS)
            .bind(RECOVERY)
            .execute(&mut connection)
            .await
            .map_err(StoreError::of(doing))?;
        Ok(Held(connection))
    }
}

/// Takes what `beside` asks for, the store's lock first.
pub(crate) async fn take(on: &mut Transaction<'static, Postgres>, beside: Beside<'_>) -> Result<(), sqlx::Error> {
    match beside {
        Beside::Anybody => Ok(()),
        Beside::Workers(tenant) => {
            shared(on, STORE).await?;
            shared(on, of(tenant)).await
        }
        Beside::OtherTenants(tenant) => {
            shared(on, STORE).await?;
            alone(on, of(tenant)).await
        }
        Beside::Nobody => alone(on, STORE).await,
    }
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
