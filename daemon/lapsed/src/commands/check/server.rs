//! The server that keeps the store: what its administrator set, and what the daemon's role may do there.

use lapsed_config::Finding;
use lapsed_dataset::Fitted;
use lapsed_store::{OtherCollation, ServerState, Store, TableState};

use crate::failure::Result;
use crate::output::counted;

/// How many connections a daemon opens at most, in transactions and beside them.
const A_DAEMON_TAKES: i64 = 14;

/// From this version on a role can be given the right to vacuum tables of others.
const HAS_MAINTAIN: i64 = 17;

/// What an operator should know of the server; nothing where the store is a file.
pub(super) async fn remarks(store: &Store, fitted: &Fitted<'_>) -> Result<Vec<Finding>> {
    let Some(state) = store.server_state(&fitted.touched_tables()).await? else {
        return Ok(Vec::new());
    };
    let mut remarks: Vec<Finding> = state.risks.iter().map(|(name, _)| risk(name)).collect();
    let collation = store.other_collation().await?;
    remarks.extend(collation.map(|other| Finding::warning(other.to_string()).help(OtherCollation::HELP)));
    remarks.extend(superuser(&state));
    remarks.extend(statistics(&state));
    remarks.extend(dead_rows(&state));
    remarks.extend(room(&state));
    Ok(remarks)
}

/// The order of commits is what the ledger and the journal are held against.
fn risk(setting: &str) -> Finding {
    let (loses, help) = match setting {
        "synchronous_commit" => (
            "after a crash of the server the last commits are missing, and whom they erased is there again",
            "set it back to `on`, or for lapsed alone: `ALTER ROLE … SET synchronous_commit = on`; until then every start of the \
             daemon erases again what the journal knows",
        ),
        _ => (
            "a crash of the server's machine can damage the database beyond repair",
            "set it back to `on` in postgresql.conf, and reload or restart the server",
        ),
    };
    Finding::warning(format!("the server runs with `{setting} = off`: {loses}")).help(help)
}

fn superuser(state: &ServerState) -> Option<Finding> {
    state.superuser.then(|| {
        Finding::warning(format!(
            "`{}` is a superuser of the server: it may do everything, and lapsed needs little",
            state.role
        ))
        .help("make a role of its own with `role.sql`, which `lapsed init` writes, and name that one in `[store] url`")
    })
}

/// Old values that a query over the statistics returns.
fn statistics(state: &ServerState) -> Option<Finding> {
    let tables = named(state, |table| !table.may_vacuum && !table.may_analyse)?;
    Some(
        Finding::warning(format!(
            "`{}` may neither vacuum nor analyse {tables}: what was erased stays in the statistics (pg_stats) until autovacuum comes",
            state.role
        ))
        .help(match state.version {
            HAS_MAINTAIN.. => "`GRANT MAINTAIN ON …`; `role.sql`, which `lapsed init` writes, does it for every table",
            _ => "run `role.sql`, which `lapsed init` writes: it makes a function by which the role can have statistics taken anew",
        }),
    )
}

/// Rows that no query returns, in the table's file. Autovacuum removes them sooner or later, unless it does not run.
fn dead_rows(state: &ServerState) -> Option<Finding> {
    let waits = |table: &TableState| !table.may_vacuum && (table.left_alone || !state.autovacuum);
    let tables = named(state, waits)?;
    Some(
        Finding::warning(format!(
            "autovacuum does not come to {tables}, and `{}` may not vacuum: old rows of erased people stay in the files",
            state.role
        ))
        .help(if state.autovacuum {
            "`ALTER TABLE … RESET (autovacuum_enabled)`, or run VACUUM (ANALYZE) every night as the tables' owner"
        } else {
            "set `autovacuum = on` and `track_counts = on` in postgresql.conf, or run VACUUM (ANALYZE) every night as the tables' owner"
        }),
    )
}

fn room(state: &ServerState) -> Option<Finding> {
    (state.room < A_DAEMON_TAKES).then(|| {
        Finding::warning(format!(
            "the server has room for {}, and a daemon takes up to {A_DAEMON_TAKES}",
            counted(state.room.max(0).unsigned_abs(), "more connection", "more connections")
        ))
        .help("raise `max_connections`, or put a pooler in front and name the server itself under `[store] direct_url`")
    })
}

/// The tables of which something holds, as a sentence names them.
fn named(state: &ServerState, holds: impl Fn(&TableState) -> bool) -> Option<String> {
    let tables = state.tables.iter().filter(|table| holds(table));
    let names: Vec<String> = tables
        .map(|table| format!("`{}`", table.name.replace('"', "")))
        .collect();
    (!names.is_empty()).then(|| names.join(", "))
}
