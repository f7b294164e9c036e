//! The file is another one now: compacted by a Python program, moved away,
//! removed, cut, or written anew.

use super::*;
use crate::journal::log::Followed;
use crate::port::AppendFile;
use crate::port::Storage as _;
use crate::port::testing::Operation;

/// What the peer's compaction leaves: a checkpoint of what it read.
pub(super) fn checkpoint(lanes: &[usize], watermark: u64) -> Vec<u8> {
    let leases: Vec<_> = lanes.iter().map(|lane| acquire(*lane)["lease"].clone()).collect();
    let row = json!({"op": "CHECKPOINT", "leases": leases, "seq_watermark": watermark});
    format!("{row}\n").into_bytes()
}

/// A log with two rows, and the file as somebody has it open who writes late.
fn two_rows(storage: &MemoryStorage) -> (Log<LaneFold>, Box<dyn AppendFile>) {
    let mut log = open(storage).unwrap();
    append(&mut log, &[acquire(1), acquire(2)]).unwrap();
    let late = storage.open_append(journal()).unwrap();
    (log, late)
}

#[test]
fn a_row_that_a_late_writer_puts_into_the_old_file_is_moved() {
    let storage = MemoryStorage::default();
    let (mut log, mut late) = two_rows(&storage);
    storage.put(journal(), &checkpoint(&[1, 2], 2));
    assert_eq!(log.follow().unwrap(), Followed::Rewritten);
    assert_eq!(log.take_reports(), [Report::Rewritten { rows: 1 }]);
    late.append(&foreign(release(1), 3)).unwrap();
    assert_eq!(log.follow().unwrap(), Followed::Grown);
    assert_eq!(log.take_reports(), [Report::SavedLateRows { rows: 1 }]);
    assert_eq!(lanes(log.fold()), ["lane-2"]);
    assert_in_step(&log, &storage);
    storage.lose_power();
    assert_eq!(lanes(&on_disk(&storage)), ["lane-2"]);
    assert_eq!(log.follow().unwrap(), Followed::Unchanged);
}

#[test]
fn rows_after_what_the_rewriter_read_are_moved_and_those_before_are_not() {
    let storage = MemoryStorage::default();
    let (mut log, mut late) = two_rows(&storage);
    // It read both rows and one more, and then this came, and then it renamed.
    late.append(&foreign(release(2), 3)).unwrap();
    late.append(&foreign(acquire(3), 4)).unwrap();
    storage.put(journal(), &checkpoint(&[1], 3));
    // The same lease comes back in the new file: the old release is not for it.
    storage.append_foreign(journal(), &foreign(acquire(2), 4));
    log.follow().unwrap();
    assert_eq!(lanes(log.fold()), ["lane-1", "lane-2", "lane-3"]);
    assert_in_step(&log, &storage);
}

#[test]
fn a_row_of_ours_that_the_rewriter_did_not_read_is_not_lost() {
    let storage = MemoryStorage::default();
    let (mut log, _) = two_rows(&storage);
    append(&mut log, &[acquire(3)]).unwrap();
    storage.put(journal(), &checkpoint(&[1, 2], 2));
    assert_eq!(append(&mut log, &[acquire(4)]).unwrap().first_seq, 4);
    assert_eq!(lanes(log.fold()), ["lane-1", "lane-2", "lane-3", "lane-4"]);
    storage.lose_power();
    assert_eq!(lanes(&on_disk(&storage)), ["lane-1", "lane-2", "lane-3", "lane-4"]);
}

#[test]
fn a_file_renamed_over_ours_between_look_and_write_gets_the_row() {
    for operation in [Operation::Append, Operation::Sync] {
        let storage = MemoryStorage::default();
        let (mut log, _) = two_rows(&storage);
        let new = checkpoint(&[1, 2], 2);
        storage.interrupt(operation, 0, move |disk| disk.put(journal(), &new));
        let committed = append(&mut log, &[acquire(3)]).unwrap();
        assert_eq!(committed.first_seq, 3, "at {operation:?}");
        assert_eq!(committed.end.offset, storage.bytes(journal()).len() as u64);
        storage.lose_power();
        assert_eq!(lanes(&on_disk(&storage)), ["lane-1", "lane-2", "lane-3"]);
        assert_in_step(&log, &storage);
    }
}

#[test]
fn a_row_of_ours_with_a_number_that_the_rewriter_had_seen_is_kept_too() {
    let storage = MemoryStorage::default();
    let (mut log, mut late) = two_rows(&storage);
    // Somebody took our number; the rewriter read that row, and not ours.
    storage.interrupt(Operation::Append, 0, move |_| {
        late.append(&foreign(acquire(9), 3)).unwrap();
    });
    storage.interrupt(Operation::Sync, 0, |disk| disk.put(journal(), &checkpoint(&[1, 2, 9], 3)));
    append(&mut log, &[acquire(3)]).unwrap();
    assert_eq!(lanes(&on_disk(&storage)), ["lane-1", "lane-2", "lane-9", "lane-3"]);
}

#[test]
fn replaced_again_and_again_the_row_follows() {
    let storage = MemoryStorage::default();
    let (mut log, _) = two_rows(&storage);
    for n in 0..3 {
        storage.interrupt(Operation::Sync, n, |disk| disk.put(journal(), &checkpoint(&[1, 2], 2)));
    }
    append(&mut log, &[acquire(3)]).unwrap();
    assert_eq!(lanes(&on_disk(&storage)), ["lane-1", "lane-2", "lane-3"]);
}

#[test]
fn a_removed_file_starts_empty_and_late_rows_come_along() {
    let storage = MemoryStorage::default();
    let (mut log, mut late) = two_rows(&storage);
    storage.remove(journal()).unwrap();
    assert_eq!(log.follow().unwrap(), Followed::Rewritten);
    assert_eq!(log.fold().leases().count(), 0);
    late.append(&foreign(acquire(3), 3)).unwrap();
    log.follow().unwrap();
    assert_eq!(lanes(log.fold()), ["lane-3"]);
    assert_in_step(&log, &storage);
}

#[test]
fn a_file_cut_or_written_anew_in_place_is_folded_afresh() {
    let storage = MemoryStorage::default();
    let (mut log, _) = two_rows(&storage);
    let first = foreign(acquire(1), 1);
    storage.rewrite_in_place(journal(), &first);
    assert_eq!(log.follow().unwrap(), Followed::Rewritten);
    assert_eq!(lanes(log.fold()), ["lane-1"]);

    // Longer than before, the same first row, another second one.
    append(&mut log, &[acquire(2)]).unwrap();
    let anew = [first, foreign(acquire(5), 2), foreign(acquire(6), 3)].concat();
    storage.rewrite_in_place(journal(), &anew);
    assert_eq!(log.follow().unwrap(), Followed::Rewritten);
    assert_eq!(lanes(log.fold()), ["lane-1", "lane-5", "lane-6"]);
    assert_in_step(&log, &storage);
}

#[test]
fn a_late_fragment_waits_for_its_end() {
    let storage = MemoryStorage::default();
    let (mut log, mut late) = two_rows(&storage);
    storage.put(journal(), &checkpoint(&[1, 2], 2));
    log.follow().unwrap();
    let row = foreign(release(1), 3);
    late.append(&row[..20]).unwrap();
    assert_eq!(log.follow().unwrap(), Followed::Unchanged);
    late.append(&row[20..]).unwrap();
    log.follow().unwrap();
    assert_eq!(lanes(log.fold()), ["lane-2"]);
}
