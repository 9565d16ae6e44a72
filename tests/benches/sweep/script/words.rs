//! The script's SQL, side by side where the databases differ.

use super::connection::Connection;

/// What the script says to one database.
pub(super) struct Words {
    pub(super) tables: &'static str,
    pub(super) begin: &'static str,
    /// Nobody is in the batch.
    pub(super) empty: &'static [&'static str],
    /// Locks whom a plan names and what they are judged by, where others may write.
    lock: &'static str,
    /// Has the database count who is in the batch, where it does not guess well.
    pub(super) counted: Option<&'static str>,
    pub(super) log: &'static str,
    pub(super) scrub: &'static [&'static str],
    pub(super) forget: &'static [&'static str],
    kept_by_none: &'static str,
    rule: &'static str,
    judge_again: &'static str,
    effects: &'static str,
}

static SQLITE: Words = Words {
    tables: include_str!("../sqlite/tables.sql"),
    begin: "BEGIN IMMEDIATE",
    empty: &["DELETE FROM script_batch", "DELETE FROM script_order"],
    lock: "",
    counted: None,
    log: include_str!("../sqlite/log.sql"),
    // The same indexes, by hand.
    scrub: &[
        "REINDEX customers_email",
        "REINDEX customers_phone",
        "REINDEX customers_workgroup",
        "REINDEX web_users_customer",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    ],
    forget: &[
        "DELETE FROM script_plan",
        "DELETE FROM lapsed_plan_subject",
        "DELETE FROM lapsed_plan",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    ],
    kept_by_none: include_str!("../sqlite/kept_by_none.sql"),
    rule: include_str!("../sqlite/rule.sql"),
    judge_again: include_str!("../sqlite/judge_again.sql"),
    effects: include_str!("../sqlite/effects.sql"),
};

static POSTGRES: Words = Words {
    tables: include_str!("../postgres/tables.sql"),
    begin: "BEGIN",
    empty: &["TRUNCATE script_batch, script_order"],
    lock: include_str!("../postgres/lock.sql"),
    counted: Some("ANALYZE script_batch"),
    log: include_str!("../postgres/log.sql"),
    scrub: &[
        "VACUUM (ANALYZE) customers, web_users, orders, tickets, vouchers, reservations, appointments, form_answers, \
         lapsed_consent",
    ],
    forget: &[
        "TRUNCATE script_plan, lapsed_plan_subject, lapsed_plan CASCADE",
        "CHECKPOINT",
    ],
    kept_by_none: include_str!("../postgres/kept_by_none.sql"),
    rule: include_str!("../postgres/rule.sql"),
    judge_again: include_str!("../postgres/judge_again.sql"),
    effects: include_str!("../postgres/effects.sql"),
};

impl Words {
    /// The words for whoever is connected to.
    pub(super) fn of(connection: &Connection) -> &'static Self {
        match connection {
            Connection::Sqlite(_) => &SQLITE,
            Connection::Postgres(_) => &POSTGRES,
        }
    }

    /// Stores who is due of whom `whom` means.
    pub(super) fn planning(&self, whom: &str) -> String {
        format!(
            "INSERT INTO script_plan\n\
             WITH due (workgroup, subject, rule) AS MATERIALIZED (\n\
             SELECT c.workgroup, c.id,\n{}\n\
             FROM customers c\n\
             WHERE {whom} AND c.anonymised_at IS NULL AND\n{})\n\
             SELECT workgroup, subject, rule FROM due WHERE rule IS NOT NULL ORDER BY workgroup, subject",
            self.rule, self.kept_by_none
        )
    }

    /// Puts into the batch whom a plan names and the rules still make due.
    pub(super) fn judging_again(&self) -> String {
        self.judge_again
            .replace("{kept_by_none}", self.kept_by_none)
            .replace("{rule}", self.rule)
    }

    /// What becomes of who is in the batch, statement by statement.
    pub(super) fn effects(&self) -> impl Iterator<Item = &'static str> + use<> {
        statements(self.effects)
    }

    /// What keeps whom a plan names as they are, statement by statement.
    pub(super) fn locks(&self) -> impl Iterator<Item = &'static str> + use<> {
        statements(self.lock)
    }
}

fn statements(script: &'static str) -> impl Iterator<Item = &'static str> {
    let statements = script.split_inclusive(";\n");
    statements.filter(|sql| sql.contains(';'))
}
