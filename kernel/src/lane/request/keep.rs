//! What the holder of a lease asks: to give it back, to keep it.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::lane::rule::{Docket, Matter, Ruling};
use crate::lane::{LaneFold, LaneRow, Lease};
use crate::stamp;

/// Take my lease back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseLane {
    /// Its lane.
    pub lane: String,
    /// Its holder. A lease that names none may be given back by anybody.
    pub owner: String,
    /// Its stamp; empty for the newest lease of this holder on the lane.
    pub loop_ts: String,
    /// Its fencing number; none where nobody asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<u64>,
}

/// Whether a lease was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// Whether there was such a lease.
    pub released: bool,
    /// The lane.
    pub lane: String,
    /// Who asked.
    pub owner: String,
    /// The fencing number that the lane's lease has, when another one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<u64>,
}

/// The holder of this lease lives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BeatLane {
    /// Its lane.
    pub lane: String,
    /// Its holder. Nobody can beat for a lease that names none: a beat keeps others
    /// off, so it has to come from somebody known.
    pub owner: String,
    /// Its stamp; empty for the newest lease of this holder on the lane.
    pub loop_ts: String,
    /// Its fencing number; none where nobody asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<u64>,
    /// A beat is left out while the newest one is younger than so many seconds.
    pub coalesce_within_s: f64,
}

/// Whether a lease was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beaten {
    /// Whether there is such a lease.
    pub beat: bool,
    /// The lane.
    pub lane: String,
    /// Who asked.
    pub owner: String,
    /// The fencing number that the lane's lease has, when another one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<u64>,
}

impl Matter for ReleaseLane {
    type Answer = Released;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Released> {
        let Self { lane, owner, loop_ts, fence } = self;
        let wanted = Wanted { lane: &lane, loop_ts: &loop_ts, fence };
        let held = wanted.newest(docket.lanes, |holder| holder.is_empty() || holder == owner);
        let release = |lease: &Arc<Lease>| {
            LaneRow::release(lease, format!("lane-lease:{owner}")).draft(docket.now_ms)
        };
        let rows: Vec<_> = held.map(release).into_iter().collect();
        let released = !rows.is_empty();
        let fence = if released { None } else { wanted.other_fence(docket.lanes) };
        Ruling { rows, answer: Released { released, lane, owner, fence } }
    }
}

impl Matter for BeatLane {
    type Answer = Beaten;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Beaten> {
        let Self { lane, owner, loop_ts, fence, coalesce_within_s } = self;
        let wanted = Wanted { lane: &lane, loop_ts: &loop_ts, fence };
        let held = wanted.newest(docket.lanes, |holder| !holder.is_empty() && holder == owner);
        let Some(lease) = held else {
            let fence = wanted.other_fence(docket.lanes);
            return Ruling::silent(Beaten { beat: false, lane, owner, fence });
        };
        let is_due = age_s(lease, docket.now_ms).is_none_or(|age_s| age_s >= coalesce_within_s);
        let rows = is_due.then(|| LaneRow::heartbeat(lease).draft(docket.now_ms));
        let answer = Beaten { beat: true, lane, owner, fence: None };
        Ruling { rows: rows.into_iter().collect(), answer }
    }
}

/// Which lease is meant.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    lane: &'a str,
    loop_ts: &'a str,
    fence: Option<u64>,
}

impl Wanted<'_> {
    /// The newest live lease that is meant and has such a holder.
    fn newest(self, lanes: &LaneFold, is_theirs: impl Fn(&str) -> bool) -> Option<&Arc<Lease>> {
        lanes
            .leases()
            .filter(|lease| lease.lane() == self.lane)
            .filter(|lease| self.loop_ts.is_empty() || lease.loop_ts() == self.loop_ts)
            .filter(|lease| self.fence.is_none() || lease.fence() == self.fence)
            .filter(|lease| is_theirs(lease.holder()))
            .last()
    }

    /// The fencing number of the newest grant of the lane, when another one was named:
    /// whoever named it may have been overtaken.
    fn other_fence(self, lanes: &LaneFold) -> Option<u64> {
        let named = self.fence?;
        let fences = lanes.leases().filter(|lease| lease.lane() == self.lane);
        fences.filter_map(|lease| lease.fence()).max().filter(|fence| *fence != named)
    }
}

/// The age of the newest beat that the lease itself names, or of its grant.
#[expect(clippy::cast_precision_loss, reason = "exact for ages up to 285,000 years")]
fn age_s(lease: &Lease, now_ms: i64) -> Option<f64> {
    let beat_ms = stamp::parse_ms(lease.heartbeat_at().or(lease.acquired_at())?)?;
    Some(now_ms.saturating_sub(beat_ms) as f64 / 1000.0)
}
