//! Fields as careless writers leave them: a number where text is meant, a null for
//! nothing. Nothing here decides what they mean.

use alloc::string::{String, ToString as _};

use serde_json::Value;

use crate::Map;
use crate::stamp;

/// The text in a field; a number as its digits, and nothing for whatever is empty.
pub(super) fn text(row: &Map, key: &str) -> String {
    match row.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(value) if is_set(Some(value)) => value.to_string(),
        Some(_) | None => String::new(),
    }
}

/// The text in the first of these fields that says something.
pub(super) fn first_text(row: &Map, keys: &[&str]) -> String {
    keys.iter().map(|key| text(row, key)).find(|text| !text.is_empty()).unwrap_or_default()
}

/// Whether a field says something: not null, false, zero, or empty.
pub(crate) fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
    }
}

/// How old a stamp is in whole seconds, never negative; none without a stamp.
pub(super) fn age_seconds(stamp: &str, now_ms: i64) -> Option<i64> {
    let age_ms = now_ms.saturating_sub(stamp::parse_iso_ms(stamp)?);
    Some(age_ms.max(0) / 1000)
}
