//! Chance is handed in, like time.

use std::sync::Mutex;

use crate::Digest;

/// Where random bytes come from.
pub trait Chance: Send + Sync {
    /// 128 bits that nobody can guess, as hex digits.
    fn token(&self) -> String;
}

/// The machine's own randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn token(&self) -> String {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the kernel hands out random bytes once it has booted");
        hex::encode(bytes)
    }
}

/// The same tokens every time, for tests and for the demo.
#[derive(Debug)]
pub struct SeededChance(Mutex<Digest>);

impl SeededChance {
    /// Chance that follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(Digest::of(&[&seed.to_be_bytes()])))
    }
}

impl Chance for SeededChance {
    fn token(&self) -> String {
        let mut state = self.0.lock().expect("nobody panics while holding it");
        *state = Digest::of(&[state.to_string().as_bytes()]);
        state.to_string()[..32].to_owned()
    }
}
