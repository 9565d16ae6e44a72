//! The server crashes while the daemon's tables are made.

use std::process::Stdio;

use lapsed_tests::Server;
use tempfile::TempDir;

use crate::chance::Moments;
use crate::eye::Eye;
use crate::node::Node;
use crate::town::{several, succeeds};

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

#[test]
fn o3_a_server_that_crashes_in_the_middle_of_a_migration_leaves_whole_steps_and_the_next_one_goes_on() {
    if !several() {
        return;
    }
    let (server, folder, mut moments) = (Server::own(), TempDir::new().expect("a folder"), Moments::of(3));
    for round in 0..8 {
        let database = format!("new_{round}");
        let node = newcomer(&server, &database, &folder);
        let mut command = node.command("migrate");
        let mut migrating = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        moments.pass(160);
        server.crash();
        let ended = migrating.wait().expect("it ends");
        server.start();
        // It was done before the crash, or it says that the server is gone.
        assert!(
            [Some(0), Some(3)].contains(&ended.code()),
            "round {round}: {ended}"
        );
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
    for one in all {
        let answer = one.wait_with_output().expect("it ends");
        assert!(
            answer.status.success(),
            "{}",
            String::from_utf8_lossy(&answer.stderr)
        );
    }
}
