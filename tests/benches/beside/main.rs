//! What the platform's users notice of a sweep: a booking load with and without one beside it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints a table, and what it is doing meanwhile"
)]

mod load;
mod locks;
#[expect(dead_code, reason = "other benches need the rest")]
#[path = "../shared/mod.rs"]
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use lapsed_dataset::Fitted;
use lapsed_jobs::JobError;
use lapsed_jobs::apply::{BatchSize, Tools, carry_out};
use lapsed_jobs::pace::Pace;
use lapsed_jobs::retention::Case;
use lapsed_model::{Dialect, Plan};

use tokio_util::sync::CancellationToken;

use load::{Latencies, Load};
use locks::Watch;
use shared::arguments::Arguments;
use shared::ours;
use shared::server::Server;
use shared::stores::{Home, Stores};
use shared::theatres::Theatres;

/// What the program says of itself.
const HELP: &str = "\
What the platform's users notice of a sweep: a booking load with and without one beside it, on PostgreSQL.

    cargo bench -p lapsed-tests --bench beside -- [--customers 1000000] [--workgroups 100] [--rate 200] [--seconds 30]
                                                  [--pairs 3] [--batch 0] [--share 10]

pgbench sells tickets, changes addresses and looks people up at a fixed rate, for so many seconds without and for as many
with a sweep on another connection; which comes first changes from pair to pair. Latencies count from when a transaction
should have begun. --batch fixes the size of a batch; 0 leaves it to the daemon. --share is how many per cent of the time the
sweep takes, as `erase_share` says; 0 does without pauses, as whoever types it.";

/// The slowest of a hundred transactions takes at most so many times as long beside a sweep.
const AIM: f64 = 1.2;

/// What one span of time saw.
struct Span {
    latencies: Latencies,
    longest_wait: f64,
    /// How many people were erased, and how many seconds that took.
    erased: (u64, f64),
}

/// Plans that are carried out one after the other.
struct Sweep<'a> {
    theatres: &'a Theatres,
    fitted: &'a Fitted<'a>,
    work: std::vec::IntoIter<(Case<'a>, Plan)>,
    batch: BatchSize,
    pace: Option<&'a Pace>,
}

#[tokio::main]
async fn main() {
    let known = [
        ("customers", 1_000_000),
        ("workgroups", 100),
        ("rate", 200),
        ("seconds", 30),
        ("pairs", 3),
        ("batch", 0),
        ("share", usize::from(Pace::SHARE)),
    ];
    let arguments = Arguments::read(std::env::args().skip(1), HELP, Dialect::Postgres, &known);
    let [customers, workgroups, rate, seconds, pairs, batch, share] =
        known.map(|(name, _)| arguments.number(name));
    assert_eq!(
        arguments.on(),
        Dialect::Postgres,
        "SQLite has one writer at a time"
    );
    eprintln!("filling a store with {customers} people …");
    let server = Server::start("");
    let home = Home::Server(std::rc::Rc::new(server));
    let stores = Stores::fill(&home, "filled", customers, workgroups).await;
    let theatres = stores.open().await;
    let (fitted, cases) = (theatres.fitted().await, theatres.cases());
    let plans = ours::plan(&theatres, &fitted, &cases).await;
    ours::approve(&theatres, &plans).await;
    let pace = u8::try_from(share).ok().filter(|share| *share > 0).map(Pace::of);
    let mut sweep = Sweep {
        theatres: &theatres,
        fitted: &fitted,
        work: cases.into_iter().zip(plans).collect::<Vec<_>>().into_iter(),
        batch: match u32::try_from(batch) {
            Ok(0) | Err(_) => BatchSize::Auto,
            Ok(people) => BatchSize::Fixed(people),
        },
        pace: pace.as_ref(),
    };
    let load = Load {
        customers,
        // As many as the filler makes at least.
        events: workgroups * (customers / workgroups * 30 / 1_000).max(26),
        rate,
        seconds,
    };
    let server = home.server().expect("it was started");
    println!("{customers} people, {rate} bookings a second for {seconds} s, {pairs} pairs; latencies in ms");
    println!("  pair  sweep     p50     p99   p99.9     max   longest lock   people erased a second");
    let mut ratios = Vec::new();
    for pair in 0..pairs {
        let spans = if pair % 2 == 0 {
            let without = span(server, load, None).await;
            [without, span(server, load, Some(&mut sweep)).await]
        } else {
            let with = span(server, load, Some(&mut sweep)).await;
            [span(server, load, None).await, with]
        };
        for (name, span) in ["without", "with"].iter().zip(&spans) {
            print(pair, name, span);
        }
        ratios.push(spans[1].latencies.part(990) / spans[0].latencies.part(990));
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ratios.len() / 2];
    let verdict = if ratio <= AIM { "holds" } else { "MISSED" };
    println!(
        "p99 beside a sweep: {ratio:.2} times ({:.2}–{:.2}), aim ≤ {AIM}  {verdict}",
        ratios[0],
        ratios[ratios.len() - 1]
    );
}

/// The load for its time, and the sweep beside it if there is one.
async fn span(server: &Server, load: Load, sweep: Option<&mut Sweep<'_>>) -> Span {
    // What the span before left is not this one's.
    server.run("filled", "CHECKPOINT").await;
    let watch = Watch::begin(server, "filled").await;
    let running = load.start(server, "filled");
    let over = Arc::new(AtomicBool::new(false));
    let ended = tokio::task::spawn_blocking({
        let over = Arc::clone(&over);
        move || {
            let latencies = running.end();
            over.store(true, Ordering::SeqCst);
            latencies
        }
    });
    let erased = match sweep {
        Some(sweep) => sweep.until(&over).await,
        None => (0, 1.0),
    };
    Span {
        latencies: ended.await.expect("nobody panicked"),
        longest_wait: watch.end().await,
        erased,
    }
}

impl Sweep<'_> {
    /// Carries plans out until the load is over; answers how many people were erased, and in how many seconds.
    async fn until(&mut self, over: &AtomicBool) -> (u64, f64) {
        let (began, mut erased) = (Instant::now(), 0);
        while !over.load(Ordering::SeqCst) {
            let (case, plan) = self
                .work
                .next()
                .expect("people enough for all pairs: more --customers");
            let stop = CancellationToken::new();
            let tools = Tools {
                pace: self.pace,
                stop: Some(&stop),
                ..self.theatres.tools(self.fitted, self.batch)
            };
            let mut so_far = 0;
            let carried_out = carry_out(&tools, &case, &plan, |progress| {
                so_far = progress.anonymised;
                if over.load(Ordering::SeqCst) {
                    stop.cancel();
                }
            });
            match carried_out.await {
                Ok(_) | Err(JobError::Stopped) => erased += so_far,
                Err(why) => panic!("a plan that is not carried out: {why}"),
            }
        }
        (erased, began.elapsed().as_secs_f64())
    }
}

fn print(pair: usize, name: &str, span: &Span) {
    let [p50, p99, p999, max] = [500, 990, 999, 1_000].map(|part| span.latencies.part(part));
    let (erased, seconds) = span.erased;
    let people = f64::from(u32::try_from(erased).expect("not that many")) / seconds;
    println!(
        "  {:4}  {name:7} {p50:7.2} {p99:7.2} {p999:7.2} {max:7.2} {:11.0} ms {people:18.0}   ({} transactions)",
        pair + 1,
        span.longest_wait,
        span.latencies.count()
    );
}
