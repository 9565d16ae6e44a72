//! Names of files in an archive.

use std::collections::BTreeSet;

use crate::error::{ArchiveError, Result};
use crate::manifest::MANIFEST;

/// A name that fits on every system, with room for what somebody puts in front of it.
const LONGEST: usize = 100;

/// The names that an archive has, by which no two files meet where case does not count.
#[derive(Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// Takes a name that can be one and is free.
    pub(crate) fn take(&mut self, name: &str) -> Result<()> {
        if !is_ours(name) {
            return Err(ArchiveError::Name(name.to_owned()));
        }
        let folded = name.to_ascii_lowercase();
        if folded == MANIFEST || !self.0.insert(folded) {
            return Err(ArchiveError::Twice(name.to_owned()));
        }
        Ok(())
    }
}

/// Whether a name is data of ours and never a path: no slash, no `..` as a whole, nothing that a system reads otherwise.
fn is_ours(name: &str) -> bool {
    name.len() <= LONGEST
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !name.ends_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        for name in ["customer.csv", "README.txt", "form-answers_2.csv"] {
            Names::default().take(name).expect("a name of ours");
        }
        let long = "a".repeat(LONGEST + 1);
        for name in [
            "", ".", "..", ".hidden", "-rf", "a/b", "a\\b", "C:a", "a\0", "ä.csv", "a.", "a b", &long,
        ] {
            let refused = Names::default().take(name);
            assert!(matches!(refused, Err(ArchiveError::Name(_))), "{name:?}");
        }
    }

    #[test]
    fn no_two_files_meet_on_a_system_without_case() {
        let mut names = Names::default();
        names.take("readme.txt").expect("it is free");
        for taken in ["readme.txt", "README.txt", "manifest.json", "Manifest.JSON"] {
            assert!(
                matches!(names.take(taken), Err(ArchiveError::Twice(_))),
                "{taken}"
            );
        }
    }
}
