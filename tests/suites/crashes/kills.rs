//! Three hundred deaths.

use std::time::{Duration, Instant};

use lapsed_model::Dialect;
use lapsed_tests::{Platform, dialect};

use crate::daemon::Daemon;
use crate::house::{House, STUDIO};

/// The places between two steps that matter, in the order in which a sweep passes them.
const PLACES: [&str; 14] = [
    "policy-kept",
    "runs-inserted",
    "materialised",
    "claimed",
    "plan-stored",
    "planned",
    "batch-erased",
    "batch-advanced",
    "batch-recorded",
    "journal-folder",
    "batch-intended",
    "batch-committed",
    "plan-applied",
    "finished",
];

/// Readiness after a death, in this share of all starts, within two seconds: the others are the machine's hiccups.
const ON_TIME: usize = 99;

/// On a server each death takes twice as long: there every place is passed for a first, a second and a third time.
fn kills() -> usize {
    let asked_for = std::env::var("LAPSED_KILLS").ok();
    let asked_for = asked_for.and_then(|kills| kills.parse().ok());
    asked_for.unwrap_or(match dialect() {
        Dialect::Sqlite => 300,
        Dialect::Postgres => 2 * 3 * PLACES.len(),
    })
}

/// One life of the daemon: its house has work for it, and it dies at `fault`, or after `delay`.
fn live_and_die(house: &mut House, fault: Option<&str>, delay: Duration, starts: &mut Vec<Duration>) -> bool {
    house.people_lapse(3);
    house.schedule_comes_round();
    let mut daemon = Daemon::start(&house.installed, fault);
    starts.extend(daemon.ready());
    let died = match fault {
        Some(_) => !daemon.wait_until(|| House::is_quiet(&mut house.store)),
        None => {
            let until = Instant::now() + delay;
            !daemon.wait_until(|| Instant::now() >= until)
        }
    };
    daemon.kill();
    // On a server its runs are its own until its lease has ended. Behind every second death the next start waits for that;
    // it cannot behind each, or nobody would ever find work that was left when it started.
    if fault.is_some() {
        house.store.does(Platform::leases_run_out);
    }
    died
}

#[test]
fn o2_r9_a_daemon_that_is_killed_anywhere_loses_nothing_and_repeats_nothing() {
    let mut house = House::open();
    let mut first = Daemon::start(&house.installed, None);
    first.ready().expect("a daemon that is ready");
    assert_eq!(first.stop(), 0);
    let (mut starts, mut seed) = (Vec::new(), 0x2545_f491_4f6c_dd1d_u64);
    let mut never_reached: Vec<&str> = PLACES.to_vec();
    for round in 0..kills() {
        if round % 2 == 0 {
            let place = PLACES[(round / 2) % PLACES.len()];
            let passing = 1 + (round / 2 / PLACES.len()) % 3;
            house.tenant_saves();
            let fault = format!("{place}:{passing}");
            if live_and_die(&mut house, Some(&fault), Duration::ZERO, &mut starts) {
                never_reached.retain(|other| *other != place);
            }
            house.holds_together(&fault);
        } else {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let delay = Duration::from_micros(seed >> 46);
            live_and_die(&mut house, None, delay, &mut starts);
            house.holds_together(&format!("round {round}, killed {delay:?} after it was ready"));
        }
    }
    assert!(
        kills() < 2 * PLACES.len() || never_reached.is_empty(),
        "never died at {never_reached:?}"
    );
    all_is_done_in_the_end(&mut house);
    starts.sort();
    let slowest = starts[starts.len() * ON_TIME / 100 - 1];
    assert!(
        slowest <= Duration::from_secs(2),
        "ready again only after {slowest:?}"
    );
}

fn all_is_done_in_the_end(house: &mut House) {
    let mut last = Daemon::start(&house.installed, None);
    last.ready().expect("a daemon that is ready");
    assert!(last.wait_until(|| House::is_quiet(&mut house.store)));
    house.people_lapse(1);
    house.schedule_comes_round();
    assert!(last.wait_until(|| House::is_quiet(&mut house.store)));
    assert_eq!(last.stop(), 0, "stopped in order");
    house.holds_together("in the end");
    house.every_slot_is_accounted_for();
    assert!(
        house.slots() > 10,
        "the schedule came round {} times",
        house.slots()
    );
    let states =
        house.text("SELECT string_agg(state, ',') FROM (SELECT DISTINCT state FROM lapsed_run) states");
    assert_eq!(states, "completed", "no run was given up");
    assert_eq!(house.installed.object(&format!("plan {STUDIO}"))["due"], 0);
    assert_eq!(house.installed.place().damage(), "");
    for command in ["ledger verify", "journal check"] {
        let answer = house.installed.lapsed(command);
        assert_eq!(answer.code, 0, "{command}: {}{}", answer.out, answer.err);
    }
}
