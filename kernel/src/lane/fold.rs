//! The state of a lane journal, row by row.
//!
//! Owns the rules by which rows become leases. Never reads a clock: whoever asks
//! says what time it is.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;

use hashbrown::HashMap;
use serde_json::Value;

use super::lease::{KeyRef, Lease, LeaseKey};
use super::observe::{LiveLease, Observation};
use super::op::Op;
use super::past::{LanePast, Pasts};
use super::progress::{Progress, Track};
use super::runs::{OpenRun, Runs};
use super::view::{LineView, View, row_seq};
use crate::Map;
use crate::checksum::{self, Checked};
use crate::draft::Draft;
use crate::fold::Fold;
use crate::lines::LineKind;
use crate::retention::Census;
use crate::stamp;

/// The keys that make a lease of a row that has no nested `lease`.
const LEASE_KEYS: [&str; 11] = [
    "lane",
    "lane_kind",
    "tree",
    "loop_ts",
    "host_id",
    "pid",
    "acquired_at",
    "heartbeat_at",
    "ttl_minutes",
    "holder",
    "run_id",
];

/// The fold of a lane journal: live leases, progress, open runs.
///
/// It keeps a few words for every lease that the journal names and one for each of its
/// events, also for those that ended: one that comes back under its old identity has a past. A compaction of the
/// file, after which it is folded afresh, forgets them.
#[derive(Debug, Clone, Default)]
pub struct LaneFold {
    /// Live leases by the order of their first ACQUIRE.
    leases: BTreeMap<u64, Arc<Lease>>,
    next_place: u64,
    slots: HashMap<LeaseKey, Slot>,
    /// Beats noted since the last settling.
    unsettled: usize,
    runs: Runs,
    pasts: Pasts,
    highest_seq: u64,
    rows: u64,
    corrupt: u64,
    /// How long and how old the journal is.
    census: Census,
}

/// What is known under one identity.
#[derive(Debug, Clone, Default)]
struct Slot {
    /// Its lease's key in `leases`, while it has one.
    place: Option<u64>,
    track: Track,
}

impl LaneFold {
    /// The fold of rows that were parsed before.
    pub(super) fn of(entries: &[Map]) -> Self {
        let mut fold = Self::default();
        for entry in entries {
            fold.apply_entry(entry);
        }
        fold
    }

    /// Folds a row that was parsed before.
    pub fn apply_entry(&mut self, entry: &Map) {
        self.apply_row(entry, row_seq(entry));
    }

    /// The live leases, first acquired first. A lease that is acquired again while it
    /// lives keeps its place.
    pub fn leases(&self) -> impl Iterator<Item = &Arc<Lease>> {
        self.leases.values()
    }

    /// The live lease with this identity.
    #[must_use]
    pub fn lease(&self, key: &LeaseKey) -> Option<&Arc<Lease>> {
        self.leases.get(&self.slots.get(key)?.place?)
    }

    /// The progress of a lease, live or not, since `started_ms`, as of `now_ms`.
    #[must_use]
    pub fn progress(&self, key: &LeaseKey, started_ms: i64, now_ms: i64) -> Progress {
        self.progress_of(key.by_ref(), started_ms, now_ms)
    }

    /// Forgets beats that can be the newest for no question about `now_ms` or later.
    ///
    /// It works only when there is enough to forget, so calling it after every row
    /// costs next to nothing, and memory stays flat under millions of beats.
    pub fn settle(&mut self, now_ms: i64) {
        if self.unsettled <= self.slots.len() {
            return;
        }
        for slot in self.slots.values_mut() {
            slot.track.settle(now_ms);
        }
        self.unsettled = 0;
    }

    /// What a planner needs, as of `now_ms`. Later questions are about this moment or
    /// later ones: it settles.
    pub fn observe(&mut self, now_ms: i64) -> Observation {
        self.settle(now_ms);
        let live = |lease: &Arc<Lease>| {
            LiveLease::new(lease, now_ms, |since_ms| {
                self.progress_of(lease.key_ref(), since_ms, now_ms)
            })
        };
        Observation {
            now_ms,
            leases: self.leases.values().map(live).collect(),
            corrupt: self.corrupt,
            highest_seq: self.highest_seq,
        }
    }

    /// Rows folded, whatever their op.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Lines that did not parse, and rows that stand for such lines.
    #[must_use]
    pub fn corrupt(&self) -> u64 {
        self.corrupt
    }

    /// How long and how old the journal is.
    #[must_use]
    pub fn census(&self) -> &Census {
        &self.census
    }

    /// Runs that were announced or started, and have not ended, by run id: oldest
    /// first, as run ids sort by time.
    pub fn open_runs(&self) -> impl Iterator<Item = &OpenRun> {
        self.runs.iter()
    }

    /// How the tries of each lane have gone since it was reset last, by lane.
    pub fn pasts(&self) -> impl Iterator<Item = (&String, &LanePast)> {
        self.pasts.iter()
    }

    #[cfg(test)]
    pub(super) fn beats_held(&self) -> usize {
        self.slots.values().map(|slot| slot.track.beats_held()).sum()
    }

    fn progress_of(&self, key: KeyRef<'_>, started_ms: i64, now_ms: i64) -> Progress {
        let slot = self.slots.get(&key);
        let progress = slot.map(|slot| slot.track.progress(started_ms, now_ms));
        Progress { saw_corrupt: self.corrupt > 0, ..progress.unwrap_or_default() }
    }

    fn count(&mut self, seq: u64, view: View<'_>) {
        self.rows += 1;
        self.highest_seq = self.highest_seq.max(seq);
        self.census.entries += 1;
        let written_ms = stamp::parse_ms(view.ts);
        if view.op == Op::Checkpoint {
            self.census.checkpoint_ms = self.census.checkpoint_ms.max(written_ms);
        } else {
            let known = self.census.oldest_ms.into_iter().chain(written_ms);
            self.census.oldest_ms = known.min();
        }
    }

    fn damaged(&mut self) -> LineKind {
        self.corrupt += 1;
        self.census.entries += 1;
        LineKind::Corrupt
    }

    fn apply_row(&mut self, row: &Map, seq: u64) {
        let view = View::of(row);
        self.count(seq, view);
        match view.op {
            Op::Checkpoint => self.restart(row),
            Op::Spawn
            | Op::WorkerStarted
            | Op::WorkerExited
            | Op::WorkerGaveUp
            | Op::WorkerReset => {
                self.runs.note(view.op, row, view.time_ms());
                self.pasts.note(view.op, row, seq, view.time_ms());
            }
            Op::Acquire | Op::Reconcile if view.key.is_blank() => {}
            Op::Acquire | Op::Reconcile => {
                self.note(view);
                self.grant(view.key, lease_of(row));
            }
            Op::Adopt => self.adopt(view, row),
            Op::Release
            | Op::Scavenge
            | Op::Heartbeat
            | Op::Halt
            | Op::Refuse
            | Op::Enforce
            | Op::Attempt
            | Op::Corrupt
            | Op::Unknown => self.apply_view(view),
        }
    }

    /// Folds a row whose view says all there is to say.
    fn apply_view(&mut self, view: View<'_>) {
        #[expect(clippy::wildcard_enum_match_arm, reason = "all others change nothing")]
        match view.op {
            Op::Heartbeat => {
                let place = self.note(view);
                let lease = place.and_then(|place| self.leases.get_mut(&place));
                if let (Some(lease), Some(stamp)) = (lease, view.beat_stamp()) {
                    Arc::make_mut(lease).beat(stamp);
                }
            }
            Op::Release | Op::Scavenge => {
                self.note(view);
                let place = self.slots.get_mut(&view.key).and_then(|slot| slot.place.take());
                place.and_then(|place| self.leases.remove(&place));
            }
            Op::Corrupt => self.corrupt += 1,
            _ => {}
        }
    }

    /// Notes a row's time under its identity, and returns the place of the live lease
    /// there.
    fn note(&mut self, view: View<'_>) -> Option<u64> {
        if view.key.is_blank() {
            return None;
        }
        let time_ms = view.time_ms();
        if let Some(slot) = self.slots.get_mut(&view.key) {
            if let Some(time_ms) = time_ms {
                self.unsettled += slot.track.note(view.op, time_ms);
            }
            return slot.place;
        }
        let mut slot = Slot::default();
        self.unsettled += slot.track.note(view.op, time_ms?);
        self.slots.insert(view.key.to_key(), slot);
        None
    }

    fn grant(&mut self, key: KeyRef<'_>, mut lease: Lease) {
        lease.identify(key);
        let slot = self.slots.entry(key.to_key()).or_default();
        let place = *slot.place.get_or_insert_with(|| {
            self.next_place += 1;
            self.next_place
        });
        self.leases.insert(place, Arc::new(lease));
    }

    fn adopt(&mut self, view: View<'_>, row: &Map) {
        let Some(place) = self.slots.get(&view.key).and_then(|slot| slot.place) else { return };
        let Some(lease) = self.leases.get_mut(&place).map(Arc::make_mut) else { return };
        for key in ["holder", "pid", "host_id"] {
            if let Some(value) = row.get(key).filter(|value| !value.is_null()) {
                lease.set(key, value);
            }
        }
        if let Some(stamp) = view.beat_stamp() {
            lease.beat(stamp);
        }
    }

    /// Replaces all leases by those of a CHECKPOINT. What is known about progress and
    /// runs stays: a compaction is no event in their lives.
    fn restart(&mut self, row: &Map) {
        self.leases.clear();
        for slot in self.slots.values_mut() {
            slot.place = None;
        }
        for lease in row.get("leases").and_then(Value::as_array).into_iter().flatten() {
            if let Value::Object(fields) = lease
                && let Some(key) = LeaseKey::of(fields)
            {
                self.grant(key.by_ref(), Lease::new(fields.clone()));
            }
        }
    }
}

impl Fold for LaneFold {
    fn apply_line(&mut self, line: &str) -> LineKind {
        let line = line.trim();
        if line.is_empty() {
            return LineKind::Skipped;
        }
        if checksum::check(line) == Checked::Wrong {
            return self.damaged();
        }
        if let Some(glance) = LineView::parse(line)
            && !needs_whole_row(glance.view().op)
        {
            self.count(glance.seq(), glance.view());
            self.apply_view(glance.view());
            return LineKind::Row;
        }
        match serde_json::from_str(line) {
            Ok(Value::Object(row)) => {
                self.apply_entry(&row);
                LineKind::Row
            }
            Ok(_) => LineKind::Skipped,
            Err(_) => self.damaged(),
        }
    }

    fn apply_draft(&mut self, draft: &Draft, seq: u64) {
        self.apply_row(draft.fields(), seq.max(row_seq(draft.fields())));
    }

    fn highest_seq(&self) -> u64 {
        self.highest_seq
    }
}

/// Whether a row's effect depends on more than its view.
fn needs_whole_row(op: Op) -> bool {
    match op {
        Op::Acquire
        | Op::Reconcile
        | Op::Adopt
        | Op::Checkpoint
        | Op::Spawn
        | Op::WorkerStarted
        | Op::WorkerExited
        | Op::WorkerGaveUp
        | Op::WorkerReset => true,
        Op::Release
        | Op::Scavenge
        | Op::Heartbeat
        | Op::Halt
        | Op::Refuse
        | Op::Enforce
        | Op::Attempt
        | Op::Corrupt
        | Op::Unknown => false,
    }
}

/// The lease that an ACQUIRE or RECONCILE row grants.
fn lease_of(row: &Map) -> Lease {
    let fields = match row.get("lease") {
        Some(Value::Object(lease)) => lease.clone(),
        _ => LEASE_KEYS
            .iter()
            .filter_map(|key| row.get_key_value(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
    };
    Lease::new(fields)
}
