//! What is put on record and changes no lease: that somebody comes, that somebody is
//! to be stopped.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Asker;
use crate::lane::rule::{Docket, Matter, Ruling};
use crate::lane::{Halt, LaneRow, Lease, Spawn};
use crate::stamp;

/// Somebody is about to take a lane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteSpawn {
    /// Who starts it.
    pub asker: Asker,
    /// The lane.
    pub lane: String,
    /// The stamp of the lease to come; empty for this moment.
    pub loop_ts: String,
    /// The run, or empty.
    pub run_id: String,
    /// Why; empty to say who asked.
    pub reason: String,
}

/// What was noted about a start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawned {
    /// Whether it is on disk.
    pub recorded: bool,
    /// The lane.
    pub lane: String,
    /// The stamp for the lease to come.
    pub loop_ts: String,
    /// Who will hold it.
    pub holder: String,
}

/// Somebody is to be stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteHalt {
    /// What names it to whoever stops it; opaque here.
    pub handle: String,
    /// Its lane, or empty.
    pub lane: String,
    /// The stamp of its lease, or empty.
    pub loop_ts: String,
    /// Who wants it stopped, or empty.
    pub owner: String,
    /// Why; empty to say who asked.
    pub reason: String,
    /// Its run, or empty.
    pub run_id: String,
    /// The command that would stop it, or empty. Never run here.
    pub command: String,
}

/// What was noted about a stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halted {
    /// Whether it is on disk.
    pub recorded: bool,
    /// The handle, as it came.
    pub handle: String,
    /// The command, as it came.
    pub command: Option<String>,
    /// The lane of the lease that it is about, as far as that is known.
    pub lane: String,
    /// The stamp of that lease.
    pub loop_ts: String,
}

impl Matter for NoteSpawn {
    type Answer = Spawned;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Spawned> {
        let Self { asker: Asker { owner, host_id, pid }, lane, loop_ts, run_id, reason } = self;
        let loop_ts = stamp_or_now(&loop_ts, docket.now_ms);
        let reason = reason_or(reason, "spawn", &owner);
        let holder = match (owner.is_empty(), pid) {
            (false, _) => owner,
            (true, Some(pid)) => format!("{host_id}:{pid}"),
            (true, None) => host_id.clone(),
        };
        let row = LaneRow::Spawn(Spawn {
            lane: lane.clone(),
            loop_ts: loop_ts.clone(),
            holder: holder.clone(),
            host_id,
            pid: pid.map(Into::into),
            run_id: given(run_id),
            root_id: None,
            reason,
        });
        Ruling {
            rows: Vec::from([row.draft(docket.now_ms)]),
            answer: Spawned { recorded: true, lane, loop_ts, holder },
        }
    }
}

impl Matter for NoteHalt {
    type Answer = Halted;

    fn rule(self, docket: &Docket<'_>) -> Ruling<Halted> {
        let lease = docket.lanes.leases().find(|lease| self.is_about(lease));
        let Self { handle, lane, loop_ts, owner, reason, run_id, command } = self;
        let known = |of: fn(&Lease) -> &str, given: String| {
            let found = lease.map(|lease| of(lease)).filter(|text| !text.is_empty());
            found.map_or(given, String::from)
        };
        let (lane, loop_ts) = (known(Lease::lane, lane), known(Lease::loop_ts, loop_ts));
        let command = given(command);
        let row = LaneRow::Halt(Halt {
            handle: handle.clone(),
            lane: lane.clone(),
            loop_ts: loop_ts.clone(),
            host_id: known(Lease::host_id, String::new()),
            run_id: given(run_id),
            command: command.clone(),
            reason: reason_or(reason, "halt", &owner),
        });
        Ruling {
            rows: Vec::from([row.draft(docket.now_ms)]),
            answer: Halted { recorded: true, handle, command, lane, loop_ts },
        }
    }
}

impl NoteHalt {
    /// Whether this is the lease of what is to be stopped: by the lane and the stamp
    /// where they are given, else by a handle that is its process.
    fn is_about(&self, lease: &Arc<Lease>) -> bool {
        let is = |given: &str, held: &str| given.is_empty() || given == held;
        if self.lane.is_empty() && self.loop_ts.is_empty() {
            return lease.pid().is_some_and(|pid| pid.to_string() == self.handle);
        }
        is(&self.lane, lease.lane()) && is(&self.loop_ts, lease.loop_ts())
    }
}

/// The stamp of a lease's identity: what was given, or this moment.
pub(super) fn stamp_or_now(given: &str, now_ms: i64) -> String {
    if given.is_empty() { stamp::format_ms(now_ms) } else { given.into() }
}

fn reason_or(given: String, what: &str, owner: &str) -> String {
    match (given.is_empty(), owner.is_empty()) {
        (false, _) => given,
        (true, true) => what.into(),
        (true, false) => format!("{what}:{owner}"),
    }
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
