//! Counters on a disk that fails and is shared.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::port::Storage as _;
use crate::port::testing::{Fault, MemoryStorage, Operation, TestClock};

fn directory() -> &'static Path {
    Path::new("/w/.dos/leases/id-alloc")
}

fn counters(storage: &MemoryStorage) -> Counters {
    let clock = Arc::new(TestClock::at(1_000_000));
    Counters::new(Arc::new(storage.clone()), clock, directory().to_owned())
}

fn file(scope: &str) -> PathBuf {
    directory().join(format!("{}.id", file_stem(scope)))
}

#[tokio::test]
async fn numbers_go_up_and_each_scope_has_its_own() {
    let storage = MemoryStorage::default();
    let counters = counters(&storage);
    assert_eq!(counters.peek("a").unwrap(), None);
    assert_eq!(counters.allocate("a", 7).await.unwrap(), 7);
    assert_eq!(counters.allocate("a", 100).await.unwrap(), 8, "a later start changes nothing");
    assert_eq!(counters.allocate("b", -3).await.unwrap(), -3);
    assert_eq!((counters.peek("a").unwrap(), counters.peek("b").unwrap()), (Some(8), Some(-3)));
    storage.lose_power();
    assert_eq!(counters.allocate("a", 1).await.unwrap(), 9, "it was on disk before it was told");
}

#[tokio::test]
async fn a_counter_that_cannot_be_read_is_never_started_over() {
    let storage = MemoryStorage::default();
    let counters = counters(&storage);
    for damage in [&b""[..], b"seven", b"\xff"] {
        storage.put(&file("a"), damage);
        assert!(matches!(counters.allocate("a", 1).await, Err(CounterError::Damaged(_))));
        assert!(matches!(counters.peek("a"), Err(CounterError::Damaged(_))));
        assert_eq!(storage.bytes(&file("a")), damage);
    }
    storage.put(&file("a"), i64::MAX.to_string().as_bytes());
    assert!(matches!(counters.allocate("a", 1).await, Err(CounterError::Exhausted(_))));
}

#[tokio::test(start_paused = true)]
async fn a_lock_of_another_program_is_waited_for_and_taken_when_stale() {
    let storage = MemoryStorage::default();
    let counters = counters(&storage);
    let lock = file("a").with_extension("lock");
    let held_since = |ms| {
        let at = dosd_kernel::stamp::format_ms(ms);
        storage.put(&lock, format!("owner: id-alloc:7:8\nacquired_at: {at}\npid: 7\n").as_bytes());
    };
    // Ten seconds of waiting are not enough to make it stale.
    held_since(1_000_000 - 15_000);
    assert!(matches!(counters.allocate("a", 1).await, Err(CounterError::Busy(_))));
    held_since(1_000_000 - 30_000);
    assert_eq!(counters.allocate("a", 1).await.unwrap(), 1);
    assert!(storage.read(&lock).is_err(), "the lock is given back");
}

#[tokio::test]
async fn a_failed_write_gives_no_number_out() {
    let storage = MemoryStorage::default();
    let counters = counters(&storage);
    counters.allocate("a", 1).await.unwrap();
    storage.fail(Operation::Replace, 0, Fault::Error(io::ErrorKind::StorageFull));
    assert!(matches!(counters.allocate("a", 1).await, Err(CounterError::Io { .. })));
    assert_eq!(counters.allocate("a", 1).await.unwrap(), 2);
}

#[test]
fn names_are_the_ones_that_the_others_use() {
    // From the peer.
    for (scope, stem) in [
        ("next-up-2026-11-22", "next-up-2026-11-22.2s4rrbnm36l9z"),
        ("a b//c", "a-b-c.3altxg5i3rvcx"),
        ("", "scope.33niihzj4ux45"),
        ("--x--", "x.0dkiwrmr8kmn3"),
        ("ä/ö", "scope.1l56encmx9eam"),
        (
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/z",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.3cc65mc3dup34",
        ),
        ("---", "scope.3dswjsty2wshy"),
        ("a-/b", "a--b.1i63go962nqea"),
        ("../..", "..-...3i6hik2x3yete"),
        ("-a_.B-", "a_.B.039ga0stfze4z"),
    ] {
        assert_eq!(file_stem(scope), stem);
    }
}
