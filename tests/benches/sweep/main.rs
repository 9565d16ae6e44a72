//! What a sweep costs, beside the best SQL that one would write by hand for the same rules and the same result.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table, and what it is doing meanwhile"
)]

mod apart;
mod script;
#[expect(dead_code, reason = "other benches need the rest")]
#[path = "../shared/mod.rs"]
mod shared;

use lapsed_model::{Dialect, Plan};

use script::Script;
use shared::arguments::{Arguments, name};
use shared::figures::{Table, Times};
use shared::ours;
use shared::stores::{Home, Stores};

/// What the program says of itself.
const HELP: &str = "\
What a sweep costs, beside the best SQL that one would write by hand for the same rules and the same result.

    cargo bench -p lapsed-tests --bench sweep -- [--on sqlite|postgres] [--customers 1000000] [--workgroups 100]
                                                 [--rounds 3]

It fills a store with invented theatre-goers and lets both sides plan and carry out everything, in turns, so that
whatever else the machine does meets both. Both work in this process, over connections that are equally durable,
and what changes the store is done on a copy each. The results are compared: a script that does something else
proves nothing.";

/// A plan costs at most so many times the script's.
const PLAN_AIM: f64 = 1.3;
/// Carrying out costs at most so many times the script's.
const APPLY_AIM: f64 = 1.5;
/// Planning and carrying out cost at most so many times a script that does not judge again and writes nothing down.
const BARE_AIM: f64 = 1.3;
/// The program never holds more, whatever the size of the store.
const MEMORY_AIM_MIB: f64 = 64.0;

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == apart::FLAG).is_some() {
        return apart::sweep(words).await;
    }
    let known = [("customers", 1_000_000), ("workgroups", 100), ("rounds", 3)];
    let arguments = Arguments::read(words, HELP, Dialect::Sqlite, &known);
    let [customers, workgroups, rounds] = known.map(|(name, _)| arguments.number(name));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut table = Table::default();
    table.line(format!(
        "{}, {customers} people in {workgroups} workgroups, {rounds} rounds, {cores} cores; seconds: median (least–most)",
        name(arguments.on())
    ));
    eprintln!("filling a store with {customers} people …");
    let home = Home::new(arguments.on());
    let stores = Stores::fill(&home, "filled", customers, workgroups).await;
    table.heading("everybody", "lapsed", "by hand");
    let planned = plan(&stores, rounds, &mut table).await;
    apply(&stores, rounds, &planned, &mut table).await;
    memory(&stores, &mut table).await;
    table.print();
}

/// Both sides judge everybody. Answers how long both took.
async fn plan(stores: &Stores, rounds: usize, table: &mut Table) -> [Times; 2] {
    let theatres = stores.open().await;
    let (fitted, cases) = (theatres.fitted().await, theatres.cases());
    let mut script = Script::connect(stores.home(), "filled").await;
    let [mut ours, mut by_hand, mut at_once] = [const { Times::new() }; 3];
    // Whoever comes first would read everything from the disk for all of them.
    script.plan_at_once(&theatres, &cases).await;
    script.forget().await;
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
    [ours, by_hand]
}

/// Stores the plans of both sides in the filled store, for the copies.
async fn plan_for_copies(stores: &Stores) -> Vec<Plan> {
    let theatres = stores.open().await;
    let (fitted, cases) = (theatres.fitted().await, theatres.cases());
    let plans = ours::plan(&theatres, &fitted, &cases).await;
    ours::approve(&theatres, &plans).await;
    let mut script = Script::connect(stores.home(), "filled").await;
    script.plan(&theatres, &cases).await;
    script.close().await;
    theatres.store.close().await;
    plans
}

/// Both sides carry out the same plans, each on its own copy.
///
/// The script is quicker in one transaction for everybody than in one for each plan, and is held against that. No
/// daemon may do so: the platform could not write for as long.
async fn apply(stores: &Stores, rounds: usize, planned: &[Times; 2], table: &mut Table) {
    let plans = plan_for_copies(stores).await;
    let [
        mut ours,
        mut by_hand,
        mut plan_by_plan,
        mut bare,
        mut our_scrub,
        mut scrub,
    ] = [const { Times::new() }; 6];
    for round in 0..rounds {
        let theatres = stores.copy("ours").await;
        let (fitted, cases) = (theatres.fitted().await, theatres.cases());
        let anonymised = ours.of(ours::apply(&theatres, &fitted, &cases, &plans)).await;
        assert_eq!(anonymised, plans.iter().map(|plan| plan.subjects).sum::<u64>());
        our_scrub.of(ours::scrub(&theatres, &fitted)).await;
        theatres.store.close().await;

        let mut script = copy_for_script(stores).await;
        by_hand.of(script.apply(&theatres, &cases)).await;
        scrub.of(script.scrub()).await;
        if round == 0 {
            script.erased_the_same(stores.home(), "ours").await;
        }
        script.close().await;
        stores.home().remove("ours").await;

        let mut script = copy_for_script(stores).await;
        plan_by_plan
            .of(async {
                for case in cases.chunks(1) {
                    script.apply(&theatres, case).await;
                }
            })
            .await;
        script.close().await;

        let mut script = copy_for_script(stores).await;
        bare.of(script.erase_only(&theatres, &cases)).await;
        script.close().await;
        stores.home().remove("script").await;
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
    let [our_plans, their_plans] = planned;
    let both = our_plans.and(&ours);
    table.pair(
        "plan and apply",
        &both,
        &their_plans.and(&by_hand),
        Some(APPLY_AIM),
    );
    table.pair(
        "  script: the bare effects",
        &both,
        &their_plans.and(&bare),
        Some(BARE_AIM),
    );
    table.pair("scrub, once", &our_scrub, &scrub, None);
}

/// A copy that the script has for itself.
async fn copy_for_script(stores: &Stores) -> Script {
    stores.copy("script").await.store.close().await;
    Script::connect(stores.home(), "script").await
}

/// A sweep of everything in a process of its own.
async fn memory(stores: &Stores, table: &mut Table) {
    let theatres = stores.copy("apart").await;
    theatres.store.close().await;
    let kibibytes = apart::peak(&theatres.place, stores.houses);
    let mebibytes = f64::from(u32::try_from(kibibytes).expect("not that much")) / 1024.0;
    table.line(format!(
        "\npeak memory of a sweep of everybody: {mebibytes:.1} MiB (≤ {MEMORY_AIM_MIB})"
    ));
    table.aim("memory in MiB", mebibytes, Some(MEMORY_AIM_MIB));
}
