//! Keys and pseudonyms.
//!
//! The ledger and the journal must be able to say *this person was erased* without naming the person, and must
//! still say it after the record is gone. So a person appears in them as an HMAC under a key that lives outside
//! the store. While the key exists a pseudonym is personal data: whoever holds the key can test a guess.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// A person or a thing, under a key: the key's id and 128 bits of HMAC-SHA-256 as hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Pseudonym(pub String);

/// One secret of a [`KeyRing`].
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// Stands in every pseudonym and entry made with it.
    pub id: String,
    secret: [u8; 32],
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    /// A key of 256 bits.
    #[must_use]
    pub fn new(id: &str, secret: [u8; 32]) -> Self {
        Self {
            id: id.to_owned(),
            secret,
        }
    }

    /// HMAC-SHA-256 over `parts`, each preceded by its length so that no two lists of parts read the same.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("an HMAC takes a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// What the store keeps to notice that it is served with a wrong key. It tells nothing about the secret.
    #[must_use]
    pub fn check_value(&self) -> String {
        hex::encode(&self.mac(&[b"check", self.id.as_bytes()])[..16])
    }

    /// The pseudonym of `value` in one use: the same person has different ones in different tenants and uses,
    /// so that they cannot be joined.
    #[must_use]
    pub fn pseudonym(&self, purpose: &str, tenant: &str, value: &str) -> Pseudonym {
        let mac = self.mac(&[purpose.as_bytes(), tenant.as_bytes(), value.as_bytes()]);
        Pseudonym(format!("{}:{}", self.id, hex::encode(&mac[..16])))
    }
}

/// The keys of an operator, oldest first. New pseudonyms use the newest; look-ups try all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing {
    keys: Vec<Key>,
}

/// Why a text is no key ring. It never quotes the text: that would print a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingError {
    /// A line that is not `ID SECRET`.
    #[error("line {0}: write a key's id and its secret of 64 hex digits, with a space between them")]
    Form(usize),
    /// A secret that is not 256 bits in hex.
    #[error("line {0}: the secret of key `{1}` is not 64 hex digits")]
    Secret(usize, String),
    /// Two keys of one name.
    #[error("line {0}: key `{1}` stands in the ring twice")]
    Twice(usize, String),
    /// Nothing but comments.
    #[error("there is no key in it")]
    Empty,
}

impl KeyRing {
    /// Reads a ring: a line per key, `ID SECRET`, oldest first; `#` begins a comment.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let mut keys: Vec<Key> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.split_whitespace();
            let (Some(id), Some(secret), None) = (words.next(), words.next(), words.next()) else {
                return Err(KeyRingError::Form(number));
            };
            if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                return Err(KeyRingError::Form(number));
            }
            let bytes = hex::decode(secret)
                .ok()
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let secret = bytes.ok_or_else(|| KeyRingError::Secret(number, id.to_owned()))?;
            if keys.iter().any(|key| key.id == id) {
                return Err(KeyRingError::Twice(number, id.to_owned()));
            }
            keys.push(Key::new(id, secret));
        }
        if keys.is_empty() {
            Err(KeyRingError::Empty)
        } else {
            Ok(Self { keys })
        }
    }

    /// The key that new pseudonyms and entries use.
    #[must_use]
    pub fn newest(&self) -> &Key {
        self.keys
            .last()
            .expect("a ring has at least one key: `parse` refuses others")
    }

    /// The key with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// All keys, oldest first.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_key_stands_last() {
        let ring = format!("# two keys\n2025 {}\n2026 {}\n", "ab".repeat(32), "cd".repeat(32));
        let ring = KeyRing::parse(&ring).expect("a ring");
        assert_eq!(ring.newest().id, "2026");
        assert_eq!(ring.keys().len(), 2);
    }

    #[test]
    fn a_bad_ring_is_refused_without_quoting_its_secret() {
        let ring = format!("k1 {}", "zz".repeat(32));
        let why = KeyRing::parse(&ring).expect_err("no hex digits");
        assert_eq!(why, KeyRingError::Secret(1, "k1".to_owned()));
        assert!(!why.to_string().contains("zz"));
    }

    #[test]
    fn a_pseudonym_belongs_to_one_tenant_and_one_use() {
        let key = Key::new("k1", [7; 32]);
        let subject = key.pseudonym("subject", "acme", "4711");
        assert_eq!(subject, key.pseudonym("subject", "acme", "4711"));
        assert_ne!(subject, key.pseudonym("subject", "other", "4711"));
        assert_ne!(subject, key.pseudonym("address", "acme", "4711"));
        assert_ne!(key.mac(&[b"ab", b"c"]), key.mac(&[b"a", b"bc"]));
    }
}
