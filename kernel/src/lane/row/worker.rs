//! Rows about worker processes. Other programs ignore them; a restarted daemon finds
//! its workers by them.

use alloc::string::String;
use alloc::vec::Vec;

use super::{put, put_host, put_some};
use crate::Map;
use crate::restart::Excuse;

/// A worker's process exists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerStarted {
    /// The lane.
    pub lane: String,
    /// The run.
    pub run_id: String,
    /// Its process.
    pub pid: u32,
    /// When the process started, in clock ticks since boot.
    pub start_ticks: u64,
    /// The boot it belongs to.
    pub boot_id: String,
    /// The process group it leads.
    pub pgid: u32,
    /// The host.
    pub host_id: String,
    /// The command line.
    pub argv: Vec<String>,
    /// The workspace's commit at the start.
    pub start_sha: Option<String>,
    /// The run at the root of its lineage; none if that is not known.
    pub root_id: Option<String>,
}

impl WorkerStarted {
    pub(super) fn fields(&self) -> Map {
        let mut row = run_row(&self.lane, &self.run_id);
        put(&mut row, "pid", self.pid);
        put(&mut row, "start_ticks", self.start_ticks);
        put(&mut row, "boot_id", self.boot_id.as_str());
        put(&mut row, "pgid", self.pgid);
        put_host(&mut row, &self.host_id);
        put(&mut row, "argv", self.argv.as_slice());
        put_some(&mut row, "start_sha", self.start_sha.as_deref());
        put_some(&mut row, "root_id", self.root_id.as_deref());
        row
    }
}

/// A worker's process is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerExited {
    /// The lane.
    pub lane: String,
    /// The run.
    pub run_id: String,
    /// Its process; none if it never came to be.
    pub pid: Option<u32>,
    /// Its exit code; none if a signal ended it or nobody saw the end.
    pub code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// How long it lived.
    pub ran_ms: i64,
    /// Why it does not count for the restart rule; none if it does.
    pub excused: Option<Excuse>,
    /// The run at the root of its lineage; none if that is not known.
    pub root_id: Option<String>,
}

impl WorkerExited {
    pub(super) fn fields(&self) -> Map {
        let mut row = run_row(&self.lane, &self.run_id);
        put(&mut row, "pid", self.pid);
        put(&mut row, "code", self.code);
        put_some(&mut row, "signal", self.signal);
        put(&mut row, "ran_ms", self.ran_ms);
        put_some(&mut row, "excused", self.excused.map(Excuse::as_str));
        put_some(&mut row, "root_id", self.root_id.as_deref());
        row
    }
}

/// A lane's worker failed too often and is left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerGaveUp {
    /// The lane.
    pub lane: String,
    /// The last run.
    pub run_id: String,
    /// Failures inside the window.
    pub failures: u32,
    /// The window they were counted in.
    pub window_ms: i64,
}

impl WorkerGaveUp {
    pub(super) fn fields(&self) -> Map {
        let mut row = run_row(&self.lane, &self.run_id);
        put(&mut row, "failures", self.failures);
        put(&mut row, "window_ms", self.window_ms);
        row
    }
}

/// A lane's tries are forgotten, because an operator says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerReset {
    /// The lane.
    pub lane: String,
    /// Whether it was given up.
    pub gave_up: bool,
    /// The failures that are forgotten.
    pub failures: u32,
}

impl WorkerReset {
    pub(super) fn fields(&self) -> Map {
        let mut row = Map::new();
        put(&mut row, "lane", self.lane.as_str());
        put(&mut row, "gave_up", self.gave_up);
        put(&mut row, "failures", self.failures);
        row
    }
}

fn run_row(lane: &str, run_id: &str) -> Map {
    let mut row = Map::new();
    put(&mut row, "lane", lane);
    put(&mut row, "run_id", run_id);
    row
}
