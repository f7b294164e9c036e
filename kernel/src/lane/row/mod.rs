//! The rows that we write to the lane journal.
//!
//! Owns their shapes, which other programs read. What others write may look
//! different; reading is the fold's work.

mod lease;
mod request;
mod worker;

use serde_json::Value;

pub use lease::{Acquire, Adopt, Heartbeat, Release, Scavenge};
pub use request::{Halt, Refuse, Spawn};
pub use worker::{WorkerExited, WorkerGaveUp, WorkerReset, WorkerStarted};

use super::op::Op;
use crate::Map;
use crate::draft::Draft;
use crate::stamp;

/// A row that we write. An empty `host_id` is written as null: it is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneRow {
    /// A lease is granted.
    Acquire(Acquire),
    /// A lease is given back.
    Release(Release),
    /// A lease is taken back.
    Scavenge(Scavenge),
    /// A lease's holder lives.
    Heartbeat(Heartbeat),
    /// A lease has another holder.
    Adopt(Adopt),
    /// A worker is about to be started.
    Spawn(Spawn),
    /// A worker is to be stopped.
    Halt(Halt),
    /// A request for a lane was refused.
    Refuse(Refuse),
    /// A worker's process exists.
    WorkerStarted(WorkerStarted),
    /// A worker's process is gone.
    WorkerExited(WorkerExited),
    /// A lane's worker failed too often and is left alone.
    WorkerGaveUp(WorkerGaveUp),
    /// A lane's tries are forgotten, because an operator says so.
    WorkerReset(WorkerReset),
}

impl LaneRow {
    /// The kind of row.
    #[must_use]
    pub fn op(&self) -> Op {
        match self {
            Self::Acquire(_) => Op::Acquire,
            Self::Release(_) => Op::Release,
            Self::Scavenge(_) => Op::Scavenge,
            Self::Heartbeat(_) => Op::Heartbeat,
            Self::Adopt(_) => Op::Adopt,
            Self::Spawn(_) => Op::Spawn,
            Self::Halt(_) => Op::Halt,
            Self::Refuse(_) => Op::Refuse,
            Self::WorkerStarted(_) => Op::WorkerStarted,
            Self::WorkerExited(_) => Op::WorkerExited,
            Self::WorkerGaveUp(_) => Op::WorkerGaveUp,
            Self::WorkerReset(_) => Op::WorkerReset,
        }
    }

    /// The row to write, stamped with this moment.
    #[must_use]
    pub fn draft(&self, ts_ms: i64) -> Draft {
        let ts = stamp::format_ms(ts_ms);
        let mut fields = match self {
            Self::Acquire(row) => row.fields(&ts),
            Self::Release(row) => row.fields(),
            Self::Scavenge(row) => row.fields(),
            Self::Heartbeat(row) => row.fields(&ts),
            Self::Adopt(row) => row.fields(&ts),
            Self::Spawn(row) => row.fields(),
            Self::Halt(row) => row.fields(),
            Self::Refuse(row) => row.fields(),
            Self::WorkerStarted(row) => row.fields(),
            Self::WorkerExited(row) => row.fields(),
            Self::WorkerGaveUp(row) => row.fields(),
            Self::WorkerReset(row) => row.fields(),
        };
        put(&mut fields, "op", self.op().as_str());
        put(&mut fields, "ts", ts);
        Draft::new(fields)
    }
}

/// The identity of a lease and its host, which most rows have.
fn lease_row(lane: &str, loop_ts: &str, host_id: &str) -> Map {
    let mut row = Map::new();
    put(&mut row, "lane", lane);
    put(&mut row, "loop_ts", loop_ts);
    put_host(&mut row, host_id);
    row
}

fn put_host(row: &mut Map, host_id: &str) {
    put(row, "host_id", Some(host_id).filter(|host| !host.is_empty()));
}

fn put(row: &mut Map, key: &str, value: impl Into<Value>) {
    row.insert(key.into(), value.into());
}

/// Puts a value that readers expect to be left out, not null, when there is none.
fn put_some(row: &mut Map, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(row, key, value);
    }
}

#[cfg(test)]
mod tests;
