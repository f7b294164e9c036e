//! What a planner sees of the lane journal.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::lease::Lease;
use super::progress::Progress;
use crate::stamp;

/// The lane journal as of one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The moment.
    pub now_ms: i64,
    /// The live leases, first acquired first.
    pub leases: Vec<LiveLease>,
    /// Lines that did not parse.
    pub corrupt: u64,
    /// Where the journal's numbering stands.
    pub highest_seq: u64,
}

/// A live lease, and what the journal says about it.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveLease {
    /// The lease.
    pub lease: Arc<Lease>,
    /// When it was granted, or the moment of the observation if it does not say.
    pub started_ms: i64,
    /// Its progress since then. Without a beat in the journal, the beat is the one
    /// that the lease itself names, or else its grant.
    pub progress: Progress,
}

impl LiveLease {
    /// `journal` gives the lease's progress since a start.
    pub(super) fn new(
        lease: &Arc<Lease>,
        now_ms: i64,
        journal: impl FnOnce(i64) -> Progress,
    ) -> Self {
        let started_ms = lease.acquired_ms().unwrap_or(now_ms);
        let mut progress = journal(started_ms);
        if progress.newest_heartbeat_age_ms.is_none() {
            let beat = lease.heartbeat_at().or(lease.acquired_at());
            progress.newest_heartbeat_age_ms = beat
                .and_then(stamp::parse_iso_ms)
                .map(|beat_ms| now_ms.saturating_sub(beat_ms).max(0));
        }
        Self { lease: Arc::clone(lease), started_ms, progress }
    }
}
