//! One verdict event on its way to a sink. It holds the row as it stands in the
//! journal and never changes it.

use dosd_actors::journal::EventId;
use dosd_kernel::stamp;
use dosd_kernel::verdict::{Severity, VerdictEvent, severity};

/// A row of the verdict journal with its id.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    id: EventId,
    row: String,
    verdict: VerdictEvent,
}

impl Event {
    /// Reads a row; `None` when it is not a JSON object.
    #[must_use]
    pub fn parse(id: EventId, row: String) -> Option<Self> {
        let verdict = serde_json::from_str(&row).ok()?;
        Some(Self { id, row, verdict })
    }

    /// The id: the same on every try and after every restart.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The row as it stands in the journal, without its newline.
    #[must_use]
    pub fn row(&self) -> &str {
        &self.row
    }

    /// The adjudication in the row.
    #[must_use]
    pub fn verdict(&self) -> &VerdictEvent {
        &self.verdict
    }

    /// How loud the verdict is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        severity(&self.verdict.verdict)
    }

    /// When it was written, epoch ms; `None` when the row has no valid `ts`.
    #[must_use]
    pub fn ts_ms(&self) -> Option<i64> {
        stamp::parse_ms(&self.verdict.ts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::event_id;

    #[test]
    fn a_row_keeps_its_text_and_shows_its_fields() {
        let row = r#"{"syscall":"liveness","ts":"2026-11-22T19:31:25Z","verdict":"STALLED"}"#;
        let event = Event::parse(event_id(0), row.to_owned()).unwrap();
        assert_eq!(event.row(), row);
        assert_eq!(event.verdict().syscall, "liveness");
        assert_eq!(event.severity(), Severity::Error);
        assert_eq!(event.ts_ms(), Some(1_795_375_885_000));
    }

    #[test]
    fn odd_fields_read_as_absent() {
        let event =
            Event::parse(event_id(0), r#"{"syscall":7,"ts":"yesterday"}"#.to_owned()).unwrap();
        assert_eq!(event.verdict().syscall, "");
        assert_eq!(event.severity(), Severity::Info);
        assert_eq!(event.ts_ms(), None);
        assert!(Event::parse(event_id(0), "[1]".to_owned()).is_none());
    }
}
