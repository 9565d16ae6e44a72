//! Whatever can happen to machines happens to three of them, a hundred times over.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use crate::town::{PATIENCE, Town, several};

/// What happens to one of the machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// It loses its power.
    IsKilled,
    /// It sleeps.
    Sleeps,
    /// It wakes up, perhaps past its lease.
    WakesUp,
    /// It is told to stop, and does so in order.
    Stops,
    /// It starts.
    Starts,
}

/// A misfortune: what happens, to which machine, and how long after it everybody is left in peace, in milliseconds.
#[derive(Clone, Copy, Debug)]
struct Fault {
    node: usize,
    what: What,
    peace: u64,
}

/// A list of them, as it is printed and read again: `a is killed 120, b sleeps 300`.
#[derive(Clone, Debug, Default)]
struct Story(Vec<Fault>);

const NAMES: [&str; 3] = ["a", "b", "c"];

const WORDS: [(What, &str); 5] = [
    (What::IsKilled, "is killed"),
    (What::Sleeps, "sleeps"),
    (What::WakesUp, "wakes up"),
    (What::Stops, "stops"),
    (What::Starts, "starts"),
];

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |fault: &Fault| {
            WORDS
                .iter()
                .find(|(what, _)| *what == fault.what)
                .map_or("", |(_, word)| *word)
        };
        let said = |fault: &Fault| format!("{} {} {}", NAMES[fault.node], word(fault), fault.peace);
        f.write_str(&self.0.iter().map(said).collect::<Vec<_>>().join(", "))
    }
}

impl Story {
    fn read(text: &str) -> Story {
        let fault = |said: &str| {
            let (name, rest) = said.trim().split_once(' ')?;
            let (word, peace) = rest.rsplit_once(' ')?;
            Some(Fault {
                node: NAMES.iter().position(|known| *known == name)?,
                what: WORDS.iter().find(|(_, known)| *known == word)?.0,
                peace: peace.parse().ok()?,
            })
        };
        let read = |said: &str| fault(said).unwrap_or_else(|| panic!("`{said}` is no misfortune"));
        Story(text.split(',').map(read).collect())
    }

    /// As many as are asked for, by chance: a machine that sleeps wakes up after a while, mostly past its lease.
    fn by_chance(rounds: usize, mut seed: u64) -> Story {
        let mut chance = |most: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % most
        };
        let mut states = [State::Serves; 3];
        let mut story = Story::default();
        while story.0.len() < rounds {
            let node = usize::try_from(chance(3)).expect("one of three");
            let what = match (states[node], chance(10)) {
                (State::Serves, 0..=4) => What::IsKilled,
                (State::Serves, 5..=8) => What::Sleeps,
                (State::Serves, _) => What::Stops,
                (State::Sleeps, 0..=3) => What::WakesUp,
                (State::Sleeps, 4) => What::IsKilled,
                (State::Sleeps, _) => continue,
                (State::IsGone, _) => What::Starts,
            };
            states[node] = State::after(what);
            story.0.push(Fault {
                node,
                what,
                peace: chance(900),
            });
        }
        story
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Serves,
    Sleeps,
    IsGone,
}

impl State {
    fn after(what: What) -> State {
        match what {
            What::IsKilled | What::Stops => State::IsGone,
            What::Sleeps => State::Sleeps,
            What::WakesUp | What::Starts => State::Serves,
        }
    }
}

/// What is read from the environment, where it stands there.
fn asked_for<T>(name: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    std::env::var(name).ok().and_then(|asked| read(&asked))
}

fn happens(town: &mut Town, fault: Fault) {
    let node = &mut town.nodes[fault.node];
    match fault.what {
        What::IsKilled => node.kill(),
        What::Sleeps if node.runs() => node.pause(),
        What::WakesUp if node.is_paused() => node.go_on(),
        What::Stops if node.runs() && !node.is_paused() => {
            let code = node.stop();
            // While it starts it cannot take the store where somebody sleeps in the middle of a batch, and says so.
            assert!(
                [0, 3].contains(&code),
                "{} ended with {code}:\n{}",
                node.name,
                node.log()
            );
        }
        What::Starts if !node.runs() => node.start(None),
        // A list that somebody shortened by hand may ask for what cannot be.
        What::Sleeps | What::WakesUp | What::Stops | What::Starts => {}
    }
}

/// Everybody is well again. Who gave up starting, because somebody slept in the middle of a batch, is started anew.
fn recover(town: &mut Town) {
    for node in town.nodes.iter_mut().filter(|node| node.is_paused()) {
        node.go_on();
    }
    let began = Instant::now();
    for node in &mut town.nodes {
        while node.has_ended() || !node.is_ready() {
            if node.has_ended() {
                let code = node.code().unwrap_or(3);
                assert_eq!(code, 3, "{} ended:\n{}", node.name, node.log());
                node.kill();
                node.start(None);
            }
            assert!(began.elapsed() < PATIENCE * 2, "{}:\n{}", node.name, node.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn o3_whatever_happens_to_machines_nothing_is_lost_and_nothing_is_done_twice() {
    if !several() {
        return;
    }
    let rounds = asked_for("LAPSED_NODES_ROUNDS", |asked| asked.parse().ok()).unwrap_or(100);
    let seed = asked_for("LAPSED_NODES_SEED", |asked| asked.parse().ok()).unwrap_or(0x1a95_ed00);
    let story = asked_for("LAPSED_NODES_FAULTS", |asked| Some(Story::read(asked)))
        .unwrap_or_else(|| Story::by_chance(rounds, seed));
    let mut town = Town::open(&NAMES);
    town.all_serve();
    let mut faults: VecDeque<Fault> = story.0.clone().into();
    let told = Told(&story);
    while let Some(fault) = faults.pop_front() {
        town.people_lapse(2);
        town.schedules_come_round();
        happens(&mut town, fault);
        std::thread::sleep(Duration::from_millis(fault.peace));
        town.holds_together(&format!("after {}", Story(vec![fault])));
    }
    recover(&mut town);
    town.until_quiet();
    town.people_lapse(1);
    town.schedules_come_round();
    town.until_quiet();
    town.all_is_well();
    town.all_stop();
    assert!(
        town.slots() > 10,
        "the schedules came round {} times",
        town.slots()
    );
    drop(told);
}

/// Prints the list where something came of it, so that it can be told again.
struct Told<'s>(&'s Story);

impl Drop for Told<'_> {
    #[expect(clippy::print_stderr, reason = "whoever looks for the mistake needs the list")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("LAPSED_NODES_FAULTS='{}'", self.0);
        }
    }
}
