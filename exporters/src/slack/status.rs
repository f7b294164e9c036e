//! How the fleet stands, as the one message that is edited. Pure.
//!
//! Ages are told in steps, so that the text changes when something happens and not with
//! every look.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use dosd_actors::supervisor::FleetView;
use dosd_kernel::liveness::Liveness;
use serde_json::{Value, json};

use super::escape::{code, unmentioned};
use super::gather::NAME_BYTES;
use super::message::section;

/// One section of lanes.
const SECTION_BYTES: usize = 2_800;
/// All lanes together.
const LANES_BYTES: usize = 9_000;

/// The message's text and blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Status {
    pub(super) text: String,
    pub(super) blocks: Vec<Value>,
}

impl Status {
    pub(super) fn body(&self) -> Value {
        json!({"text": self.text, "blocks": self.blocks})
    }
}

/// How the fleet stands at `now_ms`.
pub(super) fn status(workspace: &str, fleet: &FleetView, now_ms: i64) -> Status {
    let population = match &fleet.plan {
        Some(plan) => format!(
            "{} of {} alive, {} admissible, {}",
            plan.alive,
            plan.target,
            plan.admissible,
            plan.verdict.as_str()
        ),
        None => "not looked at yet".to_owned(),
    };
    let header = format!("{}: the fleet", unmentioned(workspace, 60));
    let head =
        json!({"type": "header", "text": {"type": "plain_text", "text": header, "emoji": false}});
    let mut blocks = vec![head, section(&population)];
    blocks.extend(lane_blocks(fleet, now_ms));
    let text = format!("{}: {population}", unmentioned(workspace, 80));
    Status { text, blocks }
}

fn lane_blocks(fleet: &FleetView, now_ms: i64) -> Vec<Value> {
    let (mut sections, mut text) = (Vec::new(), String::new());
    let (mut told, mut bytes) = (0, 0);
    let lanes = lanes(fleet);
    let mut lanes: Vec<_> = lanes.iter().map(|(name, lane)| (lane.state(), *name, lane)).collect();
    lanes.sort_by_key(|(state, name, _)| (state.0, *name));
    for ((_, mark, state), name, lane) in &lanes {
        let line = format!("{mark} {} {state}{}\n", code(name, NAME_BYTES), lane.more(now_ms));
        bytes += line.len();
        if bytes > LANES_BYTES {
            break;
        }
        if text.len() + line.len() > SECTION_BYTES {
            sections.push(std::mem::take(&mut text));
        }
        text += &line;
        told += 1;
    }
    if lanes.len() > told {
        let _ = writeln!(text, "… and {} more lanes", lanes.len() - told);
    }
    sections.push(text);
    sections
        .iter()
        .map(|text| text.trim_end())
        .filter(|text| !text.is_empty())
        .map(section)
        .collect()
}

/// What is known of a lane.
#[derive(Debug, Default)]
struct Lane {
    runs: usize,
    gave_up: bool,
    liveness: Option<Liveness>,
    beat_ms: Option<i64>,
}

fn lanes(fleet: &FleetView) -> BTreeMap<&str, Lane> {
    let mut lanes = BTreeMap::<&str, Lane>::new();
    for lane in fleet.plan.iter().flat_map(|plan| &plan.evidence.lanes) {
        lanes.entry(&lane.lane).or_default().liveness = lane.liveness;
    }
    for (lane, _) in &fleet.runs {
        lanes.entry(lane).or_default().runs += 1;
    }
    for (lane, at_ms) in &fleet.beats {
        lanes.entry(lane).or_default().beat_ms = Some(*at_ms);
    }
    for lane in &fleet.gave_up {
        lanes.entry(lane).or_default().gave_up = true;
    }
    lanes
}

impl Lane {
    /// Its state, with a mark, and with a number by which those stand first that somebody
    /// has to look at.
    fn state(&self) -> (u8, &'static str, &'static str) {
        let is_held = self.runs > 0 || self.beat_ms.is_some();
        match self.liveness {
            _ if self.gave_up => (0, "🔴", "gave up"),
            Some(Liveness::Stalled) if is_held => (0, "🔴", "stalled"),
            Some(Liveness::Spinning) if is_held => (1, "🟠", "spinning"),
            Some(Liveness::Advancing) if is_held => (2, "🟢", "advancing"),
            _ if self.runs > 0 => (2, "🟢", "running"),
            _ if is_held => (2, "🟢", "held"),
            _ => (3, "⚪", "free"),
        }
    }

    fn more(&self, now_ms: i64) -> String {
        let runs = if self.runs > 1 { format!(", {} runs", self.runs) } else { String::new() };
        let beat = self.beat_ms.map(|at| format!(", beat {}", age(now_ms.saturating_sub(at))));
        runs + &beat.unwrap_or_default()
    }
}

/// An age in steps.
fn age(ms: i64) -> String {
    const STEPS: [i64; 12] = [2, 5, 10, 20, 30, 60, 120, 240, 480, 720, 1_440, 2_880];
    let minutes = ms.max(0) / 60_000;
    match STEPS.iter().rev().find(|step| minutes >= **step) {
        None => "just now".to_owned(),
        Some(step @ 60..) => format!("over {} h ago", step / 60),
        Some(step) => format!("over {step} min ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_375_885_000;

    fn fleet() -> FleetView {
        FleetView {
            runs: vec![("docs".to_owned(), "r1".to_owned())],
            gave_up: vec!["<!here>".to_owned()],
            beats: vec![("docs".to_owned(), NOW_MS - 400_000)],
            ..FleetView::default()
        }
    }

    #[test]
    fn each_lane_has_its_line() {
        let status = status("R&D", &fleet(), NOW_MS);
        assert_eq!(status.text, "R&amp;D: not looked at yet");
        let lanes = status.blocks[2]["text"]["text"].as_str().unwrap();
        assert_eq!(lanes, "🔴 `&lt;!here&gt;` gave up\n🟢 `docs` running, beat over 5 min ago");
    }

    #[test]
    fn it_changes_in_steps() {
        let at = |later: i64| status("x", &fleet(), NOW_MS + later);
        assert_eq!(at(0), at(150_000));
        assert_ne!(at(0), at(250_000));
        assert_eq!(age(i64::MIN), "just now");
        assert_eq!(age(i64::MAX), "over 48 h ago");
    }

    #[test]
    fn more_lanes_than_fit_are_counted() {
        let runs = (0..5000).map(|n| (format!("lane-{n}&&&&&&&&"), String::new())).collect();
        let status = status("x", &FleetView { runs, ..FleetView::default() }, NOW_MS);
        assert!(status.blocks.len() < 10);
        let last = status.blocks.last().unwrap()["text"]["text"].as_str().unwrap();
        assert!(last.ends_with("more lanes"), "{last}");
        assert!(Value::Array(status.blocks).to_string().len() < 12_000);
    }
}
