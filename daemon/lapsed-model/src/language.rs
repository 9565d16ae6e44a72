//! The languages of tenants and customers (M-5).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A language that texts are shipped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English: what everything falls back to.
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Italian.
    It,
    /// Spanish.
    Es,
    /// Bulgarian.
    Bg,
}

/// A code that is none of the six.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the languages are `en`, `de`, `fr`, `it`, `es` and `bg`")]
pub struct UnknownLanguage;

impl Language {
    /// Every language, English first.
    pub const ALL: [Language; 6] = [
        Language::En,
        Language::De,
        Language::Fr,
        Language::It,
        Language::Es,
        Language::Bg,
    ];

    /// The ISO 639-1 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::De => "de",
            Language::Fr => "fr",
            Language::It => "it",
            Language::Es => "es",
            Language::Bg => "bg",
        }
    }

    /// What R-6 leaves in the description of an anonymised record.
    #[must_use]
    pub fn anonymisation_note(self) -> &'static str {
        match self {
            Language::En => "Changed in the course of a GDPR anonymisation",
            Language::De => "Geändert im Zuge einer DSGVO-Anonymisierung",
            Language::Fr => "Modifié dans le cadre d’une anonymisation RGPD",
            Language::It => "Modificato nell’ambito di un’anonimizzazione GDPR",
            Language::Es => "Modificado en el marco de una anonimización conforme al RGPD",
            Language::Bg => "Променено при анонимизиране съгласно ОРЗД (GDPR)",
        }
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .into_iter()
            .find(|language| language.code() == code)
            .ok_or(UnknownLanguage)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.code())
    }
}

/// One sentence, in one or several languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    by_language: BTreeMap<Language, String>,
}

impl Texts {
    /// The same sentence for everybody.
    #[must_use]
    pub fn one(text: &str) -> Self {
        Self {
            by_language: BTreeMap::from([(Language::En, text.to_owned())]),
        }
    }

    /// A sentence per language; there must be at least one for [`Texts::get`] to have something to say.
    #[must_use]
    pub fn several(by_language: BTreeMap<Language, String>) -> Self {
        Self { by_language }
    }

    /// The sentence in `language`, else in English, else in whatever there is.
    #[must_use]
    pub fn get(&self, language: Language) -> &str {
        self.by_language
            .get(&language)
            .or_else(|| self.by_language.get(&Language::En))
            .or_else(|| self.by_language.values().next())
            .map_or("", String::as_str)
    }
}
