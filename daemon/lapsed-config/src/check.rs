//! A tree is compared with the shape that it should have.

use crate::finding::limited;
use crate::unknown::unknown_key;
use crate::{Entry, File, Finding, Key, Kind, Shape, Spanned, Table, Value, syntax, wrong};

/// Reads a file of this shape: what is in it, and everything that is wrong with its form.
///
/// The tree comes even if there are findings, so that later checks can add theirs. Values of the wrong kind have
/// been taken out of it: the getters of [`Table`] then say that there is nothing, and a [`Value::Broken`] in
/// their place says that the person did write something.
#[must_use]
pub fn read(file: &File, shape: &'static Shape) -> (Table, Vec<Finding>) {
    if let Some(finding) = not_this_kind_of_file(file, shape) {
        return (Table::default(), vec![finding]);
    }
    let mut findings = Vec::new();
    let mut root = syntax::parse(file, &mut findings);
    let of_form = findings.len();
    Check {
        root: shape,
        findings: &mut findings,
    }
    .table(&mut root, shape, "");
    // A value that lacks its quotes and is wrong besides: the second finding shows it with its quotes.
    let (form, meaning) = findings.split_at(of_form);
    let is_answered = |early: &Finding| {
        let shows_quotes = |help: &String| help.contains("`\"") || help.contains("= \"");
        let in_full =
            |late: &Finding| late.span == early.span && late.help.as_ref().is_some_and(shows_quotes);
        early.note.is_none() && early.span.is_some() && meaning.iter().any(in_full)
    };
    let told = form
        .iter()
        .filter(|finding| !is_answered(finding))
        .chain(meaning)
        .cloned()
        .collect();
    (root, limited(told))
}

/// A file that is empty or of another format would bring a finding for each of its lines.
fn not_this_kind_of_file(file: &File, shape: &Shape) -> Option<Finding> {
    let lines = || {
        file.text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    let Some(first) = lines().next() else {
        let required: Vec<String> = shape
            .keys
            .iter()
            .filter(|key| key.required)
            .map(|key| format!("`{}`", key.name))
            .collect();
        return Some(
            Finding::error("there is nothing in this file")
                .help(format!("it needs at least {}", required.join(", "))),
        );
    };
    let looks_like = match first {
        line if line.starts_with('{') => "JSON",
        line if line.starts_with("<?xml") || line.starts_with("<!") || line.starts_with("<html") => {
            "a web page or XML"
        }
        line if line.starts_with("---") => "YAML",
        line if line.starts_with("{\\rtf") || line.starts_with("PK") => "a word processor's document",
        _ => return None,
    };
    let start = file.text.find(first)?;
    Some(
        Finding::error(format!(
            "this file looks like {looks_like}, and it should be TOML"
        ))
        .at(start..start + first.len())
        .help("write it in a plain text editor: a line is a setting such as `language = \"de\"`"),
    )
}

struct Check<'f> {
    root: &'static Shape,
    findings: &'f mut Vec<Finding>,
}

impl Check<'_> {
    /// `path` is how the table is headed: empty for the file, `retention`, `workgroups.*.retention`.
    fn table(&mut self, table: &mut Table, shape: &'static Shape, path: &str) {
        let names: Vec<String> = table
            .entries
            .iter()
            .map(|entry| entry.key.value.clone())
            .collect();
        for entry in &mut table.entries {
            let key = match shape.key(&entry.key.value) {
                Some(key) => key,
                None => {
                    let (finding, meant) = unknown_key(self.root, shape, path, entry);
                    self.findings.push(finding);
                    // What was meant is judged as if it had been written, unless it was written too.
                    let Some(key) = meant.filter(|key| !names.iter().any(|name| name == key.name)) else {
                        continue;
                    };
                    key.name.clone_into(&mut entry.key.value);
                    key
                }
            };
            self.value(
                &mut entry.value,
                &key.kind,
                Where {
                    key,
                    name: key.name,
                    path: &below(path, key.name),
                },
            );
        }
        for key in shape
            .keys
            .iter()
            .filter(|key| key.required && table.get(key.name).is_none())
        {
            self.findings.push(missing(key, table, path));
        }
    }

    /// Checks a value and breaks it where it is not of its kind.
    fn value(&mut self, value: &mut Spanned<Value>, kind: &'static Kind, place: Where<'_>) {
        match (kind, &mut value.value) {
            (_, Value::Broken) => {}
            (Kind::Later(comes_with), _) => {
                self.findings.push(later(place.path, value, comes_with));
                value.value = Value::Broken;
            }
            (Kind::Table(shape), Value::Table(table)) => self.table(table, shape, place.path),
            (Kind::Map { each, .. }, Value::Table(table)) => {
                for entry in &mut table.entries {
                    self.entry_of_map(entry, each, &place);
                }
            }
            (Kind::Tables(shape), Value::List(list))
                if list.iter().all(|value| value.as_table().is_some()) =>
            {
                for value in list {
                    if let Value::Table(table) = &mut value.value {
                        self.table(table, shape, place.path);
                    }
                }
            }
            (Kind::List(each), Value::List(list)) => {
                for value in list {
                    self.value(value, each, place);
                }
            }
            (Kind::Either(kinds), _) => match kinds
                .iter()
                .find(|kind| wrong::is_of_its_sort(&value.value, kind))
            {
                Some(kind) => self.value(value, kind, place),
                None => self.refuse(value, kind, place),
            },
            // A date without quotes is a date too.
            (Kind::Form(form), Value::Moment(moment)) if (form.check)(moment).is_ok() => {
                value.value = Value::Text(std::mem::take(moment));
            }
            _ => self.refuse(value, kind, place),
        }
    }

    fn entry_of_map(&mut self, entry: &mut Entry, each: &'static Kind, place: &Where<'_>) {
        let path = below(place.path, &entry.key.value);
        self.value(
            &mut entry.value,
            each,
            Where {
                key: place.key,
                name: &entry.key.value,
                path: &path,
            },
        );
    }

    /// Reports a value that is not of its kind; one that is goes through untouched.
    fn refuse(&mut self, value: &mut Spanned<Value>, kind: &'static Kind, place: Where<'_>) {
        if let Some(finding) = wrong::wrong_value(value, kind, place.name, place.key) {
            self.findings.push(finding);
            value.value = Value::Broken;
        }
    }
}

/// Where a value stands in the shape.
#[derive(Clone, Copy)]
struct Where<'w> {
    key: &'static Key,
    name: &'w str,
    path: &'w str,
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn later(path: &str, value: &Spanned<Value>, comes_with: &str) -> Finding {
    let name = path.rsplit('.').next().unwrap_or(path);
    let (shown, remove) = match &value.value {
        Value::Table(_) => (
            format!("`[{path}]`"),
            "remove the section, or put a `#` in front of each of its lines",
        ),
        Value::List(list) if list.iter().any(|value| value.as_table().is_some()) => (
            format!("`[[{path}]]`"),
            "remove its sections, or put a `#` in front of each of their lines",
        ),
        _ => (
            format!("`{name}`"),
            "remove the line, or put a `#` in front of it",
        ),
    };
    let span = match &value.value {
        Value::List(list) => list
            .first()
            .map_or(value.span.clone(), |first| first.span.clone()),
        _ => value.span.clone(),
    };
    Finding::error(format!(
        "{shown} comes with {comes_with}, which this version does not do yet"
    ))
    .at(span)
    .help(remove)
}

fn missing(key: &Key, table: &Table, path: &str) -> Finding {
    let finding = match &table.span {
        Some(span) => Finding::error(format!("`{}` is missing here", key.name)).at(span.clone()),
        None => Finding::error(format!("`{}` is missing", key.name)),
    };
    let doc = key.doc.trim_end_matches('.');
    let first = doc
        .chars()
        .next()
        .map(|letter| letter.to_lowercase().to_string())
        .unwrap_or_default();
    let rest = doc.chars().skip(1).collect::<String>();
    let finding = finding.note(format!("`{}`: {first}{rest}", key.name));
    let line = format!("add a line such as `{} = {}`", key.name, key.example);
    match key.kind {
        Kind::Table(_) | Kind::Map { .. } | Kind::Tables(_) => {
            finding.help(format!("add a section `{}`", key.example))
        }
        _ if path.is_empty() => finding.help(format!(
            "{line} at the top of the file, above the first `[section]`"
        )),
        _ => finding.help(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static SHAPE: Shape = Shape {
        doc: "A test.",
        keys: &[
            Key::required("name", Kind::Text, "\"Theatre\"", "A name."),
            Key::new("section", Kind::Table(&SECTION), "[section]", "A section."),
            Key::later("export", "exports"),
        ],
    };
    static SECTION: Shape = Shape {
        doc: "A section.",
        keys: &[Key::new("by_staff", Kind::YesNo, "true", "Whether.")],
    };

    fn titles(text: &str) -> Vec<String> {
        let (_, findings) = read(&File::new("a.toml", text), &SHAPE);
        findings.into_iter().map(|finding| finding.title).collect()
    }

    #[test]
    fn a_name_that_was_meant_is_judged_as_if_it_had_been_written() {
        let (table, findings) = read(
            &File::new("a.toml", "nmae = \"x\"\n[section]\nby_stuff = 1\n"),
            &SHAPE,
        );
        let titles: Vec<&str> = findings.iter().map(|finding| finding.title.as_str()).collect();
        assert_eq!(titles[0], "`nmae` is not a setting of this file");
        assert_eq!(titles[2], "`by_staff` is either `true` or `false`");
        assert_eq!(
            (titles.len(), table.text("name").map(|name| name.value)),
            (3, Some("x"))
        );
    }

    #[test]
    fn a_job_that_comes_later_is_refused_by_its_name() {
        assert_eq!(
            titles("name = \"x\"\n[export]\nanything = 1\n"),
            ["`[export]` comes with exports, which this version does not do yet"]
        );
    }

    #[test]
    fn a_finding_never_quotes_a_whole_file() {
        let text = format!("name = \"x\"\n\"{}\" = 1\n", "long ".repeat(40_000));
        assert!(titles(&text).iter().all(|title| title.len() < 200));
    }

    #[test]
    fn a_file_of_nothing_but_mistakes_is_answered_in_a_hundred_findings() {
        let unknown: String = (0..500).map(|number| format!("unknown_{number} = 1\n")).collect();
        assert_eq!(titles(&unknown).len(), 101);
        for line in [
            "a = “x”\n",
            "[[[[[[[[\n",
            "name = \"",
            "x = { a = [ “\n",
            "name = ['a\n",
            "a = 1\n",
        ] {
            let text = line.repeat(20_000 / line.len());
            assert!((1..=101).contains(&titles(&text).len()), "{line}");
        }
    }
}
