//! The state file: its format, damage, and power that is lost at any moment.

use std::path::Path;
use std::sync::Arc;

use dosd_actors::port::Clock;
use dosd_actors::port::testing::{MemoryStorage, TestClock};
use dosd_actors::supervisor::FleetView;
use proptest::prelude::*;

use super::super::state_file::{Posted, decode, encode};
use super::{FakeWire, about, events, fake_sink, kept_text, state_file};
use crate::sink::{Delivery, Sink};
use crate::testing::{NOW_MS, pass};

/// Version 1 as it was first written. It must stay readable for good.
const VERSION_1: &str = include_str!("state_version_1.json");

#[test]
fn version_1_is_written_and_read() {
    let kept = decode(VERSION_1.as_bytes()).unwrap();
    assert_eq!(kept.book.kinds.len(), 2);
    let waiting: Vec<u64> = kept
        .book
        .kinds
        .values()
        .filter_map(|kind| kind.waiting.as_ref())
        .map(|tally| tally.events)
        .collect();
    assert_eq!(waiting, [3]);
    let (asked, channel) = ("#garden".to_owned(), "C1".to_owned());
    assert_eq!(kept.status, Some(Posted { asked, channel, ts: "1795375885.000100".to_owned() }));
    assert_eq!(String::from_utf8(encode(&kept)).unwrap(), VERSION_1);
}

#[test]
fn every_cut_is_noticed() {
    for len in 0..VERSION_1.trim_end().len() {
        assert!(decode(&VERSION_1.as_bytes()[..len]).is_err(), "cut at byte {len}");
    }
    let later = VERSION_1.replace("\"version\": 1", "\"version\": 2");
    assert!(decode(later.as_bytes()).unwrap_err().contains("version 2"));
}

proptest! {
    #[test]
    fn damage_never_panics(at in 0..VERSION_1.len(), byte in any::<u8>()) {
        let mut bytes = VERSION_1.as_bytes().to_vec();
        bytes[at] = byte;
        if let Ok(kept) = decode(&bytes) {
            let times = super::super::book::Times { interval_ms: i64::MAX, repeat_ms: i64::MAX };
            let mut book = kept.book;
            book.settle(NOW_MS, times);
            super::super::message::compose("garden", &book, NOW_MS, times);
        }
    }
}

#[actix::test]
async fn a_file_that_cannot_be_used_is_put_aside() {
    let storage = MemoryStorage::default();
    storage.put(Path::new("exporters/oncall.slack.json"), b"{\"format\":");
    let file = state_file(&storage);
    assert_eq!(file.load().await.unwrap().book.kinds.len(), 0);
    let aside = Path::new("exporters/oncall.slack.json.unreadable-1");
    assert_eq!(storage.bytes(aside), b"{\"format\":");
    assert!(kept_text(&storage).is_empty());
}

#[actix::test]
async fn every_event_is_told_wherever_the_power_goes() {
    let mut steps = 0;
    while crash_after(steps).await {
        steps += 1;
    }
    assert!(steps >= 3, "only {steps} steps on disk were cut short");
}

/// Sends four batches to a machine that stops after so many steps on disk, and goes on with
/// what was not accepted on the next one. Says whether it stopped at all.
async fn crash_after(steps: usize) -> bool {
    tokio::time::pause();
    let storage = MemoryStorage::default();
    let clock = TestClock::at(NOW_MS);
    let wire = FakeWire::new();
    let new_sink = || fake_sink(&wire, Arc::new(clock.clone()), &storage, |_| {});
    storage.stop_after(steps);
    let mut sink = new_sink();
    let mut stopped = false;
    for lane in 0..4 {
        let batch = sink.encode(&events(&[about(&format!("lane-{lane}"), "STALLED")]));
        while sink.send(&batch).await != Delivery::Accepted {
            assert!(storage.has_stopped());
            stopped = true;
            storage.lose_power();
            sink = new_sink();
        }
    }
    // The machine may have stopped between an acceptance and now.
    storage.lose_power();
    let mut sink = new_sink();
    for _ in 0..3 {
        pass(std::time::Duration::from_hours(5)).await;
        assert_eq!(sink.show(&FleetView::default(), clock.now_ms()).await, Ok(()));
    }
    let said: String = wire.posts().iter().map(super::Asked::said).collect();
    for lane in 0..4 {
        assert!(said.contains(&format!("lane-{lane}")), "lane {lane} after {steps} steps: {said}");
    }
    tokio::time::resume();
    stopped
}
