//! Names that nobody knows, and what was meant by them.

use crate::finding::clipped;
use crate::{Entry, Finding, Key, Kind, Shape, Value, nearest};

/// What to say about a name that its table does not have, and the key of that table that was probably meant.
///
/// The commonest reason is not a slip of the finger: in TOML a setting belongs to the heading above it, and a
/// line that was added at the end of the file has landed in the last section.
pub(crate) fn unknown_key(
    root: &'static Shape,
    shape: &'static Shape,
    path: &str,
    entry: &Entry,
) -> (Finding, Option<&'static Key>) {
    let written = entry.key.value.as_str();
    let quoted = clipped(written);
    let heading = match &entry.value.value {
        Value::Table(_) => Some(("[", "]")),
        Value::List(list) if list.iter().any(|value| value.as_table().is_some()) => Some(("[[", "]]")),
        _ => None,
    };
    let shown = |name: &str| match heading {
        Some((open, close)) => format!("{open}{}{close}", headed(path, name)),
        None => name.to_owned(),
    };
    let a = if heading.is_some() {
        "a section"
    } else {
        "a setting"
    };
    let of = if path.is_empty() {
        "this file".to_owned()
    } else {
        format!("`[{path}]`")
    };
    // The place of a section is its whole heading, unless it only stands in the heading of another.
    let (key, value) = (&entry.key.span, &entry.value.span);
    let span = if heading.is_some() && value.start <= key.start {
        value.clone()
    } else {
        key.clone()
    };
    let finding = Finding::error(format!("`{}` is not {a} of {of}", shown(&quoted))).at(span);
    let home = sections(shape, path)
        .find_map(|(shape, path)| home_of(shape, written, &path))
        .or_else(|| home_of(root, written, "").filter(|home| home != path));
    if let Some(home) = home {
        let finding = finding.help(match home.as_str() {
            "" => format!(
                "move the line to the top of the file, above the first `[section]`: `{written}` belongs there"
            ),
            home => format!("move the line below a heading `[{home}]`: `{written}` belongs there"),
        });
        return (finding, None);
    }
    let names = shape
        .keys
        .iter()
        .filter(|key| !matches!(key.kind, Kind::Later(_)))
        .map(|key| key.name);
    if let Some(name) = nearest(written, names) {
        return (
            finding.help(format!("did you mean `{}`?", shown(name))),
            shape.key(name),
        );
    }
    let finding = match nearest_elsewhere(root, written) {
        Some((name, home)) => finding.help(format!("did you mean `{name}`? It belongs below `[{home}]`")),
        None => finding.help("remove it, or put a `#` in front of it to keep it as a comment"),
    };
    (finding, None)
}

fn headed(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The heading under which a name belongs. Only sections that everybody may write are looked through: names
/// below a workgroup's own name repeat those of the head.
fn home_of(shape: &'static Shape, name: &str, path: &str) -> Option<String> {
    if shape
        .key(name)
        .is_some_and(|key| !matches!(key.kind, Kind::Later(_)))
    {
        return Some(path.to_owned());
    }
    sections(shape, path).find_map(|(shape, path)| home_of(shape, name, &path))
}

fn nearest_elsewhere(root: &'static Shape, written: &str) -> Option<(&'static str, String)> {
    sections(root, "").find_map(|(shape, path)| {
        let name = nearest(written, shape.keys.iter().map(|key| key.name))?;
        Some((name, path))
    })
}

fn sections(shape: &'static Shape, path: &str) -> impl Iterator<Item = (&'static Shape, String)> {
    shape.keys.iter().filter_map(move |key| match key.kind {
        Kind::Table(shape) => Some((shape, headed(path, key.name))),
        _ => None,
    })
}
