//! A disk that refuses, once or for good, at every call.

use std::io::ErrorKind;

use super::*;
use crate::port::testing::{Fault, Operation};

fn three() -> [Value; 3] {
    [acquire(1), acquire(2), acquire(3)]
}

#[test]
fn w_11_a_short_write_of_every_length_loses_and_doubles_nothing() {
    let whole = {
        let storage = MemoryStorage::default();
        append(&mut open(&storage).unwrap(), &three()).unwrap();
        storage.bytes(journal()).len()
    };
    for taken in 0..whole {
        let storage = MemoryStorage::default();
        let mut log = open(&storage).unwrap();
        storage.fail(Operation::Append, 0, Fault::Short(taken));
        let committed = append(&mut log, &three()).unwrap();
        assert_eq!((committed.first_seq, committed.last_seq), (1, 3), "{taken} bytes");
        assert!(log.take_reports().contains(&Report::ShortWrite { taken, given: whole }));
        let mut standing = seqs(&storage);
        standing.sort_unstable();
        assert_eq!(standing, [1, 2, 3], "{taken} bytes");
        storage.lose_power();
        assert_eq!(lanes(open(&storage).unwrap().fold()).len(), 3, "{taken} bytes");
    }
}

#[test]
fn a_disk_that_never_takes_a_whole_row_is_given_up() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    for _ in 0..100 {
        storage.fail(Operation::Append, 0, Fault::Short(3));
    }
    let failed = append(&mut log, &[acquire(1)]).unwrap_err();
    assert!(failed.kind.is_fatal());
    assert!(storage.appends() < 100);
}

/// Five appends; the first that fails ends the log, whatever comes after.
fn acknowledged_until_failure(storage: &MemoryStorage) -> (u64, bool) {
    let mut log = open(storage).unwrap();
    let mut acknowledged = 0;
    let mut failed = None;
    for lane in 0..5 {
        match append(&mut log, &[acquire(lane)]) {
            Ok(committed) => {
                assert!(failed.is_none(), "acknowledged after a failure");
                acknowledged = committed.last_seq;
            }
            Err(error) => {
                assert!(error.kind.is_fatal(), "{error}");
                let first = failed.get_or_insert_with(|| error.clone());
                assert_eq!(*first, error, "the first failure stays");
                assert_eq!(log.follow().unwrap_err(), error);
            }
        }
    }
    (acknowledged, failed.is_some())
}

#[test]
fn any_failed_call_is_fatal_and_takes_no_acknowledged_row() {
    for operation in [Operation::Append, Operation::Sync] {
        for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
            let mut clean = false;
            for n in 0..10 {
                let storage = MemoryStorage::default();
                storage.fail(operation, n, Fault::Error(kind));
                let (acknowledged, failed) = acknowledged_until_failure(&storage);
                assert_eq!(acknowledged, n.min(5) as u64);
                storage.lose_power();
                let again = open(&storage).unwrap();
                assert!(again.fold().highest_seq() >= acknowledged);
                assert_eq!(lanes(again.fold()).len() as u64, again.fold().highest_seq());
                clean |= !failed;
            }
            assert!(clean, "no run without a failure");
        }
    }
}

#[test]
fn a_sync_that_would_succeed_the_second_time_is_not_asked_again() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    storage.fail(Operation::Sync, 0, Fault::Error(ErrorKind::Other));
    assert!(append(&mut log, &[acquire(1)]).unwrap_err().kind.is_fatal());
    let (syncs, appends) = (storage.syncs(), storage.appends());
    assert!(append(&mut log, &[acquire(2)]).unwrap_err().kind.is_fatal());
    assert_eq!((storage.syncs(), storage.appends()), (syncs, appends));
}

#[test]
fn the_error_names_the_last_row_that_is_certain() {
    for count in [1, 100] {
        let storage = MemoryStorage::default();
        let mut log = open(&storage).unwrap();
        append(&mut log, &three()).unwrap();
        storage.fail(Operation::Sync, 0, Fault::Error(ErrorKind::Other));
        let many: Vec<_> = (0..count).map(acquire).collect();
        let failed = append(&mut log, &many).unwrap_err();
        assert!(failed.to_string().contains("nothing after row 3 "), "{failed}");
    }
}

#[test]
fn many_rows_are_folded_like_few() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    let many: Vec<_> = (0..100).map(acquire).collect();
    assert_eq!(append(&mut log, &many).unwrap().last_seq, 100);
    assert_in_step(&log, &storage);
    storage.interrupt(Operation::Append, 0, |disk| {
        disk.append_foreign(journal(), &foreign(acquire(200), 7)[..40]);
    });
    assert_eq!(append(&mut log, &many).unwrap().last_seq, 200);
    assert_in_step(&log, &storage);
}

#[test]
fn a_journal_has_one_writer() {
    let storage = MemoryStorage::default();
    let log = open(&storage).unwrap();
    let second = open(&storage).err().unwrap();
    assert!(second.to_string().contains("lane-journal.jsonl.lock"), "{second}");
    drop(log);
    open(&storage).unwrap();
}

#[test]
fn no_rows_take_no_numbers() {
    let storage = MemoryStorage::default();
    let mut log = open(&storage).unwrap();
    let committed = append(&mut log, &[]).unwrap();
    assert_eq!((committed.first_seq, committed.last_seq), (1, 0));
    assert_eq!(append(&mut log, &[acquire(1)]).unwrap().first_seq, 1);
}
