//! Nothing of a person leaves the daemon, whatever it does and however much it logs.

use crate::daemon::{Daemon, installed, soon};

/// Stands in every field of every customer.
const CANARY: &str = "canarysen";

/// Every text about people in the store sings, so that whatever is quoted anywhere is heard.
fn release_canaries(installed: &crate::program::Installed) {
    let mut store = installed.watch();
    for (table, columns) in [
        (
            "customers",
            "first_name, middle_name, last_name, company, phone, street, city",
        ),
        ("web_users", "username, display_name"),
        ("orders", "invoice_name, invoice_address, note"),
        ("tickets", "holder_name"),
        ("vouchers", "recipient_name"),
    ] {
        let sings = |column: &str| format!("{column} = 'Canarysen-{column}-' || id");
        let set: Vec<String> = columns.split(", ").map(sings).collect();
        store.text(&format!("UPDATE {table} SET {}", set.join(", ")));
    }
    store.text("UPDATE customers SET email = 'canarysen-' || id || '@example.org'");
    store.text("UPDATE web_users SET email = 'canarysen-' || id || '@example.org'");
}

fn is_silent(what: &str, text: &str) {
    let line = text.lines().find(|line| line.to_lowercase().contains(CANARY));
    assert_eq!(line, None, "{what} names a person");
}

#[test]
fn o5_no_name_stands_in_log_metrics_or_health_even_at_the_loudest() {
    let installed = installed();
    release_canaries(&installed);
    let mut daemon = Daemon::start(&installed, "trace");
    daemon.until_ready();

    // A whole life: a plan that waits, its approval, its batches; one person by hand; a policy that is broken.
    installed.lapsed("schedule now stadttheater/studio");
    let plan = installed.sql("SELECT plan FROM lapsed_approval WHERE approved_at IS NULL");
    let approved = installed.lapsed(&format!("approve {plan} --by anna --reason looked"));
    assert_eq!(approved.code, 0, "{}", approved.err);
    soon("the sweep", || {
        (daemon.metric(r#"lapsed_people_swept_total{result="anonymised"}"#) > 0.0).then_some(())
    });
    let somebody = installed.somebody_due("stadttheater/abonnement");
    let by_hand = installed.lapsed(&format!(
        "anonymise stadttheater/abonnement {somebody} --yes --despite-open-business"
    ));
    assert_eq!(by_hand.code, 0, "{}", by_hand.err);
    let kept = installed.somebody_due("stadttheater/abonnement");
    for words in [
        "hold add person stadttheater/abonnement KEY --by anna --reason about-Canarysen",
        "request open stadttheater/abonnement KEY access --by anna --note from-Canarysen",
    ] {
        let answer = installed.lapsed(&words.replace("KEY", &kept));
        assert_eq!(answer.code, 0, "{words}: {}", answer.err);
    }
    installed.edit("stadttheater", "3 years", "3 yars");
    soon("the refusal", || {
        (daemon.metric("lapsed_policy_files_broken") > 0.0
            || daemon.metric(r#"lapsed_policy_reloads_total{result="refused"}"#) > 0.0)
            .then_some(())
    });

    is_silent("the metrics page", &daemon.get("/metrics").1);
    is_silent("the health page", &daemon.get("/health").1);
    is_silent("the status", &installed.lapsed("status --json").out);
    is_silent("the status", &installed.lapsed("status stadttheater").out);
    assert!(daemon.stop().success());
    let log = daemon.log();
    assert!(
        log.contains(r#"job="anonymise""#),
        "what it did is logged:\n{log}"
    );
    assert!(
        !log.contains(r#""customer""#),
        "keys of people are no matter of the log:\n{log}"
    );
    is_silent("the log", &log);
}

#[test]
fn o5_only_our_own_crates_are_heard() {
    let installed = installed();
    let mut daemon = Daemon::start(&installed, "trace");
    daemon.until_ready();
    assert!(daemon.stop().success());
    for line in daemon.log().lines().filter(|line| line.contains("Z ")) {
        let target = line.split_whitespace().nth(2).unwrap_or_default();
        assert!(target.starts_with("lapsed"), "{line}");
    }
}
