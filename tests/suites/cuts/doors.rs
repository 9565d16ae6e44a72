//! Ways to a server: through a pooler, by a password, over TLS.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use lapsed_tests::{Pooler, Server};

use crate::crashes::all_is_done;
use crate::town::{Town, several, succeeds};

/// What a town does on a usual day: plans, a hold, sweeps of two machines, a look into the ledger.
fn a_usual_day(mut town: Town) {
    town.all_serve();
    town.people_lapse(4);
    let a = &town.nodes[0];
    let plan = a.object("plan stadttheater/studio --customers");
    assert_eq!(plan["due"], 4, "{plan:#}");
    let kept = plan["customers"][0]["customer"].to_string();
    let hold = a.lapsed(&format!(
        "hold add person stadttheater/studio {kept} --by tester --reason a-case"
    ));
    assert_eq!(hold.code, 0, "{}", hold.err);
    town.schedules_come_round();
    town.until_quiet();
    let is_kept = format!("SELECT count(*) FROM customers WHERE id = {kept} AND anonymised_at IS NULL");
    assert_eq!(town.eye.number(&is_kept), 1, "whoever is held stays");
    let holds = town.nodes[1].object("hold list stadttheater");
    let id = holds["hold"].as_str().expect("an id").to_owned();
    let lifted = town.nodes[1].lapsed(&format!("hold lift {id} --by tester --reason closed"));
    assert_eq!(lifted.code, 0, "{}", lifted.err);
    for _ in 0..4 {
        town.people_lapse(2);
        town.schedules_come_round();
        town.until_quiet();
    }
    for command in ["check", "status", "ledger verify"] {
        let answer = town.nodes[1].lapsed(command);
        assert_eq!(answer.code, 0, "{command}: {}{}", answer.out, answer.err);
    }
    all_is_done(&mut town);
}

#[test]
fn o3_two_machines_work_through_a_pooler_that_hands_every_transaction_another_connection() {
    if !several() {
        return;
    }
    let server = Server::own();
    let mut town = Town::on(&server, &[]);
    let pooler = Pooler::before(&server);
    let (url, direct) = (pooler.url(&town.database), server.url("lapsed", &town.database));
    for name in ["a", "b"] {
        town.settles(
            name,
            &format!("url = \"{url}\"\ndirect_url = \"{direct}\"\nlease_seconds = 2"),
        );
    }
    a_usual_day(town);
}

/// A server that lets nobody in over the network without TLS and the role's password.
fn guarded() -> (Arc<Server>, Town, Certificates) {
    let server = Server::own();
    let town = Town::on(&server, &[]);
    let certificates = Certificates::of(&server);
    succeeds(server.program("psql").args([
        "-c",
        "ALTER ROLE lapsed PASSWORD 'a secret / with: signs?'",
        "postgres",
    ]));
    let data = server.folder().join("data");
    let append = |file: &str, text: &str| {
        let path = data.join(file);
        let old = std::fs::read_to_string(&path).expect("a file of the cluster");
        std::fs::write(path, format!("{text}\n{old}")).expect("written");
    };
    append(
        "pg_hba.conf",
        "hostssl all lapsed all scram-sha-256\nhostnossl all all all reject",
    );
    append("postgresql.conf", "ssl = on");
    server.stop();
    server.start();
    (server, town, certificates)
}

/// A certificate of the server's, by an authority, and another authority that had no part in it.
struct Certificates {
    authority: PathBuf,
    stranger: PathBuf,
}

impl Certificates {
    fn of(server: &Server) -> Certificates {
        let data = server.folder().join("data");
        let in_cluster = |name: &str| data.join(name);
        let authority = authority(&in_cluster("authority"));
        let stranger = authority_named(&in_cluster("stranger"), "Somebody else");
        let (key, request, certificate) = (
            in_cluster("server.key"),
            in_cluster("server.csr"),
            in_cluster("server.crt"),
        );
        openssl(
            "req -newkey rsa:2048 -nodes -subj /CN=localhost",
            &[("-keyout", &key), ("-out", &request)],
        );
        let names = in_cluster("names");
        std::fs::write(&names, "subjectAltName = IP:127.0.0.1\n").expect("written");
        let signed_by = in_cluster("authority.key");
        openssl(
            "x509 -req -days 30 -CAcreateserial",
            &[
                ("-in", &request),
                ("-CA", &authority),
                ("-CAkey", &signed_by),
                ("-extfile", &names),
                ("-out", &certificate),
            ],
        );
        let mode = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&key, mode(0o600)).expect("our own file");
        belongs_like(&key, &data);
        // The machines have copies: the folder of the cluster is nobody else's.
        Certificates { authority, stranger }
    }
}

fn authority(name: &Path) -> PathBuf {
    authority_named(name, "The town")
}

fn authority_named(name: &Path, subject: &str) -> PathBuf {
    let (key, certificate) = (name.with_extension("key"), name.with_extension("crt"));
    let said = format!(
        "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={}",
        subject.replace(' ', "-")
    );
    openssl(&said, &[("-keyout", &key), ("-out", &certificate)]);
    certificate
}

fn openssl(words: &str, files: &[(&str, &Path)]) {
    let mut command = Command::new("openssl");
    command.args(words.split_whitespace());
    for (option, file) in files {
        command.arg(option).arg(file);
    }
    succeeds(&mut command);
}

/// The server does not run as root, and reads its key only where it is its own.
fn belongs_like(file: &Path, other: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::metadata(other).expect("the cluster's folder");
    std::os::unix::fs::chown(file, Some(owner.uid()), Some(owner.gid())).expect("root, or the same user");
}

/// The credential of a machine.
fn knows_the_password(town: &Town, password: &str) {
    let node = town.nodes.last().expect("a machine");
    let file = node.path("credentials/store-password");
    std::fs::write(&file, format!("{password}\n")).expect("written");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("our own file");
}

#[test]
fn o5_two_machines_work_over_tls_with_the_servers_certificate_checked_and_a_password() {
    if !several() {
        return;
    }
    let (server, mut town, certificates) = guarded();
    let way = format!("postgres://lapsed@127.0.0.1:{}/{}", server.port(), town.database);
    let checked = format!(
        "{way}?sslmode=verify-full&sslrootcert={}",
        certificates.authority.display()
    );
    for name in ["a", "b"] {
        town.settles(name, &format!("url = \"{checked}\"\nlease_seconds = 2"));
        knows_the_password(&town, "a secret / with: signs?");
    }
    town.all_serve();
    let mut sessions = |how: &str| {
        town.eye.number(&format!(
            "SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = 'lapsed' AND {how}"
        ))
    };
    assert!(sessions("s.ssl") >= 2, "both machines are connected");
    assert_eq!(sessions("NOT s.ssl"), 0);
    a_usual_day(town);
}

#[test]
fn o5_a_server_that_is_not_the_one_meant_is_refused_with_the_reason() {
    if !several() {
        return;
    }
    let (server, mut town, certificates) = guarded();
    let way = |host: &str, rest: &str| {
        format!(
            "postgres://lapsed@{host}:{}/{}{rest}",
            server.port(),
            town.database
        )
    };
    let of = |host: &str, authority: &Path| {
        way(
            host,
            &format!("?sslmode=verify-full&sslrootcert={}", authority.display()),
        )
    };
    let stories = [
        (
            of("127.0.0.1", &certificates.stranger),
            "a secret / with: signs?",
            "out of reach",
            "certificate",
        ),
        (
            of("localhost", &certificates.authority),
            "a secret / with: signs?",
            "out of reach",
            "certificate",
        ),
        (
            of("127.0.0.1", Path::new("/nowhere/ca.crt")),
            "a secret / with: signs?",
            "/nowhere/ca.crt",
            "certificate",
        ),
        (
            of("127.0.0.1", &certificates.authority),
            "another",
            "does not let lapsed in",
            "password",
        ),
        (
            way("127.0.0.1", "?sslmode=disable"),
            "a secret / with: signs?",
            "does not let lapsed in",
            "pg_hba.conf",
        ),
    ];
    for (number, (url, password, says, because)) in stories.into_iter().enumerate() {
        town.settles(&format!("wrong-{number}"), &format!("url = \"{url}\""));
        knows_the_password(&town, password);
        let refused = town.nodes.last().expect("a machine").lapsed("status");
        assert_eq!(refused.code, 3, "{url}: {}", refused.err);
        assert!(
            refused.err.contains(says) && refused.err.contains(because),
            "{url}: {}",
            refused.err
        );
        assert!(!refused.err.contains("a secret"), "{}", refused.err);
    }
}
