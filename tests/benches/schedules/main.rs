//! What holding and running schedules costs, beside a scheduler that keeps them in memory.
//!
//!     cargo bench -p lapsed-tests --bench schedules -- [--schedules 100000] [--burst 10000] [--tenants 10000] [--rounds 3]
//!
//! Three things are measured, each in a process of its own and on the machine's clock: what it costs to hold schedules
//! of which none is due; what becomes of many that are due in one second; and how long the real daemon takes from its
//! start with thousands of tenants' files until it serves, and from an edit until it is live. The other side is
//! tokio-cron-scheduler with the same jobs, which keeps nothing: what it does not run is lost.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints figures, and what it is doing meanwhile"
)]

mod burst;
mod daemon;
mod held;
mod ours;
mod peer;
mod process;

/// The daemon with all its schedules holds at most so much.
const MEMORY_AIM_MIB: f64 = 60.0;
/// Nothing being due, it takes at most this share of a core, in per cent.
const IDLE_AIM: f64 = 0.5;
/// Of what is due in one second, 99 of 100 begin within this.
const LATENESS_AIM_MS: u64 = 1_000;
/// From its start until it serves.
const START_AIM_S: f64 = 5.0;
/// From an edit until it is in force.
const EDIT_AIM_S: f64 = 3.0;

/// What to measure.
#[derive(Clone, Copy)]
struct Arguments {
    schedules: usize,
    burst: usize,
    tenants: usize,
    rounds: usize,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Self {
        let mut read = Self {
            schedules: 100_000,
            burst: 10_000,
            tenants: 10_000,
            rounds: 3,
        };
        while let Some(word) = words.next() {
            let mut number = || {
                let number = words.next().and_then(|word| word.parse().ok());
                number.unwrap_or_else(|| panic!("`{word}` takes a number"))
            };
            match word.as_str() {
                "--schedules" => read.schedules = number(),
                "--burst" => read.burst = number(),
                "--tenants" => read.tenants = number(),
                "--rounds" => read.rounds = number(),
                // Cargo says so to every benchmark.
                "--bench" => {}
                other => panic!("`{other}` is none of --schedules, --burst, --tenants, --rounds"),
            }
        }
        read
    }
}

fn main() {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == process::FLAG).is_some() {
        return process::apart(words);
    }
    let arguments = Arguments::read(words);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("{cores} cores; every round is a line\n");
    held(arguments);
    burst(arguments);
    served(arguments);
}

fn held(arguments: Arguments) {
    let Arguments {
        schedules, rounds, ..
    } = arguments;
    println!("{schedules} schedules held, none due: resident memory, and share of a core over 20 s");
    for _ in 0..rounds.min(2) {
        for side in ["lapsed", "tokio-cron-scheduler"] {
            let [mib, idle] = process::ask("held", side, schedules);
            println!("  {side:22} {mib:7.1} MiB {idle:6.2} %");
        }
    }
    println!();
}

fn burst(arguments: Arguments) {
    let Arguments { burst, rounds, .. } = arguments;
    println!("{burst} slots due in one second: lost, doubled, lateness p50 and p99 of those that ran");
    println!("  (aim: none lost, none doubled, p99 at most {LATENESS_AIM_MS} ms)");
    for _ in 0..rounds {
        for side in ["lapsed", "tokio-cron-scheduler"] {
            let [lost, doubled, p50, p99] = process::ask("burst", side, burst);
            println!("  {side:22} lost {lost:6} doubled {doubled:6} p50 {p50:6} ms p99 {p99:6} ms");
        }
    }
    println!();
}

fn served(arguments: Arguments) {
    let Arguments {
        schedules, tenants, ..
    } = arguments;
    eprintln!("building the program, and writing {tenants} tenants' files …");
    let each = (schedules / tenants).max(1);
    let served = daemon::serve(tenants, each);
    println!("lapsed run, {tenants} tenants' files with {each} workgroups each (the real program)");
    let line = |what: &str, is: f64, unit: &str, aim: f64| {
        let verdict = if is <= aim { "holds" } else { "MISSED" };
        println!("  {what:44} {is:8.2} {unit:4} aim {aim:6.1}  {verdict}");
    };
    line(
        "first start until it serves",
        served.first_start,
        "s",
        START_AIM_S,
    );
    line("start again until it serves", served.next_start, "s", START_AIM_S);
    line(
        "one edit until it is in force (slowest of five)",
        served.edit,
        "s",
        EDIT_AIM_S,
    );
    line("resident memory", served.mib, "MiB", MEMORY_AIM_MIB);
    match served.idle {
        Some(idle) => line("share of a core over 20 s, nothing due", idle, "%", IDLE_AIM),
        None => println!(
            "  share of a core, nothing due                 not measured: reports are still being written"
        ),
    }
}
