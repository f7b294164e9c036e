//! The lane journal as it is looked at: the kernel's fold, and what became of earlier runs.

use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold;
use dosd_kernel::lane::LaneFold;
use dosd_kernel::lines::LineKind;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a picture of the lanes is made from.
#[derive(Debug, Clone, Default)]
pub struct FleetFold {
    /// Leases, beats and open runs.
    pub lanes: LaneFold,
    /// What became of earlier runs.
    pub history: History,
}

/// What became of the earlier runs of each lane.
#[derive(Debug, Clone, Default)]
pub struct History(BTreeMap<String, Past>);

#[derive(Debug, Clone, Copy, Default)]
struct Past {
    ended: u64,
    gave_up: bool,
}

/// The fields that history is made of. Beats, which most rows are, end here.
#[derive(Deserialize)]
struct Glance<'a> {
    #[serde(borrow, default)]
    op: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    lane: Option<Cow<'a, str>>,
}

impl Fold for FleetFold {
    fn apply_line(&mut self, line: &str) -> LineKind {
        let kind = self.lanes.apply_line(line);
        if kind == LineKind::Row
            && let Ok(Glance { op: Some(op), lane: Some(lane) }) = serde_json::from_str(line)
        {
            self.history.note(&op, &lane);
        }
        kind
    }

    fn apply_draft(&mut self, draft: &Draft, seq: u64) {
        self.lanes.apply_draft(draft, seq);
        let text = |key: &str| draft.fields().get(key).and_then(Value::as_str).unwrap_or_default();
        self.history.note(text("op"), text("lane"));
    }

    fn highest_seq(&self) -> u64 {
        self.lanes.highest_seq()
    }
}

impl History {
    fn note(&mut self, op: &str, lane: &str) {
        match op {
            "WORKER_EXITED" => self.0.entry(lane.to_owned()).or_default().ended += 1,
            "WORKER_GAVE_UP" => self.0.entry(lane.to_owned()).or_default().gave_up = true,
            // Whoever starts one again was told to, or is another daemon.
            "SPAWN" | "WORKER_RESET" => {
                if let Some(past) = self.0.get_mut(lane) {
                    past.gave_up = false;
                }
            }
            _ => {}
        }
    }

    /// Runs of a lane that ended, as far as the journal goes back.
    #[must_use]
    pub fn ended(&self, lane: &str) -> u64 {
        self.0.get(lane).map_or(0, |past| past.ended)
    }

    /// The lanes that get no worker any more, each with its runs that ended.
    pub fn given_up(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().filter(|(_, past)| past.gave_up).map(|(lane, past)| (&**lane, past.ended))
    }
}
