//! One adjudication as a row.
//!
//! Owns both directions of the mapping between events and rows.

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use serde::de::{Deserialize, Deserializer};
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

impl<'de> Deserialize<'de> for VerdictEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(|row| Self::parse(&row))
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
    fn odd_fields_are_empty() {
        let row = json!({"syscall": 5, "detail": [1], "source": null});
        assert_eq!(VerdictEvent::parse(row.as_object().unwrap()), VerdictEvent::default());
    }
}
