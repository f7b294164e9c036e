//! What a frame needs of the lane journal, row by row.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;

use crate::Map;
use crate::draft::Draft;
use crate::fold::{Fold, text_of};
use crate::lane::{LaneFold, Op};
use crate::lines::LineKind;
use crate::stamp;

/// The fold behind a frame: the leases, how often each lane moved, and who was about
/// to take a lane.
#[derive(Debug, Clone, Default)]
pub struct FrameFold {
    lanes: LaneFold,
    moves: BTreeMap<String, Moves>,
    /// The newest SPAWN of each lane.
    spawns: BTreeMap<String, SpawnIntent>,
    /// The lanes of `spawns`, in the order of their first SPAWN.
    spawned: Vec<String>,
}

/// Rows that moved a lane's leases.
#[derive(Debug, Clone, Copy, Default)]
struct Moves {
    born: bool,
    counted: i64,
}

/// Somebody is about to take a lane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpawnIntent {
    /// Who will hold it.
    pub holder: String,
    /// When that was written down; none if the row does not say.
    pub spawned_ms: Option<i64>,
}

impl FrameFold {
    /// The leases.
    #[must_use]
    pub fn lanes(&self) -> &LaneFold {
        &self.lanes
    }

    /// The leases, for queries that also tidy them.
    pub fn lanes_mut(&mut self) -> &mut LaneFold {
        &mut self.lanes
    }

    /// How often a lane moved since it was first granted. Its first ACQUIRE is no
    /// move; beats are none.
    #[must_use]
    pub fn moves(&self, lane: &str) -> i64 {
        self.moves.get(lane).map_or(0, |moves| moves.counted)
    }

    /// Who was about to take which lane, in the order of the lanes' first SPAWN.
    pub fn spawns(&self) -> impl Iterator<Item = (&str, &SpawnIntent)> {
        self.spawned.iter().filter_map(|lane| Some((lane.as_str(), self.spawns.get(lane)?)))
    }

    /// The newest intent for a lane.
    #[must_use]
    pub fn spawn(&self, lane: &str) -> Option<&SpawnIntent> {
        self.spawns.get(lane)
    }

    fn note(&mut self, row: &Map) {
        let (op, lane) = (Op::of(text_of(row, "op")), text_of(row, "lane"));
        if lane.is_empty() {
            return;
        }
        if op.is_event() {
            let moves = self.moves.entry(lane.into()).or_default();
            if op == Op::Acquire && !moves.born {
                moves.born = true;
            } else {
                moves.counted += 1;
            }
        } else if op == Op::Spawn {
            let stamps = ["ts", "heartbeat_at", "acquired_at"].map(|key| text_of(row, key));
            let stamp = stamps.into_iter().find(|stamp| !stamp.is_empty()).unwrap_or_default();
            let intent = SpawnIntent {
                holder: text_of(row, "holder").into(),
                spawned_ms: stamp::parse_iso_ms(stamp),
            };
            if self.spawns.insert(lane.into(), intent).is_none() {
                self.spawned.push(lane.into());
            }
        }
    }
}

impl Fold for FrameFold {
    fn apply_line(&mut self, line: &str) -> LineKind {
        let kind = self.lanes.apply_line(line);
        if kind == LineKind::Row
            && !is_passed_over(line)
            && let Ok(Value::Object(row)) = serde_json::from_str(line)
        {
            self.note(&row);
        }
        kind
    }

    fn apply_draft(&mut self, draft: &Draft, seq: u64) {
        self.note(draft.fields());
        self.lanes.apply_draft(draft, seq);
    }

    fn highest_seq(&self) -> u64 {
        self.lanes.highest_seq()
    }
}

/// Whether a line is a row that only the leases are interested in: a beat, most often.
/// What does not fit this quick look is looked at as a whole.
fn is_passed_over(line: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Glance<'a> {
        #[serde(borrow)]
        op: Cow<'a, str>,
    }
    serde_json::from_str::<Glance<'_>>(line).is_ok_and(|glance| {
        let op = Op::of(&glance.op);
        !op.is_event() && op != Op::Spawn
    })
}
