//! The machine stops at every operation, and loses what was not synced.

use super::*;

#[test]
fn every_acknowledged_row_survives_a_stop_at_any_operation() {
    let mut ran_through = false;
    for operations in 0..64 {
        let storage = MemoryStorage::default();
        storage.stop_after(operations);
        let mut acknowledged = Vec::new();
        if let Ok(mut log) = open(&storage) {
            for lane in 0..6 {
                storage.append_foreign(journal(), b"{\"op\":\"ENFORCE\"");
                if let Ok(committed) = append(&mut log, &[acquire(lane), acquire(lane + 10)]) {
                    acknowledged.extend([committed.first_seq, committed.last_seq]);
                }
            }
        }
        ran_through |= !storage.has_stopped();
        storage.lose_power();
        let again = open(&storage).unwrap();
        let standing = seqs(&storage);
        assert!(acknowledged.iter().all(|seq| standing.contains(seq)), "after {operations}");
        assert_in_step(&again, &storage);
    }
    assert!(ran_through, "the machine stopped in every run");
}

#[test]
fn the_name_of_a_new_journal_survives_too() {
    let storage = MemoryStorage::default();
    append(&mut open(&storage).unwrap(), &[acquire(1)]).unwrap();
    storage.lose_power();
    assert_eq!(lanes(open(&storage).unwrap().fold()), ["lane-1"]);
}

#[test]
fn a_journal_that_was_removed_under_us_is_made_anew_durably() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    append(&mut log, &[acquire(1)]).unwrap();
    crate::port::Storage::remove(&storage, journal()).unwrap();
    append(&mut log, &[acquire(2)]).unwrap();
    drop(log);
    storage.lose_power();
    assert_eq!(lanes(open(&storage).unwrap().fold()), ["lane-2"]);
}
