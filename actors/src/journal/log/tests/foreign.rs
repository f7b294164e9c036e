//! Others write between our look and our write.

use super::*;
use crate::port::testing::Operation;

/// Appends two rows while `bytes` arrive right before the write.
fn interleaved(storage: &MemoryStorage, bytes: &[u8]) -> Log<LaneFold> {
    let mut log = open(storage).unwrap();
    append(&mut log, &[acquire(0)]).unwrap();
    let bytes = bytes.to_vec();
    storage.interrupt(Operation::Append, 0, move |disk| disk.append_foreign(journal(), &bytes));
    let committed = append(&mut log, &[acquire(1), acquire(2)]).unwrap();
    assert_eq!((committed.first_seq, committed.last_seq), (2, 3));
    assert_eq!(committed.end.offset, storage.bytes(journal()).len() as u64);
    log
}

#[test]
fn whole_rows_before_ours_are_folded() {
    let storage = MemoryStorage::default();
    let mut log = interleaved(&storage, &foreign(acquire(9), 2));
    assert_eq!(lanes(log.fold()), ["lane-0", "lane-9", "lane-1", "lane-2"]);
    assert!(log.take_moved());
    assert_in_step(&log, &storage);
    assert_eq!(append(&mut log, &[acquire(3)]).unwrap().first_seq, 4);
}

#[test]
fn a_fragment_of_any_length_right_before_ours_swallows_nothing() {
    let row = foreign(acquire(9), 2);
    for cut in 1..row.len() {
        let storage = MemoryStorage::default();
        let log = interleaved(&storage, &row[..cut]);
        let held = lanes(log.fold());
        assert!(held.contains(&"lane-1".to_owned()), "cut at {cut}");
        assert!(held.contains(&"lane-2".to_owned()), "cut at {cut}");
        assert_in_step(&log, &storage);
        let mut standing = seqs(&storage);
        standing.sort_unstable();
        standing.dedup();
        assert_eq!(standing, [1, 2, 3], "cut at {cut}");
        storage.lose_power();
        assert!(seqs(&storage).ends_with(&[2, 3]) || seqs(&storage).ends_with(&[3, 2]));
    }
}

#[test]
fn a_fragment_of_which_the_rest_comes_with_ours_is_the_row_it_is() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    let row = foreign(acquire(9), 1);
    let (begun, rest) = row.split_at(30);
    storage.append_foreign(journal(), begun);
    log.follow().unwrap();
    let rest = rest.to_vec();
    storage.interrupt(Operation::Append, 0, move |disk| disk.append_foreign(journal(), &rest));
    append(&mut log, &[acquire(1)]).unwrap();
    assert_eq!(lanes(log.fold()), ["lane-9", "lane-1"]);
    assert_eq!(log.fold().corrupt(), 0);
    assert_in_step(&log, &storage);
}

#[test]
fn rows_that_came_before_are_folded_first_and_numbers_go_on() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    storage.append_foreign(journal(), &foreign(acquire(9), 41));
    assert_eq!(append(&mut log, &[release(9)]).unwrap().first_seq, 42);
    assert!(log.take_moved());
    assert_eq!(log.fold().leases().count(), 0);
    append(&mut log, &[acquire(1)]).unwrap();
    assert!(!log.take_moved(), "nobody else wrote");
}
