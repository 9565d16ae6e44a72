//! `lapsed reload`: the daemon reads the tenants' files now, and says what came of it

use std::path::Path;

use lapsed_store::NewRun;
use serde_json::{Value, json};

use crate::daemon::RELOAD;
use crate::failure::{Failure, Result};
use crate::follow::follow;
use crate::installation::Installation;
use crate::output::{Output, counted};
use crate::owner;

/// Has the daemon read the files again. A file with errors is a finding.
pub(crate) async fn run(config: &Path, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    if !owner::is_served(&installation).await? {
        out.line("no daemon serves the store, so there is nothing to reload: `lapsed run` reads every file when it starts");
        out.object(&json!({ "served": false }));
        return Ok(());
    }
    let new = NewRun {
        tenant: None,
        workgroup: None,
        job: RELOAD.to_owned(),
        payload: json!({}),
        asked_by: Some("lapsed reload".to_owned()),
        at: installation.now(),
    };
    let outcome = follow(&installation, &new, out, async || {}).await?;
    show(&outcome, out);
    out.object(&outcome);
    let is_whole = list(&outcome, "broken").is_empty()
        && list(&outcome, "not_stored").is_empty()
        && outcome["folder"].is_null();
    if is_whole { Ok(()) } else { Err(Failure::Findings) }
}

fn show(outcome: &Value, out: &Output) {
    if let Some(why) = outcome["folder"].as_str() {
        out.line(format!("error: {why}"));
    }
    for (key, became) in [
        ("put_in_force", "took effect"),
        ("gone", "its file is gone: nothing of it is in force any more"),
        (
            "missing",
            "its file is missing: what is in force ends in a few seconds, unless it comes back",
        ),
        (
            "not_stored",
            "the store did not take it: the log says why, and it is tried again",
        ),
    ] {
        for tenant in list(outcome, key) {
            out.line(format!("{}: {became}", text(tenant)));
        }
    }
    list(outcome, "broken")
        .iter()
        .for_each(|broken| show_broken(broken, out));
    for file in list(outcome, "restart_for") {
        out.line(format!(
            "{} changed: it is read when the daemon starts again",
            text(file)
        ));
    }
    let unchanged = outcome["unchanged"].as_u64().unwrap_or_default();
    out.line(format!("{} as before", counted(unchanged, "policy", "policies")));
}

fn show_broken(broken: &Value, out: &Output) {
    let stays = if broken["in_force"].is_null() {
        "nothing of it is in force"
    } else {
        "the last good version stays in force"
    };
    out.line(format!(
        "{}: does not take effect; {stays}",
        text(&broken["tenant"])
    ));
    for finding in list(broken, "findings") {
        let mut place = text(&finding["file"]).to_owned();
        if let (Some(line), Some(column)) = (finding["line"].as_u64(), finding["column"].as_u64()) {
            place = format!("{place}:{line}:{column}");
        }
        out.line(format!("  {place}: {}", text(&finding["title"])));
        if let Some(help) = finding["help"].as_str() {
            out.line(format!("    help: {help}"));
        }
    }
    let more = broken["more"].as_u64().unwrap_or_default();
    if more > 0 {
        out.line(format!(
            "  and {}: `lapsed check` shows all",
            counted(more, "more finding", "more findings")
        ));
    }
}

fn list<'v>(outcome: &'v Value, key: &str) -> &'v [Value] {
    outcome[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
