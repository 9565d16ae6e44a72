//! Values that are not what their setting wants.

use crate::finding::clipped;
use crate::{Finding, Form, Key, Kind, Spanned, Value, nearest};

/// Whether a value could be of this kind, judged by what it is and not by what it says.
pub(crate) fn is_of_its_sort(value: &Value, kind: &Kind) -> bool {
    match kind {
        Kind::Text | Kind::Words(_) => matches!(value, Value::Text(_)),
        Kind::Form(_) => matches!(value, Value::Text(_) | Value::Moment(_)),
        Kind::YesNo => matches!(value, Value::YesNo(_)),
        Kind::Whole(..) => matches!(value, Value::Whole(_)),
        Kind::List(_) | Kind::Tables(_) => matches!(value, Value::List(_)),
        Kind::Table(_) | Kind::Map { .. } => matches!(value, Value::Table(_)),
        Kind::Either(kinds) => kinds.iter().any(|kind| is_of_its_sort(value, kind)),
        Kind::Later(_) => false,
    }
}

/// What to say about a value, if anything is wrong with it. `name` is its key as it stands in the file; in a
/// table of free names that differs from the key of the shape.
pub(crate) fn wrong_value(value: &Spanned<Value>, kind: &Kind, name: &str, key: &Key) -> Option<Finding> {
    let span = value.span.clone();
    match (kind, &value.value) {
        (Kind::Text, Value::Text(text)) if !text.trim().is_empty() => None,
        (Kind::Text, Value::Text(_)) => Some(Finding::error(format!("`{name}` is empty")).at(span).help(
            if key.required {
                "write something between the quotes"
            } else {
                "write something between the quotes, or remove the line"
            },
        )),
        (Kind::Form(form), Value::Text(text)) => wrong_form(form, text).map(|finding| finding.at(span)),
        (Kind::Form(form), _) => {
            let finding = match shown(&value.value) {
                Some(text) => wrong_form(form, &text)?,
                None => Finding::error(format!(
                    "`{name}` wants {}, not {}",
                    form.what,
                    sort(&value.value)
                ))
                .help(how(form)),
            };
            Some(finding.at(span))
        }
        (Kind::YesNo, Value::YesNo(_)) => None,
        (Kind::YesNo, found) => Some(wrong_yes_no(name, found).at(span)),
        (Kind::Words(words), Value::Text(text)) => {
            wrong_word(words, text, name).map(|finding| finding.at(span))
        }
        (Kind::Words(words), found) => Some(not_a_word(words, found, name).at(span)),
        (Kind::Whole(least, most), Value::Whole(number)) if (least..=most).contains(&number) => None,
        (Kind::Whole(least, most), found) => {
            let title = match shown(found) {
                Some(text) => format!("`{name}` cannot be `{text}`"),
                None => format!("`{name}` wants a whole number, not {}", sort(found)),
            };
            Some(
                Finding::error(title)
                    .at(span)
                    .help(format!("write a whole number from {least} to {most}")),
            )
        }
        _ if is_of_its_sort(&value.value, kind) => None,
        _ => Some(wrong_sort(kind, &value.value, name, key).at(span)),
    }
}

fn wrong_form(form: &Form, text: &str) -> Option<Finding> {
    let complaint = (form.check)(text).err()?;
    let title = complaint
        .title
        .unwrap_or_else(|| format!("`{}` is not {}", clipped(text), form.what));
    Some(Finding::error(title).help(complaint.help.unwrap_or_else(|| how(form))))
}

fn how(form: &Form) -> String {
    format!("write {}", form.how)
}

fn wrong_yes_no(name: &str, found: &Value) -> Finding {
    let said = match found {
        Value::Text(text) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "on" | "ja" | "oui" | "1" => Some(true),
            "false" | "no" | "off" | "nein" | "non" | "0" => Some(false),
            _ => None,
        },
        Value::Whole(1) => Some(true),
        Value::Whole(0) => Some(false),
        _ => None,
    };
    let finding = Finding::error(format!("`{name}` is either `true` or `false`"));
    match said {
        Some(yes) => finding.help(format!("write `{name} = {yes}`, without quotes")),
        None => finding.help(format!("write `{name} = true` or `{name} = false`")),
    }
}

fn wrong_word(words: &[(&str, &str)], text: &str, name: &str) -> Option<Finding> {
    let mut known = words.iter().map(|(word, _)| *word);
    if known.clone().any(|word| word == text) {
        return None;
    }
    if let Some(word) = known.find(|word| *word == text.trim()) {
        return Some(
            Finding::error(format!("`{text}` has a space or a tab too many"))
                .help(format!("write `{name} = \"{word}\"`")),
        );
    }
    let finding = Finding::error(format!("`{}` is not a word for `{name}`", clipped(text)));
    // `German` for `de`, and `de-AT`: the meaning of a word, or a word and more.
    let lower = text.to_lowercase();
    let by_meaning = |(word, doc): &&(&str, &str)| {
        let more = lower.strip_prefix(word).and_then(|rest| rest.chars().next());
        doc.to_lowercase() == lower || more.is_some_and(|letter| !letter.is_alphanumeric())
    };
    let meant = words.iter().find(by_meaning).map(|(word, _)| *word);
    Some(
        match meant.or_else(|| nearest(text, words.iter().map(|(word, _)| *word))) {
            Some(word) => finding.help(format!("did you mean `\"{word}\"`?")),
            None => finding.help(format!("write {}", listed(words))),
        },
    )
}

fn not_a_word(words: &[(&str, &str)], found: &Value, name: &str) -> Finding {
    let yes = match found {
        Value::YesNo(true) => words.iter().find(|(word, _)| matches!(*word, "on" | "yes")),
        Value::YesNo(false) => words.iter().find(|(word, _)| matches!(*word, "off" | "no")),
        _ => None,
    };
    let finding = Finding::error(format!("`{name}` wants a word in quotes, not {}", sort(found)));
    match yes {
        Some((word, _)) => finding.help(format!("write `{name} = \"{word}\"`")),
        None => finding.help(format!("write {}", listed(words))),
    }
}

/// Few words are listed; a wall of them helps nobody.
fn listed(words: &[(&str, &str)]) -> String {
    let words: Vec<String> = words
        .iter()
        .take(8)
        .map(|(word, _)| format!("`\"{word}\"`"))
        .collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn wrong_sort(kind: &Kind, found: &Value, name: &str, key: &Key) -> Finding {
    let title = match (kind, found) {
        (Kind::Tables(_), Value::Table(_)) => {
            format!("the heading `[{name}]` needs two brackets: there may be several")
        }
        (Kind::Table(_) | Kind::Map { .. }, Value::List(_)) => {
            format!("the heading `[[{name}]]` has two brackets, and there is only one `{name}`")
        }
        _ => format!("`{name}` wants {}, not {}", wanted(kind), sort(found)),
    };
    let help = match (kind, found) {
        (Kind::Either([Kind::Form(form), ..]), _) => how(form),
        (Kind::Tables(_), Value::Table(_)) => format!("write `[[{name}]]`"),
        (Kind::Table(_) | Kind::Map { .. }, Value::List(_)) => {
            format!("write `[{name}]`")
        }
        (Kind::Table(_) | Kind::Map { .. } | Kind::Tables(_), _) => {
            format!("write a section, such as `{}`", key.example)
        }
        (Kind::List(_), Value::Text(text)) => format!("write `{name} = [\"{text}\"]`"),
        (Kind::Text, found) if shown(found).is_some() => {
            format!(
                "write it in quotes: `{name} = \"{}\"`",
                shown(found).unwrap_or_default()
            )
        }
        _ => example(key, name),
    };
    Finding::error(title).help(help)
}

fn example(key: &Key, name: &str) -> String {
    if name == key.name {
        format!("write for example `{name} = {}`", key.example)
    } else {
        format!("a good example is `{}`", key.example)
    }
}

fn wanted(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "text in quotes",
        Kind::Form(form) => form.what,
        Kind::YesNo => "`true` or `false`",
        Kind::Words(_) => "a word in quotes",
        Kind::Whole(..) => "a whole number",
        Kind::List(_) => "a list in square brackets",
        Kind::Table(_) | Kind::Map { .. } => "a section",
        Kind::Tables(_) => "sections of their own",
        Kind::Either([first, ..]) => wanted(first),
        Kind::Either([]) | Kind::Later(_) => "nothing",
    }
}

fn sort(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "text",
        Value::Whole(_) | Value::Number(_) => "a number",
        Value::YesNo(_) => "`true` or `false`",
        Value::Moment(_) => "a date or a time without quotes",
        Value::List(_) => "a list",
        Value::Table(_) => "a section",
        Value::Broken => "this",
    }
}

/// A plain value as it was written.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) | Value::Number(text) | Value::Moment(text) => Some(text.clone()),
        Value::Whole(number) => Some(number.to_string()),
        Value::YesNo(yes) => Some(yes.to_string()),
        Value::List(_) | Value::Table(_) | Value::Broken => None,
    }
}
