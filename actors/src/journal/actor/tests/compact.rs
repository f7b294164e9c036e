//! Compaction through the actor.

use std::time::Duration;

use dosd_kernel::retention::Policy;
use dosd_kernel::stamp;

use super::*;
use crate::journal::{
    Compact, CompactSettings, Compacted, JournalErrorKind, Observe, Recall, ReplaceCaps,
};

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

const DAY_MS: i64 = 86_400_000;

fn now_ms() -> i64 {
    stamp::parse_ms("2026-03-01T12:00:00Z").unwrap()
}

/// An actor with caps, over a journal of beats that are so many days old.
fn capped(
    storage: &MemoryStorage,
    caps: Policy,
    beats: usize,
    days: i64,
) -> Addr<JournalActor<LaneFold>> {
    let ts = stamp::format_ms(now_ms() - days * DAY_MS);
    let row = |op| json!({"op": op, "lane": "lane-1", "loop_ts": "t", "ts": ts, "seq": 1});
    let story = std::iter::once(row("ACQUIRE")).chain((0..beats).map(|_| row("HEARTBEAT")));
    let lines: Vec<String> = story.map(|row| row.to_string()).collect();
    storage.put(journal(), format!("{}\n", lines.join("\n")).as_bytes());
    let log = Log::open(Arc::new(storage.clone()), journal()).unwrap();
    let clock = Arc::new(TestClock::at(now_ms()));
    let settings = CompactSettings::beside(journal()).with_caps(caps);
    JournalActor::new(log, clock, None, None).with_compaction(settings).start()
}

/// Asks what a supervisor asks at every tick, until whatever that set off is over.
async fn tick(address: &Addr<JournalActor<LaneFold>>, now_ms: i64) {
    address.send(Observe { now_ms }).await.unwrap().unwrap();
    for _ in 0..8 {
        address.send(Recall).await.unwrap().unwrap();
    }
}

fn archives(storage: &MemoryStorage) -> usize {
    let paths = storage.paths().into_iter();
    paths.filter(|path| path != journal() && path.to_string_lossy().ends_with(".jsonl")).count()
}

#[actix::test]
async fn w_14_age_based_compaction_fires() {
    let storage = MemoryStorage::default();
    let young = capped(&storage, Policy::default(), 9, 29);
    tick(&young, now_ms()).await;
    assert_eq!(archives(&storage), 0, "stamps are text, and 29 days are not 30");
    tick(&young, now_ms() + 2 * DAY_MS).await;
    assert_eq!(archives(&storage), 1);
    let rows = storage.bytes(journal()).split(|byte| *byte == b'\n').count() - 1;
    assert_eq!(rows, 3, "the checkpoint, the grant and the newest beat");
}

#[actix::test]
async fn a_journal_that_has_become_too_long_is_compacted_once() {
    let storage = MemoryStorage::default();
    let caps = Policy { journal_max_entries: Some(10), ..Policy::default() };
    let address = capped(&storage, caps, 9, 1);
    tick(&address, now_ms()).await;
    assert_eq!(archives(&storage), 0);
    address.send(rows(1)).await.unwrap().unwrap();
    tick(&address, now_ms()).await;
    assert_eq!(archives(&storage), 1);
    for minutes in 1..60 {
        tick(&address, now_ms() + minutes * 60_000).await;
    }
    assert_eq!(archives(&storage), 1, "there is nothing more to gain");
}

#[actix::test]
async fn a_busy_mutex_is_tried_again_after_a_pause() {
    tokio::time::pause();
    let storage = MemoryStorage::default();
    let caps = Policy { journal_max_entries: Some(2), ..Policy::default() };
    let address = capped(&storage, caps, 9, 1);
    storage.put(&lock(), b"owner: cli\nacquired_at: 2999-01-01T00:00:00Z\npid: 1\n");
    tick(&address, now_ms()).await;
    tokio::time::advance(Duration::from_secs(5)).await;
    tick(&address, now_ms()).await;
    assert_eq!(archives(&storage), 0);
    crate::port::Storage::remove(&storage, &lock()).unwrap();
    tick(&address, now_ms() + 59_999).await;
    assert_eq!(archives(&storage), 0, "not at every tick");
    tick(&address, now_ms() + 60_000).await;
    assert_eq!(archives(&storage), 1);
}

#[actix::test]
async fn other_caps_hold_from_the_next_look_on() {
    let storage = MemoryStorage::default();
    let address = capped(&storage, Policy::default(), 9, 1);
    tick(&address, now_ms()).await;
    assert_eq!(archives(&storage), 0);
    let caps = Policy { journal_max_entries: Some(5), ..Policy::default() };
    address.send(ReplaceCaps { caps }).await.unwrap();
    tick(&address, now_ms()).await;
    assert_eq!(archives(&storage), 1);
}
