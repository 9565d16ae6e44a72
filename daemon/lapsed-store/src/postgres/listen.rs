//! Hints that there is something to do, as soon as it is committed. A hint may be lost; the dispatcher looks anyway.

use sqlx::postgres::PgListener;

use super::Pool;
use crate::error::{Result, StoreError};

/// Where hints arrive.
#[derive(Debug)]
pub struct Wakes {
    listener: PgListener,
}

impl Pool {
    /// Begins to listen, on a connection of its own that no pooler stands in front of.
    pub(crate) async fn listen(&self) -> Result<Wakes> {
        let doing = "listen for hints";
        let mut listener = PgListener::connect_with(&self.direct)
            .await
            .map_err(StoreError::of(doing))?;
        let channel = format!("lapsed_{}", self.schema);
        listener.listen(&channel).await.map_err(StoreError::of(doing))?;
        Ok(Wakes { listener })
    }
}

impl Wakes {
    /// Waits for the next hint; an error where the connection is gone and could not be made again.
    pub async fn next(&mut self) -> Result<()> {
        self.listener
            .recv()
            .await
            .map(|_| ())
            .map_err(StoreError::of("listen for hints"))
    }
}
