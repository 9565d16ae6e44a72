//! What it takes to write something down: a hold, a request, an answer.
//!
//! A clerk erases nobody, so that no journal has to be there: these are single transactions, also beside a daemon.

use lapsed_dataset::Fitted;
use lapsed_model::{Chance, Clock, KeyRing};
use lapsed_store::{Seal, Store};

use crate::apply::Tools;

/// Store, dataset, keys, time and chance.
#[derive(Clone, Copy)]
pub struct Clerk<'a> {
    /// The store.
    pub store: &'a Store,
    /// The dataset that fits it.
    pub fitted: &'a Fitted<'a>,
    /// Pseudonyms and seals.
    pub keys: &'a KeyRing,
    /// When it is written down.
    pub clock: &'a dyn Clock,
    /// Ids and salts.
    pub chance: &'a dyn Chance,
}

impl Clerk<'_> {
    /// What seals an entry.
    pub(crate) fn seal(&self) -> Seal<'_> {
        Seal {
            key: self.keys.newest(),
            chance: self.chance,
        }
    }
}

impl<'a> Tools<'a> {
    /// The same without what erases.
    #[must_use]
    pub fn clerk(&self) -> Clerk<'a> {
        Clerk {
            store: self.store,
            fitted: self.fitted,
            keys: self.keys,
            clock: self.clock,
            chance: self.chance,
        }
    }
}
