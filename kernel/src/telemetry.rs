//! What verdict events look like to metrics and log systems.
//!
//! Owns the two builders that the Python package has too. The exporters build
//! richer records of their own; these stay as they are, so that both can be compared.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;
use serde_json::Value;

use crate::Map;
use crate::verdict::{VerdictEvent, peer_severity};

/// One counter line for each pair of syscall and verdict, sorted, in the dialect of
/// DogStatsD: `PREFIX:COUNT|c|#syscall:S,verdict:V`.
#[must_use]
pub fn statsd_lines(events: &[VerdictEvent], prefix: &str) -> Vec<String> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for event in events {
        *counts.entry((or_none(&event.syscall), or_none(&event.verdict))).or_default() += 1;
    }
    let line = |((syscall, verdict), count): ((&str, &str), u64)| {
        format!("{prefix}:{count}|c|#syscall:{},verdict:{}", tag(syscall), tag(verdict))
    };
    counts.into_iter().map(line).collect()
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// A tag's value without the characters that end it.
fn tag(text: &str) -> String {
    text.replace(['|', ':', ',', '#', ' ', '\t', '\r', '\n'], "_")
}

/// One OpenTelemetry log record, before it takes the shape of the wire.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OtlpRecord {
    /// Syscall and verdict.
    pub body: String,
    /// 9, 13 or 17.
    pub severity_number: u8,
    /// What the event says, each key below `dos.`.
    pub attributes: Map,
    /// The event's stamp as it is.
    pub ts: String,
}

/// One log record for each event, in order. Detail that is no scalar becomes JSON
/// text.
#[must_use]
pub fn otlp_records(events: &[VerdictEvent]) -> Vec<OtlpRecord> {
    events.iter().map(otlp_record).collect()
}

fn otlp_record(event: &VerdictEvent) -> OtlpRecord {
    let mut attributes = Map::new();
    attributes.insert("dos.syscall".into(), event.syscall.as_str().into());
    attributes.insert("dos.verdict".into(), event.verdict.as_str().into());
    for (key, value) in [
        ("dos.run_id", &event.run_id),
        ("dos.lane", &event.lane),
        ("dos.subject", &event.subject),
        ("dos.source", &event.source),
    ] {
        if !value.is_empty() {
            attributes.insert(key.into(), value.as_str().into());
        }
    }
    for (key, value) in &event.detail {
        let value = match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => value.clone(),
            Value::Null | Value::Array(_) | Value::Object(_) => value.to_string().into(),
        };
        attributes.insert(format!("dos.detail.{key}"), value);
    }
    OtlpRecord {
        body: format!("{} {}", event.syscall, event.verdict).trim().into(),
        severity_number: peer_severity(&event.verdict).otlp_number(),
        attributes,
        ts: event.ts.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::{otlp_records, statsd_lines};
    use crate::verdict::VerdictEvent;
    use serde_json::json;

    #[test]
    fn every_character_that_ends_a_tag_is_replaced() {
        let event = VerdictEvent { syscall: "a|b:c,d#e f\tg\rh\ni".into(), ..Default::default() };
        assert_eq!(statsd_lines(&[event], "p"), ["p:1|c|#syscall:a_b_c_d_e_f_g_h_i,verdict:none"]);
    }

    #[test]
    fn detail_that_is_no_scalar_becomes_text() {
        let detail = json!({"a": [1, 2], "n": null, "x": 1.5}).as_object().cloned().unwrap();
        let records = otlp_records(&[VerdictEvent { detail, ..Default::default() }]);
        assert_eq!(records[0].attributes["dos.detail.a"], "[1,2]");
        assert_eq!(records[0].attributes["dos.detail.n"], "null");
        assert_eq!(records[0].attributes["dos.detail.x"], 1.5);
    }
}
