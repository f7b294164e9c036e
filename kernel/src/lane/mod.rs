//! The lane journal: who holds which lane, and what was decided about it.
//!
//! Owns the rows, the leases that they add up to, and what they say about progress.
//! Never reads or writes the file: lines come in as text, drafts go out as values.

mod compact;
mod expiry;
mod fold;
mod lease;
mod observe;
mod op;
mod past;
mod progress;
mod request;
mod row;
mod rule;
mod runs;
mod view;

pub use compact::{compact, replay};
pub use expiry::{DEFAULT_TTL_MINUTES, Expiry, GRACE_MS, HolderProcess, expiry};
pub use fold::LaneFold;
pub use lease::{Lease, LeaseKey};
pub use observe::{LiveLease, Observation};
pub use op::Op;
pub use past::{LanePast, PastEnd, PastGivingUp};
pub use progress::{Progress, delta};
pub use request::{
    AcquireLane, Acquired, Asker, BeatLane, Beaten, Halted, LaneReply, LaneRequest, NoteHalt,
    NoteSpawn, ReleaseLane, Released, Spawned,
};
pub use row::{
    Acquire, Adopt, Halt, Heartbeat, LaneRow, Refuse, Release, Scavenge, Spawn, WorkerExited,
    WorkerGaveUp, WorkerReset, WorkerStarted,
};
pub use rule::{Docket, Matter, Ruling};
pub use runs::{OpenRun, StartedProcess};

#[cfg(test)]
mod tests;
