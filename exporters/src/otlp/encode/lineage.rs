//! Where an event stands among runs: its trace, its own span, and the span above it. Pure,
//! and from the one row alone: batches are cut anywhere and sent again.

use super::ids::{event_span_id, run_span_id, trace_id};
use crate::event::Event;

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lineage {
    /// The trace: everything below one root id.
    pub(super) trace: [u8; 16],
    /// The span that the event becomes.
    pub(super) span: [u8; 8],
    /// The span of the run that the event is about, if that run has or will have one.
    pub(super) run: Option<[u8; 8]>,
    /// Whether the event is the end of the run, and so the run's span.
    pub(super) is_run: bool,
}

impl Lineage {
    /// `None` when the event names neither a root nor a run.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let verdict = event.verdict();
        let named = verdict.detail.get("root_id").and_then(|root| root.as_str());
        let named = named.filter(|root| !root.is_empty());
        let run_id = verdict.run_id.as_str();
        let root = named.or(Some(run_id).filter(|run| !run.is_empty()))?;
        let is_worker = verdict.syscall == "worker";
        // The run of a population's verdict is the daemon itself, whose end is never a row.
        // Other tools name runs whose end is never a row either. A span whose parent never
        // comes looks broken in a viewer; without a parent it stands beside the others.
        let has_end = is_worker || (named.is_some() && verdict.syscall != "supervise");
        let run = (has_end && !run_id.is_empty()).then(|| run_span_id(run_id));
        let is_run = is_worker && verdict.verdict == "EXITED" && run.is_some();
        let span = run.filter(|_| is_run).unwrap_or_else(|| event_span_id(event.id()));
        Some(Self { trace: trace_id(root), span, run, is_run })
    }

    /// The span above.
    pub(super) fn parent(&self) -> Option<[u8; 8]> {
        self.run.filter(|_| !self.is_run)
    }

    /// The span that the event's log record belongs to: the run's, so that a viewer shows
    /// all records of a run beside it.
    pub(super) fn of_log(&self) -> [u8; 8] {
        self.run.unwrap_or(self.span)
    }
}
