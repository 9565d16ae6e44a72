//! Text becomes a tree; every mistake of form becomes a finding of its own.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::duplicates::duplicate;
use crate::repair::{Mended, Repair};
use crate::scan::{self, StatementKind};
use crate::{Entry, File, Finding, Spanned, Table, Value, habits};

/// After so many mistakes of form the file is probably not TOML at all.
const MOST_FAULTS: usize = 30;

/// Reads the text, mending what is broken in form so that the rest can be judged too.
pub(crate) fn parse(file: &File, findings: &mut Vec<Finding>) -> Table {
    let mut mended = Mended::new(&file.text);
    // Where the statements begin that had a fault, in the original; one that was mended in vain stands here twice.
    let mut faulty: Vec<usize> = Vec::new();
    loop {
        let (document, faults) = DeTable::parse_recoverable(&mended.text);
        let place = |fault: &toml::de::Error| fault.span().unwrap_or(0..0);
        let (twice, faults): (Vec<_>, Vec<_>) = faults
            .iter()
            .partition(|fault| fault.message() == "duplicate key");
        let Some(first) = faults.into_iter().min_by_key(|fault| place(fault).start) else {
            findings.extend(
                twice
                    .into_iter()
                    .take(MOST_FAULTS)
                    .map(|fault| duplicate(&file.text, &mended, &place(fault))),
            );
            return Reader(&mended).table(document.get_ref(), None);
        };
        if faulty.len() == MOST_FAULTS {
            findings.push(
                Finding::error("the rest of the file was not read: too much of it is not TOML")
                    .help("correct what is named above first, and check that this is the right file"),
            );
            return Table::default();
        }
        let repair = next_repair(&mended, place(first), first.message(), &mut faulty, findings);
        mended.apply(repair);
    }
}

/// How to go on after a fault. A statement that was mended in vain is given up in silence: one mistake is one
/// finding.
fn next_repair(
    mended: &Mended,
    place: Range<usize>,
    message: &str,
    faulty: &mut Vec<usize>,
    findings: &mut Vec<Finding>,
) -> Repair {
    let text = &mended.text;
    let statement = scan::statement_at(text, place.start);
    let start = statement
        .as_ref()
        .map_or(place.start, |statement| statement.span.start);
    let start = mended.to_original(&(start..start)).start;
    let earlier = faulty.iter().filter(|earlier| **earlier == start).count();
    faulty.push(start);
    let Some(statement) = statement else {
        let (finding, repair) = habits::outside_statements(text, place);
        findings.push(on_original(mended, finding));
        return repair;
    };
    match (earlier, statement.kind) {
        (0, _) => {
            let (finding, repair) = habits::diagnose(text, &statement, place, message);
            findings.push(on_original(mended, finding));
            repair
        }
        (1, StatementKind::Setting { .. }) => Repair::give_up(statement.value(text)),
        _ => Repair::blank(statement.span),
    }
}

fn on_original(mended: &Mended, mut finding: Finding) -> Finding {
    finding.span = finding.span.map(|span| mended.to_original(&span));
    finding
}

/// Takes the parser's tree over, with places in the original.
struct Reader<'t>(&'t Mended);

impl Reader<'_> {
    fn table(&self, table: &DeTable<'_>, span: Option<Range<usize>>) -> Table {
        // A name that cannot be one was told about; nothing more is said of it.
        let mut entries: Vec<Entry> = table
            .iter()
            .filter(|(key, _)| !self.0.is_broken(&self.0.to_original(&key.span())))
            .map(|(key, value)| Entry {
                key: Spanned::new(key.get_ref().to_string(), self.0.to_original(&key.span())),
                value: self.value(value.get_ref(), &value.span()),
            })
            .collect();
        // The parser keeps names in the order of the alphabet.
        entries.sort_by_key(|entry| entry.key.span.start);
        Table { entries, span }
    }

    fn value(&self, value: &DeValue<'_>, span: &Range<usize>) -> Spanned<Value> {
        let span = self.0.to_original(span);
        if self.0.is_broken(&span) {
            return Spanned::new(Value::Broken, span);
        }
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_too_long| Value::Number(number.to_string()), Value::Whole),
            DeValue::Float(number) => Value::Number(number.to_string()),
            DeValue::Boolean(yes) => Value::YesNo(*yes),
            DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
            DeValue::Array(list) => Value::List(
                list.iter()
                    .map(|value| self.value(value.get_ref(), &value.span()))
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table, Some(span.clone()))),
        };
        Spanned::new(value, span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Table, Vec<String>) {
        let mut findings = Vec::new();
        let table = parse(&File::new("a.toml", text), &mut findings);
        (table, findings.into_iter().map(|finding| finding.title).collect())
    }

    #[test]
    fn names_come_in_the_order_of_the_file() {
        let (table, findings) = read("z = 1\na = 2\n[m]\nb = 3\n");
        let names: Vec<&str> = table
            .entries
            .iter()
            .map(|entry| entry.key.value.as_str())
            .collect();
        assert_eq!((names.as_slice(), findings.len()), (&["z", "a", "m"][..], 0));
    }

    #[test]
    fn one_mistake_is_one_finding_and_hides_no_other() {
        let text = "a = [1, 2\nb = “x”\n[c\nd = 31.12.2026\ne = yes\nf 3\n";
        let (table, findings) = read(text);
        assert_eq!(findings.len(), 6, "{findings:#?}");
        assert_eq!(table.text("b").map(|text| text.value), Some("x"));
        let c = table.table("c").expect("the section");
        assert_eq!(c.yes_no("e").map(|yes| yes.value), Some(true));
    }

    #[test]
    fn what_cannot_be_understood_is_broken_rather_than_missing() {
        let (table, findings) = read("a = 2026-13-45\nb = 1\n");
        assert_eq!(findings.len(), 1);
        assert_eq!(
            table.get("a").map(|entry| &entry.value.value),
            Some(&Value::Broken)
        );
        assert_eq!(table.whole("b").map(|number| number.value), Some(1));
    }

    #[test]
    fn a_file_that_is_something_else_is_given_up() {
        let (_, findings) = read(&"{ \"json\": [\n".repeat(500));
        assert!(findings.len() <= MOST_FAULTS + 1);
    }
}
