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
}

impl Matter for ReleaseLane {
    type Answer = Released;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Released> {
        let Self { lane, owner, loop_ts } = self;
        let held =
            newest(docket.lanes, &lane, &loop_ts, |holder| holder.is_empty() || holder == owner);
        let release = |lease: &Arc<Lease>| {
            LaneRow::release(lease, format!("lane-lease:{owner}")).draft(docket.now_ms)
        };
        let rows: Vec<_> = held.map(release).into_iter().collect();
        let released = !rows.is_empty();
        Ruling { rows, answer: Released { released, lane, owner } }
    }
}

impl Matter for BeatLane {
    type Answer = Beaten;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Beaten> {
        let Self { lane, owner, loop_ts, coalesce_within_s } = self;
        let held =
            newest(docket.lanes, &lane, &loop_ts, |holder| !holder.is_empty() && holder == owner);
        let Some(lease) = held else {
            return Ruling::silent(Beaten { beat: false, lane, owner });
        };
        let is_due = age_s(lease, docket.now_ms).is_none_or(|age_s| age_s >= coalesce_within_s);
        let beat = is_due.then(|| LaneRow::heartbeat(lease).draft(docket.now_ms));
        Ruling { rows: beat.into_iter().collect(), answer: Beaten { beat: true, lane, owner } }
    }
}

/// The newest live lease on a lane with this stamp, if one is given, and such a holder.
fn newest<'a>(
    lanes: &'a LaneFold,
    lane: &str,
    loop_ts: &str,
    is_theirs: impl Fn(&str) -> bool,
) -> Option<&'a Arc<Lease>> {
    lanes
        .leases()
        .filter(|lease| lease.lane() == lane && (loop_ts.is_empty() || lease.loop_ts() == loop_ts))
        .filter(|lease| is_theirs(lease.holder()))
        .last()
}

/// The age of the newest beat that the lease itself names, or of its grant.
#[expect(clippy::cast_precision_loss, reason = "exact for ages up to 285,000 years")]
fn age_s(lease: &Lease, now_ms: i64) -> Option<f64> {
    let beat_ms = stamp::parse_ms(lease.heartbeat_at().or(lease.acquired_at())?)?;
    Some(now_ms.saturating_sub(beat_ms) as f64 / 1000.0)
}
