//! What a sweep costs, beside the best SQL that one would write by hand for the same rules and the same result.
//!
//!     cargo bench -p lapsed-tests --bench sweep -- [--customers 1000000] [--workgroups 100] [--rounds 3]
//!
//! It fills a store with invented theatre-goers and lets both sides plan and carry out everything, in turns, so that
//! whatever else the machine does meets both. Both work in this process, over connections with the same pragmas,
//! and what changes the store is done on a copy each. The results are compared: a script that does something else
//! proves nothing.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table, and what it is doing meanwhile"
)]

mod apart;
mod figures;
mod ours;
mod script;
mod stores;
mod theatres;

use figures::{Table, Times};
use script::Script;
use stores::Stores;

/// A plan costs at most so many times the script's.
const PLAN_AIM: f64 = 1.3;
/// Carrying out costs at most so many times the script's.
const APPLY_AIM: f64 = 1.5;
/// Neither ever holds more, whatever the size of the store.
const MEMORY_AIM_MIB: f64 = 64.0;

/// What to measure.
#[derive(Clone, Copy)]
struct Arguments {
    customers: usize,
    workgroups: usize,
    rounds: usize,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Self {
        let mut read = Self {
            customers: 1_000_000,
            workgroups: 100,
            rounds: 3,
        };
        while let Some(word) = words.next() {
            let mut number = || {
                let number = words.next().and_then(|word| word.parse().ok());
                number.unwrap_or_else(|| panic!("`{word}` takes a number"))
            };
            match word.as_str() {
                "--customers" => read.customers = number(),
                "--workgroups" => read.workgroups = number(),
                "--rounds" => read.rounds = number(),
                // Cargo says so to every benchmark.
                "--bench" => {}
                other => panic!("`{other}` is none of --customers, --workgroups, --rounds"),
            }
        }
        read
    }
}

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == apart::FLAG).is_some() {
        return apart::sweep(words).await;
    }
    let arguments = Arguments::read(words);
    let Arguments {
        customers,
        workgroups,
        rounds,
    } = arguments;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut table = Table::default();
    table.line(format!("{customers} people in {workgroups} workgroups, {rounds} rounds, {cores} cores; seconds: median (least–most)"));
    eprintln!("filling a store with {customers} people …");
    let stores = Stores::fill(customers, workgroups).await;
    table.heading("everybody", "lapsed", "by hand");
    plan(&stores, rounds, &mut table).await;
    apply(&stores, rounds, &mut table).await;
    one_workgroup(arguments, &mut table).await;
    memory(&stores, &mut table).await;
    table.print();
}

/// Both sides judge everybody.
async fn plan(stores: &Stores, rounds: usize, table: &mut Table) {
    let theatres = stores.open().await;
    let (fitted, cases) = (theatres.fitted().await, theatres.cases());
    let mut script = Script::connect(&theatres.path).await;
    let [mut ours, mut by_hand, mut at_once] = [const { Times::new() }; 3];
    for round in 0..rounds {
        let plans = ours.of(ours::plan(&theatres, &fitted, &cases)).await;
        by_hand.of(script.plan(&theatres, &cases)).await;
        if round == 0 {
            script.planned_the_same(&plans).await;
        }
        script.forget().await;
        at_once.of(script.plan_at_once(&theatres, &cases)).await;
        script.forget().await;
        eprintln!(
            "plan: lapsed {}, by hand {}, at once {}",
            ours.all(),
            by_hand.all(),
            at_once.all()
        );
    }
    table.pair("plan, workgroup by workgroup", &ours, &by_hand, Some(PLAN_AIM));
    table.pair("  script: one statement for all", &ours, &at_once, None);
    script.close().await;
    theatres.store.close().await;
}

/// Both sides carry out the same plans, each on its own copy.
///
/// The script is quicker in one transaction for everybody than in one for each plan, and is held against that. No
/// daemon may do so: the platform could not write for as long.
async fn apply(stores: &Stores, rounds: usize, table: &mut Table) {
    let plans = stores.plan().await;
    let [
        mut ours,
        mut by_hand,
        mut plan_by_plan,
        mut bare,
        mut our_scrub,
        mut scrub,
    ] = [const { Times::new() }; 6];
    for round in 0..rounds {
        let theatres = stores.copy("ours.db").await;
        let (fitted, cases) = (theatres.fitted().await, theatres.cases());
        let anonymised = ours.of(ours::apply(&theatres, &fitted, &cases, &plans)).await;
        assert_eq!(anonymised, plans.iter().map(|plan| plan.subjects).sum::<u64>());
        our_scrub.of(ours::scrub(&theatres, &fitted)).await;
        theatres.store.close().await;

        let (other, mut script) = stores.copy_for_script().await;
        by_hand.of(script.apply(&other, &cases)).await;
        scrub.of(script.scrub()).await;
        if round == 0 {
            script.erased_the_same(&theatres.path).await;
        }
        script.close().await;

        let (other, mut script) = stores.copy_for_script().await;
        plan_by_plan
            .of(async {
                for case in cases.chunks(1) {
                    script.apply(&other, case).await;
                }
            })
            .await;
        script.close().await;

        let (other, mut script) = stores.copy_for_script().await;
        bare.of(script.erase_only(&other, &cases)).await;
        script.close().await;
        eprintln!(
            "apply: lapsed {}, by hand {} ({}), bare {}",
            ours.all(),
            by_hand.all(),
            plan_by_plan.all(),
            bare.all()
        );
    }
    table.pair("apply, plan by plan", &ours, &by_hand, Some(APPLY_AIM));
    table.pair("  script: plan by plan too", &ours, &plan_by_plan, None);
    table.pair("  script: the bare effects", &ours, &bare, None);
    table.pair("scrub, once", &our_scrub, &scrub, None);
    stores.remove_copies();
}

/// A workgroup of the same size, alone and in a store ten times as large: the cost follows the workgroup.
async fn one_workgroup(arguments: Arguments, table: &mut Table) {
    const ROUNDS: usize = 9;
    let people = arguments.customers / arguments.workgroups;
    eprintln!("one workgroup of {people} people, alone and among ten …");
    let (alone, among_ten) = (Stores::fill(people, 1).await, Stores::fill(people * 10, 10).await);
    let [mut plan_alone, mut plan_among, mut apply_alone, mut apply_among] = [const { Times::new() }; 4];
    for _ in 0..ROUNDS {
        for (stores, plan, apply) in [
            (&among_ten, &mut plan_among, &mut apply_among),
            (&alone, &mut plan_alone, &mut apply_alone),
        ] {
            let theatres = stores.copy("copy.db").await;
            let (fitted, cases) = (theatres.fitted().await, theatres.cases());
            let plans = plan.of(ours::plan(&theatres, &fitted, &cases[..1])).await;
            ours::approve(&theatres, &plans).await;
            apply
                .of(ours::apply(&theatres, &fitted, &cases[..1], &plans))
                .await;
            theatres.store.close().await;
        }
    }
    table.heading("one workgroup", "among ten", "alone");
    table.pair("plan", &plan_among, &plan_alone, None);
    table.pair("apply", &apply_among, &apply_alone, None);
}

/// A sweep of everything in a process of its own.
async fn memory(stores: &Stores, table: &mut Table) {
    let theatres = stores.copy("apart.db").await;
    theatres.store.close().await;
    let kibibytes = apart::peak(&theatres.path, stores.houses);
    let mebibytes = f64::from(u32::try_from(kibibytes).expect("not that much")) / 1024.0;
    table.line(format!(
        "\npeak memory of a sweep of everybody: {mebibytes:.1} MiB (≤ {MEMORY_AIM_MIB})"
    ));
    table.aim("memory in MiB", mebibytes, Some(MEMORY_AIM_MIB));
}
