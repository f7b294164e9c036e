//! The lane journal: see [`crate::journal`] for the laws that it shares. Its own:
//!
//! - A compaction, of the rows alone and of the file, changes no lease, no newest beat, no open
//!   run and no count of damage, and the numbering never falls back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dosd_actors::journal::{LeaseMutex, LockOwner};
use dosd_kernel::fold::Fold as _;
use dosd_kernel::invariant::Shown;
use dosd_kernel::lane::{LaneFold, Lease, compact, replay};
use serde_json::{Map, Value, json};

use crate::journal::{Journal, Judged, Lines, live};
use crate::world::{NOW_MS, clock};

/// What is shown, rows, damaged lines, and what a planner sees.
type State = (Shown, u64, u64, dosd_kernel::lane::Observation);

impl Judged for LaneFold {
    type State = State;

    fn state(&mut self) -> State {
        let observation = self.observe(NOW_MS);
        (Shown::of(self), self.rows(), self.corrupt(), observation)
    }

    fn expected(rows: &[Map<String, Value>], damaged: u64) -> State {
        let mut fold = Self::default();
        for row in rows {
            fold.apply_entry(row);
        }
        for _ in 0..damaged {
            fold.apply_line("{");
        }
        fold.state()
    }

    fn example() -> Value {
        json!({"op": "ACQUIRE", "lane": "src", "loop_ts": "t", "ts": "2026-11-22T19:31:25Z"})
    }
}

/// Any bytes as a lane journal.
pub(crate) fn run(bytes: &[u8]) {
    let mut journal = live::<LaneFold>(bytes);
    let lines = Lines::of(&journal.bytes());
    compact_rows(&lines);
    if !lines.is_odd {
        compact_file(&mut journal);
    }
}

fn compact_rows(lines: &Lines) {
    let rows = lines.fields();
    let few = compact(&rows);
    assert_eq!(replay(&few), replay(&rows), "the leases of the rows and of the compacted rows");
    let highest = |rows: &[Map<String, Value>]| LaneFold::expected(rows, 0).0.highest_seq;
    assert_eq!(highest(&few), highest(&rows), "where the numbering stands");
}

fn compact_file(journal: &mut Journal<LaneFold>) {
    let storage = Arc::new(journal.disk.clone());
    let lock = PathBuf::from("/w/.dos/.lane-lease.lock");
    let mutex = LeaseMutex::new(storage, clock(), lock, LockOwner::new("fuzz", 1, 1));
    let hold = mutex.try_take().expect("the disk is well").expect("nobody else is there");
    let before = seen(journal);
    let compacted = journal.log.compact(&hold, NOW_MS, Duration::from_hours(24));
    compacted.expect("the disk is well");
    assert_eq!(seen(journal), before, "before and after a compaction");
    let (_, _, _, observation) = LaneFold::expected(&Lines::of(&journal.bytes()).fields(), 0);
    assert_eq!(observation.highest_seq, journal.log.fold().highest_seq());
}

/// What a compaction must not change.
fn seen(journal: &mut Journal<LaneFold>) -> (Vec<Arc<Lease>>, Vec<Option<i64>>, String, u64, u64) {
    let (shown, _, corrupt, observation) = journal.log.fold_mut().state();
    let beats = observation.leases.iter().map(|live| live.progress.newest_heartbeat_age_ms);
    let open = format!("{:?}", shown.open);
    (shown.leases, beats.collect(), open, corrupt, shown.highest_seq)
}
