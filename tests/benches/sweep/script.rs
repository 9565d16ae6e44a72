//! The other side: SQL written by hand for the reference schema, over a plain connection.
//!
//! It is meant to be as good as it gets. It knows the tables, so it does what a dataset cannot ask for: one walk
//! over a person's orders answers several rules, and what erasing would not change is left alone.

use std::path::Path;

use lapsed_jobs::apply::erasure;
use lapsed_jobs::retention::Case;
use lapsed_model::{Bounds, Clock, Plan, Way};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use crate::theatres::Theatres;

/// A connection of the script's own.
pub(crate) struct Script {
    connection: SqliteConnection,
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
    /// Connects with the pragmas of the store's writer.
    pub(crate) async fn connect(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("automatic_index", "OFF")
            .pragma("wal_autocheckpoint", "32768")
            .pragma("secure_delete", "ON");
        let mut connection = SqliteConnection::connect_with(&options)
            .await
            .expect("a connection");
        let tables = sqlx::raw_sql(include_str!("tables.sql"));
        tables
            .execute(&mut connection)
            .await
            .expect("the script's tables");
        Self { connection }
    }

    /// Closes the connection.
    pub(crate) async fn close(self) {
        self.connection.close().await.expect("a closed connection");
    }

    /// Judges every workgroup, one statement and one transaction each.
    pub(crate) async fn plan(&mut self, theatres: &Theatres, cases: &[Case<'_>]) {
        let sql = planning("c.workgroup = $1");
        for case in cases {
            self.run(&sql, &Values::of(theatres, case)).await;
        }
    }

    /// Judges everybody in one statement, which no daemon can: each tenant has a policy of its own.
    pub(crate) async fn plan_at_once(&mut self, theatres: &Theatres, cases: &[Case<'_>]) {
        self.run(&planning("$1 IS NOT NULL"), &Values::of(theatres, &cases[0]))
            .await;
    }

    /// Carries out the stored plans of these workgroups in one transaction: judges again, logs, erases.
    pub(crate) async fn apply(&mut self, theatres: &Theatres, cases: &[Case<'_>]) {
        let judge_again = format!(
            "INSERT INTO script_batch SELECT p.subject, p.rule FROM script_plan p CROSS JOIN customers c\n\
             WHERE p.workgroup = $1 AND c.id = p.subject AND c.workgroup = $1 AND c.anonymised_at IS NULL AND\n{}\n\
             AND {} IS NOT NULL",
            include_str!("kept_by_none.sql"),
            include_str!("rule.sql")
        );
        let log = "INSERT INTO script_log (at, people) \
                   SELECT $3, json_group_array(json_array(subject, rule)) FROM script_batch";
        self.erase(theatres, cases, &[&judge_again, log]).await;
    }

    /// The bare effects on whom the plans name: no second judgement, no log.
    pub(crate) async fn erase_only(&mut self, theatres: &Theatres, cases: &[Case<'_>]) {
        let take = "INSERT INTO script_batch SELECT subject, rule FROM script_plan WHERE workgroup = $1";
        self.erase(theatres, cases, &[take]).await;
    }

    async fn erase(&mut self, theatres: &Theatres, cases: &[Case<'_>], first: &[&str]) {
        self.bare("BEGIN IMMEDIATE").await;
        for case in cases {
            let values = Values::of(theatres, case);
            let empty = ["DELETE FROM script_batch", "DELETE FROM script_order"];
            let effects = include_str!("effects.sql")
                .split_inclusive(";\n")
                .filter(|sql| sql.contains(';'));
            for sql in empty.into_iter().chain(first.iter().copied()).chain(effects) {
                self.run(sql, &values).await;
            }
        }
        self.bare("COMMIT").await;
    }

    /// Removes the remnants: the same indexes, by hand.
    pub(crate) async fn scrub(&mut self) {
        for index in [
            "customers_email",
            "customers_phone",
            "customers_workgroup",
            "web_users_customer",
        ] {
            self.bare(&format!("REINDEX {index}")).await;
        }
        self.bare("PRAGMA wal_checkpoint(TRUNCATE)").await;
    }

    /// Panics unless the last plans of both sides name the same people by the same rules.
    pub(crate) async fn planned_the_same(&mut self, plans: &[Plan]) {
        let mut people = 0;
        for plan in plans {
            people += plan.subjects;
            let sql = "SELECT (SELECT count(*) FROM (SELECT subject, rule FROM lapsed_plan_subject WHERE plan = $1 \
                       EXCEPT SELECT subject, rule FROM script_plan WHERE workgroup = $2)), \
                       (SELECT count(*) FROM script_plan WHERE workgroup = $2)";
            let row = sqlx::query(sql)
                .bind(&plan.id)
                .bind(&plan.store_key)
                .fetch_one(&mut self.connection)
                .await;
            let row = row.expect("two plans to compare");
            let (differ, theirs): (i64, i64) = (row.get(0), row.get(1));
            assert_eq!(
                (differ, theirs.unsigned_abs()),
                (0, plan.subjects),
                "the plans of {}",
                plan.store_key
            );
        }
        assert!(people > 0, "a sweep of nobody measures nothing");
    }

    /// Panics unless both sides left the same in every table of the platform.
    pub(crate) async fn erased_the_same(&mut self, ours: &Path) {
        let attach = sqlx::query("ATTACH $1 AS ours").bind(ours.to_str());
        attach.execute(&mut self.connection).await.expect("both stores");
        let tables = "SELECT t.name, group_concat('x.\"' || c.name || '\" IS NOT y.\"' || c.name || '\"', ' OR ') \
                      FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
                      WHERE t.type = 'table' AND t.name NOT LIKE 'lapsed%' AND t.name NOT LIKE 'script%' \
                      AND t.name NOT LIKE 'sqlite%' GROUP BY t.name";
        let tables = sqlx::query(tables)
            .fetch_all(&mut self.connection)
            .await
            .expect("tables");
        assert!(!tables.is_empty(), "a platform has tables");
        for table in tables {
            let (name, differs): (String, String) = (table.get(0), table.get(1));
            let sql = format!(
                "SELECT (SELECT count(*) FROM main.{name} x LEFT JOIN ours.{name} y ON y.id = x.id WHERE {differs}), \
                 (SELECT count(*) FROM main.{name}) - (SELECT count(*) FROM ours.{name})"
            );
            let row = sqlx::query(AssertSqlSafe(sql))
                .fetch_one(&mut self.connection)
                .await
                .expect("two tables");
            assert_eq!(
                (row.get::<i64, _>(0), row.get::<i64, _>(1)),
                (0, 0),
                "rows of {name} that differ"
            );
        }
        let consents =
            "SELECT (SELECT count(*) FROM main.lapsed_consent) - (SELECT count(*) FROM ours.lapsed_consent)";
        let differ: i64 = sqlx::query_scalar(consents)
            .fetch_one(&mut self.connection)
            .await
            .expect("consents");
        assert_eq!(differ, 0, "consents that differ");
        self.bare("DETACH ours").await;
    }

    /// Takes every plan back, so that the next round begins as this one did.
    pub(crate) async fn forget(&mut self) {
        for sql in [
            "DELETE FROM script_plan",
            "DELETE FROM lapsed_plan_subject",
            "DELETE FROM lapsed_plan",
        ] {
            self.bare(sql).await;
        }
        self.bare("PRAGMA wal_checkpoint(TRUNCATE)").await;
    }

    async fn run(&mut self, sql: &str, values: &Values) {
        sqlx::query(AssertSqlSafe(sql))
            .bind(&values.workgroup)
            .bind(values.bounds.cut_off.timestamp_millis())
            .bind(values.bounds.now.timestamp_millis())
            .bind(values.recipients_until)
            .execute(&mut self.connection)
            .await
            .unwrap_or_else(|refused| panic!("{refused} in {sql}"));
    }

    async fn bare(&mut self, sql: &str) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.connection)
            .await;
        done.unwrap_or_else(|refused| panic!("{refused} in {sql}"));
    }
}

fn planning(whom: &str) -> String {
    format!(
        "INSERT INTO script_plan\n\
         WITH due (workgroup, subject, rule) AS MATERIALIZED (\n\
         SELECT c.workgroup, c.id,\n{}\n\
         FROM customers c\n\
         WHERE {whom} AND c.anonymised_at IS NULL AND\n{})\n\
         SELECT workgroup, subject, rule FROM due WHERE rule IS NOT NULL ORDER BY workgroup, subject",
        include_str!("rule.sql"),
        include_str!("kept_by_none.sql")
    )
}
