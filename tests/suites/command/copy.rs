//! `lapsed migrate --from`: whoever outgrows the file takes the daemon's own records along.

use std::path::Path;
use std::process::Command;

use lapsed_model::Dialect;
use lapsed_tests::only_on;

use crate::program::{Answer, Installed};

const OLD: &str = "sqlite:old/store.db";

/// A store in a file beside a database with the same people, whose records it is to get.
struct Move {
    new: Installed,
}

impl Move {
    /// The new store has the platform's tables, as they are in the old one, and no record.
    fn begun() -> Self {
        let new = Installed::demo();
        let made = new.lapsed("demo old --customers 4000 --seed 1");
        assert_eq!(made.code, 0, "{}", made.err);
        let moving = Self { new };
        for folder in ["credentials", "journal", "journal-elsewhere"] {
            moving.carry(folder);
        }
        moving.forget_records();
        moving
    }

    /// Types `lapsed words` with the settings of the old store.
    fn old(&self, words: &str) -> Answer {
        let mut command = self.new.command(words);
        let settings = self.new.beside("old/lapsed.toml");
        command
            .env("LAPSED_CONFIG", settings)
            .output()
            .expect("the program runs")
            .into()
    }

    /// What lies beside the old settings lies beside the new ones.
    fn carry(&self, folder: &str) {
        let (from, to) = (self.new.beside("old").join(folder), self.new.path(folder));
        std::fs::remove_dir_all(&to).expect("the demo made it");
        succeeds(Command::new("cp").arg("-r").args([&from, &to]));
    }

    /// The new database is one that no daemon ever served.
    fn forget_records(&self) {
        self.new.watch().does(async |platform| {
            platform
                .run("DROP SCHEMA lapsed CASCADE; CREATE SCHEMA lapsed AUTHORIZATION lapsed")
                .await;
        });
    }

    /// Somebody whom the next plan of the studio would anonymise, and on whom a hold lies now.
    fn somebody_held(&self) -> String {
        let plan = self
            .old("plan stadttheater/studio --customers --json")
            .objects()
            .remove(0);
        let person = plan["customers"][0]["customer"].to_string();
        let held = self.old(&format!(
            "hold add person stadttheater/studio {person} --reason claim --by Anna"
        ));
        assert_eq!(held.code, 0, "{}", held.err);
        person
    }

    fn records(&self) -> String {
        self.new.sql("SELECT count(*) FROM lapsed_ledger")
    }
}

fn succeeds(command: &mut Command) {
    assert!(command.status().expect("it is everywhere").success());
}

#[test]
fn o4_records_move_to_a_server_and_everything_goes_on() {
    if !only_on(Dialect::Postgres, "a file is moved by copying it") {
        return;
    }
    let moving = Move::begun();
    let person = moving.somebody_held();
    let plan = moving
        .old("plan stadttheater/studio --save --json")
        .objects()
        .remove(0);
    let plan = plan["plan"]["id"].as_str().expect("an id").to_owned();

    let copied = moving.new.object(&format!("migrate --from {OLD}"));

    let copied = &copied["copied"];
    assert_eq!(copied["records"]["lapsed_hold"], 1, "{copied}");
    assert_eq!(copied["chains"], 2, "{copied}");
    assert!(copied["people_compared"].as_u64() > Some(500), "{copied}");
    let new = &moving.new;
    for proof in ["ledger verify", "journal check"] {
        let answer = new.lapsed(proof);
        assert_eq!(answer.code, 0, "{proof}: {}{}", answer.out, answer.err);
    }
    let journal = new.object("journal check");
    assert_eq!(
        journal["journal"]["lost"].as_array().map(Vec::len),
        Some(0),
        "{journal}"
    );
    assert_eq!(new.json("hold list").len(), 1);
    assert_eq!(
        new.lapsed(&format!("approve {plan} --by Anna --reason looked-at"))
            .code,
        0
    );
    let applied = new.lapsed(&format!("apply {plan}"));
    assert_eq!(applied.code, 0, "{}", applied.err);
    let kept = new.sql(&format!(
        "SELECT count(*) FROM customers WHERE id = {person} AND anonymised_at IS NULL"
    ));
    assert_eq!(kept, "1", "the hold that was copied keeps its person");
    assert_eq!(new.lapsed("ledger verify").code, 0);
    let again = new.lapsed(&format!("migrate --from {OLD}"));
    assert_eq!(again.code, 1);
    assert!(again.err.contains("records of its own already"), "{}", again.err);
}

#[test]
fn people_who_would_be_strangers_keep_the_records_where_they_are() {
    if !only_on(Dialect::Postgres, "a file is moved by copying it") {
        return;
    }
    let moving = Move::begun();
    let person = moving.somebody_held();
    moving.new.sql(&format!(
        "UPDATE customers SET created_at = created_at + 1 WHERE id = {person} RETURNING 1"
    ));
    let refused = moving.new.lapsed(&format!("migrate --from {OLD}"));
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("another instant of creation") && refused.err.contains(&format!("({person})")),
        "{}",
        refused.err
    );
    assert_eq!(moving.records(), "0");
}

#[test]
fn a_ledger_that_is_not_whole_is_not_moved() {
    if !only_on(Dialect::Postgres, "a file is moved by copying it") {
        return;
    }
    let moving = Move::begun();
    let store = moving.new.beside("old/store.db");
    tampered(&store);
    let refused = moving.new.lapsed(&format!("migrate --from {OLD}"));
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("is not whole"), "{}", refused.err);
    assert_eq!(moving.records(), "0");
}

#[test]
fn a_file_is_moved_as_a_file() {
    if !only_on(Dialect::Sqlite, "there the records are moved") {
        return;
    }
    let answer = Installed::demo().lapsed("migrate --from sqlite:other.db");
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("copying the file"), "{}", answer.err);
}

/// Somebody edits an entry in a store that is a file.
fn tampered(store: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let platform = lapsed_tests::Platform::on(&lapsed_store::Address::from(store));
        platform
            .run("UPDATE lapsed_ledger SET payload = replace(payload, 'stadttheater', 'staattheater') WHERE sequence = 2")
            .await;
        platform.close().await;
    });
}
