//! Our side in a process of its own, as the other side's are: so that starting it counts, and its memory is its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use lapsed_jobs::apply::BatchSize;
use lapsed_jobs::export::ExportCase;
use lapsed_jobs::export::workgroup::{Wanted, export_workgroup};
use lapsed_model::Workgroup;
use serde_json::{Value, json};

use crate::shared::place::Place;
use crate::shared::theatres::{TENANT, Theatres};

/// What tells the program that it is the other process.
pub(crate) const FLAG: &str = "--apart";

/// What an export took and gave.
pub(crate) struct Exported {
    /// Rows by file.
    pub(crate) rows: BTreeMap<String, u64>,
    /// How large the archive is.
    pub(crate) bytes: u64,
    /// From the call to its return, in seconds.
    pub(crate) seconds: f64,
    /// Writing down whom it names, reading and packing, and what comes then.
    pub(crate) phases: [f64; 3],
    /// The most memory that the process ever held.
    pub(crate) memory_mib: f64,
}

/// Exports the workgroup of this store in another process. What was written goes again.
pub(crate) fn run(place: &Place, folder: &Path) -> Exported {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .arg(FLAG)
        .args(place.words())
        .arg(folder)
        .output()
        .expect("a process");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let told: Value = serde_json::from_slice(&output.stdout).expect("what it printed is JSON");
    let path = told["path"].as_str().expect("a path");
    std::fs::remove_file(path).expect("a file of ours");
    let phase = |place: usize| told["phases"][place].as_f64().expect("seconds");
    let rows = told["rows"].as_object().expect("rows by file").iter();
    Exported {
        rows: rows
            .map(|(file, rows)| (file.clone(), rows.as_u64().expect("a number")))
            .collect(),
        bytes: told["bytes"].as_u64().expect("a number"),
        seconds: told["seconds"].as_f64().expect("seconds"),
        phases: [phase(0), phase(1), phase(2)],
        memory_mib: told["kibibytes"].as_f64().expect("a number") / 1024.0,
    }
}

/// The other process.
pub(crate) async fn export(mut words: impl Iterator<Item = String>) {
    let place = Place::read(&mut words);
    let folder = words.next().expect("a folder");
    let theatres = Theatres::open(place, 1).await;
    let fitted = theatres.fitted().await;
    let clerk = theatres.tools(&fitted, BatchSize::Auto).clerk();
    let case = case(&theatres);
    let wanted = Wanted {
        by: "the bench",
        way: "command",
        consent: None,
        event: None,
        password: None,
        folder: Path::new(&folder),
        node: "bench",
        delete_at: None,
        stop: None,
    };
    let (began, mut reports) = (Instant::now(), Vec::new());
    let written = export_workgroup(&clerk, &case, &wanted, |_| reports.push(began.elapsed()));
    let written = written.await.expect("an archive");
    let ended = began.elapsed();
    let (named, read) = (reports[0], reports[reports.len() - 1]);
    let phases = [named, read - named, ended - read];
    println!(
        "{}",
        json!({
            "path": written.path,
            "rows": written.files,
            "bytes": written.bytes,
            "seconds": ended.as_secs_f64(),
            "phases": phases.map(|phase| phase.as_secs_f64()),
            "kibibytes": high_water_mark(),
        })
    );
    theatres.store.close().await;
}

/// The only workgroup, as its policy wants it: for a spreadsheet.
pub(crate) fn case(theatres: &Theatres) -> ExportCase<'_> {
    let tenant = TENANT.parse().expect("a name");
    let house = &theatres.houses[0];
    let workgroup = Workgroup::new(tenant, house).expect("a name");
    ExportCase::new(&workgroup, house, &theatres.policy).expect("a workgroup of the policy")
}

fn high_water_mark() -> u64 {
    let status =
        std::fs::read_to_string("/proc/self/status").expect("Linux says how much memory a process held");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .expect("a number of KiB")
}
