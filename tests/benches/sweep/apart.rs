//! Our side in a process of its own, so that its memory is its own.

use std::process::Command;

use chrono::TimeDelta;

use crate::shared::ours;
use crate::shared::place::Place;
use crate::shared::theatres::Theatres;

/// What tells the program that it is the other process.
pub(crate) const FLAG: &str = "--apart";

/// Plans and carries out everything in this store in another process; answers the most memory that it ever held,
/// in KiB.
pub(crate) fn peak(place: &Place, houses: usize) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .arg(FLAG)
        .args(place.words())
        .arg(houses.to_string())
        .output()
        .expect("a process");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let printed = String::from_utf8_lossy(&output.stdout);
    printed
        .trim()
        .parse()
        .unwrap_or_else(|_| panic!("no number: {printed}"))
}

/// The other process.
pub(crate) async fn sweep(mut words: impl Iterator<Item = String>) {
    let place = Place::read(&mut words);
    let houses = words
        .next()
        .and_then(|word| word.parse().ok())
        .expect("a number of theatres");
    let theatres = Theatres::open(place, houses).await;
    // The store may hold plans of this very instant already.
    theatres.clock.advance(TimeDelta::seconds(1));
    let fitted = theatres.fitted().await;
    let cases = theatres.cases();
    let plans = ours::plan(&theatres, &fitted, &cases).await;
    ours::approve(&theatres, &plans).await;
    let anonymised = ours::apply(&theatres, &fitted, &cases, &plans).await;
    assert!(anonymised > 0, "a sweep of nobody takes no memory");
    ours::scrub(&theatres, &fitted).await;
    println!("{}", high_water_mark());
}

fn high_water_mark() -> u64 {
    let status =
        std::fs::read_to_string("/proc/self/status").expect("Linux says how much memory a process held");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .expect("a number of KiB")
}
