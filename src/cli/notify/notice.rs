//! What a notification says. Pure: decisions or a frame in, a notice out.

use dosd_kernel::decisions::{Decision, Kind};
use dosd_kernel::frame::{Chip, Frame};
use serde::Serialize;

/// One notification; the keys are those of the Python tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Notice {
    pub(super) severity: Severity,
    pub(super) title: String,
    /// The whole of it, for people.
    pub(super) summary: String,
    /// What stands out: a name and a text each.
    pub(super) fields: Vec<(String, String)>,
    /// What tells one matter from another: a later notice with the same key replaces it.
    pub(super) key: String,
    pub(super) source: &'static str,
}

/// How soon somebody should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Severity {
    Info,
    Warn,
    Urgent,
}

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Urgent => "URGENT",
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Info => '·',
            Self::Warn => '▲',
            Self::Urgent => '■',
        }
    }
}

impl Notice {
    /// The first line for people.
    pub(super) fn headline(&self) -> String {
        format!("{} [{}] {}", self.severity.mark(), self.severity.as_str(), self.title)
    }

    /// All of it as one text.
    #[cfg(feature = "webhook")]
    pub(super) fn text(&self) -> String {
        format!("{}\n{}", self.headline(), self.summary)
    }
}

/// What waits for a decision, the first `most` of it as fields.
pub(super) fn of_decisions(decisions: &[Decision], most: usize, summary: String) -> Notice {
    let severity = if decisions.iter().any(|decision| decision.kind == Kind::Liveness) {
        Severity::Urgent
    } else if decisions.is_empty() {
        Severity::Info
    } else {
        Severity::Warn
    };
    let title = match decisions.len() {
        0 => "fleet clear: nothing waits for a decision".to_owned(),
        1 => "1 decision needs you".to_owned(),
        count => format!("{count} decisions need you"),
    };
    let fields = decisions.iter().take(most).map(field).collect();
    Notice {
        severity,
        title,
        summary,
        fields,
        key: "dos-decisions".to_owned(),
        source: "decisions",
    }
}

fn field(decision: &Decision) -> (String, String) {
    let Decision { kind, lane, reason_text, proposed_command, dup_count, .. } = decision;
    let name = match lane.as_str() {
        "" => kind.as_str().to_owned(),
        lane => format!("{} @ {lane}", kind.as_str()),
    };
    let stop = match proposed_command.as_str() {
        "" => String::new(),
        command => format!("  → stop: {command}"),
    };
    let again = if *dup_count > 1 { format!("  ({dup_count} times)") } else { String::new() };
    (name, format!("{reason_text}{stop}{again}"))
}

/// How the fleet stands.
pub(super) fn of_frame(frame: &Frame, summary: String) -> Notice {
    let count = |chip| frame.lanes.iter().filter(|lane| lane.chip == chip).count();
    let (spinning, stalled) = (count(Chip::Spinning), count(Chip::Stalled));
    let severity = match (stalled, spinning) {
        (0, 0) => Severity::Info,
        (0, _) => Severity::Warn,
        _ => Severity::Urgent,
    };
    let title = format!(
        "fleet: {} advancing · {spinning} spinning · {stalled} stalled · {} free",
        count(Chip::Advancing),
        count(Chip::Free),
    );
    let held = frame
        .lanes
        .iter()
        .filter(|lane| matches!(lane.chip, Chip::Advancing | Chip::Spinning | Chip::Stalled));
    let fields = held.map(|lane| {
        let text = format!("{}  {}", lane.chip.as_str(), lane.holder);
        (lane.lane.clone(), text.trim_end().to_owned())
    });
    Notice {
        severity,
        title,
        summary,
        fields: fields.collect(),
        key: format!("dos-top:{}", frame.workspace),
        source: "top",
    }
}
