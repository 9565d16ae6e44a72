//! A tree is compared with the shape that it should have.

use crate::unknown::unknown_key;
use crate::{Entry, File, Finding, Key, Kind, Shape, Spanned, Table, Value, syntax, wrong};

/// Reads a file of this shape: what is in it, and everything that is wrong with its form.
///
/// The tree comes even if there are findings, so that later checks can add theirs. Values of the wrong kind have
/// been taken out of it: the getters of [`Table`] then say that there is nothing, and a [`Value::Broken`] in
/// their place says that the person did write something.
#[must_use]
pub fn read(file: &File, shape: &'static Shape) -> (Table, Vec<Finding>) {
    let mut findings = Vec::new();
    let mut root = syntax::parse(file, &mut findings);
    Check {
        root: shape,
        findings: &mut findings,
    }
    .table(&mut root, shape, "");
    (root, findings)
}

struct Check<'f> {
    root: &'static Shape,
    findings: &'f mut Vec<Finding>,
}

impl Check<'_> {
    /// `path` is how the table is headed: empty for the file, `retention`, `workgroups.*.retention`.
    fn table(&mut self, table: &mut Table, shape: &'static Shape, path: &str) {
        for entry in &mut table.entries {
            let Some(key) = shape.key(&entry.key.value) else {
                self.findings.push(unknown_key(self.root, shape, path, entry));
                continue;
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
                self.findings.push(later(place.key, value, comes_with));
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

fn later(key: &Key, value: &Spanned<Value>, comes_with: &str) -> Finding {
    let name = key.name;
    let (shown, remove) = match &value.value {
        Value::Table(_) => (
            format!("`[{name}]`"),
            "remove the section, or put a `#` in front of each of its lines",
        ),
        Value::List(list) if list.iter().any(|value| value.as_table().is_some()) => (
            format!("`[[{name}]]`"),
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
    let line = match key.kind {
        Kind::Table(_) | Kind::Map { .. } | Kind::Tables(_) => format!("add a section `{}`", key.example),
        _ => format!("add a line such as `{} = {}`", key.name, key.example),
    };
    let doc = key.doc.trim_end_matches('.');
    let finding = finding.note(format!(
        "`{}` is {}{}",
        key.name,
        doc[..1].to_lowercase(),
        &doc[1..]
    ));
    if path.is_empty() {
        finding.help(format!(
            "{line} at the top of the file, above the first `[section]`"
        ))
    } else {
        finding.help(line)
    }
}
