//! Whether all is well in a town: the store, the ledger and the journals, held against the book.

use std::time::Instant;

use serde_json::Value;

use crate::town::{PATIENCE, Town};

/// People who are neither there nor gone.
const HALF: &str = "SELECT string_agg(CAST(c.id AS text), ',') FROM customers c WHERE \
    (c.anonymised_at IS NULL AND c.number LIKE 'N-%' AND (c.first_name IS NULL OR c.email IS NULL)) \
    OR (c.anonymised_at IS NOT NULL AND (c.first_name IS NOT NULL OR c.email IS NOT NULL OR c.phone IS NOT NULL)) \
    OR (c.anonymised_at IS NOT NULL AND EXISTS (SELECT 1 FROM lapsed_consent k WHERE k.subject = to_jsonb(c.id))) \
    OR (c.anonymised_at IS NOT NULL AND EXISTS (SELECT 1 FROM web_users w WHERE w.customer_id = c.id))";

/// How many people more are anonymised than the ledger's batches say: the platform had erased some before.
pub(crate) const UNRECORDED: &str = "SELECT (SELECT count(*) FROM customers WHERE anonymised_at IS NOT NULL) \
    - (SELECT coalesce(sum(people), 0) FROM lapsed_erasure)";

/// Pseudonyms that stand in more than one entry.
const TWICE: &str = "SELECT string_agg(person, ',') FROM (SELECT person FROM lapsed_ledger l, \
    jsonb_each(CAST(l.payload AS jsonb) -> 'by_rule') r, jsonb_array_elements_text(r.value) person \
    WHERE l.kind = 'erased' GROUP BY person HAVING count(*) > 1) twice";

/// Batches that share an entry, or have none.
const BATCHES: &str = "SELECT string_agg(e.batch, ',') FROM lapsed_erasure e WHERE 1 <> (\
    SELECT count(*) FROM lapsed_erasure o JOIN lapsed_ledger l USING (tenant, sequence) \
    WHERE (o.tenant, o.sequence) = (e.tenant, e.sequence) AND l.kind LIKE 'erased%')";

impl Town {
    /// What must hold at every moment, whoever just died.
    pub(crate) fn holds_together(&mut self, when: &str) {
        assert_eq!(self.eye.text(HALF), "", "{when}: half anonymised");
        let unrecorded = self.eye.text(UNRECORDED);
        assert_eq!(
            unrecorded, self.erased_before,
            "{when}: people without an entry, or with two"
        );
    }

    /// What must hold when nothing is left to do: nothing was lost, and nothing was done twice.
    pub(crate) fn all_is_well(&mut self) {
        self.holds_together("in the end");
        self.every_slot_is_accounted_for();
        let states = self
            .eye
            .text("SELECT string_agg(DISTINCT state, ',') FROM lapsed_run");
        assert_eq!(
            states,
            "completed",
            "no run was given up:\n{}",
            self.describes_itself()
        );
        let left = format!(
            "SELECT string_agg(CAST(id AS text), ',') FROM customers WHERE id >= {} AND anonymised_at IS NULL",
            self.first_customer
        );
        assert_eq!(self.eye.text(&left), "", "everybody who lapsed is anonymised");
        assert_eq!(self.eye.text(TWICE), "", "people who stand in two entries");
        assert_eq!(
            self.eye.text(BATCHES),
            "",
            "batches without an entry of their own"
        );
        self.journals_know_everything();
        let verified = self.nodes[0].lapsed("ledger verify");
        assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    }

    /// Every slot became one run, or was left out and counted.
    fn every_slot_is_accounted_for(&mut self) {
        for (schedule, slot) in self.slots.clone() {
            let of = format!("schedule = '{schedule}' AND");
            let runs = format!("SELECT count(*) FROM lapsed_run WHERE {of} slot_at = {slot}");
            let skipped = format!(
                "SELECT count(*) FROM lapsed_skipped WHERE {of} first_slot <= {slot} AND last_slot >= {slot}"
            );
            let (runs, skipped) = (self.eye.number(&runs), self.eye.number(&skipped));
            assert_eq!(
                runs + skipped,
                1,
                "{schedule} at {slot}: {runs} runs, left out {skipped} times"
            );
        }
    }

    /// The journal of every machine that ever served has every batch within a few seconds, whoever carried it out.
    pub(crate) fn journals_know_everything(&mut self) {
        for node in self.nodes.iter().filter(|node| node.has_a_journal()) {
            let mut last = Value::Null;
            let whole = |checked: &Value| {
                let of = |list: &str| checked["journal"][list].as_array().map_or(0, Vec::len);
                checked["whole"] == true
                    && of("unnoted") + of("lost") == 0
                    && checked["journal"]["unfinished"] == 0
            };
            let began = Instant::now();
            while !whole(&last) {
                assert!(
                    began.elapsed() < PATIENCE,
                    "the journal of {}: {last:#}",
                    node.name
                );
                last = node.object("journal check");
            }
        }
    }

    /// What stands in the way of quiet, and what the machines say of it.
    pub(crate) fn describes_itself(&mut self) -> String {
        let runs = self.eye.try_text(
            "SELECT string_agg(concat_ws(' ', id, tenant, workgroup, job, state, attempt, fence, owner, error), E'\\n') \
             FROM lapsed_run WHERE state <> 'completed'",
        );
        let daemons = self.eye.try_text(
            "SELECT string_agg(concat_ws(' ', start, node, program, lease_until > statement_timestamp()), E'\\n') \
             FROM lapsed_daemon",
        );
        let mut said = format!("{runs:?}\n{daemons:?}\n");
        for node in &self.nodes {
            let log = node.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(25)..];
            said.push_str(&format!("── {}\n{}\n", node.name, last.join("\n")));
        }
        said
    }
}
