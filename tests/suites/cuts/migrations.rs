//! The server crashes while the daemon's tables are made.

use std::process::Stdio;

use lapsed_tests::Server;
use tempfile::TempDir;

use crate::eye::Eye;
use crate::node::Node;
use crate::town::{several, soon, succeeds};

/// A machine that wants to serve a platform's database, and has not begun.
fn newcomer(server: &Server, database: &str, folder: &TempDir) -> Node {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../config");
    succeeds(server.program("createdb").args(["-T", "template0", database]));
    for script in ["reference-schema/postgres.sql", "postgres/role.sql"] {
        let script = format!("{config}/{script}");
        let run = [
            "-v",
            "ON_ERROR_STOP=1",
            "--single-transaction",
            "-f",
            &script,
            "-d",
            database,
        ];
        succeeds(server.program("psql").args(run));
    }
    let folder = folder.path().join(database);
    std::fs::create_dir(&folder).expect("a folder");
    let settings = format!("[store]\nurl = \"{}\"\n", server.url("lapsed", database));
    std::fs::write(folder.join("lapsed.toml"), settings).expect("written");
    Node::at(database, folder)
}

/// Has whoever makes the table that brings their number to `tables` wait there, in the middle of its step, until the eye that is
/// answered looks away.
fn waits_in_the_middle(server: &Server, database: &str, tables: u64) -> Eye {
    let mut eye = Eye::into(server, database);
    eye.text(&format!(
        "CREATE FUNCTION public.waits() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF (SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'lapsed\\_%') = {tables} THEN \
             PERFORM pg_advisory_xact_lock_shared({MIDDLE}); \
           END IF; END $$"
    ));
    eye.text("CREATE EVENT TRIGGER waits ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.waits()");
    eye.text(&format!("SELECT pg_advisory_lock({MIDDLE})"));
    eye
}

/// The lock by which somebody waits in the middle.
const MIDDLE: u32 = 4_711;

/// How many wait for an advisory lock in the eye's database that fits a condition.
fn waiting(eye: &mut Eye, condition: &str) -> u64 {
    eye.number(&format!(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND {condition} \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ))
}

#[test]
fn o3_a_server_that_crashes_in_the_middle_of_a_migration_leaves_whole_steps_and_the_next_one_goes_on() {
    if !several() {
        return;
    }
    let (server, folder) = (Server::own(), TempDir::new().expect("a folder"));
    // In the first step and in the second one.
    for (round, tables) in [2, 5, 10, 20, 24].into_iter().enumerate() {
        let database = format!("new_{round}");
        let node = newcomer(&server, &database, &folder);
        let mut eye = waits_in_the_middle(&server, &database, tables);
        let mut command = node.command("migrate");
        let mut migrating = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        soon("it to be in the middle of a step", || {
            waiting(&mut eye, &format!("objid = {MIDDLE}")) == 1
        });
        server.crash();
        let ended = migrating.wait().expect("it ends");
        server.start();
        assert_eq!(ended.code(), Some(3), "round {round}: {ended}");
        let again = node.lapsed("migrate");
        assert_eq!(again.code, 0, "round {round}: {}{}", again.out, again.err);
        let status = node.lapsed("status");
        assert_eq!(status.code, 0, "round {round}: {}", status.err);
        let steps = Eye::into(&server, &database).text(
            "SELECT string_agg(version || '', ' ' ORDER BY version) FROM lapsed_migration WHERE success",
        );
        assert!(steps.starts_with("1 2"), "{steps}");
    }
}

#[test]
fn o3_machines_that_migrate_at_the_same_time_take_every_step_once() {
    if !several() {
        return;
    }
    let (server, folder) = (Server::own(), TempDir::new().expect("a folder"));
    let node = newcomer(&server, "new", &folder);
    let mut eye = waits_in_the_middle(&server, "new", 5);
    let all: Vec<_> = (0..4)
        .map(|_| {
            let mut command = node.command("migrate");
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it starts")
        })
        .collect();
    soon("one to be in the middle and the others to wait for it", || {
        waiting(&mut eye, &format!("objid = {MIDDLE}")) == 1 && waiting(&mut eye, "true") == 4
    });
    eye.close();
    for one in all {
        let answer = one.wait_with_output().expect("it ends");
        assert!(
            answer.status.success(),
            "{}",
            String::from_utf8_lossy(&answer.stderr)
        );
    }
}
