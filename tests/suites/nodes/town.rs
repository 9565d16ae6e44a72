//! A town with one database and several machines that serve it.
//!
//! It keeps a book of every slot that came round and of everybody who lapsed, to hold the store against (`well`).

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use lapsed_model::Dialect;
use lapsed_tests::{Database, Place, Server, only_on};
use tempfile::TempDir;

use crate::eye::Eye;
use crate::node::Node;
use crate::program::{Installed, now};
use crate::well::UNRECORDED;

/// How long something may take before it is wrong: more than the minute for which a server leaves its locks to a program
/// that stands still.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The store's keys of the workgroups that are swept, with their names.
const WORKGROUPS: [(&str, &str); 5] = [
    ("stadttheater/grosses-haus", "stadttheater/grosses-haus"),
    ("stadttheater/studio", "stadttheater/studio"),
    ("stadttheater-abo", "stadttheater/abonnement"),
    ("salon-lumiere/bellecour", "salon-lumiere/bellecour"),
    ("salon-lumiere/croix-rousse", "salon-lumiere/croix-rousse"),
];

/// The policies of both tenants: whoever never came back since 2015 is due, and nobody has to be asked.
const POLICIES: [(&str, &str); 2] = [
    (
        "stadttheater",
        "[workgroups.grosses-haus]\n[workgroups.studio]\n[workgroups.abonnement]\n",
    ),
    (
        "salon-lumiere",
        "[workgroups.bellecour]\n[workgroups.croix-rousse]\n",
    ),
];

const SAYS: &str = "language = \"de\"\ntime_zone = \"Europe/Vienna\"\nprivacy_contact = \"privacy@town.example\"\n\n\
                    [retention]\nanonymise_after = \"3 years\"\nautomatic = \"on\"\nby_staff = true\n\
                    ask_me_above = \"100000 people\"\nask_me_above_share = \"100 %\"\nschedule = \"on the 1st at 03:00\"\n\n";

/// The demo with these policies, after its backlog was worked off: from now on only new people are due.
static MADE: LazyLock<Installed> = LazyLock::new(|| {
    let installed = Installed::demo();
    for (tenant, workgroups) in POLICIES {
        let policy = format!("name = \"{tenant}\"\n{SAYS}{workgroups}");
        std::fs::write(installed.path(&format!("tenants/{tenant}.toml")), policy).expect("written");
    }
    for (_, workgroup) in WORKGROUPS {
        let plan = installed.approved_plan(workgroup);
        let id = plan["plan"]["id"].as_str().expect("an id").to_owned();
        installed.object(&format!("apply {id}"));
    }
    installed
});

/// Copies are made one after the other: the original bears nobody beside it.
static COPYING: Mutex<()> = Mutex::new(());

/// A database, the machines that serve it, and what is known of both.
pub(crate) struct Town {
    pub(crate) nodes: Vec<Node>,
    pub(crate) eye: Eye,
    pub(crate) database: String,
    pub(crate) server: Arc<Server>,
    pub(crate) slots: Vec<(String, String)>,
    pub(crate) first_customer: u64,
    next_customer: u64,
    pub(crate) erased_before: String,
    folder: TempDir,
    /// Dropped last, when nobody is connected any more.
    _kept: Option<Database>,
}

impl Town {
    /// A town on the server of this test process, with machines of these names. None of them runs yet.
    pub(crate) fn open(names: &[&str]) -> Town {
        let _alone = COPYING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Place::Database(original) = MADE.place() else {
            panic!("the story is told of a server");
        };
        let kept = original.server().copy(original);
        let (server, database) = (Arc::clone(kept.server()), kept.name().to_owned());
        Self::found(server, database, Some(kept), names)
    }

    /// A town on a server of a test's own.
    pub(crate) fn on(server: &Arc<Server>, names: &[&str]) -> Town {
        let dump = MADE.beside("town.dump");
        {
            let _alone = COPYING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !dump.exists() {
                MADE.place().back_up(&dump);
            }
        }
        let town = "town";
        succeeds(
            server
                .program("psql")
                .args(["-c", "CREATE ROLE lapsed LOGIN", "postgres"]),
        );
        succeeds(server.program("createdb").args(["-T", "template0", town]));
        succeeds(
            server
                .program("pg_restore")
                .args(["--dbname", town, "--exit-on-error"])
                .arg(&dump),
        );
        Self::found(Arc::clone(server), town.to_owned(), None, &[]).with(names)
    }

    fn found(server: Arc<Server>, database: String, kept: Option<Database>, names: &[&str]) -> Town {
        let mut eye = Eye::into(&server, &database);
        let first_customer = eye.number("SELECT max(id) + 1000 FROM customers");
        let erased_before = eye.text(UNRECORDED);
        let town = Town {
            nodes: Vec::new(),
            eye,
            database,
            server,
            slots: Vec::new(),
            first_customer,
            next_customer: first_customer,
            erased_before,
            folder: TempDir::new().expect("a temporary folder"),
            _kept: kept,
        };
        town.with(names)
    }

    fn with(mut self, names: &[&str]) -> Town {
        for name in names {
            let url = self.server.url("lapsed", &self.database);
            self.settles(name, &format!("url = \"{url}\"\nlease_seconds = 2"));
        }
        self
    }

    /// One more machine, whose `[store]` says this. Its journal is empty: it has never been here.
    pub(crate) fn settles(&mut self, name: &str, store: &str) -> &mut Node {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).expect("a folder");
        for part in ["tenants", "credentials"] {
            succeeds(Command::new("cp").arg("-rp").arg(MADE.path(part)).arg(&folder));
        }
        let settings = format!(
            "[store]\nnode = \"{name}\"\n{store}\n\n[workgroups]\n\"stadttheater-abo\" = \"stadttheater/abonnement\"\n\n\
             [limits]\nerase_batch = 2\nerase_share = \"100 %\"\n"
        );
        std::fs::write(folder.join("lapsed.toml"), settings).expect("written");
        self.nodes.push(Node::at(name, folder));
        self.nodes.last_mut().expect("just pushed")
    }

    /// Starts every machine that does not run, and waits until all of them serve.
    pub(crate) fn all_serve(&mut self) {
        for node in self.nodes.iter_mut().filter(|node| !node.runs()) {
            node.start(None);
        }
        self.nodes.iter_mut().for_each(Node::until_ready);
    }

    /// People who never bought anything since 2015 join every workgroup, `people` each.
    pub(crate) fn people_lapse(&mut self, people: u64) {
        let mut rows = Vec::new();
        for (key, _) in WORKGROUPS {
            for _ in 0..people {
                let id = self.next_customer;
                self.next_customer += 1;
                rows.push(format!(
                    "({id}, '{key}', 'N-{id}', 'Nora{id}', 'Neumann{id}', 'nora{id}@mail.example', 1420070400000)"
                ));
            }
        }
        self.eye.text(&format!(
            "INSERT INTO customers (id, workgroup, number, first_name, last_name, email, created_at) VALUES {}",
            rows.join(", ")
        ));
    }

    /// Every schedule comes round now that does not wait to be seen anyway.
    pub(crate) fn schedules_come_round(&mut self) {
        let now = now();
        let moved = self.eye.text(&format!(
            "WITH moved AS (UPDATE lapsed_schedule SET next_slot_at = {now} WHERE next_slot_at > {now} \
             RETURNING id || ' ' || next_slot_at AS slot) SELECT string_agg(slot, E'\\n') FROM moved"
        ));
        let slots = moved.lines().filter_map(|line| line.rsplit_once(' '));
        self.slots
            .extend(slots.map(|(schedule, slot)| (schedule.to_owned(), slot.to_owned())));
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_quiet(&mut self) -> bool {
        // One statement: between two of them a slot could become a run, seen by neither.
        let left = self.eye.try_text(&format!(
            "SELECT (SELECT count(*) FROM lapsed_run WHERE finished_at IS NULL) \
             + (SELECT count(*) FROM lapsed_schedule WHERE next_slot_at <= {})",
            now()
        ));
        left.is_ok_and(|left| left == "0")
    }

    /// Waits until nothing is left to do; answers how long that took.
    pub(crate) fn until_quiet(&mut self) -> Duration {
        let began = Instant::now();
        while !self.is_quiet() {
            assert!(
                began.elapsed() < PATIENCE,
                "still busy:\n{}",
                self.describes_itself()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        began.elapsed()
    }

    /// How often schedules came round.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Stops every machine; each ends in order.
    pub(crate) fn all_stop(&mut self) {
        for node in self.nodes.iter_mut().filter(|node| node.runs()) {
            let code = node.stop();
            assert_eq!(code, 0, "{} did not stop in order:\n{}", node.name, node.log());
        }
    }

    /// A folder beside the machines'.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Waits until `what` has happened; answers how long that took.
pub(crate) fn soon(waiting_for: &str, mut what: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < PATIENCE, "waited for {waiting_for}");
        std::thread::sleep(Duration::from_millis(10));
    }
    began.elapsed()
}

/// Runs a program that must succeed.
pub(crate) fn succeeds(command: &mut Command) {
    let answer = command.output().expect("the program is there");
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{command:?}: {said}");
}

/// Whether there can be several machines at all.
pub(crate) fn several() -> bool {
    only_on(Dialect::Postgres, "one program serves a file")
}
