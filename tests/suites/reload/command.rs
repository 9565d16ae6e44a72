//! `lapsed reload`, and SIGHUP.

use crate::daemon::soon;
use crate::theatre::{TENANT, Theatre};

#[test]
fn o1_reload_says_what_took_effect_and_what_is_broken() {
    let theatre = Theatre::serving();
    let nothing = theatre.installed.lapsed("reload");
    assert_eq!(nothing.code, 0, "{}", nothing.err);
    assert!(nothing.out.contains("2 policies as before"), "{}", nothing.out);
    theatre.installed.edit(TENANT, "\"3 years\"", "\"4 years\"");
    theatre
        .installed
        .edit("salon-lumiere", "anonymise_after", "anonymize_after");
    let answer = theatre.installed.lapsed("reload");
    assert_eq!(answer.code, 1);
    assert!(answer.out.contains("stadttheater: took effect"), "{}", answer.out);
    assert!(
        answer.out.contains("the last good version stays in force"),
        "{}",
        answer.out
    );
    assert!(
        answer.out.contains("salon-lumiere.toml:"),
        "with its line: {}",
        answer.out
    );
}

#[test]
fn without_a_daemon_there_is_nothing_to_reload() {
    let theatre = Theatre::closed();
    let answer = theatre.installed.lapsed("reload");
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(
        answer.out.contains("no daemon serves the store"),
        "{}",
        answer.out
    );
}

#[test]
fn reload_names_the_files_that_wait_for_a_restart() {
    let theatre = Theatre::serving();
    theatre.settings("# a remark");
    let answer = theatre.installed.lapsed("reload");
    assert!(
        answer
            .out
            .contains("lapsed.toml changed: it is read when the daemon starts again"),
        "{}",
        answer.out
    );
}

#[test]
fn o1_sighup_reads_the_files_and_ends_nothing() {
    let mut theatre = Theatre::serving();
    let edit = theatre.next_edit();
    std::fs::write(theatre.file(), &edit).expect("written");
    theatre.daemon().signal("HUP");
    theatre.is_live(&edit);
    soon("its health", || {
        (theatre.daemon().get("/health").0 == 200).then_some(())
    });
}
