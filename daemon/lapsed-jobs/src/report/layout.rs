//! How the report looks: numbers, dates and lines, as each language writes them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use lapsed_model::Language;

/// Days and months of a date, by language. chrono knows English names only.
const MONTHS: [[&str; 12]; 6] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
    [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    [
        "януари",
        "февруари",
        "март",
        "април",
        "май",
        "юни",
        "юли",
        "август",
        "септември",
        "октомври",
        "ноември",
        "декември",
    ],
];

/// `8,412`, `8.412`, `8 412`.
pub(super) fn number(count: u64, language: Language) -> String {
    let between = match language {
        Language::En => ",",
        Language::De | Language::It | Language::Es => ".",
        // A narrow space that no line is broken at.
        Language::Fr | Language::Bg => "\u{202f}",
    };
    let digits = count.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits"))
        .collect();
    groups.join(between)
}

/// `22 November 2026`, `22. November 2026`, `22 de noviembre de 2026`.
pub(super) fn date(date: NaiveDate, language: Language) -> String {
    let place = Language::ALL.iter().position(|known| *known == language);
    let months = &MONTHS[place.unwrap_or_default()];
    let month = months[date.month0() as usize];
    let (day, year) = (date.day(), date.year());
    match language {
        Language::De => format!("{day}. {month} {year}"),
        Language::Fr if day == 1 => format!("1er {month} {year}"),
        Language::Es => format!("{day} de {month} de {year}"),
        Language::Bg => format!("{day} {month} {year} г."),
        Language::En | Language::Fr | Language::It => format!("{day} {month} {year}"),
    }
}

/// `22 November 2026, 03:00`, by the clocks of `zone`.
pub(super) fn moment(instant: DateTime<Utc>, zone: Tz, language: Language) -> String {
    let local = instant.with_timezone(&zone);
    format!(
        "{}, {}",
        date(local.date_naive(), language),
        local.format("%H:%M")
    )
}

/// Text that grows line by line.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// A heading, underlined, with an empty line before it.
    pub(super) fn heading(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.line(0, text);
        self.line(0, &"─".repeat(text.chars().count()));
    }

    /// A line, set in by so many steps.
    pub(super) fn line(&mut self, steps: usize, text: &str) {
        self.0.push_str(&"  ".repeat(steps));
        self.0.push_str(text);
        self.0.push('\n');
    }

    /// Numbers, set to the right, each with its sentence.
    pub(super) fn numbers(&mut self, steps: usize, rows: &[(u64, String)], language: Language) {
        let numbers: Vec<String> = rows.iter().map(|(count, _)| number(*count, language)).collect();
        let width = numbers
            .iter()
            .map(|number| number.chars().count())
            .max()
            .unwrap_or_default();
        for (number, (_, sentence)) in numbers.iter().zip(rows) {
            self.line(steps, &format!("{number:>width$}  {sentence}"));
        }
    }

    /// The text.
    pub(super) fn text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_dates_are_written_as_each_language_writes_them() {
        let first = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a date");
        let written =
            Language::ALL.map(|language| format!("{} {}", number(8_412, language), date(first, language)));
        assert_eq!(
            written,
            [
                "8,412 1 March 2026",
                "8.412 1. März 2026",
                "8\u{202f}412 1er mars 2026",
                "8.412 1 marzo 2026",
                "8.412 1 de marzo de 2026",
                "8\u{202f}412 1 март 2026 г.",
            ]
        );
    }
}
