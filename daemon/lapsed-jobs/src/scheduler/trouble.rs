//! What keeps runs from being begun, and for how long.
//!
//! A full disk does not get emptier by being asked all the time. So after a refusal nothing is begun for a second, then
//! for two, up to a minute; what is wrong is said when it begins and when it is over. A server that is away comes back, and
//! then the work should go on: it is asked every few seconds.

use std::time::{Duration, Instant};

use lapsed_model::Dialect;

/// What is out of reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// The database.
    Store,
    /// The folders of the erasure journal.
    Journal,
}

/// The trouble of the moment, if there is any.
#[derive(Debug)]
pub(super) struct Troubles {
    now: Option<Trouble>,
    longest: Duration,
}

#[derive(Debug)]
struct Trouble {
    of: Of,
    why: String,
    pause: Duration,
    until: Instant,
}

impl Troubles {
    const FIRST: Duration = Duration::from_secs(1);

    /// None so far, with a store that is kept by this database.
    pub(super) fn with(dialect: Dialect) -> Self {
        let longest = match dialect {
            Dialect::Sqlite => 60,
            Dialect::Postgres => 5,
        };
        Self {
            now: None,
            longest: Duration::from_secs(longest),
        }
    }

    /// For how long nothing is to be begun.
    pub(super) fn left(&self) -> Option<Duration> {
        self.now.as_ref()?.until.checked_duration_since(Instant::now())
    }

    /// Whether it is of this kind.
    pub(super) fn is(&self, of: Of) -> bool {
        self.now.as_ref().is_some_and(|trouble| trouble.of == of)
    }

    /// Something was refused. Answers whether that is news. What is heard while nothing is begun anyway, from runs that
    /// were under way, makes the pause no longer.
    pub(super) fn begins(&mut self, of: Of, why: &str) -> bool {
        let is_waiting = self.left().is_some();
        let known = self.now.as_ref().filter(|trouble| trouble.of == of);
        let is_news = known.is_none_or(|trouble| trouble.why != why);
        let pause = known.map_or(Self::FIRST, |trouble| (trouble.pause * 2).min(self.longest));
        if known.is_none() || !is_waiting {
            self.now = Some(Trouble {
                of,
                why: why.to_owned(),
                pause,
                until: Instant::now() + pause,
            });
        }
        is_news
    }

    /// What was refused is taken again. Answers whether that is news.
    pub(super) fn ends(&mut self, of: Of) -> bool {
        let is_over = self.is(of) && self.left().is_none();
        if is_over {
            self.now = None;
        }
        is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_news_once_and_is_over_once() {
        let mut troubles = Troubles::with(Dialect::Sqlite);
        assert!(troubles.begins(Of::Store, "full"));
        assert!(!troubles.begins(Of::Store, "full"), "said already");
        assert!(!troubles.ends(Of::Store), "not before the pause is over");
        assert!(!troubles.ends(Of::Journal), "of another kind");
        troubles.now.as_mut().expect("trouble").until = Instant::now();
        assert!(troubles.left().is_none());
        assert!(!troubles.begins(Of::Store, "full"), "the same trouble goes on");
        assert_eq!(
            troubles.now.as_ref().map(|trouble| trouble.pause),
            Some(Troubles::FIRST * 2)
        );
        troubles.now.as_mut().expect("trouble").until = Instant::now();
        assert!(troubles.ends(Of::Store));
        assert!(!troubles.ends(Of::Store));
    }
}
