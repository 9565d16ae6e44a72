//! Medians, spread and the table.

use std::future::Future;
use std::time::{Duration, Instant};

use super::processor;

/// How long something took, each time that it was done: by the clock, and of the processor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>, Vec<Duration>);

impl Times {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self(Vec::new(), Vec::new())
    }

    /// Does it and notes how long it took.
    pub(crate) async fn of<T>(&mut self, doing: impl Future<Output = T>) -> T {
        let (began, used) = (Instant::now(), processor::used());
        let done = doing.await;
        self.0.push(began.elapsed());
        self.1.push(processor::used().saturating_sub(used));
        done
    }

    /// Both together, round by round.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let added = |one: &[Duration], other: &[Duration]| {
            let rounds = one.iter().zip(other);
            rounds.map(|(one, other)| *one + *other).collect()
        };
        Self(added(&self.0, &other.0), added(&self.1, &other.1))
    }

    /// The middle one.
    pub(crate) fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    /// The quickest and the slowest.
    fn spread(&self) -> (Duration, Duration) {
        let least = self.0.iter().min().copied().unwrap_or_default();
        (least, self.0.iter().max().copied().unwrap_or_default())
    }

    /// All of them, for whoever watches.
    pub(crate) fn all(&self) -> String {
        self.0
            .iter()
            .map(|took| seconds(*took))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.2}", took.as_secs_f64())
}

fn with_spread(times: &Times) -> String {
    let (least, most) = times.spread();
    format!(
        "{} ({}–{})",
        seconds(times.median()),
        seconds(least),
        seconds(most)
    )
}

/// The ratio of what was done in turns: the middle one of the rounds' own ratios, and the two ends.
fn ratios(ours: &[Duration], other: &[Duration]) -> [f64; 3] {
    let mut ratios: Vec<f64> = ours
        .iter()
        .zip(other)
        .map(|(ours, other)| ours.as_secs_f64() / other.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    match ratios[..] {
        [] => [f64::NAN; 3],
        [least, .., most] => [ratios[ratios.len() / 2], least, most],
        [only] => [only; 3],
    }
}

/// What is printed at the end.
#[derive(Default)]
pub(crate) struct Table {
    lines: Vec<String>,
    missed: Vec<String>,
}

impl Table {
    /// A line of text.
    pub(crate) fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// The headings of the pairs that follow.
    pub(crate) fn heading(&mut self, what: &str, ours: &str, other: &str) {
        self.line(format!(
            "\n{what:<34} {ours:>22} {other:>22}  {:>18}  {:>9}  aim",
            "ratio", "processor"
        ));
    }

    /// Two that did the same, in seconds, and what the ratio should be at most.
    pub(crate) fn pair(&mut self, what: &str, ours: &Times, other: &Times, aim: Option<f64>) {
        let [ratio, least, most] = ratios(&ours.0, &other.0);
        let [of_processor, ..] = ratios(&ours.1, &other.1);
        self.line(format!(
            "{what:<34} {:>22} {:>22}  {:>18}  {of_processor:>9.2}  {}",
            with_spread(ours),
            with_spread(other),
            format!("{ratio:.2} ({least:.2}–{most:.2})"),
            aim.map_or(String::new(), |aim| format!("≤ {aim}")),
        ));
        self.aim(what, ratio, aim);
    }

    /// Notes whether an aim was met.
    pub(crate) fn aim(&mut self, what: &str, figure: f64, aim: Option<f64>) {
        if let Some(aim) = aim.filter(|aim| figure > *aim) {
            self.missed
                .push(format!("{what}: {figure:.2} instead of at most {aim}"));
        }
    }

    /// Prints everything.
    pub(crate) fn print(&self) {
        println!("{}\n", self.lines.join("\n"));
        match self.missed[..] {
            [] => println!("every aim was met"),
            _ => println!("missed: {}", self.missed.join("; ")),
        }
    }
}
