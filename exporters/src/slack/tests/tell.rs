//! The sink under paused time, over a wire that goes nowhere.

use std::sync::Arc;
use std::time::Duration;

use dosd_actors::port::Clock;
use dosd_actors::port::testing::{Fault, MemoryStorage, Operation, TestClock};
use dosd_actors::supervisor::FleetView;
use serde_json::json;

use super::super::wire::Call;
use super::super::{SlackConfig, SlackSink};
use super::{FakeWire, about, answer, events, fake_sink, kept_text, no};
use crate::sink::{Delivery, Sink};
use crate::testing::{NOW_MS, pass};

const SECOND: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_mins(1);

struct Room {
    wire: FakeWire,
    clock: TestClock,
    storage: MemoryStorage,
    fleet: FleetView,
}

impl Room {
    fn new() -> Self {
        tokio::time::pause();
        Self {
            wire: FakeWire::new(),
            clock: TestClock::at(NOW_MS),
            storage: MemoryStorage::default(),
            fleet: FleetView::default(),
        }
    }

    fn sink(&self, change: impl FnOnce(&mut SlackConfig)) -> SlackSink {
        fake_sink(&self.wire, Arc::new(self.clock.clone()), &self.storage, change)
    }

    async fn show(&self, sink: &mut SlackSink) -> Result<(), String> {
        sink.show(&self.fleet, self.clock.now_ms()).await.map_err(|why| why.0)
    }
}

async fn send(sink: &mut SlackSink, rows: &[String]) -> Delivery {
    let batch = sink.encode(&events(rows));
    sink.send(&batch).await
}

fn stalled(lanes: std::ops::Range<usize>) -> Vec<String> {
    lanes.map(|lane| about(&format!("lane-{lane}"), "STALLED")).collect()
}

#[actix::test]
async fn what_comes_within_the_interval_waits_on_disk() {
    let room = Room::new();
    let mut sink = room.sink(|_| {});
    assert_eq!(sink.limits().gather, 5 * SECOND);
    assert_eq!(send(&mut sink, &stalled(0..2)).await, Delivery::Accepted);
    assert_eq!(room.wire.posts().len(), 1);
    assert_eq!(sink.limits().gather, INTERVAL);
    pass(20 * SECOND).await;
    // A timer is up to 1 ms late.
    let left = sink.limits().gather;
    assert!(left > 39 * SECOND && left <= 40 * SECOND, "{left:?}");

    assert_eq!(send(&mut sink, &stalled(1..5)).await, Delivery::Accepted);
    assert_eq!(room.show(&mut sink).await, Ok(()));
    assert_eq!(room.wire.posts().len(), 1, "not before the interval is over");
    assert!(kept_text(&room.storage).contains("lane-4"));

    // Over a restart.
    let mut sink = room.sink(|_| {});
    pass(40 * SECOND).await;
    assert_eq!(room.show(&mut sink).await, Ok(()));
    let posts = room.wire.posts();
    let said = posts[1].said();
    assert!(said.starts_with("🔴 garden: 3 events, 3 ERROR"), "{said}");
    assert!(said.contains("Meanwhile") && said.contains("*`lane-1`*"), "{said}");
    assert_eq!(room.show(&mut sink).await, Ok(()));
    assert_eq!(room.wire.posts().len(), 2);
}

#[actix::test]
async fn what_was_told_is_told_again_when_repeat_is_over() {
    let room = Room::new();
    let mut sink = room.sink(|_| {});
    send(&mut sink, &stalled(0..1)).await;
    for _ in 0..10 {
        pass(INTERVAL).await;
        assert_eq!(send(&mut sink, &stalled(0..1)).await, Delivery::Accepted);
        assert_eq!(room.show(&mut sink).await, Ok(()));
    }
    assert_eq!(room.wire.posts().len(), 1);
    pass(4 * 60 * INTERVAL).await;
    assert_eq!(room.show(&mut sink).await, Ok(()));
    let posts = room.wire.posts();
    assert_eq!(posts.len(), 2);
    assert!(posts[1].said().contains("`liveness STALLED` × 10"), "{}", posts[1].said());
}

#[actix::test]
async fn a_message_that_fails_takes_nothing() {
    let room = Room::new();
    let mut sink = room.sink(|_| {});
    room.wire.then([Err("refused".to_owned()), no("internal_error"), no("invalid_auth")]);
    let retry = Delivery::Retry { reason: "refused".to_owned() };
    assert_eq!(send(&mut sink, &stalled(0..1)).await, retry);
    assert!(matches!(send(&mut sink, &stalled(0..1)).await, Delivery::Retry { .. }));
    assert!(matches!(send(&mut sink, &stalled(0..1)).await, Delivery::Disabled { .. }));
    assert!(kept_text(&room.storage).is_empty());
    assert_eq!(send(&mut sink, &stalled(0..1)).await, Delivery::Accepted);
    let said = room.wire.posts().last().unwrap().said();
    assert!(said.starts_with("🔴 garden: 1 event,"), "{said}");
    let gaps = room.wire.gaps();
    assert!(gaps.iter().all(|gap| *gap >= SECOND), "{gaps:?}");
}

#[actix::test]
async fn a_delay_that_slack_names_is_kept() {
    let room = Room::new();
    let mut sink = room.sink(|_| {});
    room.wire.then([answer(429, Some(30), "")]);
    let throttled = send(&mut sink, &stalled(0..1)).await;
    let Delivery::Throttled { delay: Some(delay), .. } = throttled else { panic!("{throttled:?}") };
    assert_eq!(delay, 30 * SECOND);
    // Also by who asks again too early.
    assert!(matches!(send(&mut sink, &stalled(0..1)).await, Delivery::Throttled { .. }));
    assert_eq!(room.wire.posts().len(), 1);
    pass(30 * SECOND).await;
    assert_eq!(send(&mut sink, &stalled(0..1)).await, Delivery::Accepted);
}

#[actix::test]
async fn details_that_slack_does_not_take_cost_no_event() {
    let room = Room::new();
    let mut sink = room.sink(|_| {});
    room.wire.then([no("invalid_blocks")]);
    assert_eq!(send(&mut sink, &stalled(0..3)).await, Delivery::Accepted);
    let posts = room.wire.posts();
    assert_eq!(posts[1].body["text"], "dosd: 3 events, 3 ERROR; Slack did not take the details");
    assert!(room.wire.gaps()[0] >= SECOND);
    pass(INTERVAL).await;
    room.wire.then([no("invalid_blocks"), no("no_text")]);
    let refused = send(&mut sink, &stalled(3..4)).await;
    assert_eq!(refused, Delivery::Refused { reason: "Slack answers `invalid_blocks`".to_owned() });
}

#[actix::test]
async fn a_disk_that_fails_after_the_message_does_not_tell_twice() {
    let room = Room::new();
    let mut sink = room.sink(|_| {});
    room.storage.fail(Operation::Replace, 0, Fault::Error(std::io::ErrorKind::StorageFull));
    let failed = send(&mut sink, &stalled(0..2)).await;
    let Delivery::Retry { reason } = failed else { panic!("{failed:?}") };
    assert!(reason.contains("exporters/oncall.slack.json"), "{reason}");
    assert_eq!(send(&mut sink, &stalled(0..2)).await, Delivery::Accepted);
    assert_eq!(room.wire.posts().len(), 1);
    assert!(!kept_text(&room.storage).contains("\"events\""), "nothing waits");
    // The same events sent by somebody, later, are new ones.
    assert_eq!(send(&mut sink, &stalled(0..2)).await, Delivery::Accepted);
    assert!(kept_text(&room.storage).contains("\"events\": 1"));
}

#[actix::test]
async fn a_disk_that_fails_counts_nothing() {
    let room = Room::new();
    let mut sink = room.sink(|_| {});
    send(&mut sink, &stalled(0..1)).await;
    for _ in 0..3 {
        room.storage.fail(Operation::Replace, 0, Fault::Error(std::io::ErrorKind::StorageFull));
        assert!(matches!(send(&mut sink, &stalled(0..1)).await, Delivery::Retry { .. }));
    }
    assert_eq!(send(&mut sink, &stalled(0..1)).await, Delivery::Accepted);
    assert!(kept_text(&room.storage).contains("\"events\": 1"));
}

#[actix::test]
async fn a_look_that_fails_keeps_the_counts_and_is_patient() {
    let room = Room::new();
    let mut sink = room.sink(|_| {});
    send(&mut sink, &stalled(0..1)).await;
    send(&mut sink, &stalled(1..2)).await;
    pass(INTERVAL).await;
    room.wire.then([Err("no route".to_owned())]);
    assert_eq!(room.show(&mut sink).await, Err("no route".to_owned()));
    pass(5 * SECOND).await;
    assert_eq!(room.show(&mut sink).await, Err("no route".to_owned()));
    assert_eq!(room.wire.posts().len(), 2, "it leaves Slack alone for a while");
    pass(25 * SECOND).await;
    assert_eq!(room.show(&mut sink).await, Ok(()));
    assert!(room.wire.posts()[2].said().contains("lane-1"));
}

#[actix::test]
async fn the_fleets_message_is_edited_in_place() {
    let mut room = Room::new();
    let status = |config: &mut SlackConfig| config.status = true;
    let mut sink = room.sink(status);
    assert_eq!(room.show(&mut sink).await, Ok(()));
    room.fleet.gave_up.push("docs".to_owned());
    pass(5 * SECOND).await;
    assert_eq!(room.show(&mut sink).await, Ok(()));
    assert_eq!(room.wire.asked().len(), 1, "not before the interval is over");
    pass(INTERVAL).await;
    assert_eq!(room.show(&mut sink).await, Ok(()));
    pass(INTERVAL).await;
    assert_eq!(room.show(&mut sink).await, Ok(()));
    let asked = room.wire.asked();
    assert_eq!(asked.len(), 2, "only when something changed");
    assert_eq!((asked[0].call, &asked[0].body["channel"]), (Call::Post, &json!("#garden")));
    assert_eq!((asked[1].call, &asked[1].body["channel"]), (Call::Update, &json!("C1")));
    assert_eq!(asked[1].body["ts"], "1.0");
    assert!(asked[1].said().contains("`docs` gave up"));

    // After a restart it is the same message; when somebody deleted it, a new one.
    let mut sink = room.sink(status);
    assert_eq!(room.show(&mut sink).await, Ok(()));
    assert_eq!(room.wire.asked()[2].body["ts"], "1.0");
    room.fleet.gave_up.clear();
    pass(INTERVAL).await;
    room.wire.then([no("message_not_found")]);
    assert_eq!(room.show(&mut sink).await, Ok(()));
    let calls: Vec<Call> = room.wire.asked().iter().map(|asked| asked.call).collect();
    assert_eq!(calls[3..], [Call::Update, Call::Post]);
    assert!(kept_text(&room.storage).contains("\"ts\": \"5.0\""));

    // Another channel, another message.
    let mut sink = room.sink(|config| {
        status(config);
        let super::Destination::Bot { channel, .. } = &mut config.destination else { return };
        *channel = "#shed".to_owned();
    });
    assert_eq!(room.show(&mut sink).await, Ok(()));
    assert_eq!(room.wire.asked()[5].call, Call::Post);
}

#[actix::test]
async fn once_means_at_once() {
    let room = Room::new();
    let config = SlackConfig::new(super::bot(super::super::API), "garden").at_once();
    let mut sink = SlackSink::new(config, Arc::new(room.clock.clone()), None).unwrap();
    sink.wire = super::Wire::Fake(room.wire.clone());
    for _ in 0..3 {
        assert_eq!(send(&mut sink, &stalled(0..1)).await, Delivery::Accepted);
    }
    let at: Vec<u64> = room.wire.posts().iter().map(|post| post.at.as_secs()).collect();
    assert_eq!(at, [0, 1, 2]);
}
