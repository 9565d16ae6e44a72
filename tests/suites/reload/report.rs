//! The tenant's report.

use std::path::PathBuf;

use crate::daemon::soon;
use crate::program::Installed;
use crate::theatre::{TENANT, Theatre};

fn report(installed: &Installed, folder: &str) -> PathBuf {
    installed.path(folder).join(format!("{TENANT}.report.txt"))
}

/// Waits until the report says something.
fn says(theatre: &Theatre, folder: &str, sentence: &str) -> String {
    let path = report(&theatre.installed, folder);
    soon(sentence, || {
        let text = std::fs::read_to_string(&path).ok()?;
        text.contains(sentence).then_some(text)
    })
}

#[test]
fn o1_the_report_lies_beside_the_file_and_speaks_the_tenants_language() {
    let theatre = Theatre::serving();
    let text = says(&theatre, "tenants", "Bericht für Stadttheater Musterstadt");
    for sentence in [
        "was darin steht, gilt",
        "Die nächsten Läufe",
        "hat Karten für Veranstaltungen",
        "Wartet auf Freigabe",
    ] {
        assert!(text.contains(sentence), "{sentence}: {text}");
    }
    let studio = text
        .lines()
        .skip_while(|line| *line != "  studio: at night")
        .skip(1);
    assert_eq!(
        studio.take_while(|line| line.starts_with("    ")).count(),
        5,
        "{text}"
    );
}

#[test]
fn o1_the_report_says_what_is_wrong_and_what_stays_in_force() {
    let theatre = Theatre::serving();
    theatre.installed.edit(TENANT, "\"3 years\"", "\"3 yeers\"");
    let text = says(&theatre, "tenants", "Sie hat Fehler und wird nicht wirksam.");
    assert!(
        text.contains("error: `3 yeers` is not a retention period"),
        "{text}"
    );
    assert!(text.contains("--> stadttheater.toml:"), "{text}");
    theatre.installed.edit(TENANT, "\"3 yeers\"", "\"4 years\"");
    says(&theatre, "tenants", "was darin steht, gilt");
}

#[test]
fn r11_the_report_says_what_waits_after_a_run() {
    let theatre = Theatre::serving();
    theatre.installed.edit(TENANT, "ask_me_above ", "# ask_me_above ");
    theatre
        .installed
        .edit(TENANT, "[retention]", "[retention]\nask_me_above = \"10 people\"");
    assert_eq!(theatre.installed.lapsed("reload").code, 0);
    let ran = theatre.installed.object(&format!("schedule now {TENANT}/studio"));
    assert_eq!(ran["became"], "waits", "{ran}");
    let text = says(&theatre, "tenants", ran["plan"].as_str().expect("a plan"));
    assert!(
        text.contains("Bis jemand ihn freigibt, wird niemand anonymisiert."),
        "{text}"
    );
}

#[test]
fn the_report_names_nobody() {
    let mut theatre = Theatre::serving();
    let text = says(&theatre, "tenants", "Was sonst zu wissen ist");
    for column in ["email", "last_name", "number"] {
        let values = theatre.store.text(&format!(
            "SELECT string_agg({column}, '|') FROM customers WHERE length({column}) > 5 AND anonymised_at IS NULL"
        ));
        let found = values.split('|').find(|value| text.contains(value));
        assert_eq!(found, None, "{column}");
    }
}

#[test]
fn the_operator_says_where_reports_are_written() {
    let mut theatre = Theatre::closed();
    std::fs::create_dir(theatre.installed.path("reports")).expect("made");
    theatre.settings("[tenants]\nreports = \"./reports\"");
    theatre.start();
    says(&theatre, "reports", "Bericht für Stadttheater Musterstadt");
    assert!(!report(&theatre.installed, "tenants").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_told_once_and_keeps_nothing_from_working() {
    let mut theatre = Theatre::closed();
    theatre.settings("[tenants]\nreports = \"./nowhere/at/all\"");
    theatre.start();
    soon("a word in the log", || {
        theatre
            .daemon()
            .log()
            .contains("reports cannot be written")
            .then_some(())
    });
    let edit = theatre.next_edit();
    std::fs::write(theatre.file(), &edit).expect("written");
    theatre.is_live(&edit);
    let log = theatre.daemon().log();
    assert_eq!(log.matches("reports cannot be written").count(), 1, "{log}");
}
