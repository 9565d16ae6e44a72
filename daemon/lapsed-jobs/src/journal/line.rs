//! A line: the key that sealed it, the seal, and the note as JSON.
//!
//! `KEY:MAC {…}`. The seal covers the store's name, so that a line of one store says nothing to another, and a line
//! that was edited, or written by somebody without the key, is none.

use lapsed_model::{Key, KeyRing};

use super::note::Note;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Not even the form of a line.
    #[error("it is no line of a journal")]
    Form,
    /// Its key is not in the ring.
    #[error("it was sealed with key `{0}`, which is not in the key ring")]
    UnknownKey(String),
    /// Edited, or of another store.
    #[error("its seal does not fit: it was edited, or belongs to another store")]
    Seal,
    /// Sealed and not understood: a newer version wrote it.
    #[error("it is sealed, and says what this version does not know")]
    Unknown,
}

/// The line of a note, with its end.
pub(super) fn seal(note: &Note, store: &str, key: &Key) -> Vec<u8> {
    let json = serde_json::to_string(note).expect("a note has names for keys");
    format!("{}:{} {json}\n", key.id, mac(&json, store, key)).into_bytes()
}

/// The note of a line, without its end.
pub(super) fn read(line: &[u8], store: &str, keys: &KeyRing) -> Result<Note, LineFault> {
    let line = std::str::from_utf8(line).map_err(|_bytes| LineFault::Form)?;
    let (seal, json) = line.split_once(' ').ok_or(LineFault::Form)?;
    let (key, sealed) = seal.split_once(':').ok_or(LineFault::Form)?;
    let is_name = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !is_name || sealed.len() != 64 {
        return Err(LineFault::Form);
    }
    let key = keys
        .get(key)
        .ok_or_else(|| LineFault::UnknownKey(key.to_owned()))?;
    if mac(json, store, key) != sealed {
        return Err(LineFault::Seal);
    }
    serde_json::from_str(json).map_err(|_newer| LineFault::Unknown)
}

/// What tells lines apart: the key and the seal.
pub(super) fn name(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b' ').next().unwrap_or_default()
}

fn mac(json: &str, store: &str, key: &Key) -> String {
    hex::encode(key.mac(&[b"journal", store.as_bytes(), json.as_bytes()]))
}
