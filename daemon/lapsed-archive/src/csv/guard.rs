//! The formula guard: a spreadsheet that opens the file runs nothing.
//!
//! Excel, LibreOffice and Google Sheets take a cell for a formula by how it begins, whether or not it was quoted. The
//! guard puts an apostrophe before it. That is the form which OWASP describes under *CSV injection* and which its
//! Application Security Verification Standard asks for (5.0, 1.2.10). The other known form, a tab in front, is no better
//! protection, cannot be seen by whoever wonders why a search finds nothing, and is itself one of the characters to
//! be guarded. Programs do not take the apostrophe away again, and it cannot be told from one that was always there:
//! who needs the text to the letter asks for the machine profile.
//!
//! What is guarded:
//!
//! * `=`, `+`, `-` and `@` where a cell begins, and the characters that Unicode holds for compatible with them (the
//!   full-width ones among them), which spreadsheets of East Asia turn into them.
//! * the same behind spaces, control and invisible characters there: some programs drop them. LibreOffice does so with
//!   NUL, and runs what follows.
//! * a tab, a carriage return, a line feed or a NUL at the beginning.
//! * **the same wherever a cell would begin if the file were read otherwise than it was written**: behind any
//!   separator that a file can have, and behind a line break. Who opens a file of commas in a spreadsheet that expects
//!   semicolons gets cells that begin in the middle of our fields. Quoting does not help there, since programs honour a
//!   quote only where they see a field begin: LibreOffice runs the second line of a quoted text then. The price is
//!   an apostrophe inside texts such as lists whose lines begin with a hyphen. A first line `sep=;` is no way out:
//!   Excel forgets the byte-order mark over it, and everybody else reads it as data.

/// Whether a byte needs a closer look, anywhere in a text. Those that a cell's beginning needs are not among them: they
/// only count there.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b',' | b';' | b'|' | 0..=0x1f)
}

/// Whether a text can stand as it is: it begins with a letter or a digit and holds nothing that ends a cell. Nearly all
/// do, so this is what the speed of a file depends on.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_none_or(u8::is_ascii_alphanumeric) && !bytes.iter().any(|byte| is_special(*byte))
}

/// Appends a text so that no formula begins in it, its quotes doubled.
pub(super) fn append(to: &mut Vec<u8>, text: &str) {
    if text.starts_with(['\t', '\r', '\n', '\0']) {
        to.push(b'\'');
    }
    let mut cell_begins = true;
    let mut taken = 0;
    for (at, char) in text.char_indices() {
        if cell_begins && begins_formula(char) {
            to.extend_from_slice(&text.as_bytes()[taken..at]);
            to.push(b'\'');
            taken = at;
        } else if char == '"' {
            to.extend_from_slice(&text.as_bytes()[taken..=at]);
            taken = at;
        }
        cell_begins = ends_cell(char) || cell_begins && is_passed_over(char);
    }
    to.extend_from_slice(&text.as_bytes()[taken..]);
}

/// `=`, `+`, `-` and `@`, and whatever Unicode's compatibility decomposition (NFKC) makes of one of them.
fn begins_formula(char: char) -> bool {
    matches!(char, '=' | '+' | '-' | '@')
        || matches!(
            char,
            '\u{207a}'
                | '\u{207c}'
                | '\u{208a}'
                | '\u{208c}'
                | '\u{fb29}'
                | '\u{fe62}'
                | '\u{fe63}'
                | '\u{fe66}'
                | '\u{fe6b}'
                | '\u{ff0b}'
                | '\u{ff0d}'
                | '\u{ff1d}'
                | '\u{ff20}'
        )
}

/// Whether another cell begins behind it, by the separator of any file of ours, or by a line break of any kind.
fn ends_cell(char: char) -> bool {
    matches!(
        char,
        ',' | ';' | '\t' | '|' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

/// What a reader may take away from the beginning of a cell: quotes, spaces, and what nobody sees.
fn is_passed_over(char: char) -> bool {
    char == '"' || char.is_whitespace() || char.is_control() || is_invisible(char)
}

/// Characters of no width: Unicode's *format* characters (Cf) and others that it says to ignore by default.
fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn guarded(text: &str) -> String {
        let mut to = Vec::new();
        append(&mut to, text);
        String::from_utf8(to).expect("text in, text out")
    }

    /// Few characters, so that they meet.
    fn hostile() -> impl Strategy<Value = String> {
        let characters = "=+-@＝＠\t\r\n\0,;|\"' \u{200b}\u{feff}\u{a0}aä1";
        let characters: Vec<char> = characters.chars().collect();
        proptest::collection::vec(proptest::sample::select(characters), 0..12)
            .prop_map(|characters| characters.into_iter().collect())
    }

    /// Every cell that somebody could see in a text, however the file is cut.
    fn cells(text: &str) -> impl Iterator<Item = &str> {
        let cut = text.split([',', ';', '\t', '|', '\r', '\n']);
        cut.map(|cell| {
            cell.trim_start_matches(|char: char| {
                char == '"' || char.is_whitespace() || char.is_control() || "\u{200b}\u{feff}".contains(char)
            })
        })
    }

    proptest! {
        #[test]
        fn x4_no_cell_begins_as_a_formula_however_the_text_is_cut(text in hostile()) {
            let guarded = guarded(&text);
            for cell in cells(&guarded) {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '＝', '＠']), "{text:?} became {guarded:?}");
            }
            prop_assert!(!guarded.starts_with(['\t', '\r', '\n', '\0']));
        }

        #[test]
        fn nothing_is_added_but_apostrophes_and_doubled_quotes(text in hostile()) {
            let bare = |text: &str| text.replace('\'', "");
            prop_assert_eq!(bare(&guarded(&text).replace("\"\"", "\"")), bare(&text));
        }

        #[test]
        fn what_is_plain_would_not_be_changed(text in "[a-z=+@ é;,-]{0,6}") {
            prop_assume!(is_plain(&text));
            prop_assert_eq!(guarded(&text), text);
        }
    }
}
