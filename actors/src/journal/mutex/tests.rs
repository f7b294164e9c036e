//! The mutex between processes of ours and those of the peer.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dosd_kernel::stamp;

use super::{LOCK_PATIENCE, LeaseHold, LeaseMutex, LockOwner};
use crate::journal::error::JournalErrorKind;
use crate::port::testing::{MemoryStorage, TestClock};
use crate::port::{Clock, Disk, SystemClock};

fn lock() -> &'static Path {
    Path::new("/w/.dos/.lane-lease.lock")
}

fn start_ms() -> i64 {
    stamp::parse_ms("2026-03-01T12:00:00Z").unwrap()
}

fn mutex(storage: &MemoryStorage, clock: &TestClock, pid: u32) -> LeaseMutex {
    let owner = LockOwner::new("some host", pid, 0xabc);
    LeaseMutex::new(Arc::new(storage.clone()), Arc::new(clock.clone()), lock().to_owned(), owner)
}

/// A lock file as the peer writes it, so many seconds ago.
fn peers(clock: &TestClock, seconds: i64) -> Vec<u8> {
    let at = stamp::format_ms(clock.now_ms() - seconds * 1000);
    format!("owner: cli\nacquired_at: {at}\npid: 7\n").into_bytes()
}

fn take(mutex: &LeaseMutex) -> Option<LeaseHold> {
    mutex.try_take().unwrap()
}

#[tokio::test(start_paused = true)]
async fn writes_what_the_peer_reads_and_takes_it_away_again() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    let hold = take(&mutex(&storage, &clock, 5)).unwrap();
    let content = String::from_utf8(storage.bytes(lock())).unwrap();
    assert_eq!(content, "owner: dosd-some-host-5-abc\nacquired_at: 2026-03-01T12:00:00Z\npid: 5\n");
    hold.prove().unwrap();
    drop(hold);
    assert!(!storage.paths().contains(&lock().to_owned()));
    assert!(take(&mutex(&storage, &clock, 6)).is_some());
}

#[tokio::test(start_paused = true)]
async fn w_2_one_holder_even_with_one_owner() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    let mutex = mutex(&storage, &clock, 5);
    let hold = take(&mutex).unwrap();
    assert!(take(&mutex).is_none());
    drop(hold);
    assert!(take(&mutex).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_fresh_lock_of_the_peer_is_respected_and_a_stale_one_taken() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    for (seconds, is_free) in [(0, false), (299, false), (300, true), (-50, false)] {
        let theirs = peers(&clock, seconds);
        storage.put(lock(), &theirs);
        let hold = take(&mutex(&storage, &clock, 5));
        assert_eq!(hold.is_some(), is_free, "after {seconds} s");
        if !is_free {
            assert_eq!(storage.bytes(lock()), theirs);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_says_no_time_is_respected() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    for content in [&b""[..], b"owner: x\n", b"acquired_at: soon\n", b"\xff\xfe"] {
        storage.put(lock(), content);
        assert!(take(&mutex(&storage, &clock, 5)).is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_of_ours_whose_process_is_gone_is_taken_at_once() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    let dead = "owner: dosd-some-host-4-1\nacquired_at: 2026-03-01T12:00:00Z\npid: 4\n";
    storage.put(lock(), dead.as_bytes());
    let hold = take(&mutex(&storage, &clock, 5)).unwrap();
    hold.prove().unwrap();
    drop(hold);
    let elsewhere = dead.replace("some-host", "other-host");
    storage.put(lock(), elsewhere.as_bytes());
    assert!(take(&mutex(&storage, &clock, 5)).is_none(), "it may live on its own host");
}

#[tokio::test(start_paused = true)]
async fn w_4_a_hold_that_was_taken_away_proves_nothing_and_removes_nothing() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    let hold = take(&mutex(&storage, &clock, 5)).unwrap();
    let theirs = peers(&clock, 0);
    storage.put(lock(), &theirs);
    let failed = hold.prove().unwrap_err();
    assert!(matches!(failed.kind, JournalErrorKind::Busy { .. }));
    drop(hold);
    assert_eq!(storage.bytes(lock()), theirs);
}

#[tokio::test(start_paused = true)]
async fn w_4_a_holder_that_was_stopped_for_too_long_proves_nothing() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    let hold = take(&mutex(&storage, &clock, 5)).unwrap();
    tokio::time::advance(Duration::from_secs(289)).await;
    hold.prove().unwrap();
    tokio::time::advance(Duration::from_secs(1)).await;
    hold.prove().unwrap_err();
    drop(hold);
    // A clock that jumps counts as well as one that runs.
    let hold = take(&mutex(&storage, &clock, 5)).unwrap();
    clock.jump_ms(300_000);
    hold.prove().unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_busy_lock_is_tried_for_a_second_and_then_given_up() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    storage.put(lock(), &peers(&clock, 0));
    let began = clock.monotonic();
    let failed = mutex(&storage, &clock, 5).take(LOCK_PATIENCE).await.err().unwrap();
    assert!(matches!(failed.kind, JournalErrorKind::Busy { .. }));
    assert_eq!(clock.monotonic().saturating_sub(began), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_becomes_free_is_taken() {
    let (storage, clock) = (MemoryStorage::default(), TestClock::at(start_ms()));
    let first = take(&mutex(&storage, &clock, 4)).unwrap();
    let second = mutex(&storage, &clock, 5);
    let waiting =
        tokio::spawn(async move { second.take(LOCK_PATIENCE).await.map(|hold| hold.prove()) });
    tokio::time::advance(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    drop(first);
    waiting.await.unwrap().unwrap().unwrap();
}

/// On the real file system: a thousand turns of several threads, each its own
/// process as far as the locks can tell, and never two at once.
#[test]
fn no_two_holders_on_a_real_disk() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".lane-lease.lock");
    let inside = directory.path().join("inside");
    let turns = std::sync::atomic::AtomicUsize::new(0);
    let one_thread = |pid| {
        let owner = LockOwner::new("host", pid, 1);
        let clock = Arc::new(SystemClock::new());
        let mutex = LeaseMutex::new(Arc::new(Disk), clock, path.clone(), owner);
        while turns.load(std::sync::atomic::Ordering::Relaxed) < 1000 {
            if let Some(hold) = take(&mutex) {
                std::fs::File::create_new(&inside).expect("somebody else is inside");
                hold.prove().unwrap();
                std::fs::remove_file(&inside).unwrap();
                turns.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for pid in 1..=4 {
            scope.spawn(move || one_thread(pid));
        }
    });
    assert!(!path.exists());
}

/// Stale locks and the peer's way to steal them, on the real file system: what
/// is written in place never lands in a file that was renamed there meanwhile.
#[test]
fn w_3_taking_over_spares_a_file_that_was_renamed_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lock");
    let disk = Disk;
    let storage: &dyn crate::port::Storage = &disk;
    std::fs::write(&path, "a longer stale lock").unwrap();
    assert!(!storage.take_over(&path, b"another", b"ours").unwrap());
    assert!(storage.take_over(&path, b"a longer stale lock", b"ours").unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), b"ours");
    std::fs::remove_file(&path).unwrap();
    assert!(!storage.take_over(&path, b"ours", b"x").unwrap());
}

/// A stale lock that several want at once, on the real file system: one gets it, and the
/// fresh lock of that one is nobody's to take.
#[test]
fn w_3_a_stale_lock_goes_to_one_and_its_fresh_lock_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".lane-lease.lock");
    for _ in 0..50 {
        std::fs::write(&path, "owner: gone\nacquired_at: 2020-01-01T00:00:00Z\npid: 1\n").unwrap();
        let gate = std::sync::Barrier::new(4);
        let holds: Vec<Option<LeaseHold>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=4)
                .map(|pid| {
                    let (path, gate) = (path.clone(), &gate);
                    scope.spawn(move || {
                        let clock = Arc::new(SystemClock::new());
                        // Hosts of their own: no OS lock of one host keeps them apart.
                        let owner = LockOwner::new(&format!("host-{pid}"), pid, 1);
                        let mutex = LeaseMutex::new(Arc::new(Disk), clock, path, owner);
                        gate.wait();
                        take(&mutex)
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let held: Vec<_> = holds.iter().flatten().collect();
        assert_eq!(held.len(), 1);
        held[0].prove().unwrap();
    }
}
