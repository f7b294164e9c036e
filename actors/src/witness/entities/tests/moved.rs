//! A surface that changes while it is read is read again, from the start.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;

use super::{Entities, Limits, Made, MemoryStorage, all, expected, read_in};
use crate::witness::Unreadable;

/// Hands over something that is not there any more, as long as it moves.
fn moving(times: u32) -> (Made, Arc<AtomicU32>) {
    let reads = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&reads);
    let hand = move |into: &mut dyn Entities| {
        if count.fetch_add(1, Ordering::Relaxed) < times {
            into.entity("gone", json!(1))?;
            return Err(Unreadable::moved("`file`"));
        }
        into.entity("there", json!(2))?;
        Ok(())
    };
    (Made::by(hand), reads)
}

#[test]
fn nothing_of_the_earlier_read_remains() {
    for memory in [0, 1 << 20] {
        let storage = MemoryStorage::default();
        let (surface, reads) = moving(2);
        let digests = read_in(memory, &storage, Limits::default(), &surface).unwrap();
        assert_eq!(
            all(digests.walk().unwrap()).unwrap(),
            expected(&[("there".to_owned(), json!(2))])
        );
        assert_eq!((digests.entities(), reads.load(Ordering::Relaxed)), (1, 3));
    }
}

#[test]
fn one_that_never_rests_is_unreadable() {
    let (surface, reads) = moving(u32::MAX);
    let failed =
        read_in(1 << 20, &MemoryStorage::default(), Limits::default(), &surface).unwrap_err();
    assert_eq!(failed.cause, "`file` changed while it was read");
    assert_eq!(reads.load(Ordering::Relaxed), 5);
}

#[test]
fn the_time_is_that_of_all_reads_together() {
    let (surface, reads) = moving(u32::MAX);
    let limits = Limits { timeout: std::time::Duration::from_millis(2), ..Limits::default() };
    assert!(read_in(1 << 20, &MemoryStorage::default(), limits, &surface).is_err());
    assert!(reads.load(Ordering::Relaxed) < 5);
}
