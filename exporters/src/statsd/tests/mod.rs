//! What the tests of this sink share: events of any words, and agents that listen.

mod encoded;
mod sockets;
mod unix;

use std::collections::BTreeMap;

use serde_json::json;

use super::{Address, StatsdConfig, StatsdSink};
use crate::event::Event;
use crate::sink::{Delivery, Sink};
use crate::testing::event_id;

/// An event of these words, at its own place in the journal.
fn event(place: u64, syscall: &str, verdict: &str) -> Event {
    let row = json!({"syscall": syscall, "verdict": verdict}).to_string();
    Event::parse(event_id(place), row).unwrap()
}

/// So many events from a place on, each with a syscall of its own.
fn different(from: u64, count: u64) -> Vec<Event> {
    (from..from + count).map(|place| event(place, &format!("s{place}"), "OPEN")).collect()
}

fn sink(address: Address) -> StatsdSink {
    StatsdSink::new(StatsdConfig { address, ..StatsdConfig::default() }).unwrap()
}

async fn send(sink: &mut StatsdSink, events: &[Event]) -> Delivery {
    let batch = sink.encode(events);
    sink.send(&batch).await
}

fn reason(delivery: &Delivery) -> &str {
    match delivery {
        Delivery::Retry { reason } => reason,
        Delivery::Accepted
        | Delivery::PartlyAccepted { .. }
        | Delivery::Throttled { .. }
        | Delivery::Stopped { .. }
        | Delivery::Refused { .. }
        | Delivery::Disabled { .. } => panic!("not to be tried again: {delivery:?}"),
    }
}

/// What an agent has counted after these datagrams.
fn counted<'d>(datagrams: impl IntoIterator<Item = &'d str>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for line in datagrams.into_iter().flat_map(str::lines) {
        let (name, rest) = line.split_once(':').unwrap();
        let (count, labels) = rest.split_once("|c").unwrap();
        *counts.entry(format!("{name}{labels}")).or_default() += count.parse::<u64>().unwrap();
    }
    counts
}

/// What an agent has counted when it has each of these events once.
fn once(sink: &StatsdSink, events: &[Event]) -> BTreeMap<String, u64> {
    counted(sink.encode(events).lines.iter().map(String::as_str))
}
