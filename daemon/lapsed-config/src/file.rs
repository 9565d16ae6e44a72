//! A file's text, or the reason why it has none.

use crate::Finding;

/// A file that people edit, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path as it is shown to the reader of a finding.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: String,
}

/// A file that holds no text, with what can be shown of it and the finding that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// As much of the file as can be shown beside the finding.
    pub file: File,
    /// Why it is no text.
    pub finding: Finding,
}

impl File {
    /// No file that a person wrote is larger; anything larger is not a policy.
    pub const MOST_BYTES: usize = 256 * 1024;

    /// A file of this text.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Takes the bytes of a file for UTF-8 text. A byte order mark at the start is no mistake.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, Box<Unreadable>> {
        let refuse = |text: &str, finding| {
            Err(Box::new(Unreadable {
                file: Self::new(name, text),
                finding,
            }))
        };
        if bytes.len() > Self::MOST_BYTES {
            let finding = Finding::error(format!(
                "the file has {} bytes; 262144 (256 KiB) are the most",
                bytes.len()
            ))
            .help("check that this is the right file: a policy has a few thousand bytes");
            return refuse("", finding);
        }
        // Tested before UTF-8: plain English in UTF-16 is valid UTF-8 with a zero after every letter.
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.contains(&0) {
            let finding = Finding::error("the file was saved as UTF-16 (“Unicode”), not as UTF-8")
                .help("save it again with the encoding `UTF-8`: most editors ask for it under “Save as …”");
            return refuse("", finding);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, text)),
            Err(fault) => {
                let text = lossy(bytes);
                let start = lossy(&bytes[..fault.valid_up_to()]).len();
                let length = text[start..].chars().next().map_or(0, char::len_utf8);
                let finding = Finding::error("this letter is not UTF-8")
                    .at(start..start + length)
                    .help("save the file again with the encoding `UTF-8`: most editors ask for it under “Save as …”")
                    .note("it was probably saved as Windows-1252 (“ANSI”, Latin-1)");
                refuse(&text, finding)
            }
        }
    }

    /// The line and the column of an offset, both counted from one; a column is a letter.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

/// Text for a snippet: UTF-8 where it is UTF-8, Latin-1 for the other bytes, so that an umlaut looks like one.
fn lossy(bytes: &[u8]) -> String {
    bytes.utf8_chunks().fold(String::new(), |mut text, chunk| {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().copied().map(char::from));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_of_windows_1252_is_shown_where_it_stands() {
        let refused = File::from_bytes("a.toml", b"# ok\nname = \"Th\xe9\xe2tre\"\n").expect_err("no UTF-8");
        let span = refused.finding.span.clone().expect("a place");
        assert_eq!(&refused.file.text[span.clone()], "é");
        assert_eq!(refused.file.position(span.start), (2, 11));
    }

    #[test]
    fn a_byte_order_mark_is_no_mistake() {
        assert_eq!(
            File::from_bytes("a.toml", b"\xef\xbb\xbfa = 1")
                .expect("text")
                .text,
            "a = 1"
        );
    }

    #[test]
    fn utf_16_is_recognised_with_and_without_its_mark() {
        for bytes in [&b"\xff\xfea\0"[..], b"a\0b\0"] {
            let refused = File::from_bytes("a.toml", bytes).expect_err("no UTF-8");
            assert!(refused.finding.title.contains("UTF-16"));
        }
    }
}
