//! Rows that say what was asked for: a start, a stop, a lane that was refused.

use alloc::string::String;

use super::{lease_row, put, put_some};
use crate::Map;

/// A worker is about to be started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spawn {
    /// The lane.
    pub lane: String,
    /// The stamp its loop is given.
    pub loop_ts: String,
    /// Who will hold the lease.
    pub holder: String,
    /// The host it will run on.
    pub host_id: String,
    /// The process that starts it.
    pub pid: Option<i64>,
    /// The run.
    pub run_id: Option<String>,
    /// The run at the root of its lineage; none if that is not known.
    pub root_id: Option<String>,
    /// Why, for people.
    pub reason: String,
}

impl Spawn {
    pub(super) fn fields(&self) -> Map {
        let mut row = lease_row(&self.lane, &self.loop_ts, &self.host_id);
        put(&mut row, "holder", self.holder.as_str());
        put(&mut row, "pid", self.pid);
        put_some(&mut row, "run_id", self.run_id.as_deref());
        put_some(&mut row, "root_id", self.root_id.as_deref());
        put(&mut row, "reason", self.reason.as_str());
        row
    }
}

/// A worker is to be stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Halt {
    /// What names it to whoever stops it; opaque.
    pub handle: String,
    /// The lane.
    pub lane: String,
    /// The lease's stamp.
    pub loop_ts: String,
    /// The holder's host.
    pub host_id: String,
    /// The run.
    pub run_id: Option<String>,
    /// The command that would stop it.
    pub command: Option<String>,
    /// Why, for people.
    pub reason: String,
}

impl Halt {
    pub(super) fn fields(&self) -> Map {
        let mut row = lease_row(&self.lane, &self.loop_ts, &self.host_id);
        put(&mut row, "handle", self.handle.as_str());
        put(&mut row, "run_id", self.run_id.as_deref());
        put(&mut row, "command", self.command.as_deref());
        put(&mut row, "reason", self.reason.as_str());
        row
    }
}

/// A request for a lane was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refuse {
    /// The lane that was asked for.
    pub lane: String,
    /// The stamp of the loop that asked.
    pub loop_ts: String,
    /// The host that asked.
    pub host_id: String,
    /// The run that asked.
    pub run_id: Option<String>,
    /// Who asked.
    pub holder: String,
    /// Why, for people.
    pub reason: String,
    /// Why, for programs; empty when there is no class for it.
    pub reason_class: String,
}

impl Refuse {
    pub(super) fn fields(&self) -> Map {
        let mut row = lease_row(&self.lane, &self.loop_ts, &self.host_id);
        put(&mut row, "run_id", self.run_id.as_deref());
        put(&mut row, "holder", self.holder.as_str());
        put(&mut row, "reason", self.reason.as_str());
        put(&mut row, "reason_class", self.reason_class.as_str());
        row
    }
}
