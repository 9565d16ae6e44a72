//! What stands in the journal.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use lapsed_model::{Digest, Head, Language, TenantName, Way};
use lapsed_store::Committed;
use serde::{Deserialize, Serialize};

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Note {
    /// A batch is about to be committed.
    Intended(Intended),
    /// A batch was committed.
    Done(Done),
    /// A backup was restored, and whom it brought back was erased again.
    Restored(Restored),
    /// What was older than this was taken out: its period had passed (O-6).
    Pruned {
        /// The instant.
        before: DateTime<Utc>,
    },
}

/// A batch that is about to be committed, with everything that is needed to erase its people again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intended {
    /// Its name.
    pub batch: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whose people.
    #[serde(with = "word")]
    pub tenant: TenantName,
    /// Of which workgroup.
    pub workgroup: String,
    /// The store's key of the workgroup.
    pub store_key: String,
    /// Which way in: it decides the name that stays.
    #[serde(with = "word")]
    pub way: Way,
    /// The language of the note that stays.
    #[serde(with = "code")]
    pub language: Language,
    /// The tenant's zone.
    #[serde(with = "word")]
    pub zone: Tz,
    /// The policy in force, by its hash.
    #[serde(with = "word")]
    pub policy: Digest,
    /// The pseudonyms of its people.
    pub people: Vec<String>,
}

/// A batch that was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Its name.
    pub batch: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Whose ledger has its entry.
    #[serde(with = "word")]
    pub tenant: TenantName,
    /// The ledger's end behind that entry.
    pub head: HeadNote,
}

/// A backup was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When it was noticed.
    pub at: DateTime<Utc>,
    /// Whose.
    #[serde(with = "word")]
    pub tenant: TenantName,
    /// The end that the ledger had and lost.
    pub lost: HeadNote,
    /// The end that it has now, behind the entry that says so.
    pub head: HeadNote,
    /// How many batches the backup did not know.
    pub batches: u64,
}

/// The end of a tenant's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadNote {
    /// The number of its last entry.
    pub sequence: u64,
    /// The hash of its last link.
    #[serde(with = "word")]
    pub hash: Digest,
}

impl From<&Head> for HeadNote {
    fn from(head: &Head) -> Self {
        Self {
            sequence: head.sequence,
            hash: head.hash,
        }
    }
}

impl Note {
    /// When it was written, by the clock of the daemon.
    #[must_use]
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Note::Intended(intended) => intended.at,
            Note::Done(done) => done.at,
            Note::Restored(restored) => restored.at,
            Note::Pruned { before } => *before,
        }
    }

    /// The batch that it is about.
    #[must_use]
    pub fn batch(&self) -> Option<&str> {
        match self {
            Note::Intended(intended) => Some(&intended.batch),
            Note::Done(done) => Some(&done.batch),
            Note::Restored(_) | Note::Pruned { .. } => None,
        }
    }

    /// The end of a tenant's ledger that it names.
    #[must_use]
    pub fn head(&self) -> Option<Head> {
        let (tenant, head) = match self {
            Note::Done(done) => (&done.tenant, &done.head),
            Note::Restored(restored) => (&restored.tenant, &restored.head),
            Note::Intended(_) | Note::Pruned { .. } => return None,
        };
        Some(head.of(tenant))
    }
}

impl Done {
    /// The same, as the store is asked about it.
    pub(super) fn committed(&self) -> Committed {
        Committed {
            batch: self.batch.clone(),
            at: self.at,
            head: self.head.of(&self.tenant),
        }
    }
}

impl HeadNote {
    /// The same, as the ledger's own type.
    #[must_use]
    pub fn of(&self, tenant: &TenantName) -> Head {
        Head {
            tenant: tenant.clone(),
            sequence: self.sequence,
            hash: self.hash,
        }
    }
}

/// A value by its word.
mod word {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        let word = String::deserialize(from)?;
        word.parse()
            .map_err(|_unknown| D::Error::custom(format!("`{word}` has no place here")))
    }
}

/// A language by its code.
mod code {
    use lapsed_model::Language;
    use serde::Serializer;

    pub(super) fn serialize<S: Serializer>(language: &Language, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(language.code())
    }

    pub(super) use super::word::deserialize;
}
