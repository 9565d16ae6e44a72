//! The other side: SQL written by hand for the reference schema, over a plain connection.
//!
//! It is meant to be as good as it gets. It knows the tables, so it does what a dataset cannot ask for: one walk
//! over a person's orders answers several rules, and what erasing would not change is left alone.

mod connection;
mod same;
mod words;

use lapsed_jobs::apply::erasure;
use lapsed_jobs::retention::Case;
use lapsed_model::{Bounds, Clock, Way};

use crate::shared::stores::Home;
use crate::shared::theatres::Theatres;
use connection::Connection;
use words::Words;

/// A connection of the script's own.
pub(crate) struct Script {
    connection: Connection,
    words: &'static Words,
}

/// What a workgroup is judged and erased by: $1 to $4 of every statement.
#[derive(Clone)]
struct Values {
    workgroup: String,
    bounds: Bounds,
    recipients_until: i64,
}

impl Values {
    fn of(theatres: &Theatres, case: &Case<'_>) -> Self {
        let now = theatres.clock.now();
        let waits = erasure(case, Way::Automatic, now).waits;
        Self {
            workgroup: case.store_key.clone(),
            bounds: case.bounds(now),
            recipients_until: waits["keep_invoice_recipients"].timestamp_millis(),
        }
    }
}

impl Script {
    /// Connects to the store of this name as durably as the daemon does.
    pub(crate) async fn connect(home: &Home, name: &str) -> Self {
        let connection = Connection::to(home, name).await;
        let words = Words::of(&connection);
        let mut script = Self { connection, words };
        script.connection.bare(words.tables).await;
        script
    }

    /// Closes the connection.
    pub(crate) async fn close(self) {
        self.connection.close().await;
    }

    /// Judges every workgroup, one statement and one transaction each.
    pub(crate) async fn plan(&mut self, theatres: &Theatres, cases: &[Case<'_>]) {
        let sql = self.words.planning("c.workgroup = $1");
        for case in cases {
            self.run(&sql, &Values::of(theatres, case)).await;
        }
    }

    /// Judges everybody in one statement, which no daemon can: each tenant has a policy of its own.
    pub(crate) async fn plan_at_once(&mut self, theatres: &Theatres, cases: &[Case<'_>]) {
        let sql = self.words.planning("$1 IS NOT NULL");
        self.run(&sql, &Values::of(theatres, &cases[0])).await;
    }

    /// Carries out the stored plans of these workgroups in one transaction: judges again, logs, erases.
    pub(crate) async fn apply(&mut self, theatres: &Theatres, cases: &[Case<'_>]) {
        let judge_again = self.words.judging_again();
        let mut first: Vec<&str> = self.words.locks().collect();
        first.push(&judge_again);
        first.extend(self.words.counted);
        first.push(self.words.log);
        self.erase(theatres, cases, &first).await;
    }

    /// The bare effects on whom the plans name: no second judgement, no log.
    pub(crate) async fn erase_only(&mut self, theatres: &Theatres, cases: &[Case<'_>]) {
        let take = "INSERT INTO script_batch SELECT subject, rule FROM script_plan WHERE workgroup = $1";
        let first: Vec<&str> = [take].into_iter().chain(self.words.counted).collect();
        self.erase(theatres, cases, &first).await;
    }

    async fn erase(&mut self, theatres: &Theatres, cases: &[Case<'_>], first: &[&str]) {
        self.connection.bare(self.words.begin).await;
        for case in cases {
            let values = Values::of(theatres, case);
            let effects: Vec<&str> = self.words.effects().collect();
            for sql in self.words.empty.iter().chain(first).chain(&effects) {
                self.run(sql, &values).await;
            }
        }
        self.connection.bare("COMMIT").await;
    }

    /// Removes the remnants by hand.
    pub(crate) async fn scrub(&mut self) {
        for sql in self.words.scrub {
            self.connection.bare(sql).await;
        }
    }

    /// Takes every plan back, so that the next round begins as this one did.
    pub(crate) async fn forget(&mut self) {
        for sql in self.words.forget {
            self.connection.bare(sql).await;
        }
    }

    async fn run(&mut self, sql: &str, values: &Values) {
        let instants = [
            values.bounds.cut_off.timestamp_millis(),
            values.bounds.now.timestamp_millis(),
            values.recipients_until,
        ];
        self.connection.run(sql, &values.workgroup, instants).await;
    }
}
