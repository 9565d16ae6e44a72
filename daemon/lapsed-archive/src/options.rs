//! How an archive is made.

use chrono::NaiveDateTime;

/// How an archive is made.
pub struct Options {
    /// When its files were last changed, as ZIP says it: local time of whoever reads it, to two seconds, from 1980 to
    /// 2107. What lies outside becomes the beginning of 1980.
    pub modified: NaiveDateTime,
    /// How hard to compress.
    pub level: Level,
    /// Whether a CSV file may grow past 4 GiB. The ZIP64 form that this needs is chosen before the first byte, and there are
    /// programs that people have at home which do not read it from a stream: so an export of one customer does without.
    pub large_files: bool,
    /// With a password every file is encrypted by AES-256, the manifest included; names and sizes stay visible.
    pub password: Option<Password>,
}

impl Options {
    /// Compressed as by default, for everybody to open.
    #[must_use]
    pub fn new(modified: NaiveDateTime) -> Self {
        Self {
            modified,
            level: Level::default(),
            large_files: false,
            password: None,
        }
    }

    /// The same for files of any size.
    #[must_use]
    pub fn for_large_files(self) -> Self {
        Self {
            large_files: true,
            ..self
        }
    }

    /// The same, to be opened with a password only.
    #[must_use]
    pub fn locked_by(self, password: Password) -> Self {
        Self {
            password: Some(password),
            ..self
        }
    }
}

/// How hard deflate tries, from 1, the quickest, to 9, the smallest. By default 3: three quarters of the time of `zip -1`
/// and a sixth smaller (`cargo bench -p lapsed-tests --bench archive`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// A level from 1 to 9.
    #[must_use]
    pub fn new(level: u8) -> Option<Self> {
        (1..=9).contains(&level).then_some(Self(level))
    }

    pub(crate) fn get(self) -> i64 {
        self.0.into()
    }
}

impl Default for Level {
    fn default() -> Self {
        Self(3)
    }
}

/// A password of printable ASCII.
///
/// Programs disagree about the bytes of any other letter: an archive that one of them made would not open in the next.
/// The format derives its key by a thousand rounds of PBKDF2 only (WinZip's AE-2), so it is the password's length that
/// protects: let the program choose it. It has no `Debug` or `Display`, so that no log ever shows it.
#[derive(Clone)]
pub struct Password(String);

/// A text that cannot be an archive's password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password of an archive has printable letters, digits and signs of ASCII, and 8 to 99 of them")]
pub struct BadPassword;

impl Password {
    /// Takes a password that every program reads alike. WinZip and others stop at 99 characters.
    ///
    /// # Errors
    ///
    /// Where it is too short or too long, or holds what programs disagree about.
    pub fn new(text: String) -> Result<Self, BadPassword> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if printable && (8..=99).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(BadPassword)
        }
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_that_every_program_reads_alike() {
        assert!(Password::new("correct horse".to_owned()).is_ok());
        for bad in [
            "",
            "short",
            "Schlüssel-für-alle",
            "tab\tstopped",
            &"a".repeat(100),
        ] {
            assert!(Password::new(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn levels_are_those_of_deflate() {
        assert_eq!(Level::new(0), None);
        assert_eq!(Level::new(10), None);
        assert!(Level::new(1) < Level::new(9));
    }
}
