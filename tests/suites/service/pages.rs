//! `/metrics` and `/health` of the real daemon.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::daemon::{Daemon, installed, listen, soon};
use crate::program::Installed;

/// Every line is a remark about a family or a sample of one that was announced: `NAME{LABELS} VALUE`.
fn check_prometheus(text: &str) {
    let mut kinds = std::collections::BTreeMap::new();
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("# TYPE ") {
            let (name, kind) = said.split_once(' ').expect("a name and a kind");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(kinds.insert(name, kind).is_none(), "announced twice: {line}");
        } else if !line.starts_with("# HELP ") {
            check_sample(line, &kinds);
        }
    }
    assert!(kinds.len() > 15, "{kinds:?}");
}

fn check_sample(line: &str, kinds: &std::collections::BTreeMap<&str, &str>) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
    assert!(value.parse::<f64>().is_ok(), "no number: {line}");
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}"))),
        None => (series, ""),
    };
    for label in labels.split(',').filter(|label| !label.is_empty()) {
        let (key, value) = label.split_once('=').unwrap_or_else(|| panic!("{line}"));
        assert!(key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{line}");
        assert!(
            value.len() >= 2 && value.starts_with('"') && value.ends_with('"'),
            "{line}"
        );
    }
    let family = ["_bucket", "_sum", "_count"]
        .iter()
        .find_map(|part| {
            name.strip_suffix(part)
                .filter(|family| kinds.get(family) == Some(&"histogram"))
        })
        .unwrap_or(name);
    let kind = kinds
        .get(family)
        .unwrap_or_else(|| panic!("not announced: {line}"));
    assert_eq!(*kind == "counter", name.ends_with("_total"), "{line}");
}

#[test]
fn o5_metrics_are_text_that_prometheus_reads_and_count_what_the_daemon_did() {
    let installed = installed();
    let daemon = Daemon::serving(&installed);
    check_prometheus(&daemon.get("/metrics").1);
    assert_eq!(daemon.metric("lapsed_healthy"), 1.0);
    assert_eq!(
        daemon.metric(r#"lapsed_policy_reloads_total{result="refused"}"#),
        0.0
    );
    installed.edit("salon-lumiere", "name ", "nome ");
    soon("the refused policy", || {
        (daemon.metric(r#"lapsed_policy_reloads_total{result="refused"}"#) >= 1.0).then_some(())
    });
    installed.lapsed("schedule now stadttheater/studio");
    let finished = r#"lapsed_runs_finished_total{job="retention",tenant="stadttheater",state="completed"}"#;
    soon("the finished run", || {
        daemon.get("/metrics").1.contains(finished).then_some(())
    });
    assert_eq!(daemon.metric(finished), 1.0);
    assert!(daemon.metric(r#"lapsed_run_lateness_seconds_count{job="retention"}"#) >= 1.0);
    check_prometheus(&daemon.get("/metrics").1);
}

#[test]
fn o5_health_is_200_while_it_serves_and_503_with_the_reason_while_it_cannot() {
    let installed = installed();
    let daemon = Daemon::serving(&installed);
    let (folder, away) = (installed.path("tenants"), installed.path("elsewhere"));
    std::fs::rename(&folder, &away).expect("a folder can be moved");
    let report = soon("a reason", || {
        let (status, body) = daemon.get("/health");
        (status == 503).then_some(body)
    });
    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["healthy"], json!(false));
    assert!(report["wrong"]["policies"].is_string(), "{report}");
    std::fs::rename(&away, &folder).expect("a folder can be moved");
    soon("health", || (daemon.get("/health").0 == 200).then_some(()));
}

#[test]
fn o5_a_port_that_is_taken_refuses_the_start_by_name() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port of the system's choice");
    let address = taken.local_addr().expect("it listens").to_string();
    let installed = Installed::demo();
    listen(&installed, &address);
    let mut daemon = Daemon::start(&installed, "info");
    assert_eq!(daemon.ended().code(), Some(1));
    let refused = format!("cannot listen on {address}: another program listens there");
    soon("the refusal", || daemon.log().contains(&refused).then_some(()));
}

#[test]
fn o5_without_listen_no_port_is_opened() {
    let installed = Installed::demo();
    let mut daemon = Daemon::start(&installed, "info");
    soon("the daemon", || daemon.log().contains("ready").then_some(()));
    assert!(!daemon.log().contains("http://"), "{}", daemon.log());
    assert!(daemon.stop().success());
}

#[test]
fn o5_a_stop_is_a_success_and_takes_the_pages_along() {
    let installed = installed();
    let mut daemon = Daemon::serving(&installed);
    assert!(daemon.stop().success(), "{}", daemon.log());
}

#[test]
fn o5_a_level_that_is_none_is_refused() {
    let installed = installed();
    let mut daemon = Daemon::start(&installed, "lapsed=loud");
    assert_eq!(daemon.ended().code(), Some(1));
    soon("the refusal", || {
        daemon
            .log()
            .contains("write error, warn, info, debug or trace")
            .then_some(())
    });
}
