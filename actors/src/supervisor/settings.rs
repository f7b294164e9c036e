//! What the population of a daemon is kept by.

use dosd_kernel::population::{self, ByLane, Lanes};
use dosd_kernel::run_id::Lineage;
use dosd_kernel::{liveness, restart};

/// Who journals a worker's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseMode {
    /// The worker acquires, beats and releases: the Python tool's habit.
    Worker,
    /// The daemon does it for the worker: for plain programs.
    Supervisor,
}

/// The roster and the policies.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// Which lanes there are.
    pub lanes: Lanes,
    /// How many workers, and what counts as one.
    pub policy: population::Policy,
    /// When a worker advances, spins or has stalled.
    pub liveness: liveness::Policy,
    /// When a lane gets its next try.
    pub restart: ByLane<restart::Policy>,
    /// Who journals leases.
    pub lease: ByLane<LeaseMode>,
    /// Between two looks when nothing happens.
    pub tick: std::time::Duration,
    /// This machine's name in journal rows.
    pub host_id: String,
    /// The daemon's process id, which stands in the leases that it holds for
    /// its workers.
    pub pid: u32,
    /// The daemon's own place in the lineage: its workers' parent.
    pub lineage: Lineage,
}

impl FleetSettings {
    /// Between two beats of a lease that the daemon holds: three fit into the
    /// time after which a lease without beats counts as stalled.
    #[must_use]
    pub fn beat_interval_ms(&self) -> i64 {
        (self.liveness.spin_ms / 3).max(1)
    }
}
