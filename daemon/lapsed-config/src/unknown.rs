//! Names that nobody knows, and what was meant by them.

use crate::{Entry, Finding, Kind, Shape, Value, nearest};

/// What to say about a name that its table does not have.
///
/// The commonest reason is not a slip of the finger: in TOML a setting belongs to the heading above it, and a
/// line that was added at the end of the file has landed in the last section.
pub(crate) fn unknown_key(root: &'static Shape, shape: &Shape, path: &str, entry: &Entry) -> Finding {
    let written = entry.key.value.as_str();
    let (shown, a) = match &entry.value.value {
        Value::Table(_) => (format!("`[{}]`", headed(path, written)), "a section"),
        Value::List(list) if list.iter().any(|value| value.as_table().is_some()) => {
            (format!("`[[{}]]`", headed(path, written)), "a section")
        }
        _ => (format!("`{written}`"), "a setting"),
    };
    let of = if path.is_empty() {
        "this file".to_owned()
    } else {
        format!("`[{path}]`")
    };
    let finding = Finding::error(format!("{shown} is not {a} of {of}")).at(entry.key.span.clone());
    let names = || {
        shape
            .keys
            .iter()
            .filter(|key| !matches!(key.kind, Kind::Later(_)))
            .map(|key| key.name)
    };
    if let Some(home) = home_of(root, written, "").filter(|home| home != path) {
        return finding.help(match home.as_str() {
            "" => format!(
                "move the line to the top of the file, above the first `[section]`: `{written}` belongs there"
            ),
            home => format!("move the line below `[{home}]`: `{written}` belongs there"),
        });
    }
    match nearest(written, names()) {
        Some(name) => finding.help(format!("did you mean `{name}`?")),
        None => match nearest_elsewhere(root, written) {
            Some((name, home)) => finding.help(format!("did you mean `{name}`? It belongs below `[{home}]`")),
            None => finding.help("remove it, or put a `#` in front of it to keep it as a comment"),
        },
    }
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
