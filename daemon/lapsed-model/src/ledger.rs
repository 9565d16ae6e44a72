//! The ledger's chain.
//!
//! Everything that was done to people leaves an entry. Entries of one tenant form a chain: each one's hash
//! covers the hash before it, so that an edit, a removal or a new order shows in every entry behind. Whoever
//! can write to the store could forge a whole chain, so each link also carries a MAC under a key that the
//! store does not hold. Cutting entries off at the end leaves a chain that is whole in itself: that shows
//! against a [`Head`] that was recorded somewhere else.
//!
//! A link covers a salted digest of its entry and not the entry itself: when the entry's own period has
//! passed, its payload goes and the chain still holds.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::{Key, KeyRing, TenantName};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The link before the first one.
    pub const ZERO: Digest = Digest([0; 32]);

    /// Over the bytes of a text, as `sha256sum` computes it.
    #[must_use]
    pub fn sha256(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Over `parts`, each preceded by its length.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The first twelve digits, for people.
    #[must_use]
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }

    fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    /// What was computed piece by piece, over a file for instance.
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

impl FromStr for Digest {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, hex::FromHexError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map(|()| Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What happened, before it has a place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose chain.
    pub tenant: TenantName,
    /// When.
    pub at: DateTime<Utc>,
    /// What kind of thing: `erased`, `cleared-later`, `policy` …
    pub kind: String,
    /// The particulars as JSON; people in it are pseudonyms.
    pub payload: String,
}

/// The last link of a chain, small enough to be written down elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// Whose chain.
    pub tenant: TenantName,
    /// The number of its last entry; the first is 1.
    pub sequence: u64,
    /// The hash of its last link.
    pub hash: Digest,
}

/// The part of a sealed entry that the chain is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its place, from 1.
    pub sequence: u64,
    /// Mixed into the digest, so that a guess at the payload cannot be tested once it is gone.
    pub salt: String,
    /// Over salt and payload.
    pub payload_digest: Digest,
    /// Over the link before, sequence, tenant, instant, kind and payload digest.
    pub hash: Digest,
    /// The key that made the MAC.
    pub key: String,
    /// HMAC over the hash, in hex.
    pub mac: String,
}

/// An entry in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What happened; the payload is empty when its period has passed.
    pub entry: Entry,
    /// Whether the payload is still there.
    pub has_payload: bool,
    /// Its place in the chain.
    pub link: Link,
}

impl Entry {
    /// Seals the entry behind `head`, or as the first of its chain.
    #[must_use]
    pub fn seal(self, head: Option<&Head>, salt: &str, key: &Key) -> Sealed {
        let (sequence, before) = head.map_or((1, Digest::ZERO), |head| (head.sequence + 1, head.hash));
        let payload_digest = Digest::of(&[salt.as_bytes(), self.payload.as_bytes()]);
        let hash = link_hash(before, sequence, &self, payload_digest);
        let mac = hex::encode(key.mac(&[b"ledger", hash.as_bytes()]));
        let link = Link {
            sequence,
            salt: salt.to_owned(),
            payload_digest,
            hash,
            key: key.id.clone(),
            mac,
        };
        Sealed {
            entry: self,
            has_payload: true,
            link,
        }
    }
}

fn link_hash(before: Digest, sequence: u64, entry: &Entry, payload: Digest) -> Digest {
    Digest::of(&[
        before.as_bytes(),
        &sequence.to_be_bytes(),
        entry.tenant.as_str().as_bytes(),
        &entry.at.timestamp_millis().to_be_bytes(),
        entry.kind.as_bytes(),
        payload.as_bytes(),
    ])
}

impl Sealed {
    /// The head of a chain that ends here.
    #[must_use]
    pub fn head(&self) -> Head {
        Head {
            tenant: self.entry.tenant.clone(),
            sequence: self.link.sequence,
            hash: self.link.hash,
        }
    }
}

/// What is wrong with a chain, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// The numbers have a hole, or start late.
    #[error("entry {expected} is missing: entry {found} stands in its place")]
    Missing {
        /// The number that should come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The payload is not the one that was sealed.
    #[error("entry {0} was edited: its payload does not fit its digest")]
    Payload(u64),
    /// The payload is gone although its period has not passed.
    #[error("entry {0} was emptied: its payload is gone before its time")]
    Emptied(u64),
    /// The link does not follow from the one before, or from the entry's own fields.
    #[error("entry {0} was edited or moved: its hash does not follow from the entry before it")]
    Hash(u64),
    /// The hash is right and the MAC is not: written by somebody without the key.
    #[error("entry {0} was forged: its seal was not made with key `{1}`")]
    Seal(u64, String),
    /// The key that sealed it is not in the ring.
    #[error("entry {0} was sealed with key `{1}`, which is not in the key ring")]
    UnknownKey(u64, String),
    /// The chain ends before a head that was recorded.
    #[error("entries were cut off: the chain ends at {found}, and entry {recorded} is on record")]
    Truncated {
        /// The last entry there is.
        found: u64,
        /// The entry that the record knows.
        recorded: u64,
    },
    /// The store's own note of the last entry is missing or names an earlier one.
    #[error("the store's note of the last entry does not name entry {0}, which is the last")]
    Headless(u64),
    /// The chain holds the recorded number with another hash.
    #[error("entry {0} is not the one on record: the chain was rewritten")]
    Rewritten(u64),
}

/// Walks a chain link by link and finds every fault.
///
/// A fault does not stop the walk: the next link is held against the one that stands there. The chain may come in
/// pieces, so that its length costs no memory.
pub struct ChainWalk<'a> {
    ring: &'a KeyRing,
    recorded: &'a [Head],
    payloads_from: DateTime<Utc>,
    before: Digest,
    last: u64,
}

impl<'a> ChainWalk<'a> {
    /// A walk of one tenant's chain. `recorded` are heads that were written down elsewhere, and the store's own
    /// note of the last entry; a payload may be gone only from entries older than `payloads_from`.
    #[must_use]
    pub fn new(ring: &'a KeyRing, recorded: &'a [Head], payloads_from: DateTime<Utc>) -> Self {
        Self {
            ring,
            recorded,
            payloads_from,
            before: Digest::ZERO,
            last: 0,
        }
    }

    /// The number of the last entry that was seen.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Walks over the next link.
    pub fn step(
        &mut self,
        Sealed {
            entry,
            has_payload,
            link,
        }: &Sealed,
    ) -> Vec<ChainFault> {
        let mut faults = Vec::new();
        let sequence = link.sequence;
        if sequence != self.last + 1 {
            faults.push(ChainFault::Missing {
                expected: self.last + 1,
                found: sequence,
            });
        }
        let digest = Digest::of(&[link.salt.as_bytes(), entry.payload.as_bytes()]);
        match has_payload {
            true if digest != link.payload_digest => faults.push(ChainFault::Payload(sequence)),
            false if entry.at >= self.payloads_from => faults.push(ChainFault::Emptied(sequence)),
            _ => {}
        }
        if link_hash(self.before, sequence, entry, link.payload_digest) != link.hash {
            faults.push(ChainFault::Hash(sequence));
        }
        match self.ring.get(&link.key) {
            None => faults.push(ChainFault::UnknownKey(sequence, link.key.clone())),
            Some(key) if hex::encode(key.mac(&[b"ledger", link.hash.as_bytes()])) != link.mac => {
                faults.push(ChainFault::Seal(sequence, link.key.clone()));
            }
            Some(_) => {}
        }
        if self
            .recorded
            .iter()
            .any(|head| head.sequence == sequence && head.hash != link.hash)
        {
            faults.push(ChainFault::Rewritten(sequence));
        }
        (self.before, self.last) = (link.hash, sequence);
        faults
    }

    /// Ends the walk: entries on record that the chain does not reach were cut off.
    #[must_use]
    pub fn end(self) -> Vec<ChainFault> {
        let beyond = self
            .recorded
            .iter()
            .map(|head| head.sequence)
            .filter(|recorded| *recorded > self.last);
        beyond
            .max()
            .map(|recorded| ChainFault::Truncated {
                found: self.last,
                recorded,
            })
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        KeyRing::parse(&format!("k1 {}", "5a".repeat(32))).expect("a ring")
    }

    fn verify_chain(chain: &[Sealed], ring: &KeyRing, recorded: &[Head]) -> Vec<ChainFault> {
        let later = DateTime::from_timestamp_millis(2).expect("an instant");
        let mut walk = ChainWalk::new(ring, recorded, later);
        let mut faults: Vec<ChainFault> = chain.iter().flat_map(|sealed| walk.step(sealed)).collect();
        faults.extend(walk.end());
        faults
    }

    fn chain(length: u64) -> Vec<Sealed> {
        let mut chain: Vec<Sealed> = Vec::new();
        for number in 1..=length {
            let entry = Entry {
                tenant: "acme".parse().expect("a name"),
                at: DateTime::from_timestamp_millis(number.cast_signed()).expect("an instant"),
                kind: "erased".to_owned(),
                payload: format!("{{\"batch\":{number}}}"),
            };
            let head = chain.last().map(Sealed::head);
            chain.push(entry.seal(head.as_ref(), "salt", ring().newest()));
        }
        chain
    }

    #[test]
    fn an_untouched_chain_has_no_fault() {
        let chain = chain(5);
        let head = chain[4].head();
        assert_eq!(verify_chain(&chain, &ring(), &[head]), []);
    }

    #[test]
    fn an_edit_shows_where_it_was_made() {
        let mut chain = chain(5);
        chain[2].entry.payload = "{}".to_owned();
        assert_eq!(verify_chain(&chain, &ring(), &[]), [ChainFault::Payload(3)]);
        let mut chain = self::chain(5);
        chain[2].entry.kind = "export".to_owned();
        assert_eq!(verify_chain(&chain, &ring(), &[]), [ChainFault::Hash(3)]);
    }

    #[test]
    fn a_removed_entry_leaves_a_hole() {
        let mut chain = chain(5);
        chain.remove(2);
        let faults = verify_chain(&chain, &ring(), &[]);
        assert_eq!(
            faults,
            [
                ChainFault::Missing {
                    expected: 3,
                    found: 4
                },
                ChainFault::Hash(4)
            ]
        );
    }

    #[test]
    fn a_truncation_shows_against_a_recorded_head() {
        let mut chain = chain(5);
        let head = chain[4].head();
        chain.truncate(3);
        assert_eq!(verify_chain(&chain, &ring(), &[]), []);
        let faults = verify_chain(&chain, &ring(), &[head]);
        assert_eq!(
            faults,
            [ChainFault::Truncated {
                found: 3,
                recorded: 5
            }]
        );
    }

    #[test]
    fn a_chain_rewritten_without_the_key_shows() {
        let mut forged = chain(3);
        let stolen = Key::new("k1", [9; 32]);
        let head = forged[1].head();
        let entry = Entry {
            payload: "{}".to_owned(),
            ..forged[2].entry.clone()
        };
        forged[2] = entry.seal(Some(&head), "salt", &stolen);
        assert_eq!(
            verify_chain(&forged, &ring(), &[]),
            [ChainFault::Seal(3, "k1".to_owned())]
        );
    }

    #[test]
    fn a_payload_whose_period_has_passed_may_be_gone() {
        let mut chain = chain(3);
        chain[0].entry.payload.clear();
        chain[0].has_payload = false;
        assert_eq!(verify_chain(&chain, &ring(), &[]), []);
        chain[2].entry.payload.clear();
        chain[2].has_payload = false;
        assert_eq!(verify_chain(&chain, &ring(), &[]), [ChainFault::Emptied(3)]);
    }
}
