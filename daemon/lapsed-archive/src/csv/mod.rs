//! CSV: the one writer of all of it.
//!
//! Two kinds of reader want opposite things. A program wants every byte as it was: the [`Profile::Machine`] is plain
//! RFC 4180. A person opens the file with a spreadsheet, which takes text for formulas and runs them: the
//! [`Profile::Spreadsheet`] changes text where it could become one. The guard has the details, and the phone
//! numbers, which begin like a formula, theirs.
//!
//! What neither profile can help: a spreadsheet that is let guess reads `01067` as 1067, `1-2` as a date and a number
//! of twenty digits as one of fifteen, and where the comma is the decimal sign `1.5` is a date to it. Nothing runs by
//! that; who needs such columns to the letter imports them as text, or asks for the machine profile.
//!
//! The writer knows nothing of ZIP: it appends records to a buffer, which goes wherever its owner likes.

mod cell;
mod guard;
mod phone;

use cell::{append_machine, append_spreadsheet};

pub use cell::Cell;

/// Whom a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A person with a spreadsheet: every text is quoted and guarded.
    Spreadsheet,
    /// A program: RFC 4180, quotes only where they are needed, nothing changed.
    Machine,
}

/// What stands between two fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Separator {
    /// `,`: RFC 4180's own.
    Comma,
    /// `;`: what spreadsheets expect where the comma is the decimal sign.
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Bar,
}

impl Separator {
    /// Every one there is.
    pub const ALL: [Separator; 4] = [
        Separator::Comma,
        Separator::Semicolon,
        Separator::Tab,
        Separator::Bar,
    ];

    /// As it stands in the file.
    #[must_use]
    pub const fn as_byte(self) -> u8 {
        match self {
            Separator::Comma => b',',
            Separator::Semicolon => b';',
            Separator::Tab => b'\t',
            Separator::Bar => b'|',
        }
    }
}

impl serde::Serialize for Separator {
    /// As the character itself, which is what a program that reads the manifest needs.
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_char(char::from(self.as_byte()))
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    /// Whom it is for.
    pub profile: Profile,
    /// What stands between two fields.
    pub separator: Separator,
    /// Whether the file begins with U+FEFF, without which Excel takes UTF-8 for the machine's old code page.
    pub byte_order_mark: bool,
}

impl Format {
    /// For a spreadsheet, with a byte-order mark.
    #[must_use]
    pub const fn spreadsheet(separator: Separator) -> Self {
        Self {
            profile: Profile::Spreadsheet,
            separator,
            byte_order_mark: true,
        }
    }

    /// For a program: RFC 4180 with commas, without a byte-order mark.
    #[must_use]
    pub const fn machine() -> Self {
        Self {
            profile: Profile::Machine,
            separator: Separator::Comma,
            byte_order_mark: false,
        }
    }

    /// Begins a file: the byte-order mark, if there is to be one, and the names of the columns.
    pub fn header<'a>(&self, to: &mut Vec<u8>, names: impl IntoIterator<Item = &'a str>) {
        if self.byte_order_mark {
            to.extend_from_slice("\u{feff}".as_bytes());
        }
        self.record(to, names.into_iter().map(Cell::Text));
    }

    /// Appends one record, ended by CR LF (RFC 4180, 2.1).
    pub fn record<'a>(&self, to: &mut Vec<u8>, cells: impl IntoIterator<Item = Cell<'a>>) {
        let separator = self.separator.as_byte();
        let began = to.len();
        for (place, cell) in cells.into_iter().enumerate() {
            if place > 0 {
                to.push(separator);
            }
            match self.profile {
                Profile::Machine => append_machine(to, cell, separator),
                Profile::Spreadsheet => append_spreadsheet(to, cell),
            }
        }
        // One empty field would be an empty line, which readers skip.
        if to.len() == began {
            to.extend_from_slice(b"\"\"");
        }
        to.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(format: Format, cells: &[Cell<'_>]) -> String {
        let mut to = Vec::new();
        format.record(&mut to, cells.iter().copied());
        String::from_utf8(to).expect("texts in, text out")
    }

    fn machine(text: &str) -> String {
        record(Format::machine(), &[Cell::Text(text), Cell::Integer(1)])
    }

    fn spreadsheet(text: &str) -> String {
        let line = record(Format::spreadsheet(Separator::Semicolon), &[Cell::Text(text)]);
        let line = line
            .strip_prefix('"')
            .and_then(|line| line.strip_suffix("\"\r\n"));
        line.expect("every text is quoted").to_owned()
    }

    #[test]
    fn the_machine_profile_quotes_what_rfc_4180_says_and_nothing_else() {
        assert_eq!(machine("plain text "), "plain text ,1\r\n");
        assert_eq!(machine("a,b"), "\"a,b\",1\r\n");
        assert_eq!(machine("a;b|c\td"), "a;b|c\td,1\r\n");
        assert_eq!(machine("say \"yes\""), "\"say \"\"yes\"\"\",1\r\n");
        assert_eq!(machine("two\nlines"), "\"two\nlines\",1\r\n");
        assert_eq!(machine("two\rlines"), "\"two\rlines\",1\r\n");
        assert_eq!(machine("=1+1\0"), "=1+1\0,1\r\n");
    }

    #[test]
    fn what_is_empty_and_what_is_an_empty_text_are_told_apart() {
        let cells = [Cell::Empty, Cell::Text(""), Cell::Empty];
        assert_eq!(record(Format::machine(), &cells), ",\"\",\r\n");
        assert_eq!(
            record(Format::machine(), &[Cell::Empty]),
            "\"\"\r\n",
            "no empty line"
        );
    }

    #[test]
    fn a_file_begins_with_the_mark_that_its_format_asks_for() {
        let mut to = Vec::new();
        Format::spreadsheet(Separator::Comma).header(&mut to, ["id", "=name"]);
        assert_eq!(to, "\u{feff}\"id\",\"'=name\"\r\n".as_bytes());
        to.clear();
        Format::machine().header(&mut to, ["id", "=name"]);
        assert_eq!(to, b"id,=name\r\n");
    }

    #[test]
    fn numbers_stay_numbers_in_both_profiles() {
        let cells = [
            Cell::Integer(-5),
            Cell::Real(-1.5),
            Cell::Real(1e300),
            Cell::Real(3.0),
            Cell::Decimal("-12.50"),
        ];
        for format in [Format::machine(), Format::spreadsheet(Separator::Comma)] {
            assert_eq!(record(format, &cells), "-5,-1.5,1e300,3,-12.50\r\n");
        }
    }

    #[test]
    fn x4_what_only_calls_itself_a_number_is_guarded() {
        let cells = [
            Cell::Decimal("-1+cmd|' /C calc'!A0"),
            Cell::Real(f64::NEG_INFINITY),
        ];
        let line = record(Format::spreadsheet(Separator::Comma), &cells);
        assert_eq!(line, "\"'-1+cmd|' /C calc'!A0\",\"'-Infinity\"\r\n");
    }

    #[test]
    fn x4_no_text_begins_as_a_formula() {
        for hostile in [
            "=1+1", "+1+1", "-1+1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x", "\0=1",
        ] {
            assert!(spreadsheet(hostile).starts_with('\''), "{hostile:?}");
        }
        assert_eq!(spreadsheet(" =1+1"), " '=1+1", "spaces are trimmed by some");
        assert_eq!(spreadsheet("\u{200b}\u{feff}=1+1"), "\u{200b}\u{feff}'=1+1");
        assert_eq!(spreadsheet("\t=1+1"), "'\t'=1+1");
        assert_eq!(spreadsheet("\r\nx"), "'\r\nx");
    }

    #[test]
    fn x4_no_part_of_a_text_becomes_a_formula_where_another_separator_was_chosen() {
        assert_eq!(spreadsheet("x;=1+1;y"), "x;'=1+1;y");
        assert_eq!(spreadsheet("x, -1|@y"), "x, '-1|'@y");
        assert_eq!(spreadsheet("x\n=1+1\ny"), "x\n'=1+1\ny");
        assert_eq!(
            spreadsheet("x;\"=1+1\""),
            "x;\"\"'=1+1\"\"",
            "a quote may open a cell"
        );
    }

    #[test]
    fn what_is_harmless_is_left_as_it_is() {
        for harmless in [
            "Anna-Maria",
            "a+b=c",
            "someone@theatre.example",
            "3 - 1",
            "'s-Hertogenbosch",
            "naïve, Ωmega; שלום",
        ] {
            assert_eq!(spreadsheet(harmless), harmless);
        }
        assert_eq!(spreadsheet("say \"yes\""), "say \"\"yes\"\"");
    }

    #[test]
    fn x4_phone_numbers_stay_phone_numbers() {
        assert_eq!(spreadsheet("+43-1-2345678"), "+43 1 2345678");
        assert_eq!(spreadsheet("+4312345678"), "+43 12 34 56 78");
    }
}
