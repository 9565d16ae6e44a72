//! What exports cost: a whole workgroup beside what a stranger would type for the same rows, and one customer.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table, and what it is doing meanwhile"
)]

mod apart;
mod customer;
mod pipe;
#[expect(dead_code, reason = "other benches need the rest")]
#[path = "../shared/mod.rs"]
mod shared;

use lapsed_model::Dialect;

use apart::Exported;
use pipe::Pipe;
use shared::arguments::{Arguments, name};
use shared::figures::{Table, Times};
use shared::stores::{Home, Stores};

/// What the program says of itself.
const HELP: &str = "\
What exports cost: a whole workgroup, and one customer.

    cargo bench -p lapsed-tests --bench exports -- [--on sqlite|postgres] [--customers 1000000] [--rounds 3]
                                                   [--people 200]

One workgroup has all customers. In each round its files are exported by a process of ours, and by the database's own
program (`sqlite3 -csv`, or `psql` with COPY), file by file, piped into `zip -1` and into `zip -6`. The database's program
writes what it finds as it stands; ours masks, dates and guards it, hashes it, notes whom it names, and syncs. Then so many
random people are exported one by one.";

/// What the database holds is called so.
const STORE: &str = "filled";
/// At most so many times as long as `zip -1`, and as `zip -6`.
const AIMS: [f64; 2] = [1.5, 1.0];
/// How much memory the export of a workgroup may ever hold.
const MEMORY_AIM_MIB: f64 = 64.0;
/// How long one person takes at most, in milliseconds.
const CUSTOMER_AIM_MS: f64 = 20.0;

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == apart::FLAG).is_some() {
        return apart::export(words).await;
    }
    let known = [("customers", 1_000_000), ("rounds", 3), ("people", 200)];
    let arguments = Arguments::read(words, HELP, Dialect::Sqlite, &known);
    let [customers, rounds, people] = known.map(|(name, _)| arguments.number(name));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut table = Table::default();
    table.line(format!(
        "{}, one workgroup of {customers} people, {rounds} rounds, {cores} cores; seconds: median (least–most)",
        name(arguments.on())
    ));
    eprintln!("filling a store with {customers} people …");
    let home = Home::new(arguments.on());
    let stores = Stores::fill(&home, STORE, customers, 1).await;
    workgroup(&stores, rounds, &mut table).await;
    one_by_one(&stores, customers, people, &mut table).await;
    table.print();
}

/// The files of the workgroup, by each side in turns.
async fn workgroup(stores: &Stores, rounds: usize, table: &mut Table) {
    let theatres = stores.open().await;
    let fitted = theatres.fitted().await;
    let pipe = Pipe::new(stores.home(), STORE, &fitted, &theatres.houses[0]);
    theatres.store.close().await;
    let folder = tempfile::tempdir().expect("a folder for what is exported");
    let (mut ours, mut quick, mut small) = (Times::new(), Times::new(), Times::new());
    let (mut last, mut sizes) = (None, [0; 2]);
    for round in 1..=rounds {
        let exported = ours
            .of(async { apart::run(&theatres.place, folder.path()) })
            .await;
        sizes[0] = quick.of(async { pipe.run("-1", folder.path()) }).await;
        sizes[1] = small.of(async { pipe.run("-6", folder.path()) }).await;
        eprintln!(
            "round {round}: {}; naming, packing, the rest: {:.2?} s; {:.0} MiB",
            exported.seconds, exported.phases, exported.memory_mib
        );
        last = Some(exported);
    }
    let last = last.expect("a round at least");
    assert_eq!(last.rows, pipe.rows(), "both sides wrote the same rows");
    table.heading("a workgroup", "lapsed", "by hand");
    table.pair("… piped into zip -1", &ours, &quick, Some(AIMS[0]));
    table.pair("… piped into zip -6", &ours, &small, Some(AIMS[1]));
    tell(&last, sizes, table);
}

fn tell(exported: &Exported, sizes: [u64; 2], table: &mut Table) {
    let [naming, packing, rest] = exported.phases;
    table.line(format!(
        "of the last round: naming people {naming:.2}, reading and packing {packing:.2}, the rest {rest:.2}"
    ));
    let rows = exported.rows.iter();
    let rows: Vec<String> = rows.map(|(file, rows)| format!("{file} {rows}")).collect();
    table.line(format!("rows: {}", rows.join(", ")));
    let [ours, quick, small] = [exported.bytes, sizes[0], sizes[1]].map(|bytes| bytes as f64 / 1e6);
    table.line(format!(
        "archives: {ours:.1} MB, by hand {quick:.1} MB and {small:.1} MB"
    ));
    let memory = exported.memory_mib;
    table.line(format!("peak memory: {memory:.1} MiB (≤ {MEMORY_AIM_MIB})"));
    table.aim("memory in MiB", memory, Some(MEMORY_AIM_MIB));
}

/// Random people of the same store.
async fn one_by_one(stores: &Stores, customers: usize, people: usize, table: &mut Table) {
    let theatres = stores.open().await;
    let took = customer::export(&theatres, customers, people).await;
    let [median, p99] = [500, 990].map(|part| took[(took.len() - 1) * part / 1_000]);
    table.line(format!(
        "\none customer, {people} of them: median {median:.1} ms, p99 {p99:.1} ms (≤ {CUSTOMER_AIM_MS})"
    ));
    table.aim("one customer, median in ms", median, Some(CUSTOMER_AIM_MS));
    table.aim("one customer, p99 in ms", p99, Some(CUSTOMER_AIM_MS));
    theatres.store.close().await;
}
