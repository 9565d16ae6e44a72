//! Sentences in the six languages.
//!
//! `{…}` stands for what is put in; tests see to it that every language has the same places.

use lapsed_model::Language;

/// A sentence in every language, in the order of [`Language::ALL`].
pub(crate) struct Phrase([&'static str; 6]);

impl Phrase {
    pub(crate) const fn new(of_each: [&'static str; 6]) -> Self {
        Self(of_each)
    }

    /// The sentence, with nothing put in.
    pub(crate) fn get(&self, language: Language) -> &'static str {
        let place = Language::ALL.iter().position(|known| *known == language);
        self.0[place.unwrap_or_default()]
    }

    /// The sentence with its places filled.
    pub(crate) fn with(&self, language: Language, places: &[(&str, &str)]) -> String {
        let fill =
            |text: String, (place, filling): &(&str, &str)| text.replace(&format!("{{{place}}}"), filling);
        places.iter().fold(self.get(language).to_owned(), fill)
    }
}

/// Names sentences, each in the six languages.
macro_rules! phrases {
    ($($(#[doc = $doc:literal])? $name:ident = [$en:literal, $de:literal, $fr:literal, $it:literal, $es:literal, $bg:literal];)*) => {
        $($(#[doc = $doc])? pub(super) const $name: $crate::phrase::Phrase = $crate::phrase::Phrase::new([$en, $de, $fr, $it, $es, $bg]);)*

        #[cfg(test)]
        const ALL: &[(&str, $crate::phrase::Phrase)] = &[$((stringify!($name), $name)),*];
    };
}

pub(crate) use phrases;

/// Sees to it that every sentence has the same places in every language, and that none was left in English.
#[cfg(test)]
pub(crate) fn every_language_says_it(all: &[(&str, Phrase)]) {
    let places = |text: &'static str| {
        let places = text.split('{').skip(1);
        let mut places: Vec<&str> = places.filter_map(|rest| rest.split('}').next()).collect();
        places.sort_unstable();
        places
    };
    for (name, phrase) in all {
        let english = phrase.get(Language::En);
        for language in Language::ALL {
            let text = phrase.get(language);
            assert!(!text.is_empty(), "{name} in {language}");
            assert_eq!(places(text), places(english), "{name} in {language}");
            assert!(
                language == Language::En || text != english,
                "{name} in {language}"
            );
        }
    }
}
