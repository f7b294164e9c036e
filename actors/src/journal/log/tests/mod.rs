//! A [`Log`] on a disk that fails, is shared, and loses power.

mod compact;
mod crash;
mod every_call;
mod faults;
mod foreign;
mod page;
mod property;
mod replaced;
mod rule;
mod torn;

use std::path::Path;
use std::sync::Arc;

use dosd_kernel::draft::Draft;
use dosd_kernel::fold::Fold as _;
use dosd_kernel::lane::{LaneFold, Lease};
use serde_json::{Value, json};

use super::{Log, Report};
use crate::journal::error::JournalError;
use crate::journal::read::scan;
use crate::port::testing::MemoryStorage;

/// The journal of every test here.
fn journal() -> &'static Path {
    Path::new("/w/.dos/lane-journal.jsonl")
}

fn open(storage: &MemoryStorage) -> Result<Log<LaneFold>, JournalError> {
    Log::open(Arc::new(storage.clone()), journal())
}

fn draft(row: &Value) -> Draft {
    Draft::new(row.as_object().cloned().unwrap())
}

/// A lease for a lane, long enough that a write of it can be cut anywhere.
fn acquire(lane: usize) -> Value {
    let lane = format!("lane-{lane}");
    json!({
        "op": "ACQUIRE", "lane": lane, "loop_ts": "t", "ts": "2026-01-01T00:00:00Z",
        "lease": {"lane": lane, "loop_ts": "t", "holder": "wörker"},
    })
}

fn release(lane: usize) -> Value {
    json!({"op": "RELEASE", "lane": format!("lane-{lane}"), "loop_ts": "t"})
}

/// A row as a Python program writes it: blanks after separators.
fn foreign(mut row: Value, seq: u64) -> Vec<u8> {
    row["seq"] = seq.into();
    let mut line = row.to_string().replace("\":", "\": ").into_bytes();
    line.push(b'\n');
    line
}

fn append(log: &mut Log<LaneFold>, rows: &[Value]) -> Result<super::Committed, JournalError> {
    log.append(&rows.iter().map(draft).collect::<Vec<_>>())
}

/// The lanes that are held.
fn lanes(fold: &LaneFold) -> Vec<String> {
    fold.leases().map(|lease| Lease::lane(lease).to_owned()).collect()
}

/// What the bytes on disk fold to, read at once.
fn on_disk(storage: &MemoryStorage) -> LaneFold {
    let mut fold = LaneFold::default();
    scan(&storage.bytes(journal()), &mut fold);
    fold
}

/// The fold that was kept up to date says what the file says.
fn assert_in_step(log: &Log<LaneFold>, storage: &MemoryStorage) {
    let disk = on_disk(storage);
    assert_eq!(lanes(log.fold()), lanes(&disk));
    assert!(log.fold().leases().eq(disk.leases()));
    assert_eq!(log.fold().highest_seq(), disk.highest_seq());
    assert_eq!(log.fold().census(), disk.census());
    assert_eq!((log.fold().rows(), log.fold().corrupt()), (disk.rows(), disk.corrupt()));
}

/// Every line of the file that is a row, as its `seq`.
fn seqs(storage: &MemoryStorage) -> Vec<u64> {
    let bytes = storage.bytes(journal());
    let rows = bytes.split(|byte| *byte == b'\n');
    rows.filter_map(|line| serde_json::from_slice::<Value>(line).ok()?["seq"].as_u64()).collect()
}

fn damages(reports: &[Report]) -> Vec<u64> {
    let offset = |report: &Report| match report {
        Report::Damaged { offset, .. } => Some(*offset),
        Report::TornTail { .. }
        | Report::Rewritten { .. }
        | Report::SavedLateRows { .. }
        | Report::ShortWrite { .. } => None,
    };
    reports.iter().filter_map(offset).collect()
}
