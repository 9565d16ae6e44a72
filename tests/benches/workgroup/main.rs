//! What one workgroup costs in a small store and in one ten times as large.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table, and what it is doing meanwhile"
)]

#[expect(dead_code, reason = "other benches need the rest")]
#[path = "../shared/mod.rs"]
mod shared;

use lapsed_model::Dialect;

use shared::arguments::{Arguments, name};
use shared::figures::{Table, Times};
use shared::ours;
use shared::stores::{Home, Stores};

/// What the program says of itself.
const HELP: &str = "\
What one workgroup costs in a small store and in one ten times as large: it should follow the workgroup.

    cargo bench -p lapsed-tests --bench workgroup -- [--on sqlite|postgres] [--people 10000] [--workgroups 10]
                                                     [--times 10] [--rounds 7]

A workgroup of so many people is planned and carried out in a store with so many workgroups of its size, and in one with
ten times as many, in turns. Each round has a plan of every workgroup that was not carried out yet, up to --rounds.";

/// In the larger store it costs at most so many times as much.
const AIM: f64 = 1.2;

/// What one of the two stores took.
struct Side {
    stores: Stores,
    plan: Times,
    apply: Times,
}

#[tokio::main]
async fn main() {
    let known = [
        ("people", 10_000),
        ("workgroups", 10),
        ("times", 10),
        ("rounds", 7),
    ];
    let arguments = Arguments::read(std::env::args().skip(1), HELP, Dialect::Postgres, &known);
    let [people, workgroups, times, rounds] = known.map(|(name, _)| arguments.number(name));
    let home = Home::new(arguments.on());
    let mut sides = Vec::new();
    for (side, workgroups) in [("large", workgroups * times), ("small", workgroups)] {
        eprintln!("filling a store with {} people …", people * workgroups);
        sides.push(Side {
            stores: Stores::fill(&home, side, people * workgroups, workgroups).await,
            plan: Times::new(),
            apply: Times::new(),
        });
    }
    for round in 0..rounds.min(workgroups) {
        for side in &mut sides {
            one_workgroup(side, round).await;
        }
        let all: Vec<String> = sides
            .iter()
            .map(|side| side.plan.and(&side.apply).all())
            .collect();
        eprintln!("plan and apply: large {}, small {}", all[0], all[1]);
    }
    let mut table = Table::default();
    table.line(format!(
        "{}, one workgroup of {people} people, {rounds} rounds; seconds: median (least–most)",
        name(arguments.on())
    ));
    let [large, small] = &sides[..] else {
        unreachable!("there are two")
    };
    let heading = [times * workgroups, workgroups].map(|many| format!("among {}", many * people));
    table.heading("one workgroup", &heading[0], &heading[1]);
    table.pair("plan", &large.plan, &small.plan, None);
    table.pair("apply", &large.apply, &small.apply, None);
    let both = [large, small].map(|side| side.plan.and(&side.apply));
    table.pair("plan and apply", &both[0], &both[1], Some(AIM));
    table.print();
}

/// Plans and carries out the workgroup whose turn it is. A workgroup's first look at its pages is nobody's figure, so it
/// is planned once before.
async fn one_workgroup(side: &mut Side, round: usize) {
    let theatres = side.stores.open().await;
    let (fitted, cases) = (theatres.fitted().await, theatres.cases());
    let case = &cases[round..=round];
    ours::plan(&theatres, &fitted, case).await;
    theatres.clock.advance(chrono::TimeDelta::seconds(1));
    let plans = side.plan.of(ours::plan(&theatres, &fitted, case)).await;
    ours::approve(&theatres, &plans).await;
    let anonymised = side.apply.of(ours::apply(&theatres, &fitted, case, &plans)).await;
    assert!(anonymised > 0, "a sweep of nobody measures nothing");
    theatres.store.close().await;
}
