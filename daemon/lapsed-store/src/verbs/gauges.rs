//! What the metrics say of the store, every quarter of a minute: counted from short indexes, whatever the store holds.

use chrono::{DateTime, Utc};

use super::schedules::instant;
use crate::Store;
use crate::error::Result;
use crate::sql::values;

/// What stands in the store at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Plans that wait for an approval.
    pub approvals: u64,
    /// Stops, the one of everything among them.
    pub pauses: u64,
    /// Batches whose remnants are not removed yet.
    pub remnants: u64,
    /// Since when there are remnants.
    pub remnants_since: Option<DateTime<Utc>>,
}

impl Store {
    /// Counts what the metrics show. Plans older than `valid_from` do not wait any more.
    pub async fn gauges(&self, valid_from: DateTime<Utc>) -> Result<Gauges> {
        let mut session = self.read("count what the metrics show").await?;
        let row = session
            .one(
                "SELECT (SELECT count(*) FROM lapsed_approval \
                     WHERE approved_at IS NULL AND replaced_by IS NULL AND asked_at > $1) AS approvals, \
                 (SELECT count(*) FROM lapsed_pause) AS pauses, \
                 (SELECT batches FROM lapsed_remnants) AS remnants, (SELECT since FROM lapsed_remnants) AS since",
                &values![valid_from.timestamp_millis()],
            )
            .await?;
        let count = |column: &str| row.get::<Option<i64>>(column).unwrap_or_default().unsigned_abs();
        Ok(Gauges {
            approvals: count("approvals"),
            pauses: count("pauses"),
            remnants: count("remnants"),
            remnants_since: row.get::<Option<i64>>("since").map(instant),
        })
    }
}
