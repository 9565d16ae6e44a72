//! `README.txt`: what an archive holds, for people.
//!
//! Many of them have Windows, and some of its programs still show a text without CR LF as one line and take UTF-8 for
//! the old code page unless it begins with a byte-order mark. So it has both; nobody else is disturbed by either. The
//! words come from the caller, in the language of whoever is to read them.

/// How wide a line is at most.
const WIDTH: usize = 78;
/// How far what belongs to a column stands in.
const INDENT: &str = "    ";

/// What is to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readme<'a> {
    /// What this is, in a line.
    pub heading: &'a str,
    /// What to know first, by paragraphs.
    pub introduction: Vec<&'a str>,
    /// The files in their order.
    pub files: Vec<ReadmeFile<'a>>,
    /// What to know last: who answers questions.
    pub closing: Vec<&'a str>,
}

/// What is said of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadmeFile<'a> {
    /// Its name in the archive.
    pub name: &'a str,
    /// What it holds.
    pub description: &'a str,
    /// Its columns in their order.
    pub columns: Vec<ReadmeColumn<'a>>,
}

/// What is said of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadmeColumn<'a> {
    /// As it stands in the header.
    pub name: &'a str,
    /// What it holds.
    pub description: &'a str,
}

impl Readme<'_> {
    /// Lays it out as a text file.
    #[must_use]
    pub fn compose(&self) -> String {
        let mut page = Page::default();
        page.underlined(self.heading, '=');
        for paragraph in &self.introduction {
            page.paragraph(paragraph);
        }
        for file in &self.files {
            page.file(file);
        }
        if !self.closing.is_empty() {
            page.line(&"-".repeat(WIDTH));
            page.gap();
        }
        for paragraph in &self.closing {
            page.paragraph(paragraph);
        }
        page.finish()
    }
}

/// The text as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push_str("\r\n");
    }

    fn gap(&mut self) {
        self.line("");
    }

    fn paragraph(&mut self, text: &str) {
        self.wrapped(text, "");
        self.gap();
    }

    fn underlined(&mut self, heading: &str, with: char) {
        self.line(heading);
        self.line(&with.to_string().repeat(columns(heading).min(WIDTH)));
        self.gap();
    }

    fn file(&mut self, file: &ReadmeFile<'_>) {
        self.underlined(file.name, '-');
        if !file.description.is_empty() {
            self.paragraph(file.description);
        }
        for column in &file.columns {
            self.line(&format!("  {}", column.name));
            self.wrapped(column.description, INDENT);
        }
        if !file.columns.is_empty() {
            self.gap();
        }
    }

    /// Lines of words as long as they fit; a word that never does has a line of its own.
    fn wrapped(&mut self, text: &str, indent: &str) {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && indent.len() + columns(&line) + 1 + columns(word) > WIDTH {
                self.line(&format!("{indent}{line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            self.line(&format!("{indent}{line}"));
        }
    }

    fn finish(self) -> String {
        format!("\u{feff}{}\r\n", self.0.trim_end())
    }
}

/// How many columns a text takes: one for a letter of any alphabet, none for an accent of its own, two for the scripts of
/// East Asia and for emoji (Unicode's annex 11, roughly).
fn columns(text: &str) -> usize {
    text.chars()
        .map(|char| match char {
            '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}' => 2,
            _ => 1,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_people_read_what_each_file_and_column_is() {
        let readme = Readme {
            heading: "Ihre Daten",
            introduction: vec!["Das ist alles, was über Sie\ngespeichert ist."],
            files: vec![ReadmeFile {
                name: "orders.csv",
                description: "Ihre Bestellungen.",
                columns: vec![
                    ReadmeColumn {
                        name: "number",
                        description: "die Nummer",
                    },
                    ReadmeColumn {
                        name: "ordered_at",
                        description: "",
                    },
                ],
            }],
            closing: vec!["Fragen: datenschutz@stadttheater.example"],
        };
        let lines = [
            "\u{feff}Ihre Daten",
            "==========",
            "",
            "Das ist alles, was über Sie gespeichert ist.",
            "",
            "orders.csv",
            "----------",
            "",
            "Ihre Bestellungen.",
            "",
            "  number",
            "    die Nummer",
            "  ordered_at",
            "",
            &"-".repeat(78),
            "",
            "Fragen: datenschutz@stadttheater.example",
            "",
        ];
        assert_eq!(readme.compose(), lines.join("\r\n"));
    }

    #[test]
    fn lines_end_where_a_reader_expects_it_in_any_alphabet() {
        let words = "Въпроси и отговори за личните данни ".repeat(20);
        let readme = Readme {
            heading: "Личните ви данни",
            introduction: vec![&words],
            ..Readme::default()
        };
        let text = readme.compose();
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[1].len(), "Личните ви данни".chars().count());
        let (_, full) = lines[3..].split_last().expect("many lines");
        assert!(
            full.iter().all(|line| (60..=78).contains(&line.chars().count())),
            "{text}"
        );
        let read: Vec<&str> = lines[3..].iter().flat_map(|line| line.split(' ')).collect();
        assert_eq!(read.join(" "), words.trim_end());
    }

    #[test]
    fn a_word_that_fits_nowhere_is_not_cut() {
        let address = format!("https://theatre.example/{}", "a".repeat(100));
        let text = format!("See {address} for more");
        let readme = Readme {
            introduction: vec![&text],
            ..Readme::default()
        };
        assert!(
            readme
                .compose()
                .contains(&format!("See\r\n{address}\r\nfor more"))
        );
    }
}
