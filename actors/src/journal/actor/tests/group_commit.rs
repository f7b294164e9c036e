//! Many callers, few syncs, everybody their own numbers.

use std::collections::BTreeSet;

use actix::MailboxError;
use futures_util::future::join_all;

use super::*;
use crate::journal::{Observe, ReadFrom, Start};
use crate::port::testing::{Fault, Operation};

#[actix::test]
async fn callers_get_their_own_numbers_and_share_syncs() {
    tokio::time::pause();
    let storage = MemoryStorage::default();
    let journal = start(&storage);
    let mut taken = BTreeSet::new();
    for _ in 0..4 {
        let asked: Vec<_> = (0..512).map(|n| journal.send(rows(n % 4))).collect();
        for (n, answer) in join_all(asked).await.into_iter().enumerate() {
            let committed = answer.unwrap().unwrap();
            let numbers = committed.first_seq..=committed.last_seq;
            assert_eq!(numbers.clone().count(), n % 4);
            assert!(numbers.into_iter().all(|seq| taken.insert(seq)), "a number was given twice");
        }
    }
    assert_eq!(taken.len(), 4 * 768);
    assert_eq!(taken.last(), Some(&(4 * 768)));
    assert!(storage.syncs() <= 16, "{} syncs for 2,048 callers", storage.syncs());
    let written = String::from_utf8(storage.bytes(super::journal())).unwrap();
    assert_eq!(written.lines().count(), 4 * 768);
}

#[actix::test]
async fn rows_of_one_caller_stay_together_and_in_order() {
    let storage = MemoryStorage::default();
    let journal = start(&storage);
    let answers = join_all((0..8).map(|_| journal.send(rows(3)))).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().is_ok()));
    let page = journal
        .send(ReadFrom { start: Start::Beginning, max_rows: 100, max_bytes: 100_000 })
        .await
        .unwrap()
        .unwrap();
    for (n, (_, text)) in page.rows.iter().enumerate() {
        assert!(text.contains(&format!("lane-{}", n % 3)), "row {n}: {text}");
    }
}

#[actix::test]
async fn what_is_acknowledged_is_synced() {
    let storage = MemoryStorage::default();
    let journal = start(&storage);
    let committed = journal.send(rows(2)).await.unwrap().unwrap();
    storage.lose_power();
    assert_eq!(storage.bytes(super::journal()).len() as u64, committed.end.offset);
}

#[actix::test]
async fn everybody_in_a_failed_batch_is_told_and_nobody_is_acknowledged_after() {
    let storage = MemoryStorage::default();
    let journal = start(&storage);
    journal.send(rows(1)).await.unwrap().unwrap();
    storage.fail(Operation::Sync, 0, Fault::Error(std::io::ErrorKind::Other));
    let answers = join_all((0..64).map(|_| journal.send(rows(1)))).await;
    for answer in answers {
        match answer {
            Ok(outcome) => assert!(outcome.unwrap_err().kind.is_fatal()),
            Err(gone) => assert!(matches!(gone, MailboxError::Closed)),
        }
    }
    assert!(matches!(journal.send(rows(1)).await, Err(MailboxError::Closed)));
    assert_eq!(storage.syncs(), 2);
    // The writer's lock is given back, so that a new one can start.
    Log::<LaneFold>::open(Arc::new(storage), super::journal()).unwrap();
}

#[actix::test]
async fn what_is_appended_is_observed() {
    let storage = MemoryStorage::default();
    let journal = start(&storage);
    journal.send(rows(2)).await.unwrap().unwrap();
    let row = b"{\"op\":\"ACQUIRE\",\"lane\":\"theirs\",\"loop_ts\":\"t\",\"seq\":3}\n";
    storage.append_foreign(super::journal(), row);
    let seen = journal.send(Observe { now_ms: 0 }).await.unwrap().unwrap();
    let lanes: Vec<_> = seen.leases.iter().map(|live| live.lease.lane()).collect();
    assert_eq!(lanes, ["lane-0", "lane-1", "theirs"]);
    assert_eq!(seen.highest_seq, 3);
}
