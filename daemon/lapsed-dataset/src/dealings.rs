//! What the daemon itself keeps of its dealings with people, and what is left of it when they are anonymised.
//!
//! That there was a request or a hold stays, with its dates and its answer's kind, and nothing that says whose it was.
//! (Consents are dealt with where the person's own data is; R-7 wants them deleted.)

use lapsed_model::Statement;

use crate::dialect::Words as _;
use crate::json::{Fate, Json};
use crate::sql::{literal, plain};
use crate::{Erasure, Fitted, Holdable};

impl Fitted<'_> {
    /// Clears the daemon's own records of the batch. Runs first: a record leads to its people by links that erasing
    /// can cut.
    pub(crate) fn forget_dealings(&self, erasure: &Erasure) -> Vec<Statement> {
        let by_record = self
            .dataset
            .holdables
            .iter()
            .map(|holdable| self.forget_reasons(holdable, erasure));
        by_record.chain(self.forget_by_key(erasure)).collect()
    }

    /// What names the person by key. Nobody is erased against a hold in force, and whose open request is known to be about
    /// an older record asked for themselves: where such a row has the key, it is somebody else's and stays.
    fn forget_by_key(&self, erasure: &Erasure) -> [Statement; 4] {
        let mut sql = self.pen();
        let now = sql.bind(erasure.now.timestamp_millis().into());
        let (same, in_batch) = (self.same_record("lapsed_request"), self.in_batch());
        [
            plain(format!(
                "UPDATE lapsed_request SET subject = NULL, created = NULL, note = NULL, answer = NULL \
                 WHERE {in_batch} AND (state <> 'open' OR {same})"
            )),
            sql.finish(format!(
                "UPDATE lapsed_hold SET subject = NULL, created = NULL, reason = NULL, lifted_because = NULL \
                 WHERE {in_batch} AND (lifted_at IS NOT NULL OR ends_at <= {now})"
            )),
            plain(format!("DELETE FROM lapsed_warning WHERE {in_batch}")),
            self.forget_runs(),
        ]
    }

    /// Runs that named the person. One that is not finished needs to know whom it is about until it is: the mark is gone,
    /// so that its end takes the key out. What a run says went wrong may say of whom.
    fn forget_runs(&self) -> Statement {
        let payload = Json::new(self.dialect(), "payload", None);
        let outcome = Json::new(self.dialect(), "outcome", None);
        plain(format!(
            "UPDATE lapsed_run SET subject = NULL, \
             payload = CASE WHEN finished_at IS NULL THEN payload WHEN {} THEN {} ELSE '{{}}' END, \
             outcome = CASE WHEN {} THEN {} END, error = NULL \
             WHERE {}",
            payload.is_valid(),
            payload.without(&NAMING[..2]),
            outcome.is_valid(),
            outcome.without(&NAMING),
            self.in_batch()
        ))
    }

    /// Of holds on a record that are over, the reason goes with the record's person: reasons tell stories.
    fn forget_reasons(&self, Holdable { name, rows }: &Holdable, erasure: &Erasure) -> Statement {
        let mut sql = self.pen();
        let tenant = sql.bind(erasure.tenant.as_str().into());
        let now = sql.bind(erasure.now.timestamp_millis().into());
        let records = format!(
            "SELECT CAST(f.record AS TEXT) FROM {}",
            self.each_of_batch(&rows.value, "f")
        );
        sql.finish(format!(
            "UPDATE lapsed_hold SET reason = NULL, lifted_because = NULL\n\
             WHERE kind = {kind} AND tenant = {tenant} AND record IS NOT NULL AND reason IS NOT NULL\n  \
             AND (lifted_at IS NOT NULL OR ends_at <= {now})\n  \
             AND {is_theirs}",
            kind = literal(&name.value),
            is_theirs = self.dialect().among("CAST(record AS TEXT)", &records)
        ))
    }
}

/// By which a run's payload and outcome name people; the last one only an outcome.
const NAMING: [(&str, Fate); 3] = [
    ("subject", Fate::Removed),
    ("customer", Fate::Removed),
    ("refused", Fate::Removed),
];
