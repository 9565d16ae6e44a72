//! The status for people.

use chrono::{DateTime, Utc};
use lapsed_model::{Run, RunState, TenantName};
use lapsed_store::Serving;

use super::files::{How, PolicyFile};
use super::{Next, Status};
use crate::output::{Output, counted, moment, number, people};

/// How many tenants are listed whose files are in order; the others are all listed.
const MOST_TENANTS: usize = 30;

/// Shows what there is to show; a section without anything in it is left out.
pub(super) fn show(status: &Status, out: &Output) {
    daemon(status, out);
    pauses(status, out);
    runs(status, out);
    next(status, out);
    waiting(status, out);
    broken(status, out);
    policies(status, out);
    kept(status, out);
}

fn daemon(status: &Status, out: &Output) {
    let serving = &status.overview.serving;
    out.line(match (status.served, serving.first()) {
        (Some(true), Some(_)) if serving.len() > 1 => {
            let each: Vec<String> = serving
                .iter()
                .map(|by| format!("{} since {}", program(by), utc(by.started_at)))
                .collect();
            format!(
                "{} programs serve the store:\n  {}",
                serving.len(),
                each.join("\n  ")
            )
        }
        (Some(true), Some(by)) => format!("{} serves the store since {}", program(by), utc(by.started_at)),
        (Some(true), None) => "a program that is just starting serves the store".to_owned(),
        (Some(false), None) => {
            "no daemon serves the store, and none ever did: `lapsed run` is one".to_owned()
        }
        (Some(false), Some(by)) => {
            let ended = by.stopped_at.map_or("did not stop in order".to_owned(), |at| {
                format!("stopped at {}", utc(at))
            });
            let last = program(by);
            format!("no daemon serves the store: `lapsed run` is one; the last to serve it, {last} {ended}")
        }
        (None, _) => "whether a daemon serves the store cannot be seen by this user".to_owned(),
    });
}

fn program(by: &Serving) -> String {
    let node = if by.node.is_empty() {
        String::new()
    } else {
        format!(" on {}", by.node)
    };
    format!("`{}` {}, process {}{node},", by.program, by.version, by.pid)
}

fn pauses(status: &Status, out: &Output) {
    for pause in &status.overview.pauses {
        let whose = pause.tenant.as_ref().map_or("everything", TenantName::as_str);
        out.line(format!(
            "PAUSED: {whose}, since {}, by {}: {}",
            utc(pause.at),
            pause.by,
            pause.because
        ));
    }
    if status.overview.schedules_paused > 0 {
        let paused = counted(status.overview.schedules_paused, "schedule is", "schedules are");
        out.line(format!("{paused} paused: `lapsed schedule list` shows which"));
    }
}

fn runs(status: &Status, out: &Output) {
    let unfinished = RunState::ALL.into_iter().filter(|state| !state.is_finished());
    let counts: Vec<String> = unfinished
        .filter_map(|state| {
            let runs = status.overview.runs.get(&state)?;
            Some(format!("{} {}", number(*runs), state.words()))
        })
        .collect();
    if counts.is_empty() {
        return;
    }
    out.heading(&format!("Runs: {}", counts.join(", ")));
    let row = |run: &Run| {
        let since = run.claimed_at.map_or(String::new(), utc);
        vec![run.id.to_string(), whose(run), run.job.clone(), since]
    };
    let rows = status.overview.running.iter().map(row).collect();
    out.table(&["RUN", "WHOSE", "JOB", "RUNNING SINCE"], rows, &[0]);
}

fn whose(run: &Run) -> String {
    match (&run.tenant, &run.workgroup) {
        (Some(tenant), Some(workgroup)) => format!("{tenant}/{workgroup}"),
        (Some(tenant), None) => tenant.to_string(),
        (None, _) => "the daemon".to_owned(),
    }
}

fn next(status: &Status, out: &Output) {
    if status.next.is_empty() {
        return;
    }
    out.heading("Due next");
    let row = |next: &Next| {
        let timetable = &next.schedule.timetable;
        let slots: Vec<String> = next
            .slots
            .iter()
            .map(|slot| moment(*slot, timetable.zone))
            .collect();
        let how = match &next.slots[..] {
            _ if next.schedule.paused => "paused",
            [first, ..] if *first <= status.now => "is due",
            _ => "",
        };
        vec![
            timetable.workgroup.to_string(),
            timetable.job.clone(),
            timetable.said.clone(),
            slots.join("\n"),
            timetable.zone.name().to_owned(),
            how.to_owned(),
        ]
    };
    let headings = ["WORKGROUP", "JOB", "SCHEDULE", "AT", "CLOCKS OF", ""];
    out.table(&headings, status.next.iter().map(row).collect(), &[]);
}

fn waiting(status: &Status, out: &Output) {
    let overview = &status.overview;
    if overview.plans_waiting > 0 {
        let plans = counted(overview.plans_waiting, "plan waits", "plans wait");
        out.heading(&format!("{plans} for approval"));
        let row = |plan: &lapsed_store::WaitingPlan| {
            let workgroup = plan.workgroup.to_string();
            vec![plan.plan.clone(), workgroup, people(plan.people), utc(plan.since)]
        };
        let rows = overview.waiting.iter().map(row).collect();
        out.table(&["PLAN", "WORKGROUP", "ABOUT", "WAITS SINCE"], rows, &[]);
        out.line(" `lapsed approve PLAN --by WHO --reason WHY` lets one go");
    }
    let requests = &overview.requests;
    if let Some(due) = requests.next_due_at {
        let open = counted(requests.open, "request is", "requests are");
        out.heading(&format!(
            "{open} not answered, {} overdue",
            number(requests.overdue)
        ));
        out.line(format!(
            " the next answer is due at {}: `lapsed request list`",
            utc(due)
        ));
    }
}

fn broken(status: &Status, out: &Output) {
    let files: Vec<&PolicyFile> = status.policies.iter().filter(|file| file.is_broken()).collect();
    let discarded = &status.overview.discarded;
    if files.is_empty() && discarded.is_empty() && status.folder.is_none() && status.journal.is_empty() {
        return;
    }
    out.heading("Broken");
    for why in status.folder.iter().chain(&status.journal) {
        out.line(format!(" {why}"));
    }
    for file in files {
        let errors = counted(file.errors.len() as u64, "error", "errors");
        out.line(format!(
            " {}: {errors} in its file: `lapsed check` shows all",
            file.tenant
        ));
        if let Some(first) = file.errors.first() {
            let line = first.line.map_or(String::new(), |line| format!("line {line}: "));
            out.line(format!("   {line}{}", first.title));
        }
    }
    for run in discarded {
        let why = run.error.as_deref().unwrap_or("it failed too often");
        out.line(format!(
            " run {} of {} ({}) was given up: {why}",
            run.id,
            whose(run),
            run.job
        ));
    }
    let all = status.overview.runs.get(&RunState::Discarded).copied();
    let more = all.unwrap_or_default().saturating_sub(discarded.len() as u64);
    if more > 0 {
        out.line(format!(
            " and {} more: `lapsed schedule history`",
            counted(more, "run", "runs")
        ));
    }
}

/// Every tenant whose file is not simply in force, and the first few of the others.
fn policies(status: &Status, out: &Output) {
    if status.policies.is_empty() {
        return;
    }
    out.heading("Policies in force");
    let mut sound = 0;
    let shown: Vec<&PolicyFile> = status
        .policies
        .iter()
        .filter(|policy| {
            sound += usize::from(policy.file == How::InForce);
            policy.file != How::InForce || sound <= MOST_TENANTS
        })
        .collect();
    let more = status.policies.len() - shown.len();
    let row = |policy: &&PolicyFile| {
        vec![
            policy.tenant.to_string(),
            policy
                .version
                .as_ref()
                .map_or("none", |hash| &hash[..12])
                .to_owned(),
            policy.since.map_or(String::new(), utc),
            said(policy, status.served).to_owned(),
        ]
    };
    out.table(
        &["TENANT", "VERSION", "SINCE", ""],
        shown.iter().map(row).collect(),
        &[],
    );
    if more > 0 {
        let more = counted(more as u64, "tenant", "tenants");
        out.line(format!(
            " and {more} more, all in order: `lapsed status TENANT`, or `--json` for all"
        ));
    }
}

fn said(policy: &PolicyFile, served: Option<bool>) -> &'static str {
    match (policy.file, served, &policy.version) {
        (How::InForce, ..) => "",
        (How::Broken, _, Some(_)) => "its file has errors: this version stays in force",
        (How::Broken, _, None) => "its file has errors: nothing is in force",
        (How::NotYet, Some(false), _) => "its file changed: a daemon takes it up when it starts",
        (How::NotYet, ..) => "its file changed and takes effect within seconds",
        (How::Gone, ..) => "its file is gone",
    }
}

/// What is left of those who were erased.
fn kept(status: &Status, out: &Output) {
    let overview = &status.overview;
    if let Some((since, batches)) = overview.remnants {
        let batches = counted(batches, "batch", "batches");
        out.line(format!(
            "\nthe store's files may hold remnants of {batches} since {}: the daemon removes them",
            utc(since)
        ));
    }
    if let Some(scan) = &overview.last_scan {
        let found = match scan.hits {
            0 => "nothing was found".to_owned(),
            hits => format!("remains were found in {}", counted(hits, "column", "columns")),
        };
        let looked_for = people(scan.people);
        out.line(format!(
            "\nlast scan: {}, for {looked_for} of {}: {found}",
            utc(scan.at),
            scan.tenant
        ));
    }
}

/// The machine's matters are told by one clock for all tenants.
fn utc(instant: DateTime<Utc>) -> String {
    moment(instant, chrono_tz::UTC) + " UTC"
}
