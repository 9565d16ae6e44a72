//! `lapsed journal`, `lapsed keys` and `lapsed scan`, as people type them.

use std::io::Write;
use std::process::Stdio;

use crate::program::Installed;

#[test]
fn the_journal_of_the_demo_is_whole() {
    let demo = Installed::demo();
    let seen = demo.lapsed("journal check");
    assert_eq!(seen.code, 0, "{}{}", seen.out, seen.err);
    assert!(seen.out.contains("batches with"), "{}", seen.out);
    assert!(demo.lapsed("journal re-erase").out.contains("nothing to do"));
}

#[test]
fn o4_a_tail_that_was_cut_off_the_ledger_is_found_without_heads_written_down() {
    let demo = Installed::demo();
    // The last batch, and what was entered behind it.
    demo.sql(
        "DELETE FROM lapsed_ledger WHERE tenant = 'stadttheater' AND sequence >= (SELECT max(sequence) FROM lapsed_ledger \
         WHERE tenant = 'stadttheater' AND kind = 'erased') RETURNING kind",
    );
    demo.sql(
        "UPDATE lapsed_ledger_head SET (sequence, hash) = (SELECT l.sequence, l.hash FROM lapsed_ledger l \
         WHERE l.tenant = 'stadttheater' ORDER BY l.sequence DESC LIMIT 1) WHERE tenant = 'stadttheater' RETURNING hash",
    );
    let verified = demo.lapsed("ledger verify");
    assert_eq!(verified.code, 1);
    assert!(verified.out.contains("cut off"), "{}", verified.out);
}

#[test]
fn without_the_journal_nobody_is_erased_and_the_exit_code_says_so() {
    let demo = Installed::demo();
    let plan = demo.object("plan stadttheater/studio --save");
    let id = plan["plan"]["id"].as_str().expect("an id");
    demo.lapsed(&format!("approve {id} --by test --reason tested"));
    std::fs::remove_dir_all(demo.path("journal")).expect("a folder");
    std::fs::write(demo.path("journal"), "a file in its place").expect("written");
    let refused = demo.lapsed(&format!("apply {id}"));
    assert_eq!(refused.code, 3, "{}{}", refused.out, refused.err);
    assert!(
        refused.err.contains("erasure journal") && refused.err.contains("/journal"),
        "{}",
        refused.err
    );
    assert_eq!(demo.object("plan stadttheater/studio")["due"], plan["due"]);
}

#[test]
fn keys_are_listed_and_a_new_one_is_added_and_the_old_ones_stay() {
    let demo = Installed::demo();
    let before = std::fs::read_to_string(demo.path("credentials/pseudonym-keys")).expect("a ring");
    let added = demo.object("keys rotate");
    let after = std::fs::read_to_string(demo.path("credentials/pseudonym-keys")).expect("a ring");
    assert!(after.starts_with(before.trim_end()), "comments and old keys stay");
    let keys = demo.json("keys list");
    assert_eq!(keys.len(), 2);
    assert_eq!(
        (&keys[1]["key"], &keys[1]["newest"], &keys[1]["known"]),
        (&added["key"], &true.into(), &true.into())
    );
    assert_eq!(demo.lapsed("ledger verify").code, 0);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(demo.path("credentials/pseudonym-keys"))
            .expect("a ring")
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_ring_that_the_service_manager_handed_over_is_not_written() {
    let demo = Installed::demo();
    let refused = demo
        .command("keys rotate")
        .env("CREDENTIALS_DIRECTORY", demo.path("credentials"))
        .output()
        .expect("it runs");
    assert_eq!(refused.status.code(), Some(1));
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(why.contains("LoadCredential=pseudonym-keys"), "{why}");
}

#[test]
fn somebody_asks_whether_anything_is_left_and_the_answer_echoes_nothing() {
    let demo = Installed::demo();
    let email =
        demo.sql("SELECT email FROM customers WHERE email IS NOT NULL AND anonymised_at IS NULL LIMIT 1");
    let ask = |values: &str| {
        let mut scan = demo
            .command("scan --of -")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = scan.stdin.take().expect("a pipe");
        input.write_all(values.as_bytes()).expect("it reads");
        drop(input);
        scan.wait_with_output().expect("it ends")
    };
    let found = ask(&format!("{email}\n"));
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert_eq!(found.status.code(), Some(1), "{said}");
    assert!(
        said.contains("customers") && said.contains("email") && !said.contains(&email),
        "{said}"
    );
    assert_eq!(ask("nobody.at.all@nowhere.example\n").status.code(), Some(0));
    assert!(demo.lapsed("scan --next").out.contains("next sweep"));
}
