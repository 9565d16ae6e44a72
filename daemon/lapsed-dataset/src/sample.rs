//! Whether a fact's instants are what the dataset says they are.
//!
//! Seconds read as milliseconds make everybody's dates lie in January 1970: before any cut-off. So a sample of every
//! fact is looked at before a plan is made, and a dataset that would misread it is refused.

use chrono::{DateTime, Utc};
use lapsed_config::Finding;
use lapsed_model::Value;

use crate::dataset::Fact;
use crate::instants::Instants;

/// 1 January 1971 and 1 January 10000: no platform sold a ticket before the one, and *for ever* is often written
/// as 31 December 9999.
const PLAUSIBLE: std::ops::Range<i64> = 31_536_000_000..253_402_300_800_000;

/// Judges the rows of a sample: (type, rows, unreadable, least, greatest).
#[must_use]
pub fn judge_sample(fact: &Fact, rows: &[Vec<Value>]) -> Option<Finding> {
    let refuse =
        |title: String, help: &str| Some(Finding::error(title).at(fact.query.span.clone()).help(help));
    let types: Vec<&str> = rows.iter().filter_map(|row| as_text(row.first()?)).collect();
    if types.len() > 1 {
        return refuse(
            format!(
                "the instants of `{}` are of several types: {}",
                fact.name,
                types.join(", ")
            ),
            "read them as one type in the query, for instance with a CASE",
        );
    }
    let row = rows.first()?;
    let unreadable = as_number(row.get(2)?).unwrap_or_default();
    if unreadable > 0 {
        return refuse(
            format!(
                "{unreadable} of {} instants of `{}` cannot be read",
                as_number(row.get(1)?).unwrap_or_default(),
                fact.name
            ),
            "check `instants`: milliseconds, seconds, iso8601 or date",
        );
    }
    for edge in [row.get(3)?, row.get(4)?] {
        let Some(instant) = as_number(edge) else { continue };
        if !PLAUSIBLE.contains(&instant) && fact.instants != Instants::Date {
            let shown = DateTime::<Utc>::from_timestamp_millis(instant).map_or_else(
                || "far outside the calendar".to_owned(),
                |at| format!("on {}", at.format("%-d %B %Y")),
            );
            return refuse(
                format!(
                    "an instant of `{}` lies {shown}, which nothing that happened to a customer does",
                    fact.name
                ),
                "check `instants`: seconds read as milliseconds lie in January 1970",
            );
        }
    }
    None
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn as_number(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "compared with bounds far inside an i64; the cast saturates"
        )]
        Value::Real(number) => Some(*number as i64),
        _ => None,
    }
}
