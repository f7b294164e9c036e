//! Records that are too long to be sent are cut, and say so. Pure.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use prost::Message as _;

use super::value::count;

/// Bytes of a log record or span, as encoded, past which it is cut.
pub const MAX_RECORD_BYTES: usize = 1024 * 1024;

/// What stays of a text in a record that is cut.
const VALUE_BYTES: usize = 4096;

/// A longer key is no key, and half of it would be another one.
const KEY_BYTES: usize = 256;

/// What stays of all attributes.
const ATTRIBUTES_BYTES: usize = 256 * 1024;

/// The attributes that stay, with `dos.cut.shortened` and `dos.cut.dropped` that count the
/// others, and that last count again.
pub(super) fn attributes(attributes: Vec<KeyValue>) -> (Vec<KeyValue>, u32) {
    let (mut kept, mut bytes, mut shortened, mut dropped) = (Vec::new(), 0, 0, 0_u32);
    for mut attribute in attributes {
        if attribute.key.len() > KEY_BYTES {
            dropped = dropped.saturating_add(1);
            continue;
        }
        let whole = attribute.encoded_len();
        attribute.value = attribute.value.map(value);
        let length = attribute.encoded_len();
        if bytes + length > ATTRIBUTES_BYTES {
            dropped = dropped.saturating_add(1);
            continue;
        }
        shortened += i64::from(length != whole);
        bytes += length;
        kept.push(attribute);
    }
    kept.push(count("dos.cut.shortened", shortened));
    kept.push(count("dos.cut.dropped", i64::from(dropped)));
    (kept, dropped)
}

/// A value, its text cut.
pub(super) fn value(value: AnyValue) -> AnyValue {
    match value.value {
        Some(Value::StringValue(text)) => {
            AnyValue { value: Some(Value::StringValue(line(&text, VALUE_BYTES))) }
        }
        _ => value,
    }
}

/// The beginning of a text, with a mark where it was cut.
pub(super) fn line(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes);
    format!("{}…", text.get(..end).unwrap_or_default())
}
