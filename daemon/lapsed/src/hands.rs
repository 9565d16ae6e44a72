//! A command that takes the store for itself, because no daemon serves it.
//!
//! It does what a daemon does first: it takes the owner's lock, opens the journal, and erases again whom a restored
//! backup brought back. Only then comes what was asked for.

use std::collections::BTreeMap;

use lapsed_dataset::Fitted;
use lapsed_jobs::JobError;
use lapsed_jobs::apply::Tools;
use lapsed_jobs::export::files;
use lapsed_jobs::journal::{self, Healed, Journal, Recovered};
use lapsed_model::{Clock as _, KeyRing, Right};

use crate::daemon::tenure::GettingReady;
use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::Output;
use crate::owner::{Owner, Terms};

/// The store in a command's own hands.
pub(crate) struct Hands<'a> {
    installation: &'a Installation,
    fitted: &'a Fitted<'a>,
    keys: &'a KeyRing,
    journal: Journal,
    owner: Owner,
    _alive: GettingReady,
    healed: Healed,
    recovered: Recovered,
}

impl<'a> Hands<'a> {
    /// Takes the store for `program`, and says what the journal brought to light; refused where somebody else serves it.
    pub(crate) async fn take(
        installation: &'a Installation,
        fitted: &'a Fitted<'a>,
        keys: &'a KeyRing,
        program: &str,
        out: &Output,
    ) -> Result<Self> {
        let mut hands = Self::open(installation, fitted, keys, program).await?;
        hands.recover().await?;
        let sentences = hands
            .healed
            .sentences()
            .into_iter()
            .chain(hands.recovered.sentences());
        sentences.for_each(|sentence| out.note(&sentence));
        Ok(hands)
    }

    /// The same with the whole journal, every folder and every line of it, for whoever says in words of its own what that
    /// brought to light.
    pub(crate) async fn take_thoroughly(
        installation: &'a Installation,
        fitted: &'a Fitted<'a>,
        keys: &'a KeyRing,
        program: &str,
    ) -> Result<Self> {
        let mut hands = Self::open(installation, fitted, keys, program).await?;
        let healed = hands.journal.heal_thoroughly().await.map_err(JobError::from)?;
        hands.healed.lines.extend(healed.lines);
        hands.recover().await?;
        Ok(hands)
    }

    async fn open(
        installation: &'a Installation,
        fitted: &'a Fitted<'a>,
        keys: &'a KeyRing,
        program: &str,
    ) -> Result<Self> {
        let (store, settings) = (&installation.store, &installation.settings);
        let terms = Terms {
            program,
            dataset: &fitted.dataset().hash.to_string(),
        };
        let owner = Owner::take(store, settings, terms, &installation.clock).await?;
        let owner = owner.map_err(|served| Failure::because(served.to_string()))?;
        let alive = GettingReady::under(store, owner.taken.start, settings.lease);
        let identity = store.identity().await?;
        let (journal, healed) = Journal::open(&settings.journal, &identity, keys)
            .await
            .map_err(JobError::from)?;
        Ok(Self {
            installation,
            fitted,
            keys,
            journal,
            owner,
            _alive: alive,
            healed,
            recovered: Recovered::default(),
        })
    }

    /// What other programs erased must stand in this journal before it is held against the store.
    async fn recover(&mut self) -> Result {
        let (store, settings) = (&self.installation.store, &self.installation.settings);
        let from = settings.records.journal_from(self.installation.clock.now());
        self.journal.copy_others(store, from).await?;
        self.recovered = journal::recover(&self.tools(), &BTreeMap::new()).await?;
        Ok(())
    }

    /// What the journal brought to light.
    pub(crate) fn recovered(&self) -> &Recovered {
        &self.recovered
    }

    /// What was put right in the journal's folders.
    pub(crate) fn healed(&self) -> &Healed {
        &self.healed
    }

    /// What carrying out needs.
    pub(crate) fn tools(&self) -> Tools<'_> {
        Tools {
            right: Some(Right::Program(self.owner.taken.start)),
            ..self.installation.tools(self.fitted, self.keys, &self.journal)
        }
    }

    /// Leaves the store in order; no file names anybody then who was anonymised.
    pub(crate) async fn leave(self, out: &Output) -> Result {
        let (store, settings) = (&self.installation.store, &self.installation.settings);
        let now = self.installation.clock.now();
        let looked_after = files::look_after(store, &settings.node, &settings.exports, now).await;
        if let Err(why) = looked_after {
            out.note(&format!(
                "exported files could not be looked after, and may name somebody who was anonymised: {why}"
            ));
        }
        self.owner
            .leave(&self.installation.store, &self.installation.clock)
            .await
    }
}
