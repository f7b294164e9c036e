//! Which rows of a lane journal outlive a compaction. Reads and chooses; writes
//! nothing.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use dosd_kernel::lane::{LaneFold, Op};
use dosd_kernel::lines;
use serde_json::Value;

use super::glance::{Glance, Seen};
use super::tenancy::Tenancies;

/// A line that may stay, and its index in the file.
pub(super) type Row<'a> = (usize, Cow<'a, [u8]>);

/// The rows that stay.
pub(super) struct Kept<'a> {
    /// Rows and damaged lines that were there.
    pub(super) before: u64,
    /// The lines that stay besides the checkpoint, in the order of the file;
    /// markers in the place of damaged lines.
    pub(super) lines: Vec<Cow<'a, [u8]>>,
}

impl Kept<'_> {
    /// How many rows there are with the checkpoint.
    pub(super) fn after(&self) -> u64 {
        self.lines.len() as u64 + 1
    }
}

/// Chooses from a whole journal, of which `fold` is the fold. Rows that are no
/// part of the fold stay when they are from `since_ms` or later, epoch ms.
pub(super) fn select<'a>(
    journal: &'a [u8],
    fold: &LaneFold,
    since_ms: i64,
    now_ms: i64,
) -> Kept<'a> {
    let mut before = 0;
    let mut rows: Vec<Row<'a>> = Vec::new();
    let mut leases = Tenancies::of(fold);
    let mut runs = Runs::default();
    for (index, line) in lines::split(journal).enumerate() {
        let text = lines::text(line.bytes);
        let row = (index, Cow::Borrowed(line.bytes));
        let glance = match Glance::at(&text) {
            Seen::Row(glance) => glance,
            Seen::Nothing => continue,
            Seen::Damage => {
                before += 1;
                rows.push((index, marker(&text, index)));
                continue;
            }
        };
        before += 1;
        // What has no readable time cannot be shown to be old.
        let is_recent = glance.time_ms().is_none_or(|time_ms| time_ms >= since_ms);
        match glance.op() {
            Op::Checkpoint => {}
            Op::Corrupt => rows.push(row),
            Op::Acquire
            | Op::Reconcile
            | Op::Release
            | Op::Scavenge
            | Op::Heartbeat
            | Op::Adopt => leases.note(&glance, row, now_ms),
            Op::Spawn
            | Op::WorkerStarted
            | Op::WorkerExited
            | Op::WorkerGaveUp
            | Op::WorkerReset => {
                runs.note(&glance.run_id, row, is_recent);
            }
            Op::Halt | Op::Refuse | Op::Enforce | Op::Attempt | Op::Unknown => {
                if is_recent {
                    rows.push(row);
                }
            }
        }
    }
    rows.extend(leases.into_rows());
    rows.extend(runs.into_rows(fold));
    rows.sort_unstable_by_key(|(index, _)| *index);
    // A lease's first row may be its newest beat as well.
    rows.dedup_by_key(|(index, _)| *index);
    Kept { before, lines: rows.into_iter().map(|(_, line)| line).collect() }
}

fn marker(text: &str, index: usize) -> Cow<'static, [u8]> {
    let marker = lines::corrupt_marker(text.trim(), index as u64);
    Cow::Owned(Value::from(marker).to_string().into_bytes())
}

/// The rows of runs. Those of one run stay or go together: a start without its
/// end would be a run that is still open.
#[derive(Default)]
struct Runs<'a> {
    by_run: HashMap<String, Vec<Row<'a>>>,
    recent: HashSet<String>,
    anonymous: Vec<Row<'a>>,
}

impl<'a> Runs<'a> {
    fn note(&mut self, run_id: &str, row: Row<'a>, is_recent: bool) {
        if run_id.is_empty() {
            if is_recent {
                self.anonymous.push(row);
            }
            return;
        }
        match self.by_run.get_mut(run_id) {
            Some(rows) => rows.push(row),
            None => {
                self.by_run.insert(run_id.to_owned(), vec![row]);
            }
        }
        if is_recent && !self.recent.contains(run_id) {
            self.recent.insert(run_id.to_owned());
        }
    }

    fn into_rows(mut self, fold: &LaneFold) -> impl Iterator<Item = Row<'a>> {
        self.recent.extend(fold.open_runs().map(|run| run.run_id.clone()));
        // A lane stays given up for as long as nobody resets it.
        let given_up = fold.pasts().filter_map(|(_, past)| past.gave_up.as_ref());
        self.recent.extend(given_up.map(|gave_up| gave_up.run_id.clone()));
        let recent = self.recent;
        let runs = self.by_run.into_iter().filter(move |(run_id, _)| recent.contains(run_id));
        runs.flat_map(|(_, rows)| rows).chain(self.anonymous)
    }
}
