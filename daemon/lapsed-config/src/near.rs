//! The name that was probably meant.

/// The one of `names` that is nearest to what was written, if any is near at all.
///
/// Only one is ever offered: a wall of fifty possible names helps nobody.
pub fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let written = plain(written);
    // No name is that long; comparing whole paragraphs with every name would take its time.
    if written.is_empty() || written.len() > 100 {
        return None;
    }
    let (distance, name) = names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&written, &plain(name)), name))
        .min_by_key(|(distance, _)| *distance)?;
    // A third of the letters may be wrong; two words that short are simply different words.
    let most = written.chars().count().max(name.chars().count()) / 3;
    (distance <= most).then_some(name)
}

/// A text as the name that stands for it in a file: `Großes Haus` becomes `grosses-haus`. Empty where nothing of
/// it can stand in a name.
#[must_use]
pub fn plain_name(text: &str) -> String {
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|letter| match letter {
            'ä' => "ae".to_owned(),
            'ö' => "oe".to_owned(),
            'ü' => "ue".to_owned(),
            'ß' => "ss".to_owned(),
            'à' | 'á' | 'â' => "a".to_owned(),
            'è' | 'é' | 'ê' | 'ë' => "e".to_owned(),
            'ì' | 'í' | 'î' | 'ï' => "i".to_owned(),
            'ò' | 'ó' | 'ô' => "o".to_owned(),
            'ù' | 'ú' | 'û' => "u".to_owned(),
            'ç' => "c".to_owned(),
            'ñ' => "n".to_owned(),
            'a'..='z' | '0'..='9' => letter.to_string(),
            _ => "-".to_owned(),
        })
        .collect();
    plain
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

/// Differences that no person sees as a mistake: case, hyphens and spaces, British and American spelling.
fn plain(name: &str) -> String {
    name.trim()
        .to_lowercase()
        .replace(['-', ' ', '.'], "_")
        .replace("iz", "is")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["anonymise_after", "automatic", "schedule", "by_staff"];

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(nearest("anonymize-after", NAMES), Some("anonymise_after"));
        assert_eq!(nearest("shedule", NAMES), Some("schedule"));
        assert_eq!(nearest("By Staff", NAMES), Some("by_staff"));
    }

    #[test]
    fn a_name_of_everyday_life_becomes_a_name_for_a_file() {
        assert_eq!(plain_name("Großes Haus"), "grosses-haus");
        assert_eq!(plain_name("Café – L’Étoile!"), "cafe-l-etoile");
        assert_eq!(plain_name("日本"), "");
    }

    #[test]
    fn a_foreign_word_is_not_forced_upon_a_name() {
        assert_eq!(nearest("farbe", NAMES), None);
        assert_eq!(nearest("", NAMES), None);
    }
}
