//! What stories do to a store that the databases do not say alike.

use lapsed_model::{Dialect, Value};

use super::{On, Platform};

/// What somebody does to a row.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Adds it.
    Insert,
    /// Changes it.
    Update,
    /// Changes this column of it.
    UpdateOf(&'static str),
    /// Removes it.
    Delete,
}

/// A store in which another program keeps everybody else from writing, until it is let go.
#[derive(Debug)]
#[must_use = "the lock lasts as long as this"]
pub struct Locked(Platform);

impl Locked {
    /// The other program is done.
    pub async fn let_go(self) {
        self.0.run("COMMIT").await;
        self.0.close().await;
    }
}

impl Act {
    fn words(self) -> String {
        match self {
            Act::Insert => "INSERT".to_owned(),
            Act::Update => "UPDATE".to_owned(),
            Act::UpdateOf(column) => format!("UPDATE OF {column}"),
            Act::Delete => "DELETE".to_owned(),
        }
    }
}

impl Platform {
    /// From now on a trigger refuses an act on rows of a table, or on those for which `when` (of `old` or `new`) is true.
    pub async fn refuses(&self, act: Act, table: &str, when: Option<&str>, says: &str) {
        let (words, name) = (act.words(), guard(table));
        let says = says.replace('\'', "''");
        let sql = match self.dialect() {
            Dialect::Sqlite => {
                let when = when.map(|when| format!("WHEN {when}")).unwrap_or_default();
                format!(
                    "CREATE TRIGGER {name} BEFORE {words} ON {table} {when} BEGIN SELECT RAISE(ABORT, '{says}'); END"
                )
            }
            Dialect::Postgres => {
                let when = when.map(|when| format!("WHEN ({when})")).unwrap_or_default();
                format!(
                    "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql \
                     AS $$ BEGIN RAISE EXCEPTION '{says}'; END $$; \
                     CREATE TRIGGER {name} BEFORE {words} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION {name}()"
                )
            }
        };
        self.run(&sql).await;
    }

    /// From now on a trigger says yes to every change of the rows of a table for which `when` (of `old`) is true, and leaves them
    /// as they are.
    pub async fn swallows(&self, table: &str, when: &str) {
        let name = guard(table);
        let sql = match self.dialect() {
            Dialect::Sqlite => {
                format!(
                    "CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {when} BEGIN SELECT RAISE(IGNORE); END"
                )
            }
            Dialect::Postgres => format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; \
                 CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()"
            ),
        };
        self.run(&sql).await;
    }

    /// It refuses nothing any more.
    pub async fn refuses_no_longer(&self, table: &str) {
        let name = guard(table);
        let sql = match self.dialect() {
            Dialect::Sqlite => format!("DROP TRIGGER {name}"),
            Dialect::Postgres => format!("DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}()"),
        };
        self.run(&sql).await;
    }

    /// From now on a trigger of this name writes something down whenever a row of a table was changed: `statement` may speak of
    /// `old` and `new`.
    pub async fn remembers(&self, name: &str, table: &str, statement: &str) {
        let sql = match self.dialect() {
            Dialect::Sqlite => {
                format!("CREATE TRIGGER {name} AFTER UPDATE ON {table} BEGIN {statement}; END")
            }
            // Whoever changes a row need not have a right to what it sets off.
            Dialect::Postgres => format!(
                "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER \
                 AS $$ BEGIN {statement}; RETURN NULL; END $$; \
                 CREATE TRIGGER {name} AFTER UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
            ),
        };
        self.run(&sql).await;
    }

    /// Runs statements without asking whether rows still point to something.
    pub async fn run_unchecked(&self, sql: &str) {
        let (off, on) = match self.dialect() {
            Dialect::Sqlite => ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
            Dialect::Postgres => (
                "SET session_replication_role = replica",
                "SET session_replication_role = origin",
            ),
        };
        for sql in [off, sql, on] {
            self.run(sql).await;
        }
    }

    /// A column says this in every row of a table from now on.
    pub async fn set(&self, table: &str, column: &str, value: &Value) {
        match &self.on {
            On::Sqlite(on) => on.set(table, column, value).await,
            On::Postgres(on) => on.set(table, column, value).await,
        }
        .unwrap_or_else(|why| panic!("{table}.{column}: {why}"));
    }

    /// Makes a table whose rows have no numbers of their own by which a program could page through it.
    pub async fn makes_a_table_without_row_numbers(&self, table: &str) {
        let how = match self.dialect() {
            Dialect::Sqlite => "WITHOUT ROWID",
            Dialect::Postgres => "",
        };
        self.run(&format!("CREATE TABLE {table} {how}")).await;
    }

    /// Another program keeps everybody else from writing; everybody may still read.
    pub async fn lock_out_writers(&self) -> Locked {
        let other = Platform::on(&self.address);
        match self.dialect() {
            Dialect::Sqlite => other.run("BEGIN IMMEDIATE").await,
            Dialect::Postgres => {
                let tables = self.every_table().await.join(", ");
                other
                    .run(&format!("BEGIN; LOCK TABLE {tables} IN EXCLUSIVE MODE"))
                    .await;
            }
        }
        Locked(other)
    }

    /// So much time passes for the database that whoever does not renew the lease of its program has lost it. On SQLite a
    /// program that is gone has lost it at once.
    pub async fn leases_run_out(&self) {
        if self.dialect() == Dialect::Postgres {
            self.run("UPDATE lapsed_daemon SET lease_until = statement_timestamp() - interval '1 second'")
                .await;
        }
    }

    /// The planner learns what stands in the tables.
    pub async fn analyze(&self) {
        self.run("ANALYZE").await;
    }

    /// What is in two columns of a table is searched together: an index, and whatever else the planner keeps samples in.
    pub async fn searches_together(&self, name: &str, table: &str, columns: [&str; 2]) {
        let columns = columns.join(", ");
        self.run(&format!("CREATE INDEX {name} ON {table} ({columns})"))
            .await;
        if self.dialect() == Dialect::Postgres {
            self.run(&format!(
                "CREATE STATISTICS {name}_together (mcv) ON {columns} FROM {table}"
            ))
            .await;
        }
    }
}

fn guard(table: &str) -> String {
    format!("guard_of_{table}")
}
