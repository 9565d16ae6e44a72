//! A run that is attempted twice by one daemon, because it lost the first lease and claimed the run again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lapsed_jobs::health::Health;
use lapsed_jobs::metrics::Metrics;
use lapsed_jobs::scheduler::{Dispatcher, Settings, Stop, Unfinished, Work};
use lapsed_model::{Dialect, Lease, Run, RunState};
use lapsed_store::{NewRun, RunFilter, Starting};
use lapsed_tests::only_on;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, watch};

use super::book::Book;

/// The first attempt hears that it should stop, and takes its time; the second is told when to end.
struct Slow {
    begun: mpsc::UnboundedSender<(u32, Stop)>,
    attempts: AtomicU32,
    first: Notify,
    second: Notify,
}

impl Work for Slow {
    async fn work(self: Arc<Self>, _run: Run, _lease: Lease, stop: Stop) -> Result<Value, Unfinished> {
        let attempt = self.attempts.fetch_add(1, Ordering::SeqCst) + 1;
        self.begun.send((attempt, stop)).expect("somebody listens");
        if attempt == 1 {
            self.first.notified().await;
            return Err(Unfinished::HandedBack);
        }
        self.second.notified().await;
        Ok(json!({ "attempt": attempt }))
    }
}

fn starting(book: &Book) -> Starting<'static> {
    Starting {
        node: "a",
        pid: 1,
        program: "lapsed run",
        version: "0",
        dataset: "a dataset",
        lease: Duration::from_secs(600),
        at: book.now(),
        most_attempts: 5,
    }
}

#[tokio::test]
async fn o3_the_end_of_a_lost_attempt_says_nothing_of_the_next_one() {
    if !only_on(Dialect::Postgres, "a daemon on a file loses no lease") {
        return;
    }
    let book = Book::at(lapsed_tests::instant("2026-11-22T12:00:00Z")).await;
    let platform = book.platform();
    let run = NewRun {
        tenant: Some("theatre".parse().expect("a name")),
        workgroup: None,
        job: "request".to_owned(),
        payload: json!({}),
        asked_by: None,
        at: book.now(),
    };
    let run = book.store.enqueue(&run).await.expect("a run");
    let first = book.store.take(&starting(&book)).await.expect("a start").start;
    let (owner, reader) = watch::channel(Some(first));
    let (begun, mut begins) = mpsc::unbounded_channel();
    let work = Arc::new(Slow {
        begun,
        attempts: AtomicU32::new(0),
        first: Notify::new(),
        second: Notify::new(),
    });
    let poke = Arc::new(Notify::new());
    let metrics = Metrics::new(book.now(), "test", lapsed_policy::tz_database());
    let settings = Settings {
        owner: reader,
        workers: 4,
        look_every: Duration::from_millis(20),
        metrics: metrics.clone(),
        health: Health::new(),
        poke: Arc::clone(&poke),
        alive: Arc::new(|| {}),
    };
    let clock = Arc::new(book.clock.clone());
    let dispatcher = Dispatcher::new(book.store.clone(), clock, Arc::clone(&work), settings);
    let stop = Stop::new();
    let running = tokio::spawn(dispatcher.run(stop.clone(), Stop::new()));

    let (attempt, told) = begins.recv().await.expect("it begins");
    assert_eq!(attempt, 1);
    // The daemon is silent for longer than its lease, and comes back under a new number.
    owner.send_replace(None);
    platform.leases_run_out().await;
    let second = book.store.take(&starting(&book)).await.expect("a start").start;
    owner.send_replace(Some(second));
    poke.notify_one();
    told.cancelled().await;
    assert_eq!(begins.recv().await.expect("it begins again").0, 2);

    // The end of the first comes while the second is under way, and is nobody's.
    work.first.notify_one();
    while !metrics.open_metrics().contains("leases_lost_total 1") {
        tokio::task::yield_now().await;
    }
    let now = book.store.run(run).await.expect("an answer").expect("a run");
    assert_eq!(now.state, RunState::Running);
    work.second.notify_one();
    let ended = RunFilter {
        states: vec![RunState::Completed],
        most: 10,
        ..RunFilter::default()
    };
    while book.store.runs(&ended).await.expect("runs").is_empty() {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    running.await.expect("the dispatcher ends");
    let done = book.store.run(run).await.expect("an answer").expect("a run");
    assert_eq!(done.outcome.as_deref(), Some("{\"attempt\":2}"));
    platform.close().await;
}
