//! Whether a server still works on what it was asked.
//!
//! A connection can fall silent for ever: a router in between forgot it, and neither side is told. A statement may take as long
//! as it takes, so no clock says whether there will be an answer; the server does. Every transaction bears a name of its own
//! there, and whoever waits for long asks on another connection whether it is still at work.

use std::io::{Error, ErrorKind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::postgres::PgPool;

use super::rows;

/// After so long, and then every so often, it is asked whether the server is still at work.
const LONG: Duration = Duration::from_secs(30);

/// An answer may be under way at the moment of asking; it is not for this long.
const UNDER_WAY: Duration = Duration::from_secs(5);

/// Names that are given once by this program.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Where it is asked, and for whom.
pub(crate) struct Asked {
    connections: PgPool,
    name: String,
}

impl Asked {
    /// For one transaction, by a name that no other one has.
    pub(super) fn by(connections: &PgPool) -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self {
            connections: connections.clone(),
            name: format!("lapsed {}.{number}", std::process::id()),
        }
    }

    /// What the server has to be told for that, in the transaction's first message.
    pub(super) fn named(&self) -> String {
        format!("SET LOCAL application_name TO '{}'", self.name)
    }

    /// Waits for an answer for as long as the server is at work on it.
    pub(crate) async fn answer<T>(
        &self,
        asking: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let mut asking = pin!(asking);
        loop {
            if let Ok(answer) = tokio::time::timeout(LONG, &mut asking).await {
                return answer;
            }
            if !self.is_worked_on().await {
                // Twice: between two looks whatever was under way has arrived.
                if let Ok(answer) = tokio::time::timeout(UNDER_WAY, &mut asking).await {
                    return answer;
                }
                if !self.is_worked_on().await {
                    return Err(sqlx::Error::Io(Error::new(
                        ErrorKind::TimedOut,
                        "a connection to it fell silent",
                    )));
                }
            }
        }
    }

    /// Whether the server works on it, as far as anybody can tell: while it is out of reach, nobody knows.
    async fn is_worked_on(&self) -> bool {
        self.look().await.unwrap_or(true)
    }

    async fn look(&self) -> Result<bool, sqlx::Error> {
        let mut asking = self.connections.begin().await?;
        let row = rows::query(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND state = 'active'",
            &[self.name.as_str().into()],
        )
        .fetch_optional(&mut *asking)
        .await?;
        asking.commit().await?;
        Ok(row.is_some())
    }
}
