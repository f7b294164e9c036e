//! Runs that were started and whose end is not in the journal yet.
//!
//! Owns what a restarted daemon has to look for. Whether such a process still
//! lives, only the operating system can say.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde_json::Value;

use super::op::Op;
use crate::Map;
use crate::fold::{some_text, text_of};

/// A run that has begun and not ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenRun {
    /// The run.
    pub run_id: String,
    /// The lane it is for.
    pub lane: String,
    /// The stamp that its loop was given; empty if the SPAWN row is gone.
    pub loop_ts: String,
    /// Who was to hold the lease.
    pub holder: String,
    /// The host it runs on.
    pub host_id: String,
    /// When it was announced; none if the SPAWN row is gone or has no time.
    pub spawned_ms: Option<i64>,
    /// Its process; none if there is no word of one yet.
    pub started: Option<StartedProcess>,
    /// The workspace's commit when it began; none if nobody knows.
    pub start_sha: Option<String>,
    /// The run at the root of its lineage; none if no row says so.
    pub root_id: Option<String>,
}

/// What identifies a process on a machine. A pid alone never does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedProcess {
    /// Its process id.
    pub pid: u32,
    /// When it started, in the kernel's clock ticks since boot.
    pub start_ticks: u64,
    /// The boot it belongs to.
    pub boot_id: String,
    /// The process group it leads.
    pub pgid: u32,
    /// When that was written down; none if the row has no time.
    pub started_ms: Option<i64>,
}

/// All open runs, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Runs(BTreeMap<String, OpenRun>);

impl Runs {
    pub(super) fn iter(&self) -> impl Iterator<Item = &OpenRun> {
        self.0.values()
    }

    /// Notes a row about a run; a row that names none says nothing here.
    pub(super) fn note(&mut self, op: Op, row: &Map, time_ms: Option<i64>) {
        let run_id = text_of(row, "run_id");
        if run_id.is_empty() {
            return;
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other row is about a run")]
        match op {
            Op::Spawn => {
                let run = self.open(run_id, row);
                run.loop_ts = text_of(row, "loop_ts").into();
                run.holder = text_of(row, "holder").into();
                run.spawned_ms = time_ms;
            }
            Op::WorkerStarted => {
                let started = StartedProcess::parse(row, time_ms);
                let run = self.open(run_id, row);
                run.started = started.or(run.started.take());
                run.start_sha = some_text(row, "start_sha");
            }
            Op::WorkerExited | Op::WorkerGaveUp => {
                self.0.remove(run_id);
            }
            _ => {}
        }
    }

    fn open(&mut self, run_id: &str, row: &Map) -> &mut OpenRun {
        let run = self.0.entry(run_id.into()).or_default();
        run.run_id = run_id.into();
        run.lane = text_of(row, "lane").into();
        run.host_id = text_of(row, "host_id").into();
        run.root_id = some_text(row, "root_id").or(run.root_id.take());
        run
    }
}

impl StartedProcess {
    /// The process in a row; none if the row does not identify one.
    fn parse(row: &Map, started_ms: Option<i64>) -> Option<Self> {
        let number = |key| row.get(key).and_then(Value::as_u64);
        Some(Self {
            pid: u32::try_from(number("pid")?).ok()?,
            start_ticks: number("start_ticks")?,
            boot_id: text_of(row, "boot_id").into(),
            pgid: u32::try_from(number("pgid")?).ok()?,
            started_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Runs;
    use crate::lane::Op;
    use alloc::vec::Vec;
    use serde_json::{Value, json};

    fn note(runs: &mut Runs, op: Op, row: &Value) {
        runs.note(op, row.as_object().unwrap(), Some(1));
    }

    #[test]
    fn a_run_is_open_between_its_spawn_and_its_end() {
        let mut runs = Runs::default();
        let row = json!({"run_id": "r", "lane": "src", "holder": "w", "root_id": "top"});
        note(&mut runs, Op::Spawn, &row);
        assert!(runs.iter().next().unwrap().started.is_none());
        let row = json!({"run_id": "r", "lane": "src", "pid": 7, "start_ticks": 9, "pgid": 7,
            "start_sha": "4f2c"});
        note(&mut runs, Op::WorkerStarted, &row);
        let open: Vec<_> = runs.iter().collect();
        assert_eq!((open.len(), open[0].holder.as_str()), (1, "w"));
        assert_eq!(open[0].started.as_ref().map(|process| process.pid), Some(7));
        assert_eq!(open[0].start_sha.as_deref(), Some("4f2c"));
        assert_eq!(open[0].root_id.as_deref(), Some("top"), "what one row says, both say");
        note(&mut runs, Op::WorkerExited, &json!({"run_id": "other"}));
        assert_eq!(runs.iter().count(), 1);
        note(&mut runs, Op::WorkerExited, &json!({"run_id": "r"}));
        assert_eq!(runs.iter().count(), 0);
    }

    #[test]
    fn a_row_without_a_run_or_a_process_identifies_nothing() {
        let mut runs = Runs::default();
        note(&mut runs, Op::Spawn, &json!({"lane": "src"}));
        assert_eq!(runs.iter().count(), 0);
        note(&mut runs, Op::WorkerStarted, &json!({"run_id": "r", "pid": -1, "start_ticks": 1}));
        assert!(runs.iter().next().unwrap().started.is_none());
    }
}
