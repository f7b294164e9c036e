//! One adjudication as a row.
//!
//! Owns both directions of the mapping between events and rows.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use core::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::Map;
use crate::draft::Draft;
use crate::fold::text_of;
use crate::stamp;

/// The source of what a verdict function decided.
pub const SOURCE_KERNEL: &str = "kernel";

/// The source of what a sensor reported.
pub const SOURCE_SENSOR: &str = "sensor";

/// One adjudication. It reads any row: a field that is missing or no text is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictEvent {
    /// Which function decided: `liveness`, `supervise` and so on.
    pub syscall: String,
    /// What it decided.
    pub verdict: String,
    /// The run it is about, or empty.
    pub run_id: String,
    /// The lane it is about, or empty.
    pub lane: String,
    /// What else it is about, or empty.
    pub subject: String,
    /// Counts that the environment produced, flat; never the worker's words.
    pub detail: Map,
    /// [`SOURCE_KERNEL`] or [`SOURCE_SENSOR`].
    pub source: String,
    /// The row's stamp as it is; empty for an event that is not written yet.
    pub ts: String,
}

/// An event of the kernel's own that says nothing yet.
impl Default for VerdictEvent {
    fn default() -> Self {
        Self {
            syscall: String::new(),
            verdict: String::new(),
            run_id: String::new(),
            lane: String::new(),
            subject: String::new(),
            detail: Map::new(),
            source: SOURCE_KERNEL.into(),
            ts: String::new(),
        }
    }
}

impl VerdictEvent {
    /// The event in a row.
    #[must_use]
    pub fn parse(row: &Map) -> Self {
        let text = |key| text_of(row, key).to_owned();
        let source = text("source");
        Self {
            syscall: text("syscall"),
            verdict: text("verdict"),
            run_id: text("run_id"),
            lane: text("lane"),
            subject: text("subject"),
            detail: row.get("detail").and_then(Value::as_object).cloned().unwrap_or_default(),
            source: if source.is_empty() { SOURCE_KERNEL.into() } else { source },
            ts: text("ts"),
        }
    }

    /// The row to write, stamped with this moment.
    #[must_use]
    pub fn draft(&self, ts_ms: i64) -> Draft {
        let mut row = Map::new();
        row.insert("schema_family".into(), "verdict-journal".into());
        row.insert("schema_version".into(), 1.into());
        row.insert("ts".into(), stamp::format_ms(ts_ms).into());
        for (key, value) in [
            ("syscall", &self.syscall),
            ("verdict", &self.verdict),
            ("run_id", &self.run_id),
            ("lane", &self.lane),
            ("subject", &self.subject),
            ("source", &self.source),
        ] {
            row.insert(key.into(), value.as_str().into());
        }
        row.insert("detail".into(), Value::Object(self.detail.clone()));
        Draft::new(row)
    }
}

/// As [`VerdictEvent::parse`], without a map in between: exporters read every row. Values
/// that are no part of an event are passed over unread.
impl<'de> Deserialize<'de> for VerdictEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowVisitor)
    }
}

/// A key of a row.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Syscall,
    Verdict,
    RunId,
    Lane,
    Subject,
    Detail,
    Source,
    Ts,
    #[serde(other)]
    Other,
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = VerdictEvent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of the verdict journal")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<VerdictEvent, A::Error> {
        let mut event = VerdictEvent::default();
        // Of a doubled key the last value counts.
        while let Some(key) = row.next_key()? {
            match key {
                Key::Syscall => event.syscall = text(row.next_value()?),
                Key::Verdict => event.verdict = text(row.next_value()?),
                Key::RunId => event.run_id = text(row.next_value()?),
                Key::Lane => event.lane = text(row.next_value()?),
                Key::Subject => event.subject = text(row.next_value()?),
                Key::Source => event.source = text(row.next_value()?),
                Key::Ts => event.ts = text(row.next_value()?),
                Key::Detail => event.detail = object(row.next_value()?),
                Key::Other => {
                    row.next_value::<IgnoredAny>()?;
                }
            }
        }
        if event.source.is_empty() {
            event.source = SOURCE_KERNEL.into();
        }
        Ok(event)
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            String::new()
        }
    }
}

fn object(value: Value) -> Map {
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::VerdictEvent;
    use alloc::string::String;
    use alloc::vec::Vec;
    use serde_json::json;

    #[test]
    fn writes_the_schema_and_reads_it_back() {
        let detail = json!({"alive": 3}).as_object().cloned().unwrap();
        let event = VerdictEvent {
            syscall: "supervise".into(),
            verdict: "FILLING".into(),
            detail,
            ..VerdictEvent::default()
        };
        let draft = event.draft(1_795_375_885_000);
        let mut line = Vec::new();
        draft.write_into(&mut line, 9);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            concat!(
                r#"{"crc32":"5e943f39","detail":{"alive":3},"lane":"","run_id":"","#,
                r#""schema_family":"verdict-journal","schema_version":1,"seq":9,"source":"kernel","subject":"","syscall":"supervise","#,
                r#""ts":"2026-11-22T19:31:25Z","verdict":"FILLING"}"#,
                "\n"
            )
        );
        let read = VerdictEvent::parse(draft.fields());
        assert_eq!(read, VerdictEvent { ts: "2026-11-22T19:31:25Z".into(), ..event });
    }

    #[test]
    fn a_line_reads_as_its_row_does() {
        for line in [
            "{}",
            r#"{"syscall":5,"detail":[1],"source":null,"lane":{},"ts":true}"#,
            r#"{"verdict":"A","verdict":"B","detail":{"a":1},"detail":{"b":{"c":[1.5]}}}"#,
            r#"{"source":"","subject":"\u00e9","run_id":"r","other":{"lane":"x"},"lane":"l"}"#,
            r#"{"source":"sensor","source":7,"ts":"2026-11-22T19:31Z"}"#,
        ] {
            let row: crate::Map = serde_json::from_str(line).unwrap();
            let read: VerdictEvent = serde_json::from_str(line).unwrap();
            assert_eq!(read, VerdictEvent::parse(&row), "{line}");
        }
        for line in ["[1]", "7", "null", "{\"a\":}"] {
            assert!(serde_json::from_str::<VerdictEvent>(line).is_err(), "{line}");
        }
    }

    #[test]
    fn odd_fields_are_empty() {
        let row = json!({"syscall": 5, "detail": [1], "source": null});
        assert_eq!(VerdictEvent::parse(row.as_object().unwrap()), VerdictEvent::default());
    }
}
