//! Values of a row as attributes. Pure.

use dosd_kernel::telemetry::otlp_records;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyKind;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use serde_json::Value;

use crate::event::Event;

/// A text attribute.
pub(in crate::otlp) fn attribute(key: &str, value: &str) -> KeyValue {
    key_value(key.to_owned(), AnyKind::StringValue(value.to_owned()))
}

/// A whole number as an attribute.
pub(super) fn count(key: &str, value: i64) -> KeyValue {
    key_value(key.to_owned(), AnyKind::IntValue(value))
}

/// A text as a value.
pub(super) fn text(value: String) -> AnyValue {
    AnyValue { value: Some(AnyKind::StringValue(value)) }
}

/// What is said about an event, as a body and attributes. Whoever cuts them short begins at
/// the end, so what says which event it is comes first, and the row's detail last.
pub(super) fn body_and_attributes(event: &Event) -> (String, Vec<KeyValue>) {
    let mut attributes = vec![attribute("dos.event_id", &event.id().to_string())];
    let mut body = String::new();
    for record in otlp_records(std::slice::from_ref(event.verdict())) {
        let (detail, own): (Vec<_>, Vec<_>) =
            record.attributes.into_iter().partition(|(key, _)| key.starts_with("dos.detail."));
        let all = own.into_iter().chain(detail);
        attributes.extend(all.map(|(key, value)| key_value(key, kind(value))));
        body = record.body;
    }
    (body, attributes)
}

fn key_value(key: String, value: AnyKind) -> KeyValue {
    KeyValue { key, value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn kind(value: Value) -> AnyKind {
    match value {
        Value::String(text) => AnyKind::StringValue(text),
        Value::Bool(flag) => AnyKind::BoolValue(flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(whole), _, _) => AnyKind::IntValue(whole),
            // Past 2^63 a double would be another number.
            (None, None, Some(real)) => AnyKind::DoubleValue(real),
            (None, Some(_), _) | (None, None, None) => AnyKind::StringValue(number.to_string()),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => AnyKind::StringValue(value.to_string()),
    }
}
