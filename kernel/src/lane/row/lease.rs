//! Rows that change a lease, or keep it alive.

use alloc::string::String;
use alloc::vec::Vec;

use super::{LaneRow, lease_row, put, put_some};
use crate::Map;
use crate::lane::Lease;

/// A lease is granted; its `acquired_at` is the row's own time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acquire {
    /// The lane.
    pub lane: String,
    /// The kind it is granted as.
    pub lane_kind: String,
    /// The path globs it covers.
    pub tree: Vec<String>,
    /// The stamp that the holder's loop chose for itself.
    pub loop_ts: String,
    /// The holder's host.
    pub host_id: String,
    /// The holder's process.
    pub pid: Option<i64>,
    /// Who holds it.
    pub holder: String,
    /// How long it is good for without a beat, in minutes.
    pub ttl_minutes: Option<u32>,
    /// The run that holds it.
    pub run_id: Option<String>,
    /// The fencing number of the grant, if it has one.
    pub fence: Option<u64>,
    /// Who held the lane before, if it was taken over.
    pub prev_holder: Option<String>,
    /// Why, for people.
    pub reason: String,
}

impl Acquire {
    /// The grant twice, as readers want it: on the row itself and as its lease.
    pub(super) fn fields(&self, ts: &str) -> Map {
        let mut row = lease_row(&self.lane, &self.loop_ts, &self.host_id);
        put(&mut row, "lane_kind", self.lane_kind.as_str());
        put(&mut row, "tree", self.tree.as_slice());
        put(&mut row, "pid", self.pid);
        let mut lease = row.clone();
        put(&mut lease, "holder", self.holder.as_str());
        put(&mut lease, "acquired_at", ts);
        put_some(&mut lease, "ttl_minutes", self.ttl_minutes);
        put_some(&mut lease, "run_id", self.run_id.as_deref());
        put_some(&mut lease, "fence", self.fence);
        put(&mut row, "ttl_minutes", self.ttl_minutes);
        put(&mut row, "prev_holder", self.prev_holder.as_deref());
        put(&mut row, "reason", self.reason.as_str());
        put(&mut row, "lease", lease);
        row
    }
}

/// A lease is given back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// The lane.
    pub lane: String,
    /// The lease's stamp.
    pub loop_ts: String,
    /// The holder's host.
    pub host_id: String,
    /// Why, for people.
    pub reason: String,
}

impl Release {
    pub(super) fn fields(&self) -> Map {
        let mut row = lease_row(&self.lane, &self.loop_ts, &self.host_id);
        put(&mut row, "reason", self.reason.as_str());
        row
    }
}

/// A lease is taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scavenge {
    /// The lane.
    pub lane: String,
    /// The lease's stamp.
    pub loop_ts: String,
    /// The holder's host.
    pub host_id: String,
    /// The holder's process.
    pub pid: Option<i64>,
    /// Who held it.
    pub prev_holder: Option<String>,
    /// Why, for people.
    pub reason: String,
}

impl Scavenge {
    pub(super) fn fields(&self) -> Map {
        let mut row = lease_row(&self.lane, &self.loop_ts, &self.host_id);
        put(&mut row, "pid", self.pid);
        put(&mut row, "prev_holder", self.prev_holder.as_deref());
        put(&mut row, "reason", self.reason.as_str());
        row
    }
}

/// A lease's holder lives; the beat is the row's own time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heartbeat {
    /// The lane.
    pub lane: String,
    /// The lease's stamp.
    pub loop_ts: String,
    /// The holder's host.
    pub host_id: String,
}

impl Heartbeat {
    pub(super) fn fields(&self, ts: &str) -> Map {
        let mut row = lease_row(&self.lane, &self.loop_ts, &self.host_id);
        put(&mut row, "heartbeat_at", ts);
        row
    }
}

/// A lease has another holder; the beat is the row's own time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adopt {
    /// The lane.
    pub lane: String,
    /// The lease's stamp.
    pub loop_ts: String,
    /// The new holder's host.
    pub host_id: String,
    /// The new holder's process.
    pub pid: Option<i64>,
    /// The new holder.
    pub holder: String,
    /// The old holder.
    pub prev_holder: Option<String>,
    /// Why, for people.
    pub reason: String,
}

impl Adopt {
    pub(super) fn fields(&self, ts: &str) -> Map {
        let mut row = lease_row(&self.lane, &self.loop_ts, &self.host_id);
        put(&mut row, "pid", self.pid);
        put(&mut row, "holder", self.holder.as_str());
        put(&mut row, "prev_holder", self.prev_holder.as_deref());
        put(&mut row, "heartbeat_at", ts);
        put(&mut row, "reason", self.reason.as_str());
        row
    }
}

impl LaneRow {
    /// The row that gives a lease back.
    #[must_use]
    pub fn release(lease: &Lease, reason: impl Into<String>) -> Self {
        Self::Release(Release {
            lane: lease.lane().into(),
            loop_ts: lease.loop_ts().into(),
            host_id: lease.host_id().into(),
            reason: reason.into(),
        })
    }

    /// The row that takes a lease back.
    #[must_use]
    pub fn scavenge(lease: &Lease, reason: impl Into<String>) -> Self {
        Self::Scavenge(Scavenge {
            lane: lease.lane().into(),
            loop_ts: lease.loop_ts().into(),
            host_id: lease.host_id().into(),
            pid: lease.pid(),
            prev_holder: Some(lease.holder()).filter(|holder| !holder.is_empty()).map(Into::into),
            reason: reason.into(),
        })
    }

    /// The row that says that a lease's holder lives.
    #[must_use]
    pub fn heartbeat(lease: &Lease) -> Self {
        Self::Heartbeat(Heartbeat {
            lane: lease.lane().into(),
            loop_ts: lease.loop_ts().into(),
            host_id: lease.host_id().into(),
        })
    }
}
