//! How many runs a second are claimed and finished, beside the bare statements that a queue on PostgreSQL needs at least.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table, and what it is doing meanwhile"
)]

mod bare;
mod queue;
#[expect(dead_code, reason = "other benches need the rest")]
#[path = "../shared/mod.rs"]
mod shared;

use lapsed_model::Dialect;

use queue::Queue;
use shared::arguments::{Arguments, name};
use shared::figures::Times;

/// What the program says of itself.
const HELP: &str = "\
How many runs a second are claimed and finished, beside the bare statements that a queue needs at least.

    cargo bench -p lapsed-tests --bench runs -- [--on sqlite|postgres] [--runs 200000] [--tenants 1000] [--group 500]
                                                [--rounds 3]

Runs of many tenants are waiting. One daemon, and on PostgreSQL three of them, claim and finish them in groups, through
the same verbs as `lapsed run`. The other side does it with one UPDATE to claim and one to finish, over as many
connections, with no turns of tenants, no leases and nobody to be forgotten.";

/// So many runs a second at least.
const AIM: f64 = 20_000.0;

#[tokio::main]
async fn main() {
    let known = [
        ("runs", 200_000),
        ("tenants", 1_000),
        ("group", 500),
        ("rounds", 3),
    ];
    let arguments = Arguments::read(std::env::args().skip(1), HELP, Dialect::Postgres, &known);
    let [runs, tenants, group, rounds] = known.map(|(name, _)| arguments.number(name));
    let on = arguments.on();
    println!(
        "{}: {runs} runs of {tenants} tenants, claimed and finished in groups of {group}; runs a second, {rounds} rounds",
        name(on)
    );
    let queue = Queue::new(on, runs, tenants).await;
    let daemons: &[usize] = match on {
        Dialect::Sqlite => &[1],
        Dialect::Postgres => &[1, 3],
    };
    for daemons in daemons {
        let (mut ours, mut theirs) = (Times::new(), Times::new());
        for _ in 0..rounds {
            queue.refill().await;
            ours.of(queue.work(*daemons, group)).await;
            if let Some(server) = queue.home.server() {
                queue.refill().await;
                theirs.of(bare::work(server, *daemons, group, runs)).await;
            }
            eprintln!(
                "{daemons} at once: lapsed {} s, bare {} s",
                ours.all(),
                theirs.all()
            );
        }
        print(*daemons, runs, &ours, &theirs);
    }
}

fn print(daemons: usize, runs: usize, ours: &Times, bare: &Times) {
    let per_second = |times: &Times| {
        let runs = f64::from(u32::try_from(runs).expect("not that many"));
        runs / times.median().as_secs_f64()
    };
    let ours = per_second(ours);
    let verdict = if ours >= AIM { "holds" } else { "MISSED" };
    print!("  {daemons} at once   lapsed {ours:9.0}   aim {AIM:6.0} {verdict}");
    if bare.median().is_zero() {
        println!();
    } else {
        let bare = per_second(bare);
        println!("   bare {bare:9.0}   ratio {:.2}", ours / bare);
    }
}
