//! Compaction through the actor.

use std::time::Duration;

use super::*;
use crate::journal::{Compact, Compacted, JournalErrorKind, Observe};

fn lock() -> std::path::PathBuf {
    journal().with_file_name(".lane-lease.lock")
}

#[actix::test]
async fn folds_the_journal_and_goes_on() {
    let storage = MemoryStorage::default();
    let address = start(&storage);
    for _ in 0..20 {
        address.send(rows(1)).await.unwrap().unwrap();
    }
    let compacted = address.send(Compact).await.unwrap().unwrap();
    assert_eq!((compacted.entries_before, compacted.entries_after), (20, 1));
    let archive = compacted.archive.clone().unwrap();
    assert_eq!(storage.bytes(&archive).split(|byte| *byte == b'\n').count(), 21);
    assert_eq!(address.send(rows(1)).await.unwrap().unwrap().first_seq, 21);
    let seen = address.send(Observe { now_ms: 0 }).await.unwrap().unwrap();
    assert_eq!(seen.leases.len(), 1);

    let text = serde_json::to_string(&compacted).unwrap();
    assert_eq!(serde_json::from_str::<Compacted>(&text).unwrap(), compacted);
}

#[actix::test]
async fn waits_for_the_mutex_without_holding_anybody_up() {
    tokio::time::pause();
    let storage = MemoryStorage::default();
    let address = start(&storage);
    for _ in 0..20 {
        address.send(rows(1)).await.unwrap().unwrap();
    }
    storage.put(&lock(), b"owner: cli\nacquired_at: 2999-01-01T00:00:00Z\npid: 1\n");
    let asked = tokio::time::Instant::now();
    let compaction = address.send(Compact);
    let append = async {
        address.send(rows(1)).await.unwrap().unwrap();
        asked.elapsed()
    };
    let (refused, waited) = futures_util::future::join(compaction, append).await;
    let refused = refused.unwrap().unwrap_err();
    assert!(matches!(&refused.kind, JournalErrorKind::Busy { lock: at } if *at == lock()));
    assert!(asked.elapsed() >= Duration::from_secs(1), "five tries, 0.2 s apart");
    assert_eq!(waited, Duration::ZERO);
    crate::port::Storage::remove(&storage, &lock()).unwrap();
    address.send(Compact).await.unwrap().unwrap();
}
