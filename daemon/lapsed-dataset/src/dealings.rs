//! What the daemon itself keeps of its dealings with people, and what is left of it when they are anonymised.
//!
//! That there was a request or a hold stays, with its dates and its answer's kind, and nothing that says whose it was.
//! (Consents are dealt with where the person's own data is; R-7 wants them deleted.)

use lapsed_model::Statement;

use crate::erase::plain;
use crate::sql::{Sql, literal};
use crate::{Erasure, Fitted, Holdable};

/// What names the person by key. A hold in force needs no care: nobody under one is erased.
const BY_KEY: [&str; 3] = [
    "UPDATE lapsed_request SET subject = NULL, note = NULL, answer = NULL \
     WHERE subject IN (SELECT subject FROM lapsed_batch)",
    "UPDATE lapsed_hold SET subject = NULL, reason = NULL, lifted_because = NULL \
     WHERE subject IN (SELECT subject FROM lapsed_batch)",
    "DELETE FROM lapsed_warning WHERE subject IN (SELECT subject FROM lapsed_batch)",
];

impl Fitted<'_> {
    /// Clears the daemon's own records of the batch. Runs first: a record leads to its people by links that erasing
    /// can cut.
    pub(crate) fn forget_dealings(&self, erasure: &Erasure) -> Vec<Statement> {
        let by_record = self
            .dataset
            .holdables
            .iter()
            .map(|holdable| forget_reasons(holdable, erasure));
        by_record.chain(BY_KEY.iter().map(|sql| plain(sql))).collect()
    }
}

/// Of holds on a record that are over, the reason goes with the record's person: reasons tell stories.
fn forget_reasons(Holdable { name, rows }: &Holdable, erasure: &Erasure) -> Statement {
    let mut sql = Sql::default();
    let tenant = sql.bind(erasure.tenant.as_str().into());
    let now = sql.bind(erasure.now.timestamp_millis().into());
    sql.finish(format!(
        "UPDATE lapsed_hold SET reason = NULL, lifted_because = NULL\n\
         WHERE kind = {kind} AND tenant = {tenant} AND record IS NOT NULL AND reason IS NOT NULL\n  \
         AND (lifted_at IS NOT NULL OR ends_at <= {now})\n  \
         AND CAST(record AS TEXT) IN (SELECT CAST(f.record AS TEXT) FROM lapsed_batch b CROSS JOIN ({rows}) f \
         WHERE f.subject = b.subject)",
        kind = literal(&name.value),
        rows = rows.value
    ))
}
