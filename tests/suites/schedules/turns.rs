//! O-2: nobody's backlog is somebody else's wait.

use chrono::{DateTime, Utc};
use lapsed_store::NewRun;

use super::book::{Book, tenant, timetable};

const NOON: &str = "2026-06-10T12:00:00Z";

fn noon() -> DateTime<Utc> {
    NOON.parse().expect("an instant")
}

/// A tenant whose thousand workgroups are all due.
async fn backlog(book: &Book, name: &str) {
    let workgroup = |number| format!("{name}/house-{number}");
    let all = (0..1_000).map(|number| timetable(&workgroup(number), "0 13 * * *", chrono_tz::Tz::UTC));
    book.write(name, all.collect()).await;
    book.turn_to(noon() + chrono::TimeDelta::hours(1));
    let moved = book.look().await;
    assert_eq!(moved.iter().map(|look| look.runs).sum::<u64>(), 1_000);
}

async fn ask(book: &Book, name: &str) -> i64 {
    let run = NewRun {
        tenant: Some(tenant(name)),
        workgroup: None,
        job: "request".to_owned(),
        payload: serde_json::json!({}),
        asked_by: None,
        at: book.now(),
    };
    book.store.enqueue(&run).await.expect("a store that answers")
}

/// How many claims of `room` runs it takes until this run is claimed.
async fn claims_until(book: &Book, run: i64, room: u32) -> usize {
    for claims in 1..=1_001 {
        let claimed = book.claim(room).await;
        assert!(
            !claimed.is_empty(),
            "nothing is left, and the run was not claimed"
        );
        if claimed.iter().any(|(claimed, _)| claimed.id == run) {
            return claims;
        }
    }
    panic!("the run was never claimed");
}

#[tokio::test]
async fn o2_a_backlog_keeps_another_tenant_waiting_for_one_claim_at_most() {
    // By name either may be the first in the alphabet.
    for (busy, other) in [("burgtheater", "salon"), ("salon", "burgtheater")] {
        let book = Book::at(noon()).await;
        backlog(&book, busy).await;
        for _ in 0..20 {
            book.claim(7).await;
        }
        let alone = ask(&book, other).await;
        assert!(
            claims_until(&book, alone, 1).await <= 2,
            "{other} waits behind {busy}"
        );
        let among_many = ask(&book, other).await;
        assert_eq!(
            claims_until(&book, among_many, 8).await,
            1,
            "{other} waits behind {busy}"
        );
    }
}

#[tokio::test]
async fn o2_having_been_served_much_or_having_been_idle_is_neither_debt_nor_credit() {
    let book = Book::at(noon()).await;
    for _ in 0..50 {
        ask(&book, "salon").await;
        assert_eq!(book.claim(10).await.len(), 1);
    }
    backlog(&book, "burgtheater").await;
    let run = ask(&book, "salon").await;
    assert!(claims_until(&book, run, 1).await <= 2);

    // Nor does the newcomer take every turn until it has caught up.
    let (mut asked, mut of_backlog) = (Vec::new(), 0);
    for _ in 0..10 {
        asked.push(ask(&book, "newcomer").await);
    }
    for _ in 0..20 {
        let claimed = book.claim(1).await;
        of_backlog += claimed.iter().filter(|(run, _)| !asked.contains(&run.id)).count();
    }
    assert!((9..=11).contains(&of_backlog), "{of_backlog} of 20 turns");
}

#[tokio::test]
async fn o2_many_tenants_are_all_served_before_a_backlog_is() {
    let book = Book::at(noon()).await;
    backlog(&book, "burgtheater").await;
    let mut waiting = Vec::new();
    for number in 0..30 {
        waiting.push(ask(&book, &format!("salon-{number}")).await);
    }
    let claimed: Vec<i64> = book.claim(31).await.into_iter().map(|(run, _)| run.id).collect();
    assert_eq!(waiting.iter().filter(|run| claimed.contains(run)).count(), 30);
}
