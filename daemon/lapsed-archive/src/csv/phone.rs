//! Phone numbers, which begin like a formula and are none.
//!
//! `+43-1-234` is arithmetic to Excel and to Google Sheets, and `+4312345678` is a number to every spreadsheet, which
//! loses the `+`. In the international notation of ITU-T E.123 a number stands in groups with a space between them;
//! that is neither a number nor arithmetic, and still what everybody dials. So phone numbers are brought into that
//! form instead of being guarded:
//!
//! | stored               | written              |
//! |----------------------|----------------------|
//! | `+43-1/234.56`       | `+43 1 234 56`       |
//! | `+43 (0)1 2345678`   | `+43 1 2345678`      |
//! | `+4312345678`        | `+43 12 34 56 78`    |
//! | `+33 123 456 789`    | `+33 1 23 45 67 89`  |
//!
//! The `(0)` goes because it is dialled instead of the country code, never behind it, and E.123 says not to write it; in
//! Italy and San Marino it is part of the number and stays. The last two rows have no groups, or groups of three, which
//! are thousands wherever a space stands between those (LibreOffice reads a number there in French, Czech, Polish,
//! Bulgarian and Swedish): such a number is written in pairs behind its country code (ITU-T E.164).

/// How many digits a number has at least, country code included. The shortest in use have so many.
const FEWEST: usize = 7;
/// And at most (E.164, 6.1).
const MOST: usize = 15;

/// Appends a text as a phone number; `false`, and nothing, where it is none.
pub(super) fn append(to: &mut Vec<u8>, text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+').filter(|rest| is_phone(rest)) else {
        return false;
    };
    let (before, after) = match digits.split_once("(0)") {
        Some(around) if !dials_its_zero(digits) => around,
        _ => (digits, ""),
    };
    to.push(b'+');
    let first = to.len();
    append_groups(to, first, before);
    append_group_break(to, first);
    append_groups(to, first, after);
    if to.last() == Some(&b' ') {
        to.pop();
    }
    if could_be_thousands(&to[first..]) {
        write_in_pairs(to, first);
    }
    true
}

/// Whether all groups but the first have three digits, or there is only one.
fn could_be_thousands(groups: &[u8]) -> bool {
    groups
        .split(|byte| *byte == b' ')
        .skip(1)
        .all(|group| group.len() == 3)
}

/// The country code, and the rest in pairs; where it is odd, one digit comes first.
fn write_in_pairs(to: &mut Vec<u8>, first: usize) {
    let mut digits = [0; MOST];
    let mut count = 0;
    for byte in to.drain(first..).filter(u8::is_ascii_digit) {
        digits[count] = byte;
        count += 1;
    }
    let (code, rest) = digits[..count].split_at(country_code(&digits));
    to.extend_from_slice(code);
    let (odd, pairs) = rest.split_at(rest.len() % 2);
    for group in std::iter::once(odd)
        .chain(pairs.chunks(2))
        .filter(|group| !group.is_empty())
    {
        to.push(b' ');
        to.extend_from_slice(group);
    }
}

/// Whether what follows the `+` is digits and what people put between them, as many digits as a number has.
fn is_phone(rest: &str) -> bool {
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    (FEWEST..=MOST).contains(&digits)
        && rest.starts_with(|first: char| matches!(first, '1'..='9'))
        && rest
            .chars()
            .all(|char| char.is_ascii_digit() || matches!(char, ' ' | '\u{a0}' | '.' | '/' | '(' | ')' | '-'))
}

/// Appends digits, with one space for whatever stood between them.
fn append_groups(to: &mut Vec<u8>, first: usize, digits: &str) {
    for byte in digits.bytes() {
        if byte.is_ascii_digit() {
            to.push(byte);
        } else {
            append_group_break(to, first);
        }
    }
}

fn append_group_break(to: &mut Vec<u8>, first: usize) {
    if to.len() > first && to.last() != Some(&b' ') {
        to.push(b' ');
    }
}

/// Where the zero of the area is dialled from abroad, too.
fn dials_its_zero(digits: &str) -> bool {
    digits.starts_with("39") || digits.starts_with("378")
}

/// How many digits the country code has: the assigned codes of one and two digits, all others have three (E.164).
fn country_code(digits: &[u8]) -> usize {
    match digits {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(text: &str) -> Option<String> {
        let mut to = b"before".to_vec();
        let is_one = append(&mut to, text);
        let added = String::from_utf8(to.split_off(6)).expect("digits");
        assert!(is_one || added.is_empty());
        is_one.then_some(added)
    }

    #[test]
    fn x4_a_phone_number_is_written_in_groups() {
        for (stored, written) in [
            ("+43 1 2345678", "+43 1 2345678"),
            ("+43-1/234.56", "+43 1 234 56"),
            ("+43 (0)1 2345678", "+43 1 2345678"),
            ("+43(0)12345678", "+43 12345678"),
            ("+1 (555) 010-9999", "+1 555 010 9999"),
            ("+4312345678", "+43 12 34 56 78"),
            ("+15550109999", "+1 55 50 10 99 99"),
            ("+359888123456", "+359 8 88 12 34 56"),
            ("+33 123 456 789", "+33 1 23 45 67 89"),
            ("+4312 345 678", "+43 12 34 56 78"),
            ("+39 06 1234567 ", "+39 06 1234567"),
            ("+39 (0)6 1234567", "+39 0 6 1234567"),
            ("+43\u{a0}1\u{a0}2345678", "+43 1 2345678"),
        ] {
            assert_eq!(phone(stored).as_deref(), Some(written), "{stored}");
        }
    }

    #[test]
    fn x4_what_is_no_phone_number_is_left_to_the_guard() {
        for other in [
            "",
            "+",
            "+1+1",
            "+1-1",
            "+0123456789",
            "+43 1 2345678 ext",
            "+43*1*2345678",
            "+1234567890123456",
            "+43 1 2345678\n",
            "43 1 2345678",
        ] {
            assert_eq!(phone(other), None, "{other}");
        }
    }
}
