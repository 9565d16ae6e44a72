//! Processes of our own, and what Linux says of them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What tells the program that it is another process.
pub(crate) const FLAG: &str = "--apart";

/// Has one thing measured for one side in another process; answers its figures.
pub(crate) fn ask<const FIGURES: usize>(what: &str, side: &str, many: usize) -> [f64; FIGURES] {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args([FLAG, what, side, &many.to_string()])
        .output();
    let output = output.expect("a process");
    let (printed, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{what} of {side}: {said}");
    let figures: Vec<f64> = printed
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    figures
        .try_into()
        .unwrap_or_else(|_| panic!("{what} of {side} said: {printed}"))
}

/// The other process.
pub(crate) fn apart(mut words: impl Iterator<Item = String>) {
    let mut word = || words.next().expect("what, side, and how many");
    let (what, side) = (word(), word());
    let many = word().parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let figures = match what.as_str() {
        "held" => runtime.block_on(crate::held::measure(&side, many)),
        "burst" => runtime.block_on(crate::burst::measure(&side, many)),
        "fill" => return runtime.block_on(crate::ours::fill_for_another(Path::new(&side), many)),
        other => panic!("nobody measures `{other}`"),
    };
    println!(
        "{}",
        figures.map_or_else(String::new, |figures| figures.join(" "))
    );
    // What a scheduler still does is not waited for.
    std::process::exit(0);
}

/// Has a store filled in another process, whose memory is not looked at.
pub(crate) fn fill(store: &Path, many: usize) {
    let program = std::env::current_exe().expect("this program");
    let filled = Command::new(program)
        .args([FLAG, "fill"])
        .arg(store)
        .arg(many.to_string())
        .status();
    assert!(filled.expect("a process").success(), "the store was not filled");
}

/// The memory that a process holds, in MiB.
pub(crate) fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("Linux says it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .and_then(|line| line.split_whitespace().next()?.parse().ok())
        .expect("a number of KiB");
    kib / 1024.0
}

/// The share of a core that a process takes, in per cent, `over` some time.
pub(crate) fn idle(process: u32, over: Duration) -> f64 {
    let (before, began) = (ran_for(process), Instant::now());
    std::thread::sleep(over);
    let share = (ran_for(process) - before).as_secs_f64() / began.elapsed().as_secs_f64();
    share * 100.0
}

/// How long a process has had a core, by the scheduler's own count of its threads: nanoseconds.
fn ran_for(process: u32) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("Linux says it");
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}
