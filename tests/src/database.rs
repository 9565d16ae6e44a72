//! Which database the suites run on.

use std::io::Write as _;

use lapsed_model::Dialect;

/// The database that this run of the suites is about: `LAPSED_TEST_STORE=sqlite`, which holds where nobody says anything, or
/// `postgres`.
///
/// # Panics
///
/// If it says something else.
#[must_use]
pub fn dialect() -> Dialect {
    match std::env::var("LAPSED_TEST_STORE").as_deref() {
        Err(_) | Ok("" | "sqlite") => Dialect::Sqlite,
        Ok("postgres") => Dialect::Postgres,
        Ok(other) => panic!("LAPSED_TEST_STORE is `sqlite` or `postgres`, and not `{other}`"),
    }
}

/// Whether every store is reached through a pooler: `LAPSED_TEST_POOLER=1`.
#[must_use]
pub fn through_a_pooler() -> bool {
    std::env::var("LAPSED_TEST_POOLER").is_ok_and(|says| says == "1")
}

/// Whether a story that can only be true of one database is to be told in this run. Where it is not, it says so.
#[must_use]
pub fn only_on(only: Dialect, because: &str) -> bool {
    let here = dialect();
    if here != only {
        not_run(&format!("not run on {}: {because}", name(here)));
    }
    here == only
}

/// Says so past the test runner, which keeps to itself what a test that passes prints: a test that did not run must not
/// look like one that did.
pub fn not_run(says: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(std::io::stderr(), "{says}");
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
    }
}
