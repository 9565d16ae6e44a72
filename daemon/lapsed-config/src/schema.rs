//! A shape as JSON Schema 2020-12, for editors.

use serde_json::{Map, Value, json};

use crate::{Key, Kind, Shape};

/// The schema of files of this shape. Sections that come later are not in it.
#[must_use]
pub fn schema(title: &str, shape: &Shape) -> Value {
    let mut schema = table(shape);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(title);
    schema
}

fn table(shape: &Shape) -> Value {
    let keys = shape
        .keys
        .iter()
        .filter(|key| !matches!(key.kind, Kind::Later(_)));
    let properties: Map<String, Value> = keys.map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> = shape
        .keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    json!({
        "type": "object",
        "description": shape.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let mut property = kind(&key.kind);
    property["description"] = json!(key.doc);
    if let Some(default) = key.default.and_then(in_json) {
        property["default"] = default;
    }
    if let Some(example) = in_json(key.example) {
        property["examples"] = json!([example]);
    }
    property
}

fn kind(kind_of: &Kind) -> Value {
    match kind_of {
        Kind::Text => json!({ "type": "string", "minLength": 1 }),
        Kind::Form(form) => match form.pattern {
            Some(pattern) => json!({ "type": "string", "pattern": pattern }),
            None => json!({ "type": "string" }),
        },
        Kind::YesNo => json!({ "type": "boolean" }),
        Kind::Words(words) => {
            let meant = |(word, doc): &(&str, &str)| json!({ "const": word, "description": doc });
            json!({ "type": "string", "oneOf": words.iter().map(meant).collect::<Vec<_>>() })
        }
        Kind::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::List(each) => json!({ "type": "array", "items": kind(each) }),
        Kind::Table(shape) => table(shape),
        Kind::Map { names, each } => {
            json!({ "type": "object", "propertyNames": { "description": names }, "additionalProperties": kind(each) })
        }
        Kind::Tables(shape) => json!({ "type": "array", "items": table(shape) }),
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(kind).collect::<Vec<_>>() }),
        Kind::Later(_) => json!(false),
    }
}

/// A value written in TOML, as JSON; headings of sections are no values.
fn in_json(written: &str) -> Option<Value> {
    let document: toml::Table = toml::from_str(&format!("value = {written}")).ok()?;
    serde_json::to_value(document.get("value")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_brings_its_words_example_and_default() {
        static SHAPE: Shape = Shape {
            doc: "A test.",
            keys: &[
                Key::required(
                    "mode",
                    Kind::Words(&[("on", "does it"), ("off", "leaves it")]),
                    "\"on\"",
                    "Whether.",
                )
                .or("\"off\""),
                Key::later("export", "exports"),
            ],
        };
        let schema = schema("test", &SHAPE);
        assert_eq!(schema["required"], json!(["mode"]));
        assert_eq!(schema["properties"]["mode"]["default"], "off");
        assert_eq!(schema["properties"]["mode"]["examples"], json!(["on"]));
        assert_eq!(schema["properties"].get("export"), None);
        assert_eq!(schema["additionalProperties"], false);
    }
}
