//! Compaction: what goes, what stays, and that no moment of it loses a row.

use std::time::Duration;

use dosd_kernel::lane::{LeaseKey, compact, replay};
use dosd_kernel::stamp;

use super::*;
use crate::journal::error::JournalErrorKind;
use crate::journal::log::Compacted;
use crate::journal::mutex::{LeaseHold, LeaseMutex, LockOwner};
use crate::port::Storage as _;
use crate::port::testing::{Fault, Operation, TestClock};

const DAY_MS: i64 = 86_400_000;

fn now_ms() -> i64 {
    stamp::parse_ms("2026-03-01T12:00:00Z").unwrap()
}

fn lock() -> &'static Path {
    Path::new("/w/.dos/.lane-lease.lock")
}

fn hold(storage: &MemoryStorage) -> LeaseHold {
    mutex(storage).try_take().unwrap().unwrap()
}

fn mutex(storage: &MemoryStorage) -> LeaseMutex {
    let clock = Arc::new(TestClock::at(now_ms()));
    let owner = LockOwner::new("host", 7, 1);
    LeaseMutex::new(Arc::new(storage.clone()), clock, lock().to_owned(), owner)
}

/// Compacts, if the mutex can be had.
pub(super) fn try_compact(
    storage: &MemoryStorage,
    log: &mut Log<LaneFold>,
) -> Option<Result<Compacted, JournalError>> {
    let hold = mutex(storage).try_take().ok()??;
    Some(log.compact(&hold, now_ms(), Duration::from_hours(24)))
}

fn compacted(storage: &MemoryStorage, log: &mut Log<LaneFold>) -> Result<Compacted, JournalError> {
    log.compact(&hold(storage), now_ms(), Duration::from_hours(24))
}

/// A row written so many days ago.
fn ago(days: i64, mut row: Value) -> Value {
    row["ts"] = stamp::format_ms(now_ms() - days * DAY_MS).into();
    row
}

fn beat(lane: usize) -> Value {
    json!({"op": "HEARTBEAT", "lane": format!("lane-{lane}"), "loop_ts": "t"})
}

fn run(op: &str, run_id: &str) -> Value {
    json!({
        "op": op, "run_id": run_id, "lane": "lane-1", "host_id": "h", "holder": "dosd",
        "loop_ts": "t", "pid": 7, "pgid": 7, "start_ticks": 9, "boot_id": "b",
    })
}

/// A journal with something of every kind.
pub(super) fn busy_month() -> Vec<Value> {
    let mut rows = vec![
        ago(30, run("SPAWN", "ended-long-ago")),
        ago(30, run("WORKER_STARTED", "ended-long-ago")),
        ago(29, run("WORKER_EXITED", "ended-long-ago")),
        ago(29, run("SPAWN", "still-open")),
        ago(29, run("WORKER_STARTED", "still-open")),
        ago(28, acquire(1)),
        ago(27, acquire(2)),
        ago(26, release(2)),
        ago(9, run("SPAWN", "ended-today")),
        ago(9, json!({"op": "REFUSE", "lane": "old"})),
        ago(0, run("WORKER_EXITED", "ended-today")),
        ago(0, json!({"op": "REFUSE", "lane": "new"})),
        ago(0, json!({"op": "ATTEMPT", "unit_id": "u"})),
        ago(0, json!({"op": "FROM_THE_FUTURE", "x": 1})),
        json!({"op": "HALT", "handle": "without a time"}),
    ];
    rows.extend((0..50).map(|_| ago(1, beat(1))));
    rows.push(ago(0, beat(1)));
    rows
}

fn month(storage: &MemoryStorage) -> Log<LaneFold> {
    let mut log = open(storage).unwrap();
    append(&mut log, &busy_month()).unwrap();
    log
}

fn rows(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn ops(storage: &MemoryStorage) -> Vec<String> {
    let rows = rows(&storage.bytes(journal()));
    rows.iter().map(|row| row["op"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn w_7_keeps_what_matters_and_archives_the_rest() {
    let storage = MemoryStorage::default();
    let mut log = month(&storage);
    let before = storage.bytes(journal());
    let result = compacted(&storage, &mut log).unwrap();
    let archive = journal().with_file_name("lane-journal.66.jsonl");
    let after = storage.bytes(journal());
    assert_eq!(
        result,
        Compacted {
            entries_before: 66,
            entries_after: 11,
            bytes_reclaimed: (before.len() - after.len()) as u64,
            archive: Some(archive.clone()),
        }
    );
    assert_eq!(
        ops(&storage),
        [
            "CHECKPOINT",
            "SPAWN",
            "WORKER_STARTED",
            "ACQUIRE",
            "SPAWN",
            "WORKER_EXITED",
            "REFUSE",
            "ATTEMPT",
            "FROM_THE_FUTURE",
            "HALT",
            "HEARTBEAT",
        ]
        .map(str::to_owned)
    );
    assert_eq!(storage.bytes(&archive), before);
    assert_in_step(&log, &storage);
    assert!(storage.read(lock()).is_err(), "the mutex is given back");
}

#[test]
fn a_lane_that_was_given_up_long_ago_stays_so_until_it_is_reset() {
    let gave_up = |log: &Log<LaneFold>| log.fold().pasts().any(|(_, past)| past.gave_up.is_some());
    let storage = MemoryStorage::default();
    let mut log = month(&storage);
    append(&mut log, &[ago(29, run("WORKER_GAVE_UP", "ended-long-ago"))]).unwrap();
    compacted(&storage, &mut log).unwrap();
    assert!(gave_up(&log));
    assert_in_step(&log, &storage);
    append(&mut log, &[ago(0, json!({"op": "WORKER_RESET", "lane": "lane-1"}))]).unwrap();
    append(&mut log, &busy_month()).unwrap();
    compacted(&storage, &mut log).unwrap();
    assert!(!gave_up(&log));
    assert!(!ops(&storage).contains(&"WORKER_GAVE_UP".to_owned()));
}

#[test]
fn w_7_the_state_and_the_numbers_are_the_same() {
    let storage = MemoryStorage::default();
    let mut log = month(&storage);
    let key = LeaseKey { loop_ts: "t".to_owned(), lane: "lane-1".to_owned() };
    let before = log.fold().clone();
    compacted(&storage, &mut log).unwrap();
    let after = log.fold();
    assert!(after.leases().eq(before.leases()));
    assert!(after.open_runs().eq(before.open_runs()));
    for start_ms in [0, now_ms() - 28 * DAY_MS, now_ms()] {
        let progress = |fold: &LaneFold| fold.progress(&key, start_ms, now_ms());
        assert_eq!(progress(after), progress(&before));
    }
    assert_eq!(append(&mut log, &[acquire(3)]).unwrap().first_seq, 67);
    storage.lose_power();
    assert_eq!(lanes(&on_disk(&storage)), ["lane-1", "lane-3"]);
}

#[test]
fn any_reader_of_the_format_reads_the_same_leases() {
    let storage = MemoryStorage::default();
    let mut log = month(&storage);
    let entries = |bytes: &[u8]| -> Vec<_> {
        rows(bytes).into_iter().map(|row| row.as_object().cloned().unwrap()).collect()
    };
    let before = entries(&storage.bytes(journal()));
    compacted(&storage, &mut log).unwrap();
    let after = entries(&storage.bytes(journal()));
    assert_eq!(replay(&after), replay(&before));
    assert_eq!(replay(&compact(&after)), replay(&before), "and compacts it again");
}

#[test]
fn a_beat_before_an_adoption_does_not_undo_it() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    let adopt = json!({
        "op": "ADOPT", "lane": "lane-1", "loop_ts": "t", "holder": "heir", "heartbeat_at": "x",
    });
    let mut story = vec![ago(3, acquire(1)), ago(2, acquire(2))];
    story.extend((0..9).map(|_| ago(1, beat(1))));
    story.push(ago(1, adopt));
    append(&mut log, &story).unwrap();
    let before = log.fold().clone();
    let result = compacted(&storage, &mut log).unwrap();
    assert!(log.fold().leases().eq(before.leases()));
    assert_eq!(result.entries_after, ops(&storage).len() as u64);
    let last = ops(&storage).pop();
    assert_eq!(last.as_deref(), Some("CHECKPOINT"), "the last word is the checkpoint's");
}

#[test]
fn a_lease_that_came_back_under_its_old_name_keeps_its_progress() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    let mut again = ago(1, acquire(1));
    again["lease"]["acquired_at"] = stamp::format_ms(now_ms() - 2 * DAY_MS).into();
    let mut story = vec![ago(9, acquire(1)), ago(8, release(1)), ago(7, acquire(1)), again];
    story.extend((0..9).map(|_| ago(0, beat(1))));
    append(&mut log, &story).unwrap();
    let before = log.fold_mut().observe(now_ms());
    assert_eq!(before.leases[0].progress.events_since_start, 1);
    compacted(&storage, &mut log).unwrap();
    let after = log.fold_mut().observe(now_ms());
    assert_eq!(after.leases, before.leases);
}

#[test]
fn damage_stays_as_a_marker_and_is_counted_once() {
    let storage = MemoryStorage::default();
    storage.put(journal(), b"not {json\n");
    let mut log = month(&storage);
    storage.append_foreign(journal(), b"{\"op\":\"torn");
    compacted(&storage, &mut log).unwrap();
    log.take_reports();
    assert_eq!(log.fold().corrupt(), 2);
    let rows = rows(&storage.bytes(journal()));
    assert_eq!(rows[1], json!({"op": "_CORRUPT", "_raw": "not {json", "_line": 0}));
    assert_eq!(rows.last().unwrap()["_raw"], "{\"op\":\"torn");
    let result = compacted(&storage, &mut log).unwrap();
    assert_eq!((result.archive, log.fold().corrupt()), (None, 2), "nothing more to gain");
}

#[test]
fn what_cannot_shrink_is_left_alone() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    assert_eq!(compacted(&storage, &mut log).unwrap().entries_after, 0);
    append(&mut log, &[ago(0, acquire(1))]).unwrap();
    let before = storage.bytes(journal());
    let result = compacted(&storage, &mut log).unwrap();
    let nothing =
        Compacted { entries_before: 1, entries_after: 1, bytes_reclaimed: 0, archive: None };
    assert_eq!(result, nothing);
    assert_eq!(storage.bytes(journal()), before);
}

#[test]
fn w_6_rows_that_come_beside_a_compaction_are_kept() {
    for operation in [Operation::Link, Operation::Replace, Operation::Rename] {
        let storage = MemoryStorage::default();
        let mut log = month(&storage);
        storage.interrupt(operation, 0, |disk| {
            disk.append_foreign(journal(), &foreign(acquire(5), 67));
        });
        compacted(&storage, &mut log).unwrap();
        assert_eq!(lanes(log.fold()), ["lane-1", "lane-5"], "at {operation:?}");
        assert_in_step(&log, &storage);
    }
}

#[test]
fn w_6_a_late_row_is_moved_also_by_the_next_writer() {
    let storage = MemoryStorage::default();
    let mut log = month(&storage);
    let mut late = storage.open_append(journal()).unwrap();
    compacted(&storage, &mut log).unwrap();
    drop(log);
    late.append(&foreign(acquire(5), 67)).unwrap();
    let log = open(&storage).unwrap();
    assert_eq!(lanes(log.fold()), ["lane-1", "lane-5"]);
    drop(log);
    late.append(&foreign(acquire(6), 68)).unwrap();
    let mut log = open(&storage).unwrap();
    assert_eq!(lanes(log.fold()), ["lane-1", "lane-5", "lane-6"]);
    assert_eq!(seqs(&storage).iter().filter(|seq| **seq == 67).count(), 1, "moved once");
    log.follow().unwrap();
    assert_in_step(&log, &storage);
}

#[test]
fn an_archive_that_names_another_directory_is_not_opened() {
    let storage = MemoryStorage::default();
    storage.put(Path::new("/w/elsewhere"), &foreign(acquire(9), 9));
    let archive = json!({"file": "../elsewhere", "bytes": 0});
    let row = json!({"op": "CHECKPOINT", "leases": [], "seq_watermark": 1, "archive": archive});
    storage.put(journal(), format!("{row}\n").as_bytes());
    assert_eq!(open(&storage).unwrap().fold().leases().count(), 0);
}

#[test]
fn without_the_mutex_nothing_is_renamed() {
    let storage = MemoryStorage::default();
    let mut log = month(&storage);
    let before = storage.bytes(journal());
    // Stolen while the new file was being made.
    storage.interrupt(Operation::Replace, 0, |disk| disk.put(lock(), b"owner: somebody\n"));
    let failed = compacted(&storage, &mut log).unwrap_err();
    assert!(matches!(failed.kind, JournalErrorKind::Busy { .. }), "{failed}");
    assert_eq!(storage.bytes(journal()), before);
    assert_eq!(storage.bytes(lock()), b"owner: somebody\n", "and the thief's lock stays");
    let archives = storage.paths().into_iter().filter(|path| path.ends_with(".66.jsonl"));
    assert_eq!(archives.count(), 0);
    append(&mut log, &[acquire(3)]).unwrap();
    assert_in_step(&log, &storage);
}

#[test]
fn a_file_that_somebody_else_compacted_meanwhile_is_not_overwritten() {
    let storage = MemoryStorage::default();
    let mut log = month(&storage);
    let other = b"{\"op\":\"CHECKPOINT\",\"leases\":[],\"seq_watermark\":66}\n";
    storage.interrupt(Operation::Replace, 0, |disk| disk.put(journal(), other));
    compacted(&storage, &mut log).unwrap_err();
    assert_eq!(storage.bytes(journal()), other);
    log.follow().unwrap();
    assert_in_step(&log, &storage);
}

#[test]
fn a_failed_step_leaves_the_journal_as_it_was() {
    for operation in [Operation::Link, Operation::Replace, Operation::Rename] {
        let storage = MemoryStorage::default();
        let mut log = month(&storage);
        let before = storage.bytes(journal());
        storage.fail(operation, 0, Fault::Error(std::io::ErrorKind::StorageFull));
        let failed = compacted(&storage, &mut log).unwrap_err();
        assert!(!failed.kind.is_fatal());
        assert_eq!(storage.bytes(journal()), before, "at {operation:?}");
        assert!(compacted(&storage, &mut log).unwrap().archive.is_some(), "and then it works");
    }
}

#[test]
fn a_stop_at_any_operation_loses_no_row() {
    let mut ran_through = false;
    for operations in 0..64 {
        let storage = MemoryStorage::default();
        let mut log = month(&storage);
        let before = log.fold().clone();
        let held = hold(&storage);
        storage.stop_after(operations);
        let result = log.compact(&held, now_ms(), Duration::from_hours(24));
        ran_through |= !storage.has_stopped();
        drop((log, held));
        storage.lose_power();
        let again = open(&storage).unwrap();
        assert!(again.fold().leases().eq(before.leases()), "after {operations}");
        assert!(again.fold().open_runs().eq(before.open_runs()), "after {operations}");
        assert_eq!(again.fold().highest_seq(), 66);
        let everywhere: Vec<u8> =
            storage.paths().iter().flat_map(|path| storage.bytes(path)).collect();
        let everywhere = String::from_utf8(everywhere).unwrap();
        for seq in 1..=66 {
            let number = format!("\"seq\":{seq},");
            let last = format!("\"seq\":{seq}}}");
            assert!(everywhere.contains(&number) || everywhere.contains(&last), "{seq} is gone");
        }
        if result.is_ok() {
            assert!(storage.bytes(journal()).starts_with(b"{\"archive\""));
        }
    }
    assert!(ran_through, "the machine stopped in every run");
}

#[test]
fn compacting_twice_makes_two_archives() {
    let storage = MemoryStorage::default();
    let mut log = month(&storage);
    compacted(&storage, &mut log).unwrap();
    // A foreign writer repeats the number, so both segments would have one name.
    for _ in 0..9 {
        storage.append_foreign(journal(), &foreign(ago(0, beat(1)), 66));
    }
    let second = compacted(&storage, &mut log).unwrap().archive.unwrap();
    assert_eq!(second, journal().with_file_name("lane-journal.66-1.jsonl"));
    assert!(storage.read(&second).is_ok());
    assert_in_step(&log, &storage);
}
