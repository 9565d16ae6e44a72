//! whoever was anonymised is not handed out any more: everything, or the notice, and never a mixture.

use std::time::{Duration, Instant};

use lapsed_archive::Done;
use lapsed_jobs::{JobError, Refusal};
use lapsed_tests::World;

use crate::handed_out::{Taker, erase, hand_out, handed_out, pause, person};
use crate::opened::{Opened, opens_nowhere};

/// How often somebody is anonymised while they are handed out.
const TIMES: i64 = 30;

/// Where programs begin to read an archive (APPNOTE 4.3.16).
const END: &[u8] = b"PK\x05\x06";

fn is_the_notice(outcome: &Result<Done, JobError>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(JobError::Refused(Refusal::DataGone(workgroup, _))) => workgroup.name == "house",
        Err(other) => panic!("neither an archive nor the notice: {other}"),
    }
}

#[tokio::test]
async fn x1_who_is_anonymised_gets_the_notice_and_no_archive() {
    let world = World::new().await;
    world.customer(7).await;
    erase(&world, 7).await;
    let mut sent = Vec::new();
    let outcome = hand_out(&world, 7, &mut sent).await;
    assert!(is_the_notice(&outcome));
    let Err(JobError::Refused(refusal)) = &outcome else {
        panic!("a refusal")
    };
    assert_eq!(refusal.code(), "data-gone");
    assert_eq!(sent, b"");
    assert!(world.entries("exported").await.is_empty());
}

/// The rows are read, and what was sent of them is with the taker already.
#[tokio::test]
async fn x1_who_is_anonymised_while_the_archive_is_sent_leaves_the_taker_with_nothing_that_opens() {
    let world = World::new().await;
    world.customer(7).ticket("2026-12-01").await;
    let mut taker = Taker::with_whom_first(erase(&world, 7));
    let outcome = hand_out(&world, 7, &mut taker).await;
    assert!(is_the_notice(&outcome));
    assert!(taker.got.len() > 100, "much of it was sent");
    opens_nowhere(&taker.got);
    drop(taker);
    assert!(world.entries("exported").await.is_empty());
}

#[tokio::test]
async fn x1_a_pause_while_the_archive_is_sent_leaves_the_taker_with_nothing_that_opens() {
    let world = World::new().await;
    world.customer(7).await;
    let mut taker = Taker::with_whom_first(pause(&world));
    let outcome = hand_out(&world, 7, &mut taker).await;
    let why = outcome.expect_err("a pause").to_string();
    assert!(why.contains("is paused (operator"), "{why}");
    opens_nowhere(&taker.got);
    drop(taker);
    assert!(world.entries("exported").await.is_empty());
}

#[tokio::test]
async fn x1_a_taker_who_goes_away_in_the_middle_stands_in_no_ledger() {
    let world = World::new().await;
    world.customer(7).ticket("2026-12-01").await;
    let whole = handed_out(&world, 7).await.1.len();
    for taken in [0, 1, 100, whole / 2, whole - 23] {
        let mut taker = Taker::who_goes_away_after(taken);
        let outcome = hand_out(&world, 7, &mut taker).await;
        assert!(
            matches!(outcome, Err(JobError::Archive(_))),
            "{taken} of {whole} bytes"
        );
        opens_nowhere(&taker.got);
    }
    assert_eq!(world.entries("exported").await.len(), 1, "the one that was taken");
}

/// Lets time pass without leaving the others waiting.
async fn busy_for(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        tokio::task::yield_now().await;
    }
}

/// The time between the two is searched for at which it could go either way.
#[tokio::test]
async fn x1_who_is_anonymised_at_any_moment_is_handed_out_whole_or_not_at_all() {
    let world = World::new().await;
    let step = Duration::from_micros(300);
    let (mut lead, mut whole, mut gone) = (0_i32, 0, 0);
    for customer in 1..=TIMES {
        world
            .customer(customer)
            .ticket("2026-12-01")
            .signed_in("2026-03-03")
            .consent(None)
            .await;
        // Whoever asks looked the person up before.
        person(&world, customer).await;
        let mut sent = Vec::new();
        let (outcome, ()) = tokio::join!(
            async {
                busy_for(step * u32::try_from(-lead).unwrap_or(0)).await;
                hand_out(&world, customer, &mut sent).await
            },
            async {
                busy_for(step * u32::try_from(lead).unwrap_or(0)).await;
                erase(&world, customer).await;
            }
        );
        if is_the_notice(&outcome) {
            (gone, lead) = (gone + 1, lead + 3);
            assert!(!sent.windows(END.len()).any(|part| part == END));
            continue;
        }
        (whole, lead) = (whole + 1, lead - 2);
        let opened = Opened::sent(&sent);
        let name = format!("Anna{customer}");
        assert_eq!(opened.column("customer.csv", "first_name"), [name]);
        assert_eq!(opened.table("tickets.csv").len(), 1);
        assert_eq!(
            opened.column("login.csv", "username"),
            [format!("gruber.{customer}")]
        );
        assert_eq!(opened.column("consents.csv", "state"), ["granted"]);
    }
    assert!(whole > 3 && gone > 3, "{whole} were handed out, {gone} were not");
    assert_eq!(world.entries("exported").await.len(), whole);
}
