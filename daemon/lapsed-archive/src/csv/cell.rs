//! What stands in a field.

use std::io::Write;

use super::guard;
use super::phone;

/// The value of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing; an empty text is `""`, so that the two stay apart.
    Empty,
    /// Text, guarded where the profile says so.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number with a point, or with an exponent where it would be endless without.
    Real(f64),
    /// A number that comes as text, in JSON's grammar (RFC 8259, 6), to the last digit. Whatever is none is a text.
    Decimal(&'a str),
}

/// As RFC 4180 has it: quotes only around what holds a separator, a quote or a line break.
pub(super) fn append_machine(to: &mut Vec<u8>, cell: Cell<'_>, separator: u8) {
    let Some(text) = append_number(to, cell) else {
        return;
    };
    let needs_quotes = |byte: u8| byte == separator || matches!(byte, b'"' | b'\r' | b'\n');
    if text.is_empty() || text.bytes().any(needs_quotes) {
        to.push(b'"');
        append_doubled(to, text);
        to.push(b'"');
    } else {
        to.extend_from_slice(text.as_bytes());
    }
}

/// Every text within quotes, and none that could be a formula.
pub(super) fn append_spreadsheet(to: &mut Vec<u8>, cell: Cell<'_>) {
    let Some(text) = append_number(to, cell) else {
        return;
    };
    to.push(b'"');
    if guard::is_plain(text) {
        to.extend_from_slice(text.as_bytes());
    } else if !phone::append(to, text) {
        guard::append(to, text);
    }
    to.push(b'"');
}

/// Appends what is no text; gives back what is one.
fn append_number<'a>(to: &mut Vec<u8>, cell: Cell<'a>) -> Option<&'a str> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => return Some(text),
        Cell::Integer(number) => display(to, format_args!("{number}")),
        Cell::Real(number) => return append_real(to, number),
        Cell::Decimal(number) if is_number(number) => to.extend_from_slice(number.as_bytes()),
        Cell::Decimal(text) => return Some(text),
    }
    None
}

/// The shortest digits that read back as the same number; what is none by PostgreSQL's names.
fn append_real(to: &mut Vec<u8>, number: f64) -> Option<&'static str> {
    if number.is_nan() {
        return Some("NaN");
    }
    if number.is_infinite() {
        return Some(if number > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let size = number.abs();
    if size != 0.0 && !(1e-5..1e17).contains(&size) {
        display(to, format_args!("{number:e}"));
    } else {
        display(to, format_args!("{number}"));
    }
    None
}

fn display(to: &mut Vec<u8>, what: std::fmt::Arguments<'_>) {
    to.write_fmt(what).expect("a buffer takes everything");
}

/// Every quote twice (RFC 4180, 2.7).
fn append_doubled(to: &mut Vec<u8>, text: &str) {
    for (place, part) in text.split('"').enumerate() {
        if place > 0 {
            to.extend_from_slice(b"\"\"");
        }
        to.extend_from_slice(part.as_bytes());
    }
}

/// Whether this is a number in JSON's grammar.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_json_calls_numbers() {
        for number in [
            "0",
            "-0",
            "17",
            "-17.250",
            "1e5",
            "1.5E-7",
            "12345678901234567890",
        ] {
            assert!(is_number(number), "{number}");
        }
        for other in [
            "", "-", "+1", "01", "1.", ".5", "1e", "0x1", "1 ", "-1+1", "1e5-1", "NaN",
        ] {
            assert!(!is_number(other), "{other}");
        }
    }

    #[test]
    fn a_real_reads_back_as_itself() {
        for number in [
            0.0,
            -0.0,
            0.1,
            1e16,
            1e17,
            1e-5,
            1e-6,
            f64::MAX,
            f64::MIN_POSITIVE,
        ] {
            let mut to = Vec::new();
            append_machine(&mut to, Cell::Real(number), b',');
            let text = String::from_utf8(to).expect("digits");
            assert!(text.len() < 30, "{text}");
            assert_eq!(text.parse::<f64>().expect("a number").to_bits(), number.to_bits());
        }
    }
}
