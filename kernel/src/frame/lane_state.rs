//! How each lane stands at one moment.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::fold::FrameFold;
use crate::invalid::InvalidArgument;
use crate::lane::Lease;
use crate::liveness::{self, Evidence, Liveness};
use crate::population::Lanes;
use crate::stamp;

/// A SPAWN older than this whose worker never took its lane is forgotten: it died on
/// the way.
pub const SPAWN_TTL_MS: i64 = 120_000;

/// A lane's mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Chip {
    /// Held, and it goes forward.
    #[serde(rename = "🟢 ADVANCING")]
    Advancing,
    /// Held, alive, and nothing to show.
    #[serde(rename = "🟡 SPINNING")]
    Spinning,
    /// Held, and no sign of life.
    #[serde(rename = "🔴 STALLED")]
    Stalled,
    /// Free, and a worker is on its way.
    #[serde(rename = "🔵 SPAWNING")]
    Spawning,
    /// Free.
    #[serde(rename = "⚪ FREE")]
    Free,
}

impl Chip {
    /// The mark as a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advancing => "ADVANCING",
            Self::Spinning => "SPINNING",
            Self::Stalled => "STALLED",
            Self::Spawning => "SPAWNING",
            Self::Free => "FREE",
        }
    }
}

impl From<Liveness> for Chip {
    fn from(liveness: Liveness) -> Self {
        match liveness {
            Liveness::Advancing => Self::Advancing,
            Liveness::Spinning => Self::Spinning,
            Liveness::Stalled => Self::Stalled,
        }
    }
}

/// One lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LaneState {
    /// Its name.
    pub lane: String,
    /// Its mark.
    pub chip: Chip,
    /// The loop that holds it, or empty.
    pub loop_ts: String,
    /// Who holds it or will hold it, or empty.
    pub holder: String,
    /// Age of the holder's newest beat, or of the intent to take it; none without.
    pub heartbeat_age_ms: Option<i64>,
    /// Why it has its mark, in one sentence; empty when it is free.
    pub liveness_reason: String,
    /// Whether it runs alone.
    pub is_exclusive: bool,
}

/// All lanes at a moment: the declared ones in roster order, then others that are held,
/// then others that somebody is about to take. No lease is ever invisible.
///
/// # Errors
///
/// When a window of the policy is negative.
pub fn lane_states(
    lanes: &Lanes,
    fold: &FrameFold,
    policy: &liveness::Policy,
    now_ms: i64,
) -> Result<Vec<LaneState>, InvalidArgument> {
    let mut leases: BTreeMap<&str, &Lease> = BTreeMap::new();
    let mut held = Vec::new();
    for lease in fold.lanes().leases() {
        held.push(lease.lane());
        leases.insert(lease.lane(), lease);
    }
    let coming = fold.spawns().map(|(lane, _)| lane);
    let declared = lanes.concurrent.iter().chain(&lanes.exclusive).map(String::as_str);
    let roster = declared.clone().map(|lane| (lane, true));
    let others = held.into_iter().chain(coming).map(|lane| (lane, false));
    let mut seen = alloc::collections::BTreeSet::new();
    let mut states = Vec::new();
    for (lane, is_declared) in roster.chain(others) {
        if lane.is_empty() || !seen.insert(lane) {
            continue;
        }
        let state = match leases.get(lane) {
            Some(lease) => held_state(lease, fold.moves(lane), policy, now_ms)?,
            None => match spawning_state(lane, fold, now_ms) {
                Some(state) => state,
                None if is_declared => free_state(lane),
                None => continue,
            },
        };
        states.push(LaneState { is_exclusive: lanes.is_exclusive(lane), ..state });
    }
    Ok(states)
}

fn held_state(
    lease: &Lease,
    moves: i64,
    policy: &liveness::Policy,
    now_ms: i64,
) -> Result<LaneState, InvalidArgument> {
    let beat = lease.heartbeat_at().or(lease.acquired_at()).and_then(stamp::parse_iso_ms);
    let evidence = Evidence {
        run_started_ms: lease.acquired_ms().map_or(now_ms, |acquired_ms| acquired_ms.min(now_ms)),
        now_ms,
        journal_events_since: moves,
        last_heartbeat_age_ms: beat.map(|beat_ms| now_ms.saturating_sub(beat_ms).max(0)),
        ..Evidence::default()
    };
    let report = liveness::report(&evidence, policy)?;
    Ok(LaneState {
        chip: report.verdict.into(),
        loop_ts: lease.loop_ts().into(),
        holder: lease.holder().into(),
        heartbeat_age_ms: report.evidence.last_heartbeat_age_ms,
        liveness_reason: report.reason,
        ..free_state(lease.lane())
    })
}

/// A free lane that somebody is about to take. An intent without a time does not age.
fn spawning_state(lane: &str, fold: &FrameFold, now_ms: i64) -> Option<LaneState> {
    let intent = fold.spawn(lane)?;
    let age_ms = intent.spawned_ms.map(|spawned_ms| now_ms.saturating_sub(spawned_ms).max(0));
    if age_ms > Some(SPAWN_TTL_MS) {
        return None;
    }
    Some(LaneState {
        chip: Chip::Spawning,
        holder: intent.holder.clone(),
        heartbeat_age_ms: age_ms,
        liveness_reason: "a worker is on its way and holds no lease yet".to_owned(),
        ..free_state(lane)
    })
}

fn free_state(lane: &str) -> LaneState {
    LaneState {
        lane: lane.to_owned(),
        chip: Chip::Free,
        loop_ts: String::new(),
        holder: String::new(),
        heartbeat_age_ms: None,
        liveness_reason: String::new(),
        is_exclusive: false,
    }
}
