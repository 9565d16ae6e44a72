//! A theatre whose schedule comes round whenever the test says so.

use lapsed_model::Dialect;
use lapsed_tests::dialect;

use crate::program::{Installed, Watch, now};

/// The workgroup that is swept.
pub(crate) const STUDIO: &str = "stadttheater/studio";

/// An installation whose studio sweeps without being asked for approval, two people in a transaction.
pub(crate) struct House {
    pub(crate) installed: Installed,
    pub(crate) store: Watch,
    slots: Vec<i64>,
    next_customer: i64,
    edits: u32,
    unrecorded: i64,
}

impl House {
    /// The demo's theatre after its backlog was worked off: from now on only the new people are due.
    pub(crate) fn open() -> House {
        let installed = Installed::demo();
        settle(&installed);
        let policy = installed.path("tenants/stadttheater.toml");
        let text = std::fs::read_to_string(&policy).expect("the policy is there");
        let text: String = text
            .lines()
            .filter(|line| {
                !["automatic", "ask_me_above", "schedule"]
                    .iter()
                    .any(|key| line.trim_start().starts_with(key))
            })
            .map(|line| match line.trim() {
                "[retention]" => "[retention]\nautomatic = \"on\"\nask_me_above = \"100000 people\"\n\
                                  ask_me_above_share = \"100 %\"\nschedule = \"on the 1st at 03:00\"\n"
                    .to_owned(),
                _ => format!("{line}\n"),
            })
            .collect();
        std::fs::write(&policy, text).expect("written");
        let plan = installed.object(&format!("plan {STUDIO} --save"));
        let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
        let approved = installed.lapsed(&format!("approve {id} --by tester --reason backlog"));
        assert_eq!(approved.code, 0, "{}", approved.err);
        let applied = installed.lapsed(&format!("apply {id}"));
        assert_eq!(applied.code, 0, "{}", applied.err);
        let store = installed.watch();
        let mut house = House {
            installed,
            store,
            slots: Vec::new(),
            next_customer: 0,
            edits: 0,
            unrecorded: 0,
        };
        house.next_customer =
            i64::try_from(house.number("SELECT max(id) + 1000 FROM customers")).expect("an id");
        // The platform had erased some people before there was a daemon.
        house.unrecorded = house.erased_without_an_entry();
        house
    }

    /// Somebody who never bought anything since 2015 joins the store: `people` of them.
    pub(crate) fn people_lapse(&mut self, people: i64) {
        let key = self.text("SELECT store_key FROM lapsed_plan WHERE workgroup = 'studio' LIMIT 1");
        for _ in 0..people {
            let id = self.next_customer;
            self.next_customer += 1;
            self.text(&format!(
                "INSERT INTO customers (id, workgroup, number, first_name, last_name, email, created_at) \
                 VALUES ({id}, '{key}', 'N-{id}', 'Nora{id}', 'Neumann{id}', 'nora{id}@mail.example', 1420070400000)"
            ));
        }
    }

    /// The schedule comes round now, unless a slot still waits to be seen.
    pub(crate) fn schedule_comes_round(&mut self) {
        let now = now();
        let slot = self.text(&format!(
            "UPDATE lapsed_schedule SET next_slot_at = {now} \
             WHERE tenant = 'stadttheater' AND workgroup = 'studio' AND next_slot_at > {now} RETURNING next_slot_at"
        ));
        if !slot.is_empty() {
            self.slots.push(slot.parse().expect("milliseconds"));
        }
    }

    /// The tenant saves a policy that says the same.
    pub(crate) fn tenant_saves(&mut self) {
        self.edits += 1;
        let path = self.installed.path("tenants/stadttheater.toml");
        let text = std::fs::read_to_string(&path).expect("the policy is there");
        std::fs::write(path, format!("{text}# {}\n", self.edits)).expect("written");
    }

    /// Nothing is left to do.
    pub(crate) fn is_quiet(store: &mut Watch) -> bool {
        // One statement: between two of them a slot could become a run, seen by neither.
        store.number(&format!(
            "SELECT (SELECT count(*) FROM lapsed_run WHERE finished_at IS NULL) \
             + (SELECT count(*) FROM lapsed_schedule WHERE next_slot_at <= {})",
            now()
        )) == 0
    }

    /// What must hold whenever somebody looks.
    pub(crate) fn holds_together(&mut self, round: &str) {
        let half = self.text(
            "SELECT string_agg(CAST(c.id AS TEXT), ',') FROM customers c WHERE \
             (c.anonymised_at IS NULL AND (c.last_name = 'DSGVO' OR c.number LIKE 'N-%' AND (c.first_name IS NULL OR c.email IS NULL))) \
             OR (c.anonymised_at IS NOT NULL AND (c.first_name IS NOT NULL OR c.email IS NOT NULL OR c.phone IS NOT NULL)) \
             OR (c.anonymised_at IS NOT NULL AND CAST(c.id AS TEXT) IN (SELECT CAST(k.subject AS TEXT) FROM lapsed_consent k)) \
             OR (c.anonymised_at IS NOT NULL AND EXISTS (SELECT 1 FROM web_users w WHERE w.customer_id = c.id))",
        );
        assert_eq!(half, "", "{round}: half anonymised");
        assert_eq!(
            self.erased_without_an_entry(),
            self.unrecorded,
            "{round}: people without an entry in the ledger"
        );
    }

    /// How many more people are anonymised than the ledger knows of.
    fn erased_without_an_entry(&mut self) -> i64 {
        // One statement: on a server the last commit of a daemon that was killed can come between two of them.
        let more = self.text(
            "SELECT (SELECT count(*) FROM customers WHERE anonymised_at IS NOT NULL) \
             - (SELECT coalesce(sum(people), 0) FROM lapsed_erasure)",
        );
        more.parse().expect("a number")
    }

    /// Every slot became one run, or was left out and counted.
    pub(crate) fn every_slot_is_accounted_for(&mut self) {
        for slot in self.slots.clone() {
            let runs = self.number(&format!("SELECT count(*) FROM lapsed_run WHERE slot_at = {slot}"));
            let skipped = self.number(&format!(
                "SELECT count(*) FROM lapsed_skipped WHERE first_slot <= {slot} AND last_slot >= {slot}"
            ));
            assert_eq!(
                runs + skipped,
                1,
                "slot {slot}: {runs} runs, left out {skipped} times"
            );
        }
        let done_twice = self.text(
            "SELECT string_agg(CAST(slot_at AS TEXT), ',') FROM (SELECT slot_at FROM lapsed_run \
             WHERE slot_at IS NOT NULL GROUP BY schedule, slot_at HAVING count(*) > 1) twice",
        );
        assert_eq!(done_twice, "");
    }

    /// How often the schedule came round.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn number(&mut self, statement: &str) -> u64 {
        self.store.number(statement)
    }

    pub(crate) fn text(&mut self, statement: &str) -> String {
        self.store.text(statement)
    }
}

/// Two people in a transaction, and on a server a lease of two seconds: nobody has the time for the usual one.
fn settle(installed: &Installed) {
    let path = installed.path("lapsed.toml");
    let mut settings = std::fs::read_to_string(&path).expect("the settings are there");
    if dialect() == Dialect::Postgres {
        settings = settings.replacen("[store]\n", "[store]\nlease_seconds = 2\n", 1);
    }
    settings.push_str("\n[limits]\nerase_batch = 2\nerase_share = \"100 %\"\n");
    std::fs::write(path, settings).expect("written");
}
