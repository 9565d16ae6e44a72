//! From nothing to a checked installation, and what keeps one from being opened.

use std::os::unix::fs::PermissionsExt;

use lapsed_model::Dialect;
use lapsed_tests::{dialect, only_on};

use crate::program::Installed;

#[test]
fn an_operator_begins_with_three_commands() {
    let folder = Installed::empty();
    let init = folder.lapsed("init demo");
    assert_eq!(init.code, 0, "{}", init.err);
    let settings = std::fs::read_to_string(folder.path("lapsed.toml")).expect("init writes settings");
    let shipped = "url = \"sqlite:///var/lib/lapsed/store.db\"";
    let moved = settings.replace(shipped, &folder.place().settings());
    assert_ne!(settings, moved);
    std::fs::write(folder.path("lapsed.toml"), moved).expect("written");
    let settings = std::fs::read_to_string(folder.path("lapsed.toml")).expect("the settings");
    assert!(
        settings.contains("\ndataset = \"dataset.toml\"\n"),
        "editing the dataset that init wrote has an effect"
    );
    assert!(folder.lapsed("migrate --plan").out.contains("the first tables"));
    assert!(folder.place().is_untouched(), "a plan makes nothing");
    folder.place().let_make_tables();
    assert_eq!(folder.lapsed("migrate --reference-schema").code, 0);
    let check = folder.lapsed("check");
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    let mode = std::fs::metadata(folder.path("credentials/pseudonym-keys"))
        .expect("a key ring")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = folder.lapsed("init demo");
    assert!(again.out.contains("nothing was written"), "{}", again.out);
}

#[test]
fn a_store_out_of_reach_is_exit_code_3_with_the_next_step() {
    let demo = Installed::demo();
    demo.place().vanish();
    let answer = demo.lapsed("plan stadttheater/studio");
    assert_eq!(answer.code, 3);
    let next_step = match dialect() {
        Dialect::Sqlite => "lapsed migrate",
        Dialect::Postgres => "the name of the database",
    };
    assert!(answer.err.contains(next_step), "{}", answer.err);
    if !only_on(Dialect::Sqlite, "no program but the server opens its files") {
        return;
    }
    assert!(!demo.path("store.db").exists(), "looking makes no store");
    std::fs::write(
        demo.path("store.db"),
        "not a database at all, but quite long for a text",
    )
    .expect("written");
    let answer = demo.lapsed("plan stadttheater/studio");
    assert_eq!(answer.code, 3);
    assert!(answer.err.contains("not a SQLite database"), "{}", answer.err);
}

#[test]
fn settings_that_are_missing_say_how_to_get_some() {
    let answer = Installed::empty().lapsed("check");
    assert_eq!(answer.code, 1);
    assert!(answer.out.contains("lapsed init"), "{}", answer.out);
}

#[test]
fn a_key_ring_that_others_can_read_is_refused() {
    let demo = Installed::demo();
    let ring = demo.path("credentials/pseudonym-keys");
    std::fs::set_permissions(&ring, std::fs::Permissions::from_mode(0o644)).expect("changed");
    let answer = demo.lapsed("plan stadttheater/studio --save");
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("chmod 600"), "{}", answer.err);
}

#[test]
fn the_wrong_key_stops_everything_that_would_be_sealed_with_it() {
    let demo = Installed::demo();
    let ring = demo.path("credentials/pseudonym-keys");
    let text = std::fs::read_to_string(&ring).expect("a ring");
    let id = text
        .lines()
        .last()
        .and_then(|line| line.split(' ').next())
        .expect("a key")
        .to_owned();
    std::fs::write(&ring, format!("{id} {}\n", "00".repeat(32))).expect("written");
    let answer = demo.lapsed("plan stadttheater/studio --save");
    assert_eq!(answer.code, 1);
    assert!(
        answer.err.contains(&format!("key `{id}` is not the one")),
        "{}",
        answer.err
    );
}

#[test]
fn a_missing_folder_of_policies_is_named() {
    let demo = Installed::demo();
    std::fs::remove_dir_all(demo.path("tenants")).expect("removed");
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 1);
    assert!(
        answer
            .out
            .contains("the folder of the tenants' files cannot be read"),
        "{}",
        answer.out
    );
}

#[test]
fn schemas_and_completions_are_there_for_editors_and_shells() {
    let folder = Installed::empty();
    for file in ["policy", "settings", "dataset"] {
        let schema: serde_json::Value =
            serde_json::from_str(&folder.lapsed(&format!("schema {file}")).out).expect("JSON");
        assert_eq!(
            schema["$schema"], "https://json-schema.org/draft/2020-12/schema",
            "{file}"
        );
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            folder
                .lapsed(&format!("completions {shell}"))
                .out
                .contains("anonymise"),
            "{shell}"
        );
    }
    assert_eq!(folder.lapsed("no-such-command").code, 2);
}
